"""What holds for a contact, as the fold of its acts in the ledger. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.consent.preferences import Channel, FrequencyCap, Preferences, quiet_hours_from_json
from app.consent.rules import ALL_TOPICS, META_MARKETING, ConsentState, is_promotional


class Act(StrEnum):
    """What a line of the ledger says was done. One topic is switched on and off by opting in to it and out of it."""

    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"
    OPT_IN_REQUEST = "opt_in_request"
    """Agreed to, and still to be confirmed by the customer on WhatsApp itself (double opt-in)."""
    PAUSE = "pause"
    RESUME = "resume"
    FREQUENCY = "frequency"
    CHANNEL = "channel"
    QUIET_HOURS = "quiet_hours"
    MARKETING_STOP = "marketing_stop"
    """At Meta, where the customer did it: Meta then takes no marketing of the business for this customer."""
    MARKETING_RESUME = "marketing_resume"
    """That at Meta nothing stands against marketing any more. It agrees to nothing."""
    NUMBER_CHANGE = "number_change"
    """By Meta's word the same person has another number now. What holds stays, unless its value says what does: where
    the number was another contact's before."""
    MERGE = "merge"
    """Two contacts turned out to be one person: its value is what holds for the one that remains, and that nothing does
    for the one that ended."""
    ERASURE = "erasure"


@dataclass(frozen=True, slots=True)
class Deed:
    """An act as far as it changes what holds."""

    act: Act
    topic: str = ALL_TOPICS
    value: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Stance:
    """What holds for a contact: its consent and its preferences."""

    states: Mapping[str, str] = field(default_factory=dict)
    """Consent by topic."""
    preferences: Preferences = field(default_factory=Preferences)

    def as_json(self) -> dict[str, Any]:
        return {"states": dict(sorted(self.states.items())), "preferences": self.preferences.as_json()}


NOTHING = Stance()


@dataclass(frozen=True, slots=True)
class Since:
    """The act by which something holds, and when that was: of a refusal, when it was last said."""

    act_id: UUID
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """A stance with the acts that it rests on: what the tables `consents` and `contact_preferences` say."""

    stance: Stance = NOTHING
    consents: Mapping[str, Since] = field(default_factory=dict)
    preferences: Since | None = None
    """Nothing where nothing is preferred."""


NOTHING_HELD = Holding()

_LIFTING = frozenset({Act.OPT_IN, Act.OPT_IN_REQUEST, Act.RESUME})
"""Acts after which more may be sent, or asked for."""


def recorded(holding: Holding, deed: Deed, since: Since) -> Holding:
    """What holds, and by which acts, after an act is recorded. What an act only repeats keeps its first date; where it
    overrules what was said of single topics, it is the act that holds for its own. What was agreed to before it was
    refused lifts no refusal, however late it is told; so a refusal that is repeated counts from the last time."""
    before, now = holding.stance.states, _after_in_time(holding, deed, since.occurred_at)
    overruled = before.keys() - now.states.keys()
    overruling = any(before[topic] != now.states.get(deed.topic) for topic in overruled)
    consents = {
        topic: since if before.get(topic) != state or (overruling and topic == deed.topic) else holding.consents[topic]
        for topic, state in now.states.items()
    }
    if deed.act is Act.OPT_OUT:
        consents[deed.topic] = replace(consents[deed.topic], occurred_at=_last_refusal(holding, deed.topic, since))
    unchanged = now.preferences == holding.stance.preferences
    preferences = holding.preferences if unchanged else since
    return Holding(now, consents, preferences if now.preferences.as_json() else None)


def _last_refusal(holding: Holding, topic: str, since: Since) -> datetime:
    """Of the topic, or of what a refusal of all takes the place of."""
    states = holding.stance.states
    refused = [one for one, state in states.items() if state == ConsentState.OPTED_OUT and topic in (one, ALL_TOPICS)]
    return max([since.occurred_at, *(holding.consents[one].occurred_at for one in refused)])


def _after_in_time(holding: Holding, deed: Deed, at: datetime) -> Stance:
    """Acts are told late, and in any order: Meta repeats its webhooks, and businesses report what was signed weeks ago.
    Those that permit more give way to what was refused, or asked anew, after them."""
    stance = after(holding.stance, deed)
    if deed.act not in _LIFTING:
        return stance
    newer = {topic: state for topic, state in holding.stance.states.items() if _refuses_since(holding, topic, at)}
    if deed.topic in newer or ALL_TOPICS in newer:
        return holding.stance
    is_older = holding.preferences is not None and _is_before(at, holding.preferences.occurred_at)
    return Stance({**stance.states, **newer}, holding.stance.preferences if is_older else stance.preferences)


def _refuses_since(holding: Holding, topic: str, at: datetime) -> bool:
    """A request counts, too: it stands where a refusal may have stood, and nobody confirms it before it is made."""
    refuses = holding.stance.states[topic] in (ConsentState.OPTED_OUT, ConsentState.PENDING)
    return refuses and _is_before(at, holding.consents[topic].occurred_at)


def _is_before(one: datetime, other: datetime) -> bool:
    """Meta tells whole seconds: within the same one, what is told later is taken for what was done later."""
    return one < other.replace(microsecond=0)


def fold(deeds: Iterable[Deed], stance: Stance = NOTHING) -> Stance:
    """Of deeds that are in order."""
    for deed in deeds:
        stance = after(stance, deed)
    return stance


def after(stance: Stance, deed: Deed) -> Stance:
    """What holds after a deed."""
    value = deed.value or {}
    match deed.act:
        case Act.ERASURE:
            return NOTHING
        case Act.MERGE | Act.NUMBER_CHANGE if "stance" in value:
            told = value["stance"]
            return Stance(dict(told["states"]), Preferences.from_json(told["preferences"]))
    return Stance(
        _consented(stance.states, deed.act, deed.topic), _preferred(stance.preferences, deed.act, deed.topic, value)
    )


def _preferred(wanted: Preferences, act: Act, topic: str, value: Mapping[str, Any]) -> Preferences:
    match act:
        case Act.OPT_IN if topic == ALL_TOPICS:
            # Who agrees to get messages does not want them to wait on for a pause of before.
            wanted = wanted.resuming(ALL_TOPICS)
        case Act.PAUSE:
            wanted = wanted.pausing(topic, datetime.fromisoformat(value["until"]))
        case Act.RESUME:
            wanted = wanted.resuming(topic)
        case Act.FREQUENCY:
            wanted = wanted.capping(topic, FrequencyCap(value["most"], value["days"]) if value else None)
        case Act.CHANNEL:
            wanted = replace(wanted, channel=Channel(value["channel"]))
        case Act.QUIET_HOURS:
            wanted = replace(wanted, quiet_hours=quiet_hours_from_json(value) if value else None)
    return wanted


def _consented(states: Mapping[str, str], act: Act, topic: str) -> dict[str, str]:
    """What acts that say nothing of consent leave as it is."""
    match act:
        case Act.MARKETING_STOP:
            return {**states, META_MARKETING: ConsentState.STOPPED_AT_META}
        case Act.MARKETING_RESUME:
            return {name: state for name, state in states.items() if name != META_MARKETING}
        case Act.OPT_IN_REQUEST if states.get(topic) != ConsentState.OPTED_IN:
            # What was agreed to before stays so while more is asked for.
            return {**states, topic: ConsentState.PENDING}
        case Act.OPT_IN:
            return _agreed(states, topic)
        case Act.OPT_OUT:
            return _refused(states, topic)
    return dict(states)


def _agreed(states: Mapping[str, str], topic: str) -> dict[str, str]:
    """An agreement to all overrules earlier refusals, but says nothing of marketing, neither for it nor against it."""
    kept = dict(states)
    if topic == ALL_TOPICS:
        kept = {name: state for name, state in states.items() if _survives_agreement(name, state)}
    return {**kept, topic: ConsentState.OPTED_IN}


def _survives_agreement(topic: str, state: str) -> bool:
    return state == ConsentState.OPTED_IN or topic == META_MARKETING or is_promotional(topic)


def _refused(states: Mapping[str, str], topic: str) -> dict[str, str]:
    """A refusal of all topics overrules whatever was said of single ones before it."""
    kept = dict(states)
    if topic == ALL_TOPICS:
        kept = {name: state for name, state in states.items() if name == META_MARKETING}
    return {**kept, topic: ConsentState.OPTED_OUT}
