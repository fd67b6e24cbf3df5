"""One key, one message: whoever asks, how often, and through which process."""

import asyncio
from random import Random

import asyncpg
import httpx
import pytest

from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.housekeeping import Housekeeping
from tests.support.driving import PHONE, Driver, another_api, copy_sender, count, problem, rows
from tests.support.world import build_world, order_confirmed

SHIPPED_ELSEWHERE = {
    "contact": {"phone": PHONE, "language": "tr"},
    "data": {
        "order_number": "A-1001",
        "carrier": "Yurtiçi Kargo",
        "tracking_number": "YK1",
        "tracking_url": "https://elsewhere.example/track/YK1",
    },
}


async def test_same_key_and_body_get_the_stored_answer(driver: Driver, connection: asyncpg.Connection) -> None:
    first = await driver.report(key="order-1001")
    again = await driver.report(key="order-1001")
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert await count(connection, "messages") == 1


async def test_stored_answer_survives_what_became_of_the_message(driver: Driver) -> None:
    await driver.world.opt_in(PHONE)
    first = await driver.report(key="order-1001")
    await driver.opt_out()
    again = await driver.report(key="order-1001")
    assert again.content == first.content
    assert again.json()["status"] == "queued"


async def test_same_key_with_another_body_is_refused(driver: Driver, connection: asyncpg.Connection) -> None:
    await driver.report(key="order-1001")
    before = await rows(connection)
    other = order_confirmed(data={"order_number": "A-1002", "total": {"amount": 1, "currency": "TRY"}})
    problem(await driver.report(other, key="order-1001"), 422, "idempotency_mismatch")
    assert await rows(connection) == before


async def test_same_key_and_bytes_at_another_operation_are_refused(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    await driver.report_many([{"type": "order-confirmed", **order_confirmed()}], key="k")
    before = await rows(connection)
    problem(await driver.report(key="k"), 422, "idempotency_mismatch")
    assert await rows(connection) == before


async def test_twenty_requests_at_once_make_one_message(driver: Driver, connection: asyncpg.Connection) -> None:
    answers = await asyncio.gather(*(driver.report(key="order-1001") for _ in range(20)))
    taken = [answer for answer in answers if answer.status_code == 202]
    assert len({answer.content for answer in taken}) == 1
    assert [answer for answer in taken if "idempotency-replayed" not in answer.headers] == taken[:1]
    for answer in answers:
        if answer not in taken:
            problem(answer, 409, "idempotency_in_flight")
            assert int(answer.headers["retry-after"]) >= 1
    assert await count(connection, "messages") == 1
    later = await driver.report(key="order-1001")
    assert later.content == taken[0].content


async def test_two_processes_racing_for_one_key_make_one_message(
    driver: Driver, connection: asyncpg.Connection, settings: Settings, clock: ManualClock
) -> None:
    async with another_api(settings, clock) as other:
        second = Driver(other, driver.world)
        # Both have their caches filled, so that only the database can come between them.
        await driver.report()
        await second.report()
        answers = await asyncio.gather(*(one.report(key="k") for _ in range(5) for one in (driver, second)))
    taken = [answer for answer in answers if answer.status_code == 202]
    assert len(taken) >= 2, "each process answers at least its first"
    assert len({answer.content for answer in taken}) == 1
    assert len([answer for answer in taken if "idempotency-replayed" not in answer.headers]) == 1
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert await count(connection, "messages") == 3


async def test_two_processes_racing_for_many_keys_in_other_orders_make_one_message_each(
    driver: Driver, connection: asyncpg.Connection, settings: Settings, clock: ManualClock
) -> None:
    keys = [f"key-{number}" for number in range(60)]
    shuffled = Random(11).sample(keys, len(keys))
    async with another_api(settings, clock) as other:
        second = Driver(other, driver.world)
        answers = await asyncio.gather(
            *(driver.report(key=key) for key in keys), *(second.report(key=key) for key in shuffled)
        )
    assert {answer.status_code for answer in answers} == {202}
    assert await count(connection, "messages") == len(keys)
    by_key: dict[str, set[bytes]] = {}
    for key, answer in zip(keys + shuffled, answers, strict=True):
        by_key.setdefault(key, set()).add(answer.content)
    assert all(len(contents) == 1 for contents in by_key.values())


async def test_key_of_another_business_is_another_key(
    driver: Driver, container: Container, http: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    other = Driver(http, await build_world(container, phone_number_id="100000000000002", waba_id="200000000000002"))
    first, second = await driver.report(key="k"), await other.report(key="k")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] != second.json()["id"]
    assert "idempotency-replayed" not in second.headers
    assert await count(connection, "messages") == 2


async def test_key_of_the_other_mode_is_another_key(
    driver: Driver, container: Container, http: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    live = await container.accounts.create_key(driver.world.business_id, "live", mode="live")
    await copy_sender(container, driver.world, mode="live", phone_number_id="100000000000009")
    await driver.report(key="k")
    answer = await driver.report(key="k", Authorization=f"Bearer {live}")
    assert answer.status_code == 202
    assert "idempotency-replayed" not in answer.headers
    assert await connection.fetch("SELECT mode, count(*) FROM messages GROUP BY 1 ORDER BY 1") == [
        ("live", 1),
        ("test", 1),
    ]


@pytest.mark.parametrize("key", ["", " ", "a b", "é".encode(), b"\x7f", "k" * 256, b"k\tk"])
async def test_key_that_is_no_key_is_refused(driver: Driver, connection: asyncpg.Connection, key: str | bytes) -> None:
    before = await rows(connection)
    answer = await driver.http.post(
        "/v1/events/order-confirmed",
        json=order_confirmed(),
        headers={**driver.world.headers, "Idempotency-Key": key},  # type: ignore[dict-item] # httpx takes bytes
    )
    body = problem(answer, 422, "invalid_request")
    assert [error["parameter"] for error in body["errors"]] == ["Idempotency-Key"]
    assert await rows(connection) == before


async def test_longest_key_is_taken(driver: Driver) -> None:
    assert (await driver.report(key="k" * 255)).status_code == 202
    assert (await driver.report(key="k" * 255)).headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize(
    ("event", "refused", "status"),
    [
        ("order-confirmed", order_confirmed(data={}), 422),
        ("order-confirmed", b"{", 400),
        ("order-shipped", SHIPPED_ELSEWHERE, 422),
    ],
    ids=["misfit", "malformed", "link"],
)
async def test_refused_request_leaves_its_key_free(
    driver: Driver, connection: asyncpg.Connection, event: str, refused: object, status: int
) -> None:
    assert (await driver.report(refused, event=event, key="k")).status_code == status
    assert await count(connection, "idempotency_keys") == 0
    answer = await driver.report(key="k")
    assert answer.status_code == 202
    assert "idempotency-replayed" not in answer.headers


async def test_batch_with_a_key_is_replayed_whole(driver: Driver, connection: asyncpg.Connection) -> None:
    events = [
        {"type": "order-confirmed", **order_confirmed()},
        {"type": "no-such-event"},
        {"type": "order-confirmed", **order_confirmed("+905321112234")},
    ]
    first = await driver.report_many(events, key="night-run")
    again = await driver.report_many(events, key="night-run")
    assert first.json()["accepted"] == 2
    assert first.json()["refused"] == 1
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert await count(connection, "messages") == 2
    problem(await driver.report_many(events[:1], key="night-run"), 422, "idempotency_mismatch")


async def test_key_is_free_again_after_its_retention(
    driver: Driver, container: Container, clock: ManualClock, settings: Settings
) -> None:
    await driver.report(key="k")
    clock.advance(settings.idempotency_retention / 2)
    await Housekeeping(container)._forget_keys()
    assert (await driver.report(key="k")).headers["idempotency-replayed"] == "true"
    clock.advance(settings.idempotency_retention / 2 + settings.lease)
    await Housekeeping(container)._forget_keys()
    assert "idempotency-replayed" not in (await driver.report(key="k")).headers
