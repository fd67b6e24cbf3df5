"""Who agreed and who left: counted from the ledger, whatever happened to it, and always what a recount comes to."""

import asyncio
import csv
import io
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
import respx

from app.analytics.consents.counting import LedgerCounter
from app.consent.persons import told
from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.messages.dispatch import Dispatcher
from tests.support.driving import (
    PHONE,
    Driver,
    accept_all,
    another_container,
    dispatch,
    numbered_phone,
    problem,
    rows,
    sends,
    sent_ids,
)
from tests.support.importing import imported
from tests.support.world import WORDING, World, webhook

ISTANBUL = ZoneInfo("Europe/Istanbul")
TOPICS = ("orders", "appointments", "marketing", "*")
MINUTE = timedelta(minutes=1)


async def asked(driver: Driver, **params: Any) -> dict[str, Any]:
    await driver.world.container.figures.refresh()
    answer = await driver.request("GET", "/v1/analytics/consent", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def opt_in(driver: Driver, phone: str = PHONE, **more: Any) -> None:
    body = {"act": "opt_in", "source": "checkout", "wording": WORDING, **more}
    answer = await driver.consent(phone, **body)
    assert answer.status_code == 200, answer.text


def by_group(found: dict[str, Any], *names: str) -> dict[tuple[Any, ...], dict[str, int]]:
    return {tuple(row["group"][name] for name in names): row["counts"] for row in found["rows"]}


async def test_acts_are_counted_by_door_and_topic_and_only_changes_are_gains(
    driver: Driver, container: Container, clock: ManualClock
) -> None:
    link = (await driver.request("POST", "/v1/opt-in-links", json={"source": "qr_till", "topics": ["orders"]})).json()
    await opt_in(driver, topics=["orders", "appointments"], place="https://shop.example/kasa")
    clock.advance(MINUTE)
    await opt_in(driver, topics=["orders"], source="website_form")
    clock.advance(MINUTE)
    wrote = {"from": "905331234567", "id": "wamid.in.1", "timestamp": str(int(clock.now().timestamp()))}
    wrote |= {"type": "text", "text": {"body": link["prefilled_text"]}}
    assert (await driver.webhook(webhook(driver.world, messages=[wrote]))).status_code == 200
    clock.advance(MINUTE)
    listed = f"phone,occurred_at,topics\n{PHONE},2024-05-31,orders\n+905339998877,2024-05-31,marketing\n"
    await imported(driver, container, listed)
    clock.advance(MINUTE)
    await driver.consent(PHONE, act="pause", source="checkout", until=(clock.now() + timedelta(days=9)).isoformat())
    clock.advance(MINUTE)
    assert (await driver.consent(PHONE, act="opt_out", source="phone_call", topics=["appointments"])).status_code == 200
    customers = await asked(driver, by=["source"])
    counts = {"opt_ins": 0, "opt_outs": 0, "requests": 0, "pauses": 0, "marketing_stops": 0, "gained": 0, "lost": 0}
    counts["net"] = 0
    assert by_group(customers, "source") == {
        ("checkout",): counts | {"opt_ins": 1, "pauses": 1, "gained": 1, "net": 1},
        ("website_form",): counts | {"opt_ins": 1},
        ("import",): counts | {"opt_ins": 1, "gained": 1, "net": 1},
        ("phone_call",): counts | {"opt_outs": 1},
        ("qr_till",): counts | {"opt_ins": 1, "gained": 1, "net": 1},
    }
    assert customers["totals"]["net"] == customers["opted_in_now"] == 3
    assert customers["topics_now"] == [
        {"topic": "marketing", "customers": 1},
        {"topic": "orders", "customers": 2},
    ]
    assert {row["opted_in"] for row in customers["rows"]} == {None}
    topics = await asked(driver, by=["topic"])
    assert {
        group: (one["opt_ins"], one["gained"], one["lost"]) for group, one in by_group(topics, "topic").items()
    } == {
        ("*",): (0, 0, 0),
        ("orders",): (3, 2, 0),
        ("appointments",): (1, 1, 1),
        ("marketing",): (1, 1, 0),
    }
    assert {row["group"]["topic"]: row["opted_in"] for row in topics["rows"]}["orders"] == 2
    (place,) = (await asked(driver, by=["place"], topic="orders", source="checkout"))["rows"]
    assert (place["group"]["place"], place["counts"]["gained"]) == ("https://shop.example/kasa", 1)
    by_link = by_group(await asked(driver, by=["link"]), "link")
    assert (by_link[link["id"],]["gained"], by_link[None,]["gained"]) == (1, 2)
    assert [row["counts"]["gained"] for row in (await asked(driver, link=link["id"]))["rows"]] == [1]


async def test_what_is_asked_to_be_confirmed_counts_when_it_is_and_at_its_door(
    driver: Driver, clock: ManualClock, dispatcher: Dispatcher, graph: respx.MockRouter
) -> None:
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await opt_in(driver, source="website_form", place="https://shop.example/", topics=["orders"], double_opt_in=True)
    waiting = await asked(driver)
    assert (waiting["totals"]["requests"], waiting["totals"]["opt_ins"], waiting["opted_in_now"]) == (1, 0, 0)
    await dispatch(dispatcher)
    wamid = (await driver.story(sent_ids(route)[-1]))["wamid"]
    clock.advance(timedelta(days=1))
    tapped = {"type": "button", "button": {"payload": "consent.confirm", "text": "Onaylıyorum"}}
    answered = {"from": PHONE.lstrip("+"), "id": "wamid.in.1", "timestamp": str(int(clock.now().timestamp()))}
    tapped |= {**answered, "context": {"from": "908505551010", "id": wamid}}
    assert (await driver.webhook(webhook(driver.world, messages=[tapped]))).status_code == 200
    found = await asked(driver, by=["source", "place"], bucket="day")
    gains = [(row["group"], row["counts"]["opt_ins"]) for row in found["rows"] if row["counts"]["gained"]]
    assert gains == [({"source": "website_form", "place": "https://shop.example/", "link": None, "topic": None}, 1)]
    assert (found["totals"]["requests"], found["opted_in_now"]) == (1, 1)
    customers = [row["opted_in"] for row in (await asked(driver, bucket="day"))["rows"]]
    assert customers[-1] == 1
    assert customers[0] == 0
    today = str(clock.now().astimezone(ISTANBUL).date())
    table = await driver.request(
        "GET",
        "/v1/analytics/consent",
        params={"from": today, "by": "topic"},
        headers={**driver.world.headers, "Accept": "text/csv"},
    )
    assert table.headers["content-type"].startswith("text/csv")
    (line,) = csv.DictReader(io.StringIO(table.text))
    assert (line["topic"], line["opt_ins"], line["requests"], line["opted_in"]) == ("orders", "1", "0", "1")


async def _anything(driver: Driver, container: Container, clock: ManualClock, random: Random) -> None:
    """A customer does something, or two turn out to be one, or one is erased."""
    clock.advance(timedelta(minutes=random.randrange(1, 40)))
    phone = numbered_phone(random.randrange(5))
    topics = random.sample(TOPICS, random.randrange(1, 3))
    match random.randrange(10):
        case 0 | 1 | 2 | 3:
            source = random.choice(["checkout", "website_form", "qr_till"])
            late = (clock.now() - timedelta(hours=random.choice([0, 0, 9]))).isoformat()
            await opt_in(driver, phone, topics=topics, source=source, occurred_at=late)
        case 4 | 5:
            await driver.consent(phone, act="opt_out", source="checkout", topics=topics)
        case 6:
            await opt_in(driver, phone, topics=topics, double_opt_in=True)
        case 7:
            await driver.request("DELETE", f"/v1/contacts/{phone}")
        case 8:
            bsuid, other = f"TR.{random.randrange(3)}", numbered_phone(random.randrange(5))
            for number in (phone, other):
                said = told(
                    driver.world.business_id, "test", clock.now(), "wamid.1", wa_id=number.lstrip("+"), bsuid=bsuid
                )
                await container.identities.learn([said])
        case _:
            await imported(driver, container, f"phone,occurred_at,topics\n{phone},2024-05-31,{'|'.join(topics)}\n")


async def figures_of(connection: asyncpg.Connection) -> list[dict[str, Any]]:
    return [dict(row) for row in await connection.fetch("SELECT * FROM consent_figures ORDER BY 1, 2, 3, 4, 5, 6, 7")]


async def held_now(connection: asyncpg.Connection) -> tuple[int, dict[str, int]]:
    """By what the sending goes by."""
    agreed = [row for row in (await rows(connection, "consents"))["consents"] if row["state"] == "opted_in"]
    return len({row["contact_id"] for row in agreed}), dict(Counter(row["topic"] for row in agreed))


@pytest.mark.parametrize("seed", range(2))
async def test_net_is_always_who_agrees_and_a_recount_comes_to_the_same(
    driver: Driver,
    container: Container,
    clock: ManualClock,
    settings: Settings,
    connection: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    monkeypatch.setattr("app.consent.service.ConsentService.follow_up", _nothing_follows)
    random = Random(seed)
    business_id = driver.world.business_id
    for _ in range(40):
        await _anything(driver, container, clock, random)
        if random.random() < 0.3:
            counter = LedgerCounter(container.database)
            await counter.count(business_id, most=random.randrange(1, 6))
    async with another_container(settings, clock) as other:
        await asyncio.gather(container.figures.refresh(), other.figures.refresh())
    found = await asked(driver)
    customers, topics = await held_now(connection)
    assert found["opted_in_now"] == customers
    assert {one["topic"]: one["customers"] for one in found["topics_now"]} == topics
    assert found["as_of"] == clock.now().isoformat().replace("+00:00", "Z")
    counted = await figures_of(connection)
    await container.refresher.mark_all(business_id)
    assert await figures_of(connection) == counted, "they stay until they are counted"
    await container.figures.refresh()
    assert await figures_of(connection) == counted


async def _nothing_follows(*_: Any, **__: Any) -> None:
    """No message is to ask or confirm."""


async def test_a_count_that_dies_has_counted_nothing(
    driver: Driver, container: Container, clock: ManualClock, connection: asyncpg.Connection, world: World
) -> None:
    await opt_in(driver)
    assert await container.figures.refresh() > 0
    clock.advance(MINUTE)
    await opt_in(driver, "+905339998877")
    before = await figures_of(connection)
    behind = (await driver.request("GET", "/v1/analytics/consent")).json()
    assert behind["as_of"] == clock.now().isoformat().replace("+00:00", "Z")
    assert behind["opted_in_now"] == 1
    await connection.execute("ALTER TABLE consent_figures_read ADD CONSTRAINT stays CHECK (number < 2)")
    with pytest.raises(asyncpg.CheckViolationError):
        await LedgerCounter(container.database).count(world.business_id)
    assert await container.figures.refresh() == 0, "which holds nothing else up"
    assert await figures_of(connection) == before
    await connection.execute("ALTER TABLE consent_figures_read DROP CONSTRAINT stays")
    assert (await asked(driver))["opted_in_now"] == 2


async def test_what_cannot_be_asked_is_refused(driver: Driver) -> None:
    for params, parameter in (
        ({"from": "2026-11-24T10:07:00+03:00"}, "from"),
        ({"from": "2026-11-25", "to": "2026-11-24"}, "to"),
        ({"from": "2025-01-01", "bucket": "hour"}, "bucket"),
        ({"link": "lnk_1"}, "link"),
        ({"by": "event_type"}, "by.0"),
        ({"sender": "snd_1"}, "sender"),
    ):
        refused = problem(await driver.request("GET", "/v1/analytics/consent", params=params), 422, "invalid_request")
        assert [one.get("parameter") for one in refused["errors"]] == [parameter]
