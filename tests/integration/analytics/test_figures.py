"""Figures are what a recount of raw receipts comes to, however things happened, and whoever was killed meanwhile."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import orjson
import pytest
import respx

from app.analytics import refreshing
from app.analytics.asked import Asked
from app.analytics.counting import COUNTS
from app.core.clock import ManualClock
from app.core.database import Connection
from app.core.settings import Settings
from app.events.catalogue import catalogue
from app.messages.dispatch import Dispatcher
from tests.integration.replies.talking import APPOINTMENT, Customer
from tests.support.driving import (
    PHONE,
    Driver,
    accept_all,
    another_container,
    count,
    dispatch,
    numbered_phone,
    opt_in_many,
    refusal,
    sends,
)
from tests.support.figures import RawMessage, raw_messages, recount
from tests.support.world import TRACKED_BASES, approve, order_confirmed, status_item

TABLES = ("figures", "figure_ends", "figure_prices")
ISTANBUL = ZoneInfo("Europe/Istanbul")


async def figures_of(connection: asyncpg.Connection) -> dict[str, list[dict[str, Any]]]:
    return {
        table: [
            dict(row)
            for row in await connection.fetch(f"SELECT * FROM {table} ORDER BY mode, span, starts_at, number")  # noqa: S608
        ]
        for table in TABLES
    }


async def shown(driver: Driver, what: str = "delivery", **params: Any) -> dict[str, Any]:
    answer = await driver.request("GET", f"/v1/analytics/{what}", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def days(clock: ManualClock) -> dict[str, str]:
    """From before anything happened until after everything."""
    today = clock.now().astimezone(ISTANBUL).date()
    return {"from": str(today - timedelta(days=40)), "to": str(today + timedelta(days=10))}


class Traffic:
    """A business and its customers, who do anything in any order."""

    def __init__(
        self, driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, random: Random
    ) -> None:
        self.driver, self.dispatcher, self.clock, self.random = driver, dispatcher, clock, random
        self.messages: list[str] = []
        self.left: list[str] = []
        self.times: dict[tuple[str, str], int] = {}
        self.customer = Customer(driver, clock)
        sends(graph, driver.world).mock(side_effect=self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.random.random() < 0.1:
            return refusal(self.random.choice([131026, 131051]))
        self.left.append(orjson.loads(request.content)["biz_opaque_callback_data"])
        return accept_all(request)

    async def go_on(self) -> None:
        steps: list[Callable[[], Awaitable[Any]]] = [
            self.report, self.report, self.schedule, self.leave, self.leave, self.hear, self.hear, self.hear,
            self.answer, self.answer, self.click, self.cancel, self.opt_out, self.wait, self.count,
        ]  # fmt: skip
        await self.random.choice(steps)()

    def _phone(self) -> str:
        return numbered_phone(self.random.randrange(8))

    async def report(self) -> None:
        body = order_confirmed(self._phone())
        event = "order-confirmed"
        if self.random.random() < 0.5:
            event = "order-shipped"
            body["data"] = {
                "order_number": "A-1",
                "carrier": "Yurtiçi",
                "tracking_number": "1",
                "tracking_url": "https://carrier.example/1",
            }
            body["contact"]["language"] = self.random.choice(["tr", "en"])
        self.messages.append(await self.driver.accepted(body, event=event))

    async def schedule(self) -> None:
        at = self.clock.now() + timedelta(minutes=self.random.randrange(-100, 3 * 24 * 60))
        body = order_confirmed(self._phone(), send_at=at.isoformat(), data=APPOINTMENT)
        self.messages.append(await self.driver.accepted(body, event="appointment-reminder"))

    async def leave(self) -> None:
        await dispatch(self.dispatcher)

    async def hear(self) -> None:
        if not self.left:
            return
        message = self.random.choice(self.left)
        statuses = self.random.sample(["sent", "delivered", "read", "failed"], self.random.randrange(1, 4))
        kind = self.random.choice(["regular", "regular", "free_customer_service"])
        pricing = {"billable": kind == "regular", "pricing_model": "PMP", "type": kind, "category": "utility"}
        errors = [{"code": self.random.choice([131026, 130472]), "title": "x"}]
        await self.driver.receipts(
            *(
                status_item(
                    message,
                    status,
                    wamid=f"wamid.{message}",
                    at=self._told_at(message, status),
                    **({"errors": errors} if status == "failed" else {"pricing": pricing}),
                )
                for status in statuses
            )
        )

    def _told_at(self, message: str, status: str) -> int:
        """The same, however often Meta tells of it."""
        at = int(self.clock.now().timestamp()) + self.random.randrange(-20_000, 4_000)
        return self.times.setdefault((message, status), at)

    async def answer(self) -> None:
        if not self.left:
            return
        context = {"context": {"from": "908505551010", "id": f"wamid.{self.random.choice(self.left)}"}}
        said: dict[str, Any] = self.random.choice(
            [
                {"type": "text", "text": {"body": "teşekkürler"}},
                {"type": "text", "text": {"body": "İPTAL"}},
                {"type": "button", "button": {"text": "Geleceğim", "payload": "Geleceğim"}},
            ]
        )
        await self.customer.sends(self.customer.message(**said, **context))

    async def click(self) -> None:
        links = await self.driver.world.container.database.pool.fetch("SELECT code FROM links ORDER BY code")
        if links:
            await self.driver.request("GET", f"/l/{self.random.choice(links)['code']}")

    async def cancel(self) -> None:
        if self.messages:
            await self.driver.request("POST", f"/v1/messages/{self.random.choice(self.messages)}/cancel")

    async def opt_out(self) -> None:
        phone = self._phone()
        await self.driver.opt_out(phone)
        if self.random.random() < 0.7:
            await self.driver.world.opt_in(phone)

    async def wait(self) -> None:
        self.clock.advance(timedelta(minutes=self.random.randrange(1, 600)))

    async def count(self) -> None:
        await self.driver.world.container.figures.refresh()


def by_hour(messages: list[RawMessage]) -> dict[tuple[Any, ...], Counter[str]]:
    """By hour, number, event type, template and language."""
    found: dict[tuple[Any, ...], list[RawMessage]] = {}
    for one in messages:
        hour = one.leaves_at.replace(minute=0, second=0, microsecond=0)
        found.setdefault((hour, *one.group.values()), []).append(one)
    return {place: recount(of_place) for place, of_place in found.items()}


@pytest.mark.parametrize("seed", range(3))
async def test_figures_are_a_recount_of_what_is_raw(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    connection: asyncpg.Connection,
    seed: int,
) -> None:
    world, container = driver.world, driver.world.container
    await opt_in_many(container, world, 8)
    for definition in catalogue()["order-shipped"].templates:
        await approve(container, world, definition, TRACKED_BASES)
    traffic = Traffic(driver, dispatcher, graph, clock, Random(seed))
    for _ in range(80):
        await traffic.go_on()
    await container.figures.refresh()

    raw = await raw_messages(connection, world.business_id)
    kept: dict[tuple[Any, ...], Counter[str]] = {}
    for row in await connection.fetch("SELECT * FROM figures WHERE span = 'slot'"):
        hour = row["starts_at"].replace(minute=0)
        place = (hour, row["sender_id"], row["event_type"], row["template_name"], row["language"])
        kept.setdefault(place, Counter()).update({name: row[name] for name in COUNTS})
    expected = by_hour(raw)
    wrong = {
        place: (counts - expected[place], expected[place] - counts)
        for place, counts in kept.items()
        if +counts != expected[place]
    }
    assert (wrong, kept.keys()) == ({}, expected.keys())

    total = recount(raw)
    for params in ({}, {"bucket": "hour"}, {"bucket": "week", "by": ["event_type", "template", "language"]}):
        found = await shown(driver, **days(clock), **params)
        assert Counter(found["totals"]) == Counter({name: total[name] for name in found["totals"]})
        assert sum((Counter(row["counts"]) for row in found["rows"]), Counter()) == +Counter(found["totals"])
    assert sum(one["messages"] for one in found["reasons"]) == sum(
        total[end] for end in ("failed", "suppressed", "canceled", "expired")
    )
    engagement = await shown(driver, "engagement", **days(clock), bucket="day", by=["sender"])
    assert Counter(engagement["totals"]) == Counter({name: total[name] for name in engagement["totals"]})
    if total["read"]:
        assert engagement["time_to_read"]["mean_seconds"] == total["read_seconds"] / total["read"]
    cost = await shown(driver, "cost", **days(clock))
    charged = await connection.fetchval(
        "SELECT count(DISTINCT message_id) FROM receipts WHERE payload #>> '{pricing,category}' IS NOT NULL"
    )
    assert cost["totals"]["messages"] == charged
    assert {line["country"] for line in cost["lines"]} <= {"TR"}

    before = await figures_of(connection)
    await container.refresher.mark_all(world.business_id)
    assert await container.figures.refresh() > 0
    assert await figures_of(connection) == before


async def test_what_changes_while_it_is_counted_is_counted_next(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock,
    settings: Settings, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """By one at a time, who sees nothing of what comes after its snapshot, and whose marks come back if it dies."""
    await driver.world.opt_in(PHONE)
    sends(graph, driver.world).mock(side_effect=accept_all)
    message = await driver.accepted()
    await dispatch(dispatcher)
    refresher, business_id = driver.world.container.refresher, driver.world.business_id
    counted = refreshing.count_slots

    async def dying(*_: Any) -> list[datetime]:
        raise asyncpg.InternalServerError("the worker is killed")

    monkeypatch.setattr(refreshing, "count_slots", dying)
    assert await refresher.step() == 1, "the line of the ledger alone"
    assert await count(connection, "figures") == 0

    async def slow(counting: Connection, *asked: Any) -> list[datetime]:
        assert await counting.fetchval("SELECT count(*) FROM messages WHERE delivered_at IS NOT NULL") == 0
        await driver.receipts(status_item(message, "delivered", wamid=f"wamid.{message}"))
        async with another_container(settings, clock) as another:
            assert await another.refresher.count(business_id) == 0, "one counts already"
        return await counted(counting, *asked)

    monkeypatch.setattr(refreshing, "count_slots", slow)
    assert await refresher.count(business_id) == 1
    found = await shown(driver)
    assert (found["totals"]["accepted"], found["totals"]["delivered"]) == (1, 0)
    assert datetime.fromisoformat(found["as_of"]) <= clock.now()
    monkeypatch.setattr(refreshing, "count_slots", counted)
    assert await refresher.refresh() == 1
    assert (await shown(driver))["totals"]["delivered"] == 1
    assert await refresher.refresh() == 0
    assert await count(connection, "figure_marks") == 0


async def test_a_month_that_was_dropped_stays_counted_and_days_follow_the_clock_of_the_business(
    driver: Driver, clock: ManualClock, settings: Settings, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    at = datetime(2040, 6, 1, 21, 30, tzinfo=UTC)  # 2 June in Istanbul
    for send_at in (at, at + timedelta(minutes=40)):
        await driver.accepted(order_confirmed(send_at=send_at.isoformat()))
    await driver.world.container.figures.refresh()
    params = {"from": "2040-06-01", "to": "2040-06-03", "bucket": "day"}
    daily = [row["counts"]["messages"] for row in (await shown(driver, **params))["rows"]]
    assert daily == [0, 2, 0]

    await connection.execute("DELETE FROM messages WHERE send_at = $1", at)
    await driver.world.container.refresher.mark_all(driver.world.business_id)
    assert await driver.world.container.figures.refresh() == 3, "two quarters, and a line of the ledger"
    assert [row["counts"]["messages"] for row in (await shown(driver, **params))["rows"]] == daily

    await connection.execute("UPDATE businesses SET time_zone = 'Asia/Kathmandu'")  # 5:45 ahead
    async with another_container(settings, clock) as container:
        asked = Asked(date(2040, 6, 1), date(2040, 6, 3), "day")
        before = await container.figures.delivery(driver.world.business_id, "test", asked)
        await container.figures.refresh()
        found = await container.figures.delivery(driver.world.business_id, "test", asked)
        assert found.rows == before.rows
        assert [row.counts.messages for row in found.rows] == daily
        assert found.rows[0].start.isoformat() == "2040-06-01T00:00:00+05:45"
        assert await connection.fetchval("SELECT starts_at FROM figures WHERE span = 'day'") == found.rows[1].start
