"""What a row of a list may still change, given what the customer said since. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.consent.fold import NOTHING_HELD, Act, Deed, Holding, after
from app.consent.imports.columns import Column
from app.consent.imports.judging import Fault, JudgedRow
from app.consent.rules import ALL_TOPICS, MARKETING, ConsentState, is_promotional

_SINCE = "%Y-%m-%d"


@dataclass(slots=True)
class Standing:
    """Of one contact: what holds, and when it last refused, by topic, whatever became of the refusal."""

    holding: Holding = NOTHING_HELD
    refusals: dict[str, datetime] = field(default_factory=dict)


def changing(row: JudgedRow, act: Act, standing: Standing) -> tuple[str, ...] | Fault:
    """The topics for which the row is to be recorded as this act; none where it says what holds anyway."""
    stance = standing.holding.stance
    topics: list[str] = []
    for topic in row.topics:
        then = after(stance, Deed(act, topic))
        if then.states == stance.states:
            continue
        fault = (
            _agreed_since(row, topic, then.states, standing)
            if act is Act.OPT_OUT
            else _refused_since(row, topic, standing) or _paused_since(row, topic, standing)
        )
        if fault is not None:
            return fault
        topics.append(topic)
        stance = then
    return tuple(topics)


def _refused_since(row: JudgedRow, topic: str, standing: Standing) -> Fault | None:
    """A refusal that was not earlier than the row's opt-in, of anything that the opt-in would permit; unless the
    customer agreed to all after it."""
    agreed = standing.holding.consents.get(ALL_TOPICS)
    agreed_to_all = standing.holding.stance.states.get(ALL_TOPICS) == ConsentState.OPTED_IN
    overruled = agreed.occurred_at if agreed and agreed_to_all and not is_promotional(topic) else None
    bearing = {topic, ALL_TOPICS} | ({MARKETING} if is_promotional(topic) else set())
    latest = max(
        (
            at
            for refused, at in standing.refusals.items()
            if (refused in bearing or (topic == ALL_TOPICS and not is_promotional(refused)))
            and (overruled is None or at >= overruled)
        ),
        default=None,
    )
    if latest is None or latest < row.occurred_at:
        return None
    told = f"the customer refused on {latest:{_SINCE}}, after this opt-in to {topic}: that stands"
    return Fault(Column.OCCURRED_AT, "refused_since", told)


def _paused_since(row: JudgedRow, topic: str, standing: Standing) -> Fault | None:
    """An opt-in to all topics would end pauses that the customer asked for after it."""
    preferred = standing.holding.preferences
    if topic != ALL_TOPICS or preferred is None or not standing.holding.stance.preferences.paused_until:
        return None
    if preferred.occurred_at < row.occurred_at:
        return None
    return Fault(Column.OCCURRED_AT, "paused_since", "the customer asked for a pause after this opt-in: that stands")


def _agreed_since(row: JudgedRow, topic: str, then: Mapping[str, str], standing: Standing) -> Fault | None:
    """Where an opt-out would do nothing but end what was agreed to after it."""
    before = standing.holding.stance.states
    ended = [
        name
        for name, state in before.items()
        if state == ConsentState.OPTED_IN and then.get(name) != ConsentState.OPTED_IN
    ]
    since = [standing.holding.consents[name].occurred_at for name in ended if name in standing.holding.consents]
    if topic not in before or not since or min(since) <= row.occurred_at:
        return None
    told = f"the customer agreed on {max(since):{_SINCE}}, after this opt-out of {topic}: that stands"
    return Fault(Column.OCCURRED_AT, "agreed_since", told)
