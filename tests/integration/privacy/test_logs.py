"""Neither logs nor metrics name a person, whatever happens and however much is logged."""

import io
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import respx
from fastapi import FastAPI

from app.container import Container
from app.core.clock import ManualClock
from app.core.logging import configure_logging
from app.messages.dispatch import Dispatcher
from app.messages.repository import Filters
from tests.integration.privacy.person import (
    BSUID,
    DIGITS,
    MARKS,
    NAME,
    ORDER,
    PHONE,
    WORDS,
    event,
    reply,
    wamid_of,
    well_known,
)
from tests.support.driving import Driver, dispatch, refusal, sends
from tests.support.walk import OPERATIONS, call, prepare_template, refuse_reads
from tests.support.world import status_item, webhook


@pytest.fixture
def log(app: FastAPI) -> Iterator[io.StringIO]:
    """All that is logged where `ULAK_LOG_LEVEL` is `debug`; the application has arranged its own logging before."""
    configure_logging("debug", "json")
    written = io.StringIO()
    (handler,) = (one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler)
    handler.setStream(written)
    yield written
    configure_logging("warning", "json")


def named_in(text: str) -> list[str]:
    return [mark for mark in MARKS if mark in text]


def _about(body: dict[str, Any] | None) -> dict[str, Any] | None:
    """The same request about the person whom the test knows."""
    if body is None:
        return None
    text = orjson.dumps(body).decode().replace("+905321112233", PHONE)
    found: dict[str, Any] = orjson.loads(text)
    if "contact" in found:
        found["contact"] = {**found["contact"], "name": NAME}
    return found


async def test_every_operation_logs_nobody(
    http: httpx.AsyncClient,
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    log: io.StringIO,
) -> None:
    logging.getLogger("tests").debug("the log is heard")
    person = await well_known(driver, dispatcher, graph, clock)
    template = await prepare_template(driver.world, graph)
    refuse_reads(graph)
    last = ("erase_contact",)
    for name in (*(one for one in OPERATIONS if one not in last), *last):
        for contact in (PHONE, DIGITS, BSUID):
            answer = await call(
                http,
                name,
                driver.world.headers,
                message=person.sent,
                phone=contact,
                sender=driver.world.sender,
                business=f"biz_{driver.world.business_id.hex}",
                template=template,
                body=_about(OPERATIONS[name].body),
            )
            assert answer.status_code < 500, (name, answer.text)
        refused = await call(
            http,
            name,
            driver.world.headers,
            message=f"msg_{DIGITS}",
            phone=f"{PHONE}x{NAME}",
            event_type=f"x-{DIGITS}",
            test_list=DIGITS,
            body={"contact": {"phone": f"{PHONE}0000000", "name": NAME}, "data": {"order_number": ORDER}},
            params={"contact": PHONE, "unknown": WORDS},
        )
        assert refused.status_code < 500, (name, refused.text)
    logged = log.getvalue()
    assert "the log is heard" in logged
    assert named_in(logged) == []
    assert named_in((await http.get("/metrics")).text) == []


async def test_failures_on_the_main_path_log_nobody(
    driver: Driver,
    container: Container,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    connection: asyncpg.Connection,
    log: io.StringIO,
) -> None:
    person = await well_known(driver, dispatcher, graph, clock)
    quoting = f"Recipient {PHONE} ({DIGITS}) cannot be reached"
    outcomes: list[Any] = [
        refusal(131026, details=quoting),
        refusal(131056, details=quoting),
        httpx.Response(200, content=f"<html>{DIGITS}</html>".encode()),
        httpx.Response(500, content=DIGITS.encode()),
        httpx.ConnectError(f"no route for {PHONE}"),
        httpx.ReadTimeout(f"no answer about {PHONE}"),
        ValueError(f"unforeseen: {PHONE}"),
        refusal(131048, details=quoting),  # pauses the sender
    ]
    for outcome in outcomes:
        sends(graph, driver.world).mock(side_effect=[outcome] * 5)
        await driver.report(event())
        await dispatch(dispatcher)
        clock.advance(timedelta(minutes=5))
    unusable: list[Any] = [
        webhook(driver.world, statuses=[status_item(None, "read", wamid=wamid_of(404), recipient_id=DIGITS)]),
        webhook(driver.world, statuses=[{"id": wamid_of(1), "recipient_id": DIGITS, "status": 7}]),
        webhook(driver.world, statuses=[status_item(person.sent, "warped", wamid=wamid_of(1), recipient_id=DIGITS)]),
        webhook(driver.world, messages=[{"from": DIGITS, "text": {"body": WORDS}}]),
        webhook(driver.world, messages=[reply(44, "DUR"), reply(45, text={"body": [WORDS]})]),
        {
            "object": "whatsapp_business_account",
            "entry": [{"id": "1", "changes": [{"field": WORDS, "value": NAME}]}],
        },
        f'{{"from": "{DIGITS}", "text": "{WORDS}"'.encode(),
    ]
    for document in unusable:
        assert (await driver.webhook(document)).status_code in (200, 400)
    # What the database refuses, it quotes.
    await connection.execute(f"ALTER TABLE messages ADD CHECK (reference <> 'order-{ORDER}') NOT VALID")
    assert (await driver.report(event())).status_code == 500
    await connection.execute("ALTER TABLE contacts ADD CHECK (name = 'nobody') NOT VALID")
    assert (
        await driver.consent(PHONE, act="opt_out", source="checkout", contact={"name": f"{NAME} Hanım"})
    ).status_code == 500
    assert (await container.messages.page(driver.world.business_id, "test", Filters(), cursor=None, size=5)).messages
    logged = log.getvalue()
    assert "webhook item unmatched" in logged
    assert "request failed" in logged
    assert named_in(logged) == []
    assert named_in((await driver.http.get("/metrics")).text) == []
