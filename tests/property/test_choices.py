"""What the preference page sends becomes what holds, and nothing else changes."""

from datetime import time

from hypothesis import given
from hypothesis import strategies as st

from app.consent.fold import Act, Deed, Stance, fold
from app.consent.preferences import Channel, FrequencyCap, Preferences
from app.consent.rules import permits
from app.pages.choices import (
    CAPS,
    Choice,
    cap_as_text,
    cap_from_text,
    changes,
    choice_of,
    is_out,
    quiet_as_text,
    quiet_from_text,
    remark_on,
    wants,
)

TOPICS = ("orders", "appointments", "bills", "marketing")
STATES = st.dictionaries(st.sampled_from([*TOPICS, "*"]), st.sampled_from(["opted_in", "opted_out", "pending"]))
CAP = st.none() | st.sampled_from(CAPS) | st.builds(FrequencyCap, st.integers(1, 1000), st.integers(1, 365))
CLOCK = st.builds(time, st.integers(0, 23), st.integers(0, 59))
QUIET = st.none() | st.tuples(CLOCK, CLOCK)
CHANNEL = st.sampled_from(Channel)
STANCES = st.builds(
    lambda states, cap, channel, quiet: Stance(
        states, Preferences({}, {} if cap is None else {"*": cap}, channel, quiet)
    ),
    STATES,
    CAP,
    CHANNEL,
    QUIET,
)
CHOICES = st.builds(Choice, st.frozensets(st.sampled_from(TOPICS)), CAP, CHANNEL, QUIET)


@given(STANCES, CHOICES)
def test_what_is_sent_is_what_holds_then(stance: Stance, wanted: Choice) -> None:
    held = choice_of(stance, TOPICS)
    after = fold(changes(held, wanted, held), stance)
    assert choice_of(after, TOPICS) == wanted
    assert changes(choice_of(after, TOPICS), wanted, choice_of(after, TOPICS)) == []


@given(STANCES)
def test_a_page_that_is_sent_as_it_was_shown_changes_nothing(stance: Stance) -> None:
    held = choice_of(stance, TOPICS)
    assert changes(held, held, held) == []


@given(STANCES, STANCES, CHOICES)
def test_what_was_left_alone_is_not_undone(before: Stance, now: Stance, wanted: Choice) -> None:
    shown, held = choice_of(before, TOPICS), choice_of(now, TOPICS)
    touched = {deed.topic for deed in changes(shown, wanted, held) if deed.act in (Act.OPT_IN, Act.OPT_OUT)}
    assert touched <= shown.topics ^ wanted.topics


@given(STANCES)
def test_a_stop_in_the_chat_outlives_a_page_that_was_open(stance: Stance) -> None:
    shown = choice_of(stance, TOPICS)
    stopped = fold([Deed(Act.OPT_OUT)], stance)
    wanted = Choice(shown.topics, FrequencyCap(2, 9), shown.channel, shown.quiet_hours)
    after = fold(changes(shown, wanted, choice_of(stopped, TOPICS)), stopped)
    assert is_out(after.states)


@given(STATES, st.sampled_from(TOPICS[:3]))
def test_a_box_is_ticked_where_messages_may_come(states: dict[str, str], topic: str) -> None:
    assert wants(states, topic) == permits(states, topic).permitted


def test_why_a_ticked_topic_is_silent_is_said() -> None:
    states = {"price_alerts": "opted_in", "marketing": "opted_out", "orders": "pending"}
    assert [remark_on(states, one) for one in ("price_alerts", "orders", "bills")] == [
        "held_by_marketing",
        "pending",
        None,
    ]
    assert (
        remark_on({"price_alerts": "opted_in", "meta:marketing": "stopped_at_meta"}, "price_alerts") == "held_by_meta"
    )


@given(CAP, QUIET)
def test_the_form_carries_what_it_showed(cap: FrequencyCap | None, quiet: tuple[time, time] | None) -> None:
    assert cap_from_text(cap_as_text(cap)) == cap
    assert quiet_from_text(quiet_as_text(quiet)) == quiet
