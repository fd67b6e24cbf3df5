"""The algebra of joining what holds for one person who was known as two."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import orjson
from hypothesis import given
from hypothesis import strategies as st

from app.consent.fold import NOTHING_HELD, Act, Deed, Holding, Since, Stance, after, recorded
from app.consent.merging import merged, refusals_taken_over
from app.consent.preferences import Channel
from app.consent.rules import META_MARKETING, permits, permits_promotion

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
TOPICS = ["orders", "billing", "marketing", "price_alerts"]
named = st.sampled_from([*TOPICS, "*"])
consenting = st.builds(
    Deed,
    st.sampled_from([Act.OPT_IN, Act.OPT_OUT, Act.OPT_IN_REQUEST]),
    named,
)
at_meta = st.builds(Deed, st.sampled_from([Act.MARKETING_STOP, Act.MARKETING_RESUME]), st.just(META_MARKETING))
until = st.integers(1, 99).map(lambda days: {"until": (BEGINNING + timedelta(days=days)).isoformat()})
hours = st.tuples(*[st.sampled_from(["07:30", "09:00", "13:00", "21:00", "22:00"])] * 2).filter(
    lambda pair: pair[0] != pair[1]
)
preferring = st.one_of(
    st.builds(Deed, st.just(Act.PAUSE), named, until),
    st.builds(
        Deed, st.just(Act.FREQUENCY), named, st.builds(lambda a, b: {"most": a, "days": b}, *[st.integers(1, 9)] * 2)
    ),
    st.builds(Deed, st.just(Act.CHANNEL), st.just("*"), st.sampled_from(Channel).map(lambda one: {"channel": one})),
    st.builds(Deed, st.just(Act.QUIET_HOURS), st.just("*"), hours.map(lambda two: {"begins": two[0], "ends": two[1]})),
)


def _held(history: list[tuple[int, Deed]]) -> Holding:
    held = NOTHING_HELD
    for second, deed in sorted(history, key=lambda one: one[0]):
        held = recorded(held, deed, Since(UUID(int=second), BEGINNING + timedelta(seconds=second)))
    return held


holdings = st.lists(st.tuples(st.integers(1, 20), consenting | at_meta | preferring), max_size=8).map(_held)


@given(holdings, holdings)
def test_which_of_the_two_is_which_makes_no_difference(one: Holding, other: Holding) -> None:
    assert merged(one, other) == merged(other, one)


@given(holdings)
def test_joining_with_oneself_or_with_nothing_changes_nothing(one: Holding) -> None:
    assert merged(one, one) == one.stance
    assert merged(one, NOTHING_HELD) == one.stance


@given(holdings, holdings, st.sampled_from(TOPICS))
def test_nothing_is_permitted_that_neither_permitted(one: Holding, other: Holding, topic: str) -> None:
    joined = merged(one, other).states
    for asked in (permits, permits_promotion):
        if asked(joined, topic).permitted:
            assert asked(one.stance.states, topic).permitted or asked(other.stance.states, topic).permitted


@given(holdings, holdings, st.sampled_from(["orders", "billing"]))
def test_a_refusal_stands_unless_the_other_agreed_later(one: Holding, other: Holding, topic: str) -> None:
    refused, agreed = permits(one.stance.states, topic), permits(other.stance.states, topic)
    if refused.reason == "opted_out" and agreed.permitted:
        is_newer = other.consents[agreed.topic].occurred_at > one.consents[refused.topic].occurred_at
        assert permits(merged(one, other).states, topic).permitted == is_newer


@given(holdings, holdings, st.sampled_from(TOPICS))
def test_what_is_stopped_at_meta_or_refused_by_both_stays_so(one: Holding, other: Holding, topic: str) -> None:
    joined = merged(one, other).states
    if META_MARKETING in one.stance.states:
        assert permits_promotion(joined, topic).reason == "stopped_at_meta"
    if all(permits(side.stance.states, topic).reason == "opted_out" for side in (one, other)):
        assert not permits(joined, topic).permitted


@given(holdings, holdings)
def test_the_strictest_preferences_hold(one: Holding, other: Holding) -> None:
    joined = merged(one, other).preferences
    for side in (one.stance.preferences, other.stance.preferences):
        assert all(joined.paused_until[topic] >= until for topic, until in side.paused_until.items())
        assert all(
            joined.caps[topic].most / joined.caps[topic].days <= cap.most / cap.days for topic, cap in side.caps.items()
        )
        assert side.channel is Channel.WHATSAPP or joined.channel is not Channel.WHATSAPP
        assert side.quiet_hours is None or _minutes(joined.quiet_hours) >= _minutes(side.quiet_hours)


def _minutes(hours: tuple[time, time] | None) -> int:
    assert hours is not None
    begins, ends = (at.hour * 60 + at.minute for at in hours)
    return (ends - begins) % (24 * 60)


@given(holdings, st.lists(holdings, max_size=3))
def test_of_strangers_refusals_alone_are_taken_over(mine: Holding, former: list[Holding]) -> None:
    taken = refusals_taken_over(mine, former)
    assert refusals_taken_over(mine, []) == mine.stance
    assert taken.preferences == mine.stance.preferences
    for topic in TOPICS:
        assert not permits(taken.states, topic).permitted or permits(mine.stance.states, topic).permitted
        if any(permits(one.stance.states, topic).reason == "opted_out" for one in former):
            assert not permits(taken.states, topic).permitted


@given(holdings, holdings)
def test_the_line_of_the_ledger_says_what_holds(one: Holding, other: Holding) -> None:
    stance = merged(one, other)
    value = orjson.loads(orjson.dumps({"stance": stance.as_json(), "from": "con_1"}))
    for act in (Act.MERGE, Act.NUMBER_CHANGE):
        assert after(one.stance, Deed(act, value=value)) == stance
    assert after(one.stance, Deed(Act.NUMBER_CHANGE)) == one.stance
    assert after(one.stance, Deed(Act.MERGE, value={"stance": Stance().as_json()})) == Stance()
