"""Series of reminders: made with one event, moved by another, ended by a third."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import respx

from app.core.clock import ManualClock
from app.core.settings import Settings
from app.events.catalogue import catalogue
from app.messages.dispatch import Dispatcher
from tests.support.driving import (
    PHONE,
    Driver,
    accept_all,
    another_api,
    blocked,
    count,
    dispatch,
    pointers,
    problem,
    rows,
    sends,
    sent_ids,
)
from tests.support.world import order_confirmed

OTHER_PHONE = "+905321112299"
REFERENCE = "appointment-77"
REMINDER, CONFIRMED = "appointment-reminder", "appointment-confirmed"
RESCHEDULED, CANCELLED = "appointment-rescheduled", "appointment-cancelled"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def starts_at(clock: ManualClock) -> datetime:
    return (clock.now() + 3 * DAY).replace(microsecond=0)


def event(starts_at: datetime, *, remind_before: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """Of any of the types."""
    more = {"reference": REFERENCE} | more
    data = {"starts_at": starts_at.isoformat(), "place": "Demo Klinik"} | more.pop("data", {})
    asked = {"remind_before": remind_before} if remind_before is not None else {}
    return order_confirmed(data=data, **asked, **more)


def moved(starts_at: datetime, to: datetime, **more: Any) -> dict[str, Any]:
    return event(to, data={"previous_starts_at": starts_at.isoformat()}, **more)


def cancelled(starts_at: datetime) -> dict[str, Any]:
    return event(starts_at, data={"cancelled_by": "customer"})


async def report(driver: Driver, body: dict[str, Any], kind: str, **more: Any) -> dict[str, Any]:
    answer = await driver.report(body, event=kind, **more)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def times(answer: dict[str, Any]) -> list[datetime]:
    return [datetime.fromisoformat(one["send_at"]) for one in answer["reminders"]]


def ids(answer: dict[str, Any]) -> list[str]:
    return [one["id"] for one in answer["reminders"]]


async def statuses(driver: Driver, message_ids: list[str]) -> list[str]:
    return [(await driver.story(one))["status"] for one in message_ids]


async def test_reminder_type_becomes_one_message_for_each_length_and_none_at_once(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, starts_at: datetime
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    answer = await report(driver, event(starts_at, remind_before=["PT1H", "PT24H"]), REMINDER)
    assert times(answer) == [starts_at - DAY, starts_at - HOUR], "earliest first, however they were asked for"
    assert [one["before"] for one in answer["reminders"]] == ["P1D", "PT1H"]
    assert [one["status"] for one in answer["reminders"]] == ["scheduled", "scheduled"]
    assert answer["id"] == answer["reminders"][0]["id"]
    assert datetime.fromisoformat(answer["send_at"]) == starts_at - DAY
    assert len((await driver.request("GET", "/v1/messages")).json()["messages"]) == 2
    day_before, hour_before = [await driver.story(one) for one in ids(answer)]
    assert datetime.fromisoformat(day_before["expires_at"]) == starts_at - DAY + timedelta(hours=12)
    assert datetime.fromisoformat(hour_before["expires_at"]) == starts_at, "nobody is reminded of what has begun"
    assert day_before["decision"][0] == {
        "rule": "reminder",
        "verdict": "later",
        "input": {"before": "P1D", "moment": starts_at.isoformat()},
        "at": None,
    }
    assert {one["reference"] for one in (day_before, hour_before)} == {REFERENCE}
    await dispatch(dispatcher)
    assert sent_ids(route) == []
    for at, sent in ((starts_at - DAY, 1), (starts_at - HOUR, 2)):
        clock.advance(at - clock.now())
        await dispatch(dispatcher)
        assert sent_ids(route) == ids(answer)[:sent]


async def test_another_type_is_told_at_once_and_reminded_of_later(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, starts_at: datetime
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    answer = await report(driver, event(starts_at, remind_before=["PT24H", "PT1H"], metadata={"visit": "9"}), CONFIRMED)
    assert (answer["event_type"], answer["status"], answer["send_at"]) == (CONFIRMED, "queued", None)
    assert times(answer) == [starts_at - DAY, starts_at - HOUR]
    assert answer["id"] not in ids(answer)
    await dispatch(dispatcher)
    assert sent_ids(route) == [answer["id"]]
    for story in [await driver.story(one) for one in ids(answer)]:
        assert (story["event_type"], story["template"], story["status"]) == (
            REMINDER,
            "appointment_reminder",
            "scheduled",
        )
        assert story["data"] == {"starts_at": starts_at.isoformat().replace("+00:00", "Z"), "place": "Demo Klinik"}
        assert story["metadata"] == {"visit": "9"}


async def test_reminder_whose_time_has_passed_is_skipped_and_named(
    driver: Driver, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    soon = clock.now() + 2 * HOUR
    answer = await report(driver, event(soon, remind_before=["PT24H", "PT2H", "PT1H"]), REMINDER)
    assert [(one["id"] is None, one["status"], one["reason"]) for one in answer["reminders"]] == [
        (True, "skipped", "too_late"),
        (True, "skipped", "too_late"),  # now, to the very second
        (False, "scheduled", None),
    ]
    assert answer["id"] == answer["reminders"][2]["id"]
    told = await report(driver, event(soon, remind_before=["PT24H"]), CONFIRMED)
    assert (told["status"], told["reminders"][0]["status"]) == ("queued", "skipped"), "the event itself is still news"
    assert await count(connection, "messages") == 2


@pytest.mark.parametrize(
    ("kind", "changes", "pointer", "code"),
    [
        (REMINDER, {"remind_before": ["P4D", "P5D"]}, "#/remind_before", "too_late"),
        (REMINDER, {"remind_before": []}, "#/remind_before", "too_short"),
        (CONFIRMED, {"remind_before": ["PT1H", "PT60M"]}, "#/remind_before", "value_error"),
        (RESCHEDULED, {"remind_before": ["PT4M"]}, "#/remind_before/0", "value_error"),
        (CONFIRMED, {"remind_before": [3600]}, "#/remind_before/0", "value_error"),
        (REMINDER, {"remind_before": ["PT1H"], "reference": None}, "#/reference", "missing"),
        (CONFIRMED, {"remind_before": ["PT1H"], "reference": None}, "#/reference", "missing"),
        (CANCELLED, {"remind_before": ["PT1H"]}, "#/remind_before", "extra_forbidden"),
    ],
)
async def test_series_that_cannot_be_is_refused_and_changes_nothing(
    driver: Driver,
    connection: asyncpg.Connection,
    starts_at: datetime,
    kind: str,
    changes: dict[str, Any],
    pointer: str,
    code: str,
) -> None:
    await driver.world.opt_in(PHONE)
    by_type = {RESCHEDULED: moved(starts_at - DAY, starts_at), CANCELLED: cancelled(starts_at)}
    body = {**by_type.get(kind, event(starts_at)), **changes}
    before = await rows(connection)
    found = problem(await driver.report(body, event=kind), 422, "invalid_request")
    assert [(error["pointer"], error["code"]) for error in found["errors"]] == [(pointer, code)]
    batch = (await driver.report_many([{"type": kind, **body}])).json()["results"][0]["problem"]
    assert pointers(batch) == [pointer.replace("#", "#/events/0")]
    assert await rows(connection) == before


async def test_times_of_a_series_are_said_once(
    driver: Driver, connection: asyncpg.Connection, starts_at: datetime
) -> None:
    await driver.world.opt_in(PHONE)
    before = await rows(connection)
    both = event(starts_at, remind_before=["PT1H"], send_at=(starts_at - DAY).isoformat())
    refused = problem(await driver.report(both, event=REMINDER), 422, "invalid_request")
    assert (pointers(refused), refused["errors"][0]["code"]) == (["#/send_at"], "with_remind_before")
    early = event(starts_at, remind_before=["PT1H"], expires_at=(starts_at - 2 * HOUR).isoformat())
    refused = problem(await driver.report(early, event=REMINDER), 422, "invalid_request")
    assert (pointers(refused), refused["errors"][0]["code"]) == (["#/expires_at"], "before_a_reminder")
    assert await rows(connection) == before
    later = event(starts_at, remind_before=["PT1H"], expires_at=(starts_at - timedelta(minutes=30)).isoformat())
    answer = await report(driver, later, REMINDER)
    assert datetime.fromisoformat(answer["expires_at"]) == starts_at - timedelta(minutes=30)


async def test_each_of_a_series_is_decided_by_itself(
    driver: Driver, connection: asyncpg.Connection, starts_at: datetime
) -> None:
    """Meta made marketing of the reminders' template alone, which was accepted."""
    await connection.execute(
        "UPDATE templates SET category = 'MARKETING', accepted_category = 'MARKETING' WHERE name = $1",
        "appointment_reminder",
    )
    await driver.world.opt_in(PHONE)
    answer = await report(driver, event(starts_at, remind_before=["PT24H"]), CONFIRMED)
    assert (answer["status"], answer["reminders"][0]["status"]) == ("queued", "suppressed")
    assert answer["reminders"][0]["reason"] == "no_marketing_consent"
    assert (await driver.story(ids(answer)[0]))["reason"] == "no_marketing_consent"


async def test_refusal_of_one_of_a_series_refuses_the_event(
    driver: Driver, connection: asyncpg.Connection, starts_at: datetime
) -> None:
    await connection.execute("UPDATE templates SET status = 'REJECTED' WHERE name = 'appointment_reminder'")
    await driver.world.opt_in(PHONE)
    before = await rows(connection)
    refused = await driver.report(event(starts_at, remind_before=["PT24H"]), event=CONFIRMED)
    assert "appointment_reminder" in problem(refused, 409, "template_unusable")["detail"]
    assert await rows(connection) == before
    await report(driver, event(starts_at), CONFIRMED)


async def test_opt_out_ends_a_whole_series(driver: Driver, starts_at: datetime) -> None:
    await driver.world.opt_in(PHONE)
    answer = await report(driver, event(starts_at, remind_before=["PT24H", "PT1H"]), REMINDER)
    assert await driver.world.opt_out(PHONE) == 2
    assert await statuses(driver, ids(answer)) == ["suppressed", "suppressed"]


async def test_series_of_one_key_is_stored_once(
    driver: Driver, connection: asyncpg.Connection, starts_at: datetime
) -> None:
    await driver.world.opt_in(PHONE)
    body = event(starts_at, remind_before=["PT24H", "PT1H"])
    first = await driver.report(body, event=CONFIRMED, key="k")
    second = await driver.report(body, event=CONFIRMED, key="k")
    assert second.headers["idempotency-replayed"] == "true"
    assert (second.content, second.headers["location"]) == (first.content, first.headers["location"])
    assert await count(connection, "messages") == 3
    transactions = await connection.fetchval("SELECT count(DISTINCT xmin::text) FROM messages")
    assert transactions == 1


async def test_batch_counts_events_not_messages(
    driver: Driver, connection: asyncpg.Connection, starts_at: datetime
) -> None:
    await driver.world.opt_in(PHONE)
    answer = await driver.report_many(
        [
            {"type": CONFIRMED, **event(starts_at, remind_before=["PT24H", "PT1H"])},
            {"type": CONFIRMED, **event(starts_at, remind_before=["PT1H"], reference=None)},
            {"type": "order-confirmed", **order_confirmed()},
            {"type": REMINDER, **event(starts_at, remind_before=["PT1H"], reference="appointment-78")},
        ]
    )
    body = answer.json()
    assert (body["accepted"], body["refused"]) == (3, 1)
    assert pointers(body["results"][1]["problem"]) == ["#/events/1/reference"]
    shown = [result["message"] for result in body["results"] if "message" in result]
    assert [len(one.get("reminders", [])) for one in shown] == [2, 0, 1]
    assert await count(connection, "messages") == 5


async def test_other_answers_say_nothing_of_reminders(driver: Driver, starts_at: datetime) -> None:
    await driver.world.opt_in(PHONE)
    assert "reminders" not in await report(driver, order_confirmed(), "order-confirmed")
    assert "reminders" not in await report(driver, event(starts_at), REMINDER)
    series = await report(driver, event(starts_at, remind_before=["PT1H"]), REMINDER)
    assert "reminders" not in await driver.story(series["id"])
    assert all("reminders" not in one for one in (await driver.request("GET", "/v1/messages")).json()["messages"])


async def test_waiting_reminders_move_with_what_they_remind_of(driver: Driver, starts_at: datetime) -> None:
    await driver.world.opt_in(PHONE)
    made = await report(driver, event(starts_at, remind_before=["PT24H", "PT1H"]), CONFIRMED)
    single = await report(driver, event(starts_at, send_at=(starts_at - 3 * HOUR).isoformat()), REMINDER)
    other = await report(driver, event(starts_at, remind_before=["PT1H"], reference="appointment-78"), REMINDER)
    to = starts_at + 5 * DAY
    answer = await report(driver, moved(starts_at, to), RESCHEDULED)
    assert times(answer) == [to - DAY, to - 3 * HOUR, to - HOUR]
    assert await statuses(driver, [*ids(made), single["id"]]) == ["canceled"] * 3
    assert await statuses(driver, ids(answer)) == ["scheduled"] * 3
    assert await statuses(driver, ids(other)) == ["scheduled"], "another appointment stays as it is"
    story = await driver.story(ids(answer)[0])
    assert story["data"]["starts_at"] == to.isoformat().replace("+00:00", "Z")
    again = await report(driver, moved(to, to + DAY), RESCHEDULED)
    assert times(again) == [to, to + DAY - 3 * HOUR, to + DAY - HOUR], "and move again"
    assert await statuses(driver, ids(answer)) == ["canceled"] * 3


async def test_reminder_that_was_sent_is_not_moved_and_one_that_would_be_late_is_skipped(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, starts_at: datetime
) -> None:
    await driver.world.opt_in(PHONE)
    sends(graph, driver.world).mock(side_effect=accept_all)
    made = await report(driver, event(starts_at, remind_before=["P2D", "PT24H", "PT1H"]), REMINDER)
    clock.advance(starts_at - 2 * DAY - clock.now())
    await dispatch(dispatcher)
    assert await statuses(driver, ids(made)) == ["accepted", "scheduled", "scheduled"]
    answer = await report(driver, moved(starts_at, clock.now() + 3 * HOUR), RESCHEDULED)
    assert [(one["before"], one["status"]) for one in answer["reminders"]] == [
        ("P1D", "skipped"),
        ("PT1H", "scheduled"),
    ]
    assert await statuses(driver, ids(made)) == ["accepted", "canceled", "canceled"]


async def test_lengths_that_are_asked_for_replace_those_that_wait(driver: Driver, starts_at: datetime) -> None:
    await driver.world.opt_in(PHONE)
    made = await report(driver, event(starts_at, remind_before=["PT24H", "PT1H"]), REMINDER)
    to = starts_at + DAY
    answer = await report(driver, moved(starts_at, to, remind_before=["PT2H"]), RESCHEDULED)
    assert times(answer) == [to - 2 * HOUR]
    ended = await report(driver, moved(to, to + DAY, remind_before=[]), RESCHEDULED)
    assert ended["reminders"] == []
    assert await statuses(driver, [*ids(made), *ids(answer)]) == ["canceled"] * 3


async def test_cancelled_appointment_is_reminded_of_no_more(driver: Driver, starts_at: datetime) -> None:
    await driver.world.opt_in(PHONE)
    made = await report(driver, event(starts_at, remind_before=["PT24H", "PT1H"]), CONFIRMED)
    answer = await report(driver, cancelled(starts_at), CANCELLED)
    assert "reminders" not in answer
    assert await statuses(driver, [made["id"], *ids(made)]) == ["canceled"] * 3
    after = await report(driver, moved(starts_at, starts_at + DAY), RESCHEDULED)
    assert after["reminders"] == [], "there are none to take along"


async def test_reminder_without_reference_stays_where_it_is(driver: Driver, starts_at: datetime) -> None:
    await driver.world.opt_in(PHONE)
    at = (starts_at - HOUR).isoformat()
    single = await report(driver, event(starts_at, send_at=at, reference=None), REMINDER)
    answer = await report(driver, moved(starts_at, starts_at + DAY, reference=None), RESCHEDULED)
    assert "reminders" not in answer
    assert await statuses(driver, [single["id"]]) == ["scheduled"]


async def test_moved_reminders_are_suppressed_with_the_consent(
    driver: Driver, connection: asyncpg.Connection, starts_at: datetime
) -> None:
    """Consent that went without our Silencer, as in a restored database: nothing is moved past it."""
    await driver.world.opt_in(PHONE)
    made = await report(driver, event(starts_at, remind_before=["PT24H"]), REMINDER)
    await connection.execute("UPDATE consents SET state = 'opted_out'")
    answer = await report(driver, moved(starts_at, starts_at + DAY), RESCHEDULED)
    assert (answer["status"], answer["reminders"][0]["status"]) == ("suppressed", "suppressed")
    assert await statuses(driver, ids(made)) == ["canceled"]


async def test_events_of_one_batch_follow_each_other(
    driver: Driver, connection: asyncpg.Connection, starts_at: datetime
) -> None:
    await driver.world.opt_in(PHONE)
    to = starts_at + DAY
    answer = await driver.report_many(
        [
            {"type": CONFIRMED, **event(starts_at, remind_before=["PT24H", "PT1H"])},
            {"type": RESCHEDULED, **moved(starts_at, to)},
            {"type": RESCHEDULED, **moved(to, to + DAY, remind_before=["PT3H"])},
            {"type": RESCHEDULED, **moved(to + DAY, to + 2 * DAY)},
        ]
    )
    shown = [result["message"] for result in answer.json()["results"]]
    assert [times(one) for one in shown] == [
        [starts_at - DAY, starts_at - HOUR],
        [to - DAY, to - HOUR],
        [to + DAY - 3 * HOUR],
        [to + 2 * DAY - 3 * HOUR],
    ]
    waiting = await connection.fetch("SELECT id FROM messages WHERE status = 'scheduled'")
    assert [f"msg_{row['id'].hex}" for row in waiting] == ids(shown[3])


async def test_first_contact_by_a_series_is_added_with_it(driver: Driver, starts_at: datetime) -> None:
    """Without any consent: all is decided, stored and suppressed."""
    answer = await driver.report_many(
        [
            {"type": CONFIRMED, **event(starts_at, remind_before=["PT24H"])},
            {"type": RESCHEDULED, **moved(starts_at, starts_at + DAY)},
        ]
    )
    first, second = [result["message"] for result in answer.json()["results"]]
    assert (first["status"], first["reminders"][0]["status"], first["reason"]) == (
        "suppressed",
        "suppressed",
        "no_consent",
    )
    assert second["reminders"] == []


async def test_replayed_series_is_not_moved_again(
    driver: Driver, connection: asyncpg.Connection, starts_at: datetime
) -> None:
    """In the transaction of the event that moves: what was answered before stands in the database alone."""
    await driver.world.opt_in(PHONE)
    made = event(starts_at, remind_before=["PT24H"])
    await report(driver, made, CONFIRMED, key="k")
    await report(driver, moved(starts_at, starts_at + DAY, remind_before=[]), RESCHEDULED)
    # The first is under way while the others gather.
    _, replayed, answer = await asyncio.gather(
        driver.report(),
        driver.report(made, event=CONFIRMED, key="k"),
        driver.report(moved(starts_at + DAY, starts_at + 2 * DAY), event=RESCHEDULED),
    )
    assert replayed.headers["idempotency-replayed"] == "true"
    assert answer.json()["reminders"] == []


async def test_reminder_that_is_being_claimed_is_not_moved(
    driver: Driver, connection: asyncpg.Connection, database_url: str, starts_at: datetime
) -> None:
    await driver.world.opt_in(PHONE)
    made = await report(driver, event(starts_at, remind_before=["PT24H", "PT1H"]), REMINDER)
    claimed = UUID(ids(made)[0].removeprefix("msg_"))
    async with connection.transaction():
        await connection.execute("UPDATE messages SET status = 'sending' WHERE id = $1", claimed)
        moving = asyncio.create_task(report(driver, moved(starts_at, starts_at + DAY), RESCHEDULED))
        await blocked(database_url)
    answer = await moving
    assert times(answer) == [starts_at + DAY - HOUR]
    stop, status = await connection.fetchrow("SELECT stop, status FROM messages WHERE id = $1", claimed)
    assert (stop, status) == ("superseded", "sending")


async def test_reminder_that_is_being_sent_is_not_moved_and_not_sent_again(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, starts_at: datetime
) -> None:
    await driver.world.opt_in(PHONE)
    answers: list[dict[str, Any]] = []

    async def move_meanwhile(request: httpx.Request) -> httpx.Response:
        if not answers:
            answers.append(await report(driver, moved(starts_at, starts_at + 9 * DAY), RESCHEDULED))
        return accept_all(request)

    route = sends(graph, driver.world).mock(side_effect=move_meanwhile)
    made = await report(driver, event(starts_at, remind_before=["PT24H", "PT1H"]), REMINDER)
    clock.advance(starts_at - DAY - clock.now())
    await dispatch(dispatcher)
    (answer,) = answers
    assert times(answer) == [starts_at + 9 * DAY - HOUR]
    assert sent_ids(route).count(ids(made)[0]) == 1
    assert await statuses(driver, ids(made)) == ["accepted", "canceled"]
    assert await statuses(driver, ids(answer)) == ["scheduled"]


@pytest.mark.parametrize(("change", "code"), [("REJECTED", "template_unusable"), (None, "template_missing")])
async def test_reminder_that_cannot_be_taken_along_keeps_the_event_from_nobody(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
    settings: Settings,
    clock: ManualClock,
    starts_at: datetime,
    change: str | None,
    code: str,
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    made = await report(driver, event(starts_at, remind_before=["PT1H"]), REMINDER)
    if change is None:
        await connection.execute("DELETE FROM templates WHERE name = 'appointment_reminder'")
    else:
        await connection.execute("UPDATE templates SET status = $1 WHERE name = 'appointment_reminder'", change)
    body = moved(starts_at, starts_at + DAY)
    async with another_api(settings, clock) as informed:
        there = Driver(informed, driver.world)
        seen = (await there.report(body, event=f"{RESCHEDULED}/preview")).json()
        answer = await report(there, body, RESCHEDULED)
    assert [(one["status"], one["reason"]) for one in seen["reminders"]] == [("skipped", code)]
    assert [(one["id"], one["status"], one["reason"]) for one in answer["reminders"]] == [(None, "skipped", code)]
    assert await statuses(driver, ids(made)) == ["canceled"], "the old time is not told of any more"
    await dispatch(dispatcher)
    assert sent_ids(route) == [answer["id"]]


@pytest.mark.parametrize("kind", [REMINDER, CONFIRMED])
@pytest.mark.parametrize("together", [False, True])
async def test_series_takes_the_place_of_one_that_waits(
    driver: Driver, starts_at: datetime, kind: str, *, together: bool
) -> None:
    """Posted again, with another time and other lengths."""
    await driver.world.opt_in(PHONE)
    other = await report(driver, event(starts_at, remind_before=["PT1H"], reference="appointment-78"), kind)
    bodies = [
        event(starts_at, remind_before=["PT24H", "PT1H"]),
        event(starts_at + HOUR, remind_before=["PT24H", "PT2H"]),
    ]
    if together:
        batch = (await driver.report_many([{"type": kind, **body} for body in bodies])).json()
        first, second = [one["message"] for one in batch["results"]]
    else:
        first, second = [await report(driver, body, kind) for body in bodies]
    assert await statuses(driver, ids(first)) == ["canceled"] * 2
    assert await statuses(driver, ids(second)) == ["scheduled"] * 2
    assert await statuses(driver, ids(other)) == ["scheduled"]
    answer = await report(driver, moved(starts_at, starts_at + DAY), RESCHEDULED)
    assert [one["before"] for one in answer["reminders"]] == ["P1D", "PT2H"], "of the second alone"


async def test_series_leaves_what_is_no_reminder(driver: Driver, starts_at: datetime) -> None:
    """One that is told at once, whatever holds it."""
    await driver.world.opt_in(PHONE)
    at_once = await report(driver, event(starts_at), REMINDER)
    await report(driver, event(starts_at, remind_before=["PT1H"]), REMINDER)
    assert await statuses(driver, [at_once["id"]]) == ["queued"]


async def test_consents_are_locked_before_messages(
    driver: Driver, connection: asyncpg.Connection, database_url: str, starts_at: datetime
) -> None:
    """As by an opt-out, which would otherwise wait for what waits for it."""
    await driver.world.opt_in(PHONE, OTHER_PHONE)
    await report(driver, event(starts_at, remind_before=["PT1H"]), REMINDER)
    await driver.world.opt_out(OTHER_PHONE)
    farewell = catalogue()["opt-out-confirmation"].example | {"contact": {"phone": OTHER_PHONE}}
    events = [
        {"type": RESCHEDULED, **moved(starts_at, starts_at + DAY)},
        {"type": "opt-out-confirmation", **farewell},
    ]
    async with connection.transaction():
        await connection.execute("SELECT FROM consents FOR UPDATE")
        under_way = asyncio.create_task(driver.report_many(events))
        await blocked(database_url)
        assert await connection.fetch("SELECT FROM messages FOR UPDATE NOWAIT")
    answer = (await under_way).json()
    assert [one["message"]["status"] for one in answer["results"]] == ["queued", "queued"]


async def test_an_event_that_tells_more_of_a_contact_locks_it_before_its_messages(
    driver: Driver, connection: asyncpg.Connection, database_url: str, starts_at: datetime
) -> None:
    """As acts of consent do: otherwise each would wait for the other."""
    await driver.world.opt_in(PHONE)
    waiting = ids(await report(driver, event(starts_at, remind_before=["PT24H"]), REMINDER))
    body = cancelled(starts_at)
    body["contact"] = {**body["contact"], "time_zone": "Europe/Berlin", "language": "en"}
    act = connection.transaction()
    await act.start()
    await connection.execute("SELECT FROM contacts FOR UPDATE")
    reported = asyncio.create_task(report(driver, body, CANCELLED))
    await blocked(database_url)
    assert len(await connection.fetch("SELECT id FROM messages FOR UPDATE NOWAIT")) == 1
    await act.commit()
    await reported
    assert await statuses(driver, waiting) == ["canceled"]
    assert await connection.fetchval("SELECT time_zone FROM contacts") == "Europe/Berlin"
