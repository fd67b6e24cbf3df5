"""Contacts, what they allow, and the ledger that proves it."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.consent.fold import Act, Deed, fold
from app.consent.schemas import ConsentIn
from app.consent.service import ConsentService, Settled
from app.container import Container
from app.core.clock import ManualClock
from app.events.catalogue import catalogue
from tests.support.driving import PHONE, Driver, count, pointers, problem, rows
from tests.support.world import WORDING, World

OPT_IN = {"act": "opt_in", "source": "checkout", "wording": WORDING}


async def contact(driver: Driver, phone: str = PHONE) -> dict[str, Any]:
    answer = await driver.request("GET", f"/v1/contacts/{phone}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def acts_of(driver: Driver, phone: str = PHONE) -> list[dict[str, Any]]:
    answer = await driver.request("GET", f"/v1/contacts/{phone}/consents")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["acts"]
    return found


def states(body: dict[str, Any]) -> dict[str, str]:
    return {row["topic"]: row["state"] for row in body["consents"]}


async def test_opt_in_is_recorded_with_its_proof(driver: Driver, clock: ManualClock) -> None:
    proof = {
        "source": "qr_print",
        "place": "Kadıköy, till 3",
        "actor": "customer",
        "wording": WORDING,
        "wording_version": "2026-11",
        "language": "tr",
    }
    details = {"name": "Ayşe Yılmaz", "language": "tr", "time_zone": "Europe/Istanbul"}
    occurred_at = (clock.now() - timedelta(days=2)).isoformat()
    answer = await driver.consent(
        PHONE, act="opt_in", topics=["orders"], occurred_at=occurred_at, address="192.0.2.7", contact=details, **proof
    )
    assert answer.status_code == 200, answer.text
    assert states(answer.json()) == {"orders": "opted_in"}
    assert answer.json()["canceled_messages"] == 0
    shown = await contact(driver)
    assert shown["id"] == answer.json()["contact_id"]
    assert {name: shown[name] for name in ("phone", *details)} == {"phone": PHONE, **details}
    assert states(shown) == {"orders": "opted_in"}
    (act,) = await acts_of(driver)
    assert {name: act[name] for name in proof} == proof
    assert (act["act"], act["topic"], act["channel"]) == ("opt_in", "orders", "whatsapp")
    assert act["occurred_at"] == occurred_at.replace("+00:00", "Z")


async def test_ledger_tells_every_act_in_its_order(driver: Driver, clock: ManualClock) -> None:
    for body in (
        OPT_IN,
        {"act": "opt_out", "source": "support_agent", "topics": ["orders"]},
        {**OPT_IN, "topics": ["orders"]},
    ):
        assert (await driver.consent(PHONE, **body)).status_code == 200
        clock.advance(timedelta(minutes=1))
    shown = await contact(driver)
    assert [(act["act"], act["topic"]) for act in await acts_of(driver)] == [
        ("opt_in", "*"),
        ("opt_out", "orders"),
        ("opt_in", "orders"),
    ]
    assert states(shown) == {"*": "opted_in", "orders": "opted_in"}


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        ([("opt_in", ["*"])], {"*": "opted_in"}),
        ([("opt_in", ["*"]), ("opt_out", ["orders"])], {"*": "opted_in", "orders": "opted_out"}),
        ([("opt_out", ["orders"]), ("opt_in", ["*"])], {"*": "opted_in"}),
        ([("opt_in", ["orders"]), ("opt_out", ["*"])], {"*": "opted_out"}),
        ([("opt_out", ["*"]), ("opt_in", ["orders"])], {"*": "opted_out", "orders": "opted_in"}),
        ([("opt_in", ["orders", "appointments"])], {"orders": "opted_in", "appointments": "opted_in"}),
        ([("opt_in", ["orders", "*"])], {"*": "opted_in", "orders": "opted_in"}),
        ([("opt_out", ["marketing", "orders"]), ("opt_in", ["*"])], {"*": "opted_in", "marketing": "opted_out"}),
        ([("opt_in", ["orders", "orders"])], {"orders": "opted_in"}),
    ],
)
async def test_state_is_the_fold_of_the_acts(
    driver: Driver, acts: list[tuple[str, list[str]]], expected: dict[str, str]
) -> None:
    for act, topics in acts:
        answer = await driver.consent(PHONE, act=act, source="checkout", wording=WORDING, topics=topics)
        assert answer.status_code == 200
    assert states(answer.json()) == expected
    assert states(await contact(driver)) == expected


async def test_repeated_act_is_in_the_ledger_but_keeps_its_first_date(driver: Driver, clock: ManualClock) -> None:
    first = (await driver.consent(PHONE, **OPT_IN)).json()["consents"][0]["since"]
    clock.advance(timedelta(days=1))
    assert (await driver.consent(PHONE, **OPT_IN)).json()["consents"][0]["since"] == first
    assert len(await acts_of(driver)) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_acts SET wording = 'x'",
        "UPDATE consent_acts SET recorded_at = now() - interval '1 year'",
        "DELETE FROM consent_acts",
        "TRUNCATE consent_acts CASCADE",
    ],
)
async def test_database_refuses_to_change_the_ledger(
    driver: Driver, connection: asyncpg.Connection, statement: str
) -> None:
    await driver.consent(PHONE, **OPT_IN)
    before = await rows(connection, "consent_acts")
    with pytest.raises(asyncpg.PostgresError, match="append-only"):
        await connection.execute(statement)
    assert await rows(connection, "consent_acts") == before


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"act": "opt_in", "source": "checkout"}, "#/wording"),
        ({**OPT_IN, "wording": ""}, "#/wording"),
        ({**OPT_IN, "wording": None}, "#/wording"),
        ({**OPT_IN, "wording": "a\x00b"}, "#/wording"),
        ({**OPT_IN, "wording": "w" * 4001}, "#/wording"),
        ({**OPT_IN, "act": "agree"}, "#/act"),
        ({"source": "x", "wording": "w"}, "#/act"),
        ({"act": "opt_out"}, "#/source"),
        ({**OPT_IN, "source": " "}, "#/source"),
        ({**OPT_IN, "source": "whatsapp_message"}, "#/source"),
        ({**OPT_IN, "source": "service_desk"}, "#/actor"),
        ({**OPT_IN, "actor": "Derya"}, "#/actor"),
        ({**OPT_IN, "actor": "staff:"}, "#/actor"),
        ({**OPT_IN, "wording": "Demo Mağaza bana haber versin."}, "#/wording"),
        ({**OPT_IN, "wording": "Bana WhatsApp ile haber verilsin."}, "#/wording"),
        ({**OPT_IN, "until": "2999-01-01T00:00:00Z"}, "#/until"),
        ({**OPT_IN, "cap": {"most": 1, "days": 1}}, "#/cap"),
        ({"act": "pause", "source": "checkout"}, "#/until"),
        ({"act": "pause", "source": "checkout", "until": "tomorrow"}, "#/until"),
        ({"act": "frequency", "source": "checkout", "cap": {"most": 0, "days": 1}}, "#/cap/most"),
        ({"act": "frequency", "source": "checkout", "cap": {"most": 1, "days": 1.5}}, "#/cap/days"),
        ({"act": "channel", "source": "checkout"}, "#/channel"),
        ({"act": "frequency", "source": "checkout"}, "#/cap"),
        ({"act": "quiet_hours", "source": "checkout"}, "#/quiet_hours"),
        ({**OPT_IN, "address": "localhost"}, "#/address"),
        ({"act": "channel", "source": "checkout", "channel": "fax"}, "#/channel"),
        ({"act": "channel", "source": "checkout", "channel": "sms", "topics": ["orders"]}, "#/topics"),
        ({"act": "quiet_hours", "source": "checkout", "quiet_hours": {"begins": "8"}}, "#/quiet_hours/begins"),
        ({"act": "opt_out", "source": "checkout", "double_opt_in": True}, "#/double_opt_in"),
        ({**OPT_IN, "topics": []}, "#/topics"),
        ({**OPT_IN, "topics": None}, "#/topics"),
        ({**OPT_IN, "topics": "orders"}, "#/topics"),
        ({**OPT_IN, "topics": ["Orders"]}, "#/topics/0"),
        ({**OPT_IN, "topics": ["orders", "a b"]}, "#/topics/1"),
        ({**OPT_IN, "topics": ["orders", "invented"]}, "#/topics/1"),
        ({"act": "opt_out", "source": "checkout", "topics": ["order"]}, "#/topics/0"),
        ({**OPT_IN, "topics": ["orders"] * 51}, "#/topics"),
        ({**OPT_IN, "address": "a\x00b"}, "#/address"),
        ({**OPT_IN, "actor": "a\x00b"}, "#/actor"),
        ({**OPT_IN, "place": "p" * 301}, "#/place"),
        ({**OPT_IN, "language": "turkish"}, "#/language"),
        ({**OPT_IN, "occurred_at": "2026-01-01T00:00:00"}, "#/occurred_at"),
        ({**OPT_IN, "occurred_at": "2999-01-01T00:00:00Z"}, "#/occurred_at"),
        ({**OPT_IN, "occurred_at": "0001-01-01T00:00:00+14:00"}, "#/occurred_at"),
        ({**OPT_IN, "occurred_at": "9999-12-31T23:59:59-14:00"}, "#/occurred_at"),
        ({**OPT_IN, "contact": {"name": "a\x00b"}}, "#/contact/name"),
        ({**OPT_IN, "contact": {"colour": "red"}}, "#/contact/colour"),
        ({**OPT_IN, "contact": []}, "#/contact"),
        ({**OPT_IN, "colour": "red"}, "#/colour"),
        ([], "#"),
        (None, "#"),
        ("text", "#"),
    ],
)
async def test_wrong_act_is_named_by_its_place_and_changes_nothing(
    driver: Driver, connection: asyncpg.Connection, body: Any, pointer: str
) -> None:
    before = await rows(connection)
    answer = await driver.request("PUT", f"/v1/contacts/{PHONE}/consent", json=body)
    assert pointer in pointers(problem(answer, 422, "invalid_request"))
    assert await rows(connection) == before


async def test_a_pause_begins_before_it_ends_and_is_not_told_once_it_is_over(
    driver: Driver, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    until = clock.now() + timedelta(hours=1)
    pause = {"act": "pause", "source": "checkout", "until": until.isoformat()}
    told = await driver.consent(PHONE, **pause)
    assert list(told.json()["preferences"]["paused_until"]) == ["*"]
    clock.advance(timedelta(hours=1))
    before = await rows(connection)
    refused = problem(await driver.consent(PHONE, **pause), 422, "invalid_request")
    assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [("#/until", "in_the_past")]
    assert await rows(connection) == before
    for path in (f"/v1/contacts/{PHONE}", f"/v1/contacts/{PHONE}/consents", f"/v1/contacts/{PHONE}/export"):
        assert (await driver.request("GET", path)).json()["preferences"]["paused_until"] == {}
    opted_out = await driver.consent(PHONE, act="opt_out", source="checkout")
    assert opted_out.json()["preferences"]["paused_until"] == {}
    event = (await rows(connection, "callback_events"))["callback_events"][-1]
    assert "paused_until" not in orjson.loads(event["data"])["preferences"]


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"", 422, "invalid_request"),
        (b"{", 400, "malformed_body"),
        (b'{"act":"opt_out","source":"\xff\xfe"}', 400, "malformed_body"),
        (b'{"act":"opt_out","source":"\xed\xa0\x80"}', 422, "invalid_request"),
        (rb'{"act":"opt_out","source":"\ud800"}', 422, "invalid_request"),
        (rb'{"act":"opt_in","source":"s","wording":"\ud800"}', 422, "invalid_request"),
        (b'{"act":"opt_out","source":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "malformed_body"),
        (b'{"act":"opt_out","source":' + b"1" * 5000 + b"}", 400, "malformed_body"),
        (b'{"act":"opt_out","source":NaN}', 422, "invalid_request"),
    ],
    ids=["nothing", "brace", "bytes", "surrogate bytes", "surrogate", "wording", "deep", "digits", "NaN"],
)
async def test_bytes_that_are_no_act_are_refused(
    driver: Driver, connection: asyncpg.Connection, raw: bytes, status: int, code: str
) -> None:
    before = await rows(connection)
    headers = {**driver.world.headers, "Content-Type": "application/json"}
    answer = await driver.request("PUT", f"/v1/contacts/{PHONE}/consent", content=raw, headers=headers)
    problem(answer, status, code)
    assert await rows(connection) == before


@pytest.mark.parametrize(
    "written", ["+905321112233", "05321112233", "0532 111 22 33", "5321112233", "+90 (532) 111-22-33", "00905321112233"]
)
async def test_phone_may_be_written_as_people_do(driver: Driver, connection: asyncpg.Connection, written: str) -> None:
    assert (await driver.consent(written, **OPT_IN)).status_code == 200
    assert (await contact(driver, written))["phone"] == PHONE
    assert (await contact(driver))["phone"] == PHONE
    assert await count(connection, "contacts") == 1


@pytest.mark.parametrize("written", ["1", "nobody", "%00", "+905321112233x5", "+" + "9" * 60, "%FF", "+90532"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_what_is_no_phone_is_refused(
    driver: Driver, connection: asyncpg.Connection, written: str, method: str
) -> None:
    before = await rows(connection)
    path = f"/v1/contacts/{written}" + ("/consent" if method == "PUT" else "")
    answer = await driver.request(method, path, json=OPT_IN if method == "PUT" else None)
    assert [error["parameter"] for error in problem(answer, 422, "invalid_request")["errors"]] == ["contact"]
    assert await rows(connection) == before


async def test_unknown_contact_is_not_found(driver: Driver) -> None:
    problem(await driver.request("GET", f"/v1/contacts/{PHONE}"), 404, "not_found")


async def test_acts_of_one_contact_at_once_all_stand_in_the_ledger(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    first = [driver.consent(PHONE, **OPT_IN), driver.consent(PHONE, act="opt_out", source="support_agent")]
    some = sorted({one.topic for one in catalogue().values()})[:8]
    more = [driver.consent(PHONE, **{**OPT_IN, "topics": [topic]}) for topic in some]
    answers = await asyncio.gather(*first, *more)
    assert {answer.status_code for answer in answers} == {200}
    assert await count(connection, "consent_acts") == 10
    assert await count(connection, "contacts") == 1
    shown = await contact(driver)
    acts = await acts_of(driver)
    assert [act["number"] for act in acts] == list(range(1, 11))
    assert states(shown) == fold(Deed(Act(act["act"]), act["topic"]) for act in acts).states


async def test_details_are_taken_over_and_kept_where_nothing_is_said(driver: Driver) -> None:
    await driver.consent(PHONE, **OPT_IN, contact={"name": "Ayşe", "language": "en"})
    await driver.consent(PHONE, **OPT_IN, contact={"name": "Ayşe Yılmaz"})
    shown = await contact(driver)
    assert (shown["name"], shown["language"]) == ("Ayşe Yılmaz", "en")
    taken = await driver.report(
        {"contact": {"phone": PHONE}, "data": {"order_number": "1", "total": {"amount": 1, "currency": "TRY"}}}
    )
    assert taken.json()["language"] == "en", "what the contact prefers"


@pytest.mark.parametrize("code", ["40P01", "40001"])
async def test_act_that_collides_with_another_transaction_is_recorded_by_a_second_try(
    container: Container, world: World, connection: asyncpg.Connection, code: str
) -> None:
    tries: list[UUID] = []

    async def collide_once(session: AsyncSession, _business_id: UUID, contact_id: UUID) -> Settled:
        tries.append(contact_id)
        if len(tries) == 1:
            await session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$"))
        return Settled(0)

    service = ConsentService(container.database, container.directory, container.clock, collide_once)
    act = ConsentIn(act="opt_out", source="support_agent")
    recorded = await service.record(world.contact(PHONE), act)
    assert {row.topic: row.state for row in recorded.consents} == {"*": "opted_out"}
    assert (len(tries), await count(connection, "consent_acts")) == (2, 1)


async def test_what_fails_otherwise_is_not_tried_again(
    container: Container, world: World, connection: asyncpg.Connection
) -> None:
    tries = 0

    async def fail(session: AsyncSession, _business_id: UUID, _contact_id: UUID) -> Settled:
        nonlocal tries
        tries += 1
        await session.execute(text("SELECT 1 / 0"))
        return Settled(0)

    service = ConsentService(container.database, container.directory, container.clock, fail)
    with pytest.raises(DBAPIError):
        await service.record(world.contact(PHONE), ConsentIn(act="opt_out", source="support_agent"))
    assert (tries, await count(connection, "consent_acts")) == (1, 0)
