"""The feed: everything that the business is told, once, in the order of the commits."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import asyncpg
import httpx
import pytest
from pydantic import TypeAdapter

from app.accounts.keys import Scope
from app.callbacks import outbox
from app.callbacks.schemas import EventName, Feed, FeedEvent
from app.container import Container
from app.core.clock import ManualClock
from app.core.ids import new_id
from app.housekeeping import Housekeeping
from app.messages.dispatch import Dispatcher
from tests.support.driving import PHONE, Driver, count, dispatch, problem
from tests.support.importing import send, work
from tests.support.world import build_world

FEED = TypeAdapter(Feed)
OTHER = "+905321112299"


async def read(driver: Driver, **params: Any) -> dict[str, Any]:
    """With every event as it is documented."""
    answer = await driver.request("GET", "/v1/feed", params=params)
    assert answer.status_code == 200, answer.text
    FEED.validate_json(answer.content)
    found: dict[str, Any] = answer.json()
    return found


def acts(feed: dict[str, Any]) -> list[str]:
    return [event["data"]["acts"][0]["act"] for event in feed["events"]]


async def test_consent_that_changes_is_told_with_what_holds_since_then(driver: Driver) -> None:
    await driver.world.opt_in(PHONE)
    until = "2998-01-01T00:00:00+00:00"
    assert (await driver.consent(PHONE, act="pause", source="account_settings", until=until)).status_code == 200
    assert (
        await driver.consent(PHONE, act="quiet_hours", source="other", quiet_hours={"begins": "20:00", "ends": "09:00"})
    ).status_code == 200
    await driver.consent(PHONE, act="frequency", source="other", cap={"most": 2, "days": 7}, topics=["orders"])
    await driver.opt_out()
    feed = await read(driver)
    assert acts(feed) == ["opt_in", "pause", "quiet_hours", "frequency", "opt_out"]
    last = feed["events"][-1]
    assert last["type"] == "consent.changed"
    assert last["data"]["contact"]["phone"] == PHONE
    assert last["data"]["consents"] == {"*": "opted_out"}
    assert last["data"]["preferences"]["caps"] == {"orders": {"most": 2, "days": 7}}
    assert feed["is_complete"]


async def test_reading_on_gives_each_event_once_and_what_comes_later(driver: Driver) -> None:
    for _ in range(2):
        await driver.world.opt_in(PHONE)
        await driver.opt_out()
    everything = [event["id"] for event in (await read(driver))["events"]]
    pages, after = [], {}
    while True:
        page = await read(driver, limit=1, **after)
        after = {"after": page["next"]}
        pages += [event["id"] for event in page["events"]]
        if page["is_complete"]:
            break
    assert pages == everything
    assert len(set(everything)) == 4
    assert (await read(driver, **after))["events"] == []
    await driver.world.opt_in(OTHER)
    assert acts(await read(driver, **after)) == ["opt_in"]


async def test_event_that_is_committed_late_is_not_missed(driver: Driver, connection: asyncpg.Connection) -> None:
    """A reader who came by before must find it afterwards, though others were committed after it had begun."""
    first = new_id()
    late = connection.transaction()
    await late.start()
    await connection.execute(
        """
        INSERT INTO callback_events (business_id, id, mode, type, data, created_at)
        VALUES ($1, $2, 'test', 'consent.changed', $3, now())
        """,
        driver.world.business_id,
        first,
        '{"contact": {"id": "con_1", "phone": null, "bsuid": null}, "acts": [], "source": "other", "place": null, '
        '"actor": "system", "occurred_at": "2026-11-24T10:00:00+00:00", "consents": {}, "preferences": {}}',
    )
    await driver.world.opt_in(PHONE)
    before = await read(driver)
    assert before["events"] == [], "what was committed meanwhile is not told before what may come before it"
    await late.commit()
    after = await read(driver, after=before["next"])
    assert after["events"][0]["id"] == f"evt_{first.hex}"
    assert len(after["events"]) == 2


async def test_types_are_chosen_and_others_passed_over_for_good(driver: Driver, dispatcher: Dispatcher) -> None:
    await driver.world.opt_in(PHONE)
    await driver.consent(PHONE, act="channel", source="other", channel="sms")
    await driver.accepted()
    await dispatch(dispatcher)
    feed = await read(driver, types="message.handed_over")
    assert [event["type"] for event in feed["events"]] == ["message.handed_over"]
    both = await read(driver, types=["message.handed_over", "consent.changed"])
    assert [event["type"] for event in both["events"]] == ["consent.changed"] * 2 + ["message.handed_over"]
    assert (await read(driver, after=feed["next"]))["events"] == []


def test_every_type_that_is_told_can_be_chosen_and_is_documented() -> None:
    named = {value for name, value in vars(outbox).items() if name.isupper() and isinstance(value, str)}
    told = {value for value in named if re.fullmatch(r"[a-z_]+\.[a-z_]+", value)}
    documented = {get_args(one.model_fields["type"].annotation)[0] for one in FeedEvent.__subclasses__()}
    assert set(get_args(EventName)) == told == documented
    assert len(told) == 18
    page = (Path(__file__).parents[3] / "docs" / "feed.md").read_text(encoding="utf-8")
    assert {one for one in told if f"`{one}`" not in page} == set()


async def test_a_list_that_was_worked_through_is_told_once(driver: Driver, container: Container) -> None:
    rows = f"phone,occurred_at\n{PHONE},2025-03-01\n{OTHER},2025-03-02\nnobody,2025-03-03\n"
    sent = (await send(driver, rows)).json()
    await work(container.importer)
    (event,) = (await read(driver, types="import.finished"))["events"]
    assert event["data"] == {
        "import": sent["id"],
        "dry_run": False,
        "rows": {"total": 3, "recorded": 2, "unchanged": 0, "refused": 1},
    }


async def test_events_about_an_erased_person_are_as_documented(driver: Driver, dispatcher: Dispatcher) -> None:
    await driver.world.opt_in(PHONE)
    await driver.consent(PHONE, act="channel", source="other", channel="sms")
    message = await driver.accepted()
    await dispatch(dispatcher)
    before = (await read(driver))["events"]
    erased = await driver.request("DELETE", f"/v1/contacts/{PHONE}")
    assert erased.status_code == 200
    after = (await read(driver))["events"]
    contact = {"id": erased.json()["contact_id"], "phone": None, "bsuid": None}
    assert [event["id"] for event in after[:-1]] == [event["id"] for event in before]
    assert after[1]["data"] == {**before[1]["data"], "contact": contact, "erased": True}
    assert after[2]["data"] == {"message": message, "contact": contact, "erased": True}
    assert (after[-1]["data"]["acts"][0]["act"], after[-1]["data"]["source"]) == ("erasure", "ulak")


async def test_who_waits_is_answered_when_something_happens(driver: Driver) -> None:
    start = await read(driver)
    waiting = asyncio.create_task(read(driver, after=start["next"], wait=30))
    await driver.world.opt_in(PHONE)
    async with asyncio.timeout(20):
        assert acts(await waiting) == ["opt_in"]


async def test_who_waits_in_vain_is_answered_with_nothing(driver: Driver) -> None:
    feed = await read(driver, wait=1)
    assert (feed["events"], feed["is_complete"]) == ([], True)


async def test_events_of_another_mode_and_business_are_not_told(
    driver: Driver, container: Container, http: httpx.AsyncClient
) -> None:
    await driver.world.opt_in(PHONE)
    other = await build_world(container, name="Other", phone_number_id="2", waba_id="2")
    token = await container.accounts.create_key(driver.world.business_id, "live", mode="live", scopes=None)
    for headers in (other.headers, {"Authorization": f"Bearer {token}"}):
        answer = await http.get("/v1/feed", headers=headers)
        assert answer.json()["events"] == []


async def test_feed_needs_its_own_scope(driver: Driver, container: Container) -> None:
    for scope, status in ((Scope.CONTACTS_READ, 403), (Scope.CALLBACKS_READ, 200)):
        token = await container.accounts.create_key(driver.world.business_id, "test", mode="test", scopes=[scope])
        answer = await driver.request("GET", "/v1/feed", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({"after": "x"}, "after"),
        ({"after": "ş"}, "after"),
        ({"after": "_" * 32}, "after"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"wait": "31"}, "wait"),
        ({"types": "message.lost"}, "types"),
        ({"types": ["consent.changed", "message.sent"]}, "types"),
        ({"cursor": "x"}, "cursor"),
    ],
)
async def test_parameter_that_cannot_be_is_named(driver: Driver, params: dict[str, str], parameter: str) -> None:
    answer = await driver.request("GET", "/v1/feed", params=params)
    errors = problem(answer, 422, "invalid_request")["errors"]
    assert [error["parameter"].split(".")[0] for error in errors] == [parameter]


async def test_events_are_kept_for_as_long_as_is_set(
    driver: Driver, container: Container, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    clock.advance(container.settings.feed_retention - timedelta(minutes=1))
    await driver.opt_out()
    housekeeping = Housekeeping(container)
    await housekeeping.forget_events()
    assert await count(connection, "callback_events") == 2
    clock.advance(timedelta(minutes=2))
    await housekeeping.forget_events()
    assert acts(await read(driver)) == ["opt_out"]
