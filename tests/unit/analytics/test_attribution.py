"""Of which message a conversion came."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analytics.conversions.attribution import (
    SKEW,
    AttributedBy,
    Attribution,
    Candidate,
    Unattributed,
    Window,
    attribute,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WEEK = Window.before(NOW, 7)


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def message(number: int, event_type: str = "order-shipped", **ago: float) -> Candidate:
    moments = {f"{name}_at": days_ago(days) for name, days in ago.items()}
    return Candidate(UUID(int=number), event_type, **moments)


ago = st.none() | st.floats(-1, 20)
candidates = st.builds(
    lambda number, kind, *moments: Candidate(
        UUID(int=number), kind, *(days_ago(one) if one is not None else None for one in moments)
    ),
    st.integers(1, 99),
    st.sampled_from(["order-shipped", "price-drop"]),
    *[ago] * 4,
)


def reached(one: Candidate) -> list[datetime]:
    return [at for at in (one.delivered_at, one.read_at) if at is not None and WEEK.since <= at <= WEEK.until]


def clicked(one: Candidate) -> bool:
    return one.clicked_at is not None and WEEK.since <= one.clicked_at <= WEEK.until


@given(st.lists(candidates, max_size=6, unique_by=lambda one: one.message_id), st.randoms(use_true_random=False))
def test_a_contact_converts_by_the_last_click_or_else_by_what_reached_it_last(found, random) -> None:
    result = attribute("contact", found, WEEK)
    clicks = [one for one in found if clicked(one)]
    some = [one for one in found if reached(one)]
    if clicks:
        assert isinstance(result, Attribution)
        assert result.by is AttributedBy.CLICKED_CONTACT
        assert result.message.clicked_at == max(one.clicked_at for one in clicks)
    elif some:
        assert isinstance(result, Attribution)
        assert result.by is AttributedBy.CONTACT
        assert max(reached(result.message)) == max(max(reached(one)) for one in some)
    else:
        assert result is Unattributed.NO_MESSAGE
    shuffled = list(found)
    random.shuffle(shuffled)
    assert attribute("contact", shuffled, WEEK) == result, "in whatever order they are found"


@given(candidates)
def test_what_is_named_converts_if_its_customer_had_to_do_with_it_in_the_window(one: Candidate) -> None:
    by_click, by_message = attribute("click", [one], WEEK), attribute("message", [one], WEEK)
    left = one.left_at is not None and WEEK.since <= one.left_at <= WEEK.until
    expected = Attribution(one, AttributedBy.CLICK) if clicked(one) else Unattributed.OUTSIDE_WINDOW
    assert by_click == expected
    expected = (
        Attribution(one, AttributedBy.MESSAGE) if left or clicked(one) or reached(one) else Unattributed.OUTSIDE_WINDOW
    )
    assert by_message == expected


@given(st.lists(candidates, max_size=6), st.sampled_from(["click", "message", "contact"]))
def test_it_comes_only_of_the_event_types_that_are_asked_for(found, named_by) -> None:
    found = found if named_by == "contact" else found[:1]
    wanted = [one for one in found if one.event_type == "price-drop"]
    result = attribute(named_by, found, WEEK, ["price-drop"])
    of_wanted = attribute(named_by, wanted, WEEK)
    if isinstance(result, Attribution) or (named_by != "contact" and wanted):
        assert result == of_wanted
    else:
        was_one = isinstance(attribute(named_by, found, WEEK), Attribution)
        assert not isinstance(of_wanted, Attribution) or not wanted
        assert result is (Unattributed.EVENT_TYPE if was_one or (found and named_by != "contact") else of_wanted)


@pytest.mark.parametrize(
    ("ago", "result"),
    [
        (7, Attribution),
        (7.01, Unattributed),
        (0, Attribution),
        (-SKEW / timedelta(days=1), Attribution),
        (-0.01, Unattributed),
    ],
)
def test_the_window_ends_with_the_conversion_but_for_what_clocks_differ(ago: float, result: type) -> None:
    assert isinstance(attribute("click", [message(1, clicked=ago)], WEEK), result)


def test_of_several_at_once_it_is_the_newest() -> None:
    result = attribute("contact", [message(1, delivered=1), message(3, delivered=1), message(2, delivered=1)], WEEK)
    assert isinstance(result, Attribution)
    assert result.message.message_id == UUID(int=3)


def test_what_was_read_lately_counts_though_it_was_delivered_long_ago() -> None:
    result = attribute("contact", [message(1, delivered=30, read=1), message(2, delivered=2)], WEEK)
    assert isinstance(result, Attribution)
    assert result.message.message_id == UUID(int=1)
