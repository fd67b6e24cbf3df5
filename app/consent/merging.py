"""What holds for one person who was known as two: for the one that remains. Pure.

Topic by topic a refusal by either stands over an agreement by the other, unless the agreement is newer; at the same
moment the refusal stands. What the customer told Meta to stop stays stopped. Of preferences the strictest hold.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TypeVar

from app.consent.fold import Holding, Stance
from app.consent.preferences import Channel, FrequencyCap, Preferences
from app.consent.rules import ALL_TOPICS, META_MARKETING, ConsentState, is_promotional

_NEVER = datetime.min.replace(tzinfo=UTC)
_DAY = 24 * 60

QuietHours = tuple[time, time]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Said:
    """When a topic was last agreed to, refused and asked for."""

    agreed: datetime = _NEVER
    refused: datetime = _NEVER
    asked: datetime = _NEVER


def merged(one: Holding, other: Holding) -> Stance:
    """Which of the two is which makes no difference."""
    return Stance(_states((one, other), _decided), _strictest(one, other))


def refusals_taken_over(mine: Holding, former: Sequence[Holding]) -> Stance:
    """Of those who had the number before: what they refused on it stays refused, whenever that was, and what they
    agreed to is not taken over, since they may have been strangers."""

    def decided(own: _Said, *others: _Said) -> str | None:
        return ConsentState.OPTED_OUT if any(one.refused > _NEVER for one in others) else _decided(own)

    return Stance(_states((mine, *former), decided), mine.stance.preferences)


def _states(holdings: Sequence[Holding], decide: Callable[..., str | None]) -> dict[str, str]:
    named = {topic for holding in holdings for topic in holding.stance.states}
    decided = {
        topic: decide(*[_said(holding, topic) for holding in holdings])
        for topic in {*named, ALL_TOPICS} - {META_MARKETING}
    }
    everything = decided[ALL_TOPICS]
    # What only follows from the row of all topics must not outlive it.
    states = {
        topic: state
        for topic, state in decided.items()
        if state is not None
        and (topic == ALL_TOPICS or state != everything or any(_is_own(one, topic, state) for one in holdings))
    }
    if META_MARKETING in named:
        states[META_MARKETING] = ConsentState.STOPPED_AT_META
    return states


def _is_own(holding: Holding, topic: str, state: str) -> bool:
    return holding.stance.states.get(topic) == state


def _said(holding: Holding, topic: str) -> _Said:
    """A topic without a row of its own goes by that for all; but agreeing to all says nothing of promotions. Only an
    agreement to the topic itself lifts the refusal of all."""
    states = holding.stance.states
    own, everything = states.get(topic), states.get(ALL_TOPICS)
    since = {state: _since(holding, topic) for state in (own,) if state is not None}
    if topic != ALL_TOPICS and everything is not None and own != ConsentState.OPTED_IN:
        inherits = own is None and not (is_promotional(topic) and everything != ConsentState.OPTED_OUT)
        if inherits or everything == ConsentState.OPTED_OUT:
            since[everything] = max(since.get(everything, _NEVER), _since(holding, ALL_TOPICS))
    return _Said(
        since.get(ConsentState.OPTED_IN, _NEVER),
        since.get(ConsentState.OPTED_OUT, _NEVER),
        since.get(ConsentState.PENDING, _NEVER),
    )


def _since(holding: Holding, topic: str) -> datetime:
    return holding.consents[topic].occurred_at


def _decided(*said: _Said) -> str | None:
    agreed, refused = max(one.agreed for one in said), max(one.refused for one in said)
    if agreed > refused:
        return ConsentState.OPTED_IN
    if max(one.asked for one in said) > refused:
        return ConsentState.PENDING
    return ConsentState.OPTED_OUT if refused > _NEVER else None


def _strictest(one: Holding, other: Holding) -> Preferences:
    newer, older = sorted((one, other), key=_preferred_at, reverse=True)
    mine, theirs = newer.stance.preferences, older.stance.preferences
    channels = [each.channel for each in (mine, theirs) if each.channel is not Channel.WHATSAPP]
    return Preferences(
        paused_until=_either(mine.paused_until, theirs.paused_until, max),
        caps=_either(mine.caps, theirs.caps, lambda a, b: min(a, b, key=_allowed)),
        channel=channels[0] if channels else Channel.WHATSAPP,
        quiet_hours=_quietest(mine.quiet_hours, theirs.quiet_hours),
    )


def _preferred_at(holding: Holding) -> tuple[datetime, str]:
    """The channel only lets the order be the same whichever is named first."""
    since = holding.preferences
    return since.occurred_at if since is not None else _NEVER, holding.stance.preferences.channel


def _allowed(cap: FrequencyCap) -> tuple[float, int]:
    return cap.most / cap.days, cap.most


def _either(
    mine: Mapping[str, Value], theirs: Mapping[str, Value], stricter: Callable[[Value, Value], Value]
) -> dict[str, Value]:
    both = {topic: stricter(mine[topic], theirs[topic]) for topic in mine.keys() & theirs.keys()}
    return {**mine, **theirs, **both}


def _quietest(mine: QuietHours | None, theirs: QuietHours | None) -> QuietHours | None:
    """All that either wants quiet, where their hours touch; otherwise the longer ones."""
    if mine is None or theirs is None:
        return mine or theirs
    first, second = sorted((mine, theirs))
    for begins, ends in ((first, second), (second, first)):
        late = (_minutes(ends[0]) - _minutes(begins[0])) % _DAY
        if late <= _length(begins):
            length = max(_length(begins), late + _length(ends))
            if length < _DAY:
                return begins[0], begins[1] if length == _length(begins) else ends[1]
    return max(first, second, key=_length)


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _length(hours: QuietHours) -> int:
    return (_minutes(hours[1]) - _minutes(hours[0])) % _DAY
