"""What customers want of the messages that they do get: how many, when, by which channel, and not before when. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any, Self

from app.consent.rules import ALL_TOPICS


class Channel(StrEnum):
    """By which a customer prefers to be told. Ulak itself sends on WhatsApp; of others it tells the business."""

    WHATSAPP = "whatsapp"
    SMS = "sms"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class FrequencyCap:
    """At most so many messages in any stretch of so many days."""

    most: int
    days: int

    @property
    def window(self) -> timedelta:
        return timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Preferences:
    """By topic, where that says anything; `*` is for all messages together."""

    paused_until: Mapping[str, datetime] = field(default_factory=dict)
    caps: Mapping[str, FrequencyCap] = field(default_factory=dict)
    channel: Channel = Channel.WHATSAPP
    quiet_hours: tuple[time, time] | None = None
    """From the first to the second on the customer's clock; the business's own where the customer said nothing."""

    def paused_for(self, topic: str, now: datetime) -> datetime | None:
        """Until when messages on the topic are to wait, if they are."""
        ends = [self.paused_until[one] for one in (ALL_TOPICS, topic) if one in self.paused_until]
        latest = max(ends, default=None)
        return latest if latest is not None and latest > now else None

    def without_ended(self, now: datetime) -> Self:
        """As it is told: pauses that are over stay in the ledger alone."""
        return replace(self, paused_until={one: until for one, until in self.paused_until.items() if until > now})

    def caps_for(self, topic: str) -> dict[str, FrequencyCap]:
        """Those that a message on the topic counts towards, by the topic that they were set for."""
        return {one: self.caps[one] for one in (ALL_TOPICS, topic) if one in self.caps}

    def pausing(self, topic: str, until: datetime) -> Self:
        return replace(self, paused_until={**self.paused_until, topic: until})

    def resuming(self, topic: str) -> Self:
        """Of all topics, where it is all: what was paused by itself included."""
        left = {} if topic == ALL_TOPICS else {one: at for one, at in self.paused_until.items() if one != topic}
        return replace(self, paused_until=left)

    def capping(self, topic: str, cap: FrequencyCap | None) -> Self:
        """Nothing lifts the cap that there is."""
        left = {one: had for one, had in self.caps.items() if one != topic}
        return replace(self, caps=left if cap is None else {**left, topic: cap})

    def as_json(self) -> dict[str, Any]:
        """Empty where nothing is preferred."""
        told: dict[str, Any] = {}
        if self.paused_until:
            told["paused_until"] = {topic: at.isoformat() for topic, at in sorted(self.paused_until.items())}
        if self.caps:
            told["caps"] = {topic: {"most": cap.most, "days": cap.days} for topic, cap in sorted(self.caps.items())}
        if self.channel is not Channel.WHATSAPP:
            told["channel"] = self.channel.value
        if self.quiet_hours is not None:
            begins, ends = self.quiet_hours
            told["quiet_hours"] = quiet_hours_as_json(begins, ends)
        return told

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        paused = told.get("paused_until", {})
        caps = told.get("caps", {})
        quiet = told.get("quiet_hours")
        return cls(
            {topic: datetime.fromisoformat(at) for topic, at in paused.items()},
            {topic: FrequencyCap(cap["most"], cap["days"]) for topic, cap in caps.items()},
            Channel(told.get("channel", Channel.WHATSAPP)),
            quiet_hours_from_json(quiet) if quiet else None,
        )


NO_PREFERENCES = Preferences()


def quiet_hours_as_json(begins: time, ends: time) -> dict[str, str]:
    return {"begins": begins.isoformat("minutes"), "ends": ends.isoformat("minutes")}


def quiet_hours_from_json(told: Mapping[str, str]) -> tuple[time, time]:
    return time.fromisoformat(told["begins"]), time.fromisoformat(told["ends"])
