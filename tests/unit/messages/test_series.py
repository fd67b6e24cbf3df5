"""Series of reminders, as a function of the event and of what waits."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.problems import InvalidRequest
from app.events.catalogue import catalogue
from app.events.event_type import EventType
from app.messages import series
from app.messages.composing import Intake
from app.messages.durations import LONGEST, SHORTEST
from app.messages.errors import TemplateUnusable
from app.messages.schemas import SeriesEventIn

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
REMINDER = catalogue()["appointment-reminder"]
CONFIRMED = replace(REMINDER, name="booked")
MOVED = replace(CONFIRMED, name="moved", overtakes=("appointment-reminder",))
PLAIN = replace(REMINDER, name="plain", reminders=None)

lengths = st.timedeltas(SHORTEST, LONGEST)
asked = st.lists(lengths, min_size=1, max_size=5, unique=True)
moments = st.timedeltas(timedelta(days=-2), timedelta(days=40)).map(lambda ahead: NOW + ahead)


def item(event_type: EventType[Any], starts_at: datetime, remind_before: Any = None, **more: Any) -> Intake:
    body = SeriesEventIn.model_construct(
        contact=None,  # type: ignore[arg-type] # nobody asks for it here
        data=event_type.payload.model_validate({"starts_at": starts_at, "place": "Klinik"}),
        remind_before=remind_before,
        **{"reference": "appointment-77"} | more,
    )
    nothing: dict[str, Any] = {one.name: None for one in fields(Intake)}  # or that nobody asks for here
    return Intake(**nothing | {"event_type": event_type, "body": body})


@given(asked, moments)
def test_each_reminder_is_sent_so_long_before_unless_that_is_past(before: list[timedelta], starts_at: datetime) -> None:
    own, reminders = (made := series.series_of(item(CONFIRMED, starts_at, before), (), NOW)).own, made.reminders
    assert own is not None
    assert own.event_type is CONFIRMED
    assert [one.before for one in reminders or ()] == sorted(before, reverse=True)
    for one in reminders or ():
        assert one.send_at == starts_at - one.before
        assert (one.item is None) is (one.send_at <= NOW)
        if one.item is not None:
            body = one.item.body
            assert one.item.event_type is REMINDER
            assert body.send_at == one.send_at
            assert body.expires_at is not None
            assert one.send_at < body.expires_at <= starts_at
            assert series.distance(REMINDER, body.data, body.send_at) == one.before


@given(asked, moments)
def test_a_type_that_reminds_of_itself_is_nothing_but_its_series(before: list[timedelta], starts_at: datetime) -> None:
    if starts_at - min(before) <= NOW:
        with pytest.raises(InvalidRequest, match="remind_before"):
            series.series_of(item(REMINDER, starts_at, before), (), NOW)
        return
    made = series.series_of(item(REMINDER, starts_at, before), (), NOW)
    assert made.own is None
    assert {one.before for one in made.reminders or ()} == set(before)


@given(asked, asked, moments)
def test_reminders_are_taken_along_where_nothing_else_is_asked_for(
    waiting: list[timedelta], before: list[timedelta], starts_at: datetime
) -> None:
    for given_lengths, expected in ((None, waiting), (before, before), ([], [])):
        made = series.series_of(item(MOVED, starts_at, given_lengths), waiting, NOW)
        assert [one.before for one in made.reminders or ()] == sorted(expected, reverse=True)


def test_two_reminders_at_the_same_distance_become_one() -> None:
    made = series.series_of(item(MOVED, NOW + timedelta(days=9)), [timedelta(hours=1)] * 2, NOW)
    assert len(made.reminders or ()) == 1


@pytest.mark.parametrize(
    ("event_type", "more", "takes_along"),
    [
        (MOVED, {}, True),
        (MOVED, {"remind_before": []}, False),
        (MOVED, {"remind_before": [timedelta(hours=1)]}, False),
        (MOVED, {"reference": None}, False),
        (CONFIRMED, {}, False),
        (REMINDER, {}, False),
        (replace(REMINDER, overtakes=(REMINDER.name,)), {}, False),
        (replace(PLAIN, overtakes=(REMINDER.name,)), {}, False),
    ],
)
def test_only_what_overtakes_reminders_and_makes_them_takes_them_along(
    event_type: EventType[Any], more: dict[str, Any], *, takes_along: bool
) -> None:
    assert (series.takes_along(item(event_type, NOW, **more)) is not None) is takes_along


@pytest.mark.parametrize("event_type", [PLAIN, CONFIRMED, REMINDER])
def test_an_event_without_a_series_is_itself(event_type: EventType[Any]) -> None:
    event = item(event_type, NOW + timedelta(days=9))
    assert series.series_of(event, [timedelta(hours=1)], NOW) == series.Series(event, None)


def test_what_a_reminders_payload_does_not_take_is_pointed_to() -> None:
    assert CONFIRMED.reminders is not None
    wrong = replace(CONFIRMED, reminders=replace(CONFIRMED.reminders, data=lambda _: {"place": "p" * 121}))
    with pytest.raises(InvalidRequest) as refused:
        series.series_of(item(wrong, NOW + timedelta(days=9), [timedelta(hours=1)]), (), NOW)
    assert [one.pointer for one in refused.value.errors] == ["#/data/starts_at", "#/data/place"]


@pytest.mark.parametrize(
    ("data", "send_at"),
    [
        ('{"starts_at": "2026-11-24T10:00:00Z", "place": "Klinik"}', NOW + timedelta(hours=2)),
        ('{"starts_at": "2026-11-24T10:00:00Z", "place": "Klinik"}', NOW + timedelta(hours=1)),
        ('{"when": "2026-11-24T10:00:00Z"}', NOW),
    ],
)
def test_what_does_not_come_before_its_moment_is_not_taken_along(data: str, send_at: datetime) -> None:
    assert series.stored_distance(REMINDER, data, send_at) is None


def test_a_message_without_a_time_of_its_own_is_no_reminder() -> None:
    data = item(REMINDER, NOW).body.data
    assert series.distance(REMINDER, data, None) is None
    assert series.distance(PLAIN, data, NOW - timedelta(hours=1)) is None
    assert series.distance(REMINDER, data, NOW - timedelta(hours=1)) == timedelta(hours=1)


def _fail(error: Exception) -> Any:
    def make(*_: Any) -> None:
        raise error

    return make


@pytest.mark.parametrize(
    ("error", "code"), [(TemplateUnusable("Rejected."), "template_unusable"), (KeyError("hall"), "internal_error")]
)
def test_what_is_wrong_with_a_reminder_refuses_the_event_only_if_it_was_asked_for(error: Exception, code: str) -> None:
    starts_at, hour = NOW + timedelta(days=9), timedelta(hours=1)
    for asked_for, waiting in (([hour], []), (None, [hour])):
        (reminder,) = series.series_of(item(MOVED, starts_at, asked_for), waiting, NOW).reminders or ()
        assert reminder.made(lambda one, rule: (one, rule)) == ((reminder.item, reminder.rule), None)
        if asked_for is None:
            assert reminder.made(_fail(error)) == (None, code)
        else:
            with pytest.raises(type(error)):
                reminder.made(_fail(error))


def test_payload_that_a_reminder_does_not_take_keeps_it_from_being_taken_along() -> None:
    assert MOVED.reminders is not None
    wrong = replace(MOVED, reminders=replace(MOVED.reminders, data=lambda _: {"place": "p" * 121}))
    made = series.series_of(item(wrong, NOW + timedelta(days=9)), [timedelta(hours=1)], NOW)
    assert made.own is not None
    (reminder,) = made.reminders or ()
    assert reminder.made(_fail(KeyError())) == (None, "invalid_request"), "nothing is made of it"
    assert reminder.send_at == NOW + timedelta(days=9, hours=-1)


def test_reminder_whose_time_has_passed_says_so() -> None:
    (reminder,) = series.series_of(item(MOVED, NOW), [timedelta(hours=1)], NOW).reminders or ()
    assert reminder.made(_fail(KeyError())) == (None, "too_late")
