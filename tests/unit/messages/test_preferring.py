"""What customers prefer, as rules of the decision."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.consent.preferences import Channel, FrequencyCap, Preferences
from app.events.catalogue import catalogue
from app.events.event_type import EventType
from app.messages import preferring
from app.messages.preferring import Left
from app.messages.quiet_hours import QuietHours

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ORDER = catalogue()["order-confirmed"]
SHIPPED = catalogue()["order-shipped"]
REMINDER = catalogue()["appointment-reminder"]
CRITICAL = catalogue()["outage-notice"]
CONFIRMATIONS = (catalogue()["opt-in-confirmation"], catalogue()["opt-out-confirmation"])


def test_longest_pause_that_concerns_the_message_is_the_one_that_holds_it() -> None:
    wanted = Preferences(paused_until={"*": NOW + HOUR, "orders": NOW + 2 * HOUR, "appointments": NOW + 3 * HOUR})
    pause = preferring.pause_of(wanted, ORDER, NOW)
    assert pause == preferring.Pause("orders", NOW + 2 * HOUR, is_of_critical=False)
    assert preferring.pause_of(wanted, ORDER, NOW + 2 * HOUR) is None, "its end is no part of it"
    critical = preferring.pause_of(wanted, CRITICAL, NOW)
    assert critical == preferring.Pause("*", NOW + HOUR, is_of_critical=True)
    assert critical.rule(outlasted=False)["input"] == {
        "topic": "*",
        "until": (NOW + HOUR).isoformat(),
        "critical": True,
    }


@pytest.mark.parametrize(
    ("expires_in", "outlasted"), [(HOUR - timedelta(seconds=1), True), (HOUR, True), (2 * HOUR, False)]
)
def test_pause_outlasts_what_expires_at_its_end_or_before(expires_in: timedelta, outlasted: bool) -> None:  # noqa: FBT001
    pause = preferring.Pause("*", NOW + HOUR, is_of_critical=False)
    assert pause.outlasts(NOW + expires_in) is outlasted
    assert pause.rule(outlasted=outlasted)["verdict"] == ("suppress" if outlasted else "hold")


def test_customers_quiet_hours_come_before_the_businesss() -> None:
    business = SimpleNamespace(quiet_from=time(22), quiet_to=time(8))
    assert preferring.quiet_hours_of(Preferences(), business) == QuietHours(time(22), time(8))
    own = Preferences(quiet_hours=(time(13), time(14)))
    assert preferring.quiet_hours_of(own, business) == QuietHours(time(13), time(14), of_contact=True)


@pytest.mark.parametrize("event_type", CONFIRMATIONS, ids=lambda one: one.name)
def test_confirmation_of_a_choice_is_bound_by_nothing_else(event_type: EventType[Any]) -> None:
    wanted = Preferences({"*": NOW + HOUR}, {"*": FrequencyCap(1, 7)}, Channel.SMS)
    assert preferring.pause_of(wanted, event_type, NOW) is None
    assert preferring.other_channel(wanted, event_type) is None
    assert preferring.over_cap(wanted, event_type, [Left(ORDER, NOW)] * 5, NOW) is None
    assert {rule["verdict"] for rule in preferring.noted(wanted, event_type)} == {"bypass"}


def test_nothing_is_noted_where_nothing_is_preferred() -> None:
    assert list(preferring.noted(Preferences(), ORDER)) == []
    assert list(preferring.noted(Preferences(caps={"appointments": FrequencyCap(1, 1)}), ORDER)) == []


@pytest.mark.parametrize(
    ("left", "over"),
    [
        ([], None),
        ([Left(ORDER, NOW)], None),
        ([Left(ORDER, NOW), Left(SHIPPED, NOW)], "orders"),
        ([Left(ORDER, NOW), Left(REMINDER, NOW)], None),
        ([Left(ORDER, NOW), Left(REMINDER, NOW), Left(REMINDER, NOW)], "*"),
        ([Left(CRITICAL, NOW)] * 9, None),
        ([Left(CONFIRMATIONS[0], NOW)] * 9, None),
        ([Left(None, NOW)] * 3, "*"),
        ([Left(ORDER, NOW - DAY), Left(ORDER, NOW)], None),
        ([Left(ORDER, NOW - DAY + timedelta(seconds=1)), Left(ORDER, NOW)], "orders"),
    ],
)
def test_cap_counts_what_it_is_about_within_its_window(left: list[Left], over: str | None) -> None:
    wanted = Preferences(caps={"orders": FrequencyCap(2, 1), "*": FrequencyCap(3, 7)})
    rule = preferring.over_cap(wanted, ORDER, left, NOW)
    assert (rule and rule["input"]["topic"]) == over
    assert preferring.over_cap(wanted, CRITICAL, left, NOW) is None


def test_counts_are_added_to_caps_that_will_be_asked_alone() -> None:
    wanted = Preferences(caps={"*": FrequencyCap(3, 7)})
    rules = [*preferring.noted(wanted, ORDER), *preferring.noted(wanted, CRITICAL)]
    preferring.add_counts(rules, [Left(ORDER, NOW), Left(REMINDER, NOW - 8 * DAY)], NOW)
    assert [rule["input"]["caps"][0].get("count") for rule in rules] == [1, None]


def test_type_that_is_made_critical_is_held_back_no_more() -> None:
    wanted = Preferences(caps={"*": FrequencyCap(1, 7)})
    assert preferring.over_cap(wanted, ORDER, [Left(ORDER, NOW)], NOW) is not None
    assert preferring.over_cap(wanted, replace(ORDER, priority=CRITICAL.priority), [Left(ORDER, NOW)], NOW) is None
