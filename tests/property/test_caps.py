"""A cap over any stretch of time: however messages come, no window of its length ever holds more than it allows."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.consent.preferences import FrequencyCap, Preferences
from app.events.catalogue import catalogue
from app.messages.preferring import Left, over_cap

START = datetime(2026, 11, 1, tzinfo=UTC)
KINDS = [catalogue()[name] for name in ("order-confirmed", "appointment-reminder", "outage-notice")]
TOPICS = ["*", *(one.topic for one in KINDS)]

CAPS = st.dictionaries(
    st.sampled_from(TOPICS), st.builds(FrequencyCap, st.integers(1, 4), st.integers(1, 5)), min_size=1
)
ARRIVALS = st.lists(st.tuples(st.integers(0, 60), st.sampled_from(KINDS)), max_size=40)
"""Hours since the one before."""


@given(CAPS, ARRIVALS)
def test_no_window_holds_more_than_the_cap_allows_and_none_is_held_back_needlessly(caps, arrivals) -> None:  # type: ignore[no-untyped-def]
    wanted = Preferences(caps=caps)
    now, left = START, []
    for hours, event_type in arrivals:
        now += timedelta(hours=hours)
        rule = over_cap(wanted, event_type, left, now)
        if rule is None:
            left.append(Left(event_type, now))
            continue
        cap = caps[rule["input"]["topic"]]
        of_cap = [one for one in left if one.counts_towards(rule["input"]["topic"]) and one.at > now - cap.window]
        assert len(of_cap) == rule["input"]["count"] == cap.most
    for topic, cap in caps.items():
        counted = [one.at for one in left if one.counts_towards(topic)]
        for begins in counted:
            assert sum(1 for at in counted if begins <= at < begins + cap.window) <= cap.most
    assert [one.event_type for one in left if one.event_type is KINDS[2]] == [
        kind for _, kind in arrivals if kind is KINDS[2]
    ]
