"""What customers prefer, as rules of the decision: pauses, caps, channels and their own quiet hours. Pure.

What confirms a choice that the customer made just now answers it where it was made, whatever is preferred otherwise.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Protocol

from app.consent.preferences import Channel, FrequencyCap, Preferences
from app.consent.rules import ALL_TOPICS
from app.events.event_type import EventType, Priority
from app.messages.quiet_hours import QuietHours
from app.messages.verdicts import verdict

PAUSE = "pause"
PAUSED = "paused"
FREQUENCY_CAP = "frequency_cap"
PREFERRED_CHANNEL = "preferred_channel"


def confirms(event_type: EventType[Any]) -> bool:
    """A choice of the customer."""
    return event_type.consent != "topic"


class Quiet(Protocol):
    """A business, as far as it leaves its customers alone."""

    @property
    def quiet_from(self) -> time: ...

    @property
    def quiet_to(self) -> time: ...


def quiet_hours_of(preferences: Preferences, business: Quiet) -> QuietHours:
    """The customer's own replace the business's."""
    if preferences.quiet_hours is None:
        return QuietHours(business.quiet_from, business.quiet_to)
    return QuietHours(*preferences.quiet_hours, of_contact=True)


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence that the customer asked for. It holds for critical messages, too."""

    topic: str
    until: datetime
    is_of_critical: bool

    def outlasts(self, expires_at: datetime) -> bool:
        return expires_at <= self.until

    def rule(self, *, outlasted: bool, at: datetime | None = None) -> dict[str, Any]:
        asked: dict[str, Any] = {"topic": self.topic, "until": self.until.isoformat()}
        if self.is_of_critical:
            asked["critical"] = True
        return verdict(PAUSE, "suppress" if outlasted else "hold", at, **asked)


def pause_of(preferences: Preferences, event_type: EventType[Any], moment: datetime) -> Pause | None:
    """In which the moment lies, if in one."""
    until = None if confirms(event_type) else preferences.paused_for(event_type.topic, moment)
    if until is None:
        return None
    topic = ALL_TOPICS if preferences.paused_until.get(ALL_TOPICS) == until else event_type.topic
    return Pause(topic, until, event_type.priority is Priority.CRITICAL)


def other_channel(preferences: Preferences, event_type: EventType[Any]) -> Channel | None:
    """By which the business is to tell the customer what the message says, if not by WhatsApp."""
    is_other = preferences.channel is not Channel.WHATSAPP and not confirms(event_type)
    return preferences.channel if is_other else None


def caps_of(preferences: Preferences, event_type: EventType[Any]) -> Mapping[str, FrequencyCap]:
    """By topic, those that may hold a message of the type back; critical ones go all the same."""
    return preferences.caps_for(event_type.topic) if _is_counted(event_type) else {}


def noted(preferences: Preferences, event_type: EventType[Any]) -> Iterator[dict[str, Any]]:
    """On acceptance, what will be asked only when the message leaves, since only then it counts."""
    caps = preferences.caps_for(event_type.topic)
    if caps and event_type.priority is Priority.CRITICAL:
        yield verdict("frequency", "bypass", critical=True, caps=_shown(caps))
    elif caps:
        yield verdict("frequency", "bypass" if confirms(event_type) else "later", caps=_shown(caps))
    if preferences.channel is not Channel.WHATSAPP:
        verdict_now = "bypass" if confirms(event_type) else "later"
        yield verdict("channel", verdict_now, channel=preferences.channel.value)


def _shown(caps: Mapping[str, FrequencyCap]) -> list[dict[str, Any]]:
    return [{"topic": topic, "most": cap.most, "days": cap.days} for topic, cap in caps.items()]


@dataclass(frozen=True, slots=True)
class Left:
    """A message that the customer was told of."""

    event_type: EventType[Any] | None
    """Nothing where only a newer version knows it."""
    at: datetime

    def counts_towards(self, topic: str) -> bool:
        if self.event_type is None:
            return topic == ALL_TOPICS
        return _is_counted(self.event_type) and topic in (ALL_TOPICS, self.event_type.topic)


def _is_counted(event_type: EventType[Any]) -> bool:
    return event_type.priority is not Priority.CRITICAL and not confirms(event_type)


def count(left: Iterable[Left], topic: str, cap: FrequencyCap, now: datetime) -> int:
    """How many of the cap's messages left within its window: a stretch of time that ends now."""
    return sum(1 for one in left if one.counts_towards(topic) and one.at > now - cap.window)


def add_counts(rules: Iterable[dict[str, Any]], left: Iterable[Left], now: datetime) -> None:
    """Says beside each cap that will be asked how many messages of it left already, as of now."""
    left = list(left)
    for rule in rules:
        if rule["rule"] == "frequency" and rule["verdict"] == "later":
            for cap in rule["input"]["caps"]:
                cap["count"] = count(left, cap["topic"], FrequencyCap(cap["most"], cap["days"]), now)


def over_cap(
    preferences: Preferences, event_type: EventType[Any], left: Iterable[Left], now: datetime
) -> dict[str, Any] | None:
    """The rule that keeps one more message of the type back, if one does."""
    left = list(left)
    for topic, cap in caps_of(preferences, event_type).items():
        already = count(left, topic, cap, now)
        if already >= cap.most:
            return verdict("frequency", "suppress", now, topic=topic, most=cap.most, days=cap.days, count=already)
    return None
