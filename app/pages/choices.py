"""What a customer chooses in the preference centre, and the acts that it comes to. Pure.

Only what the customer changed on the page becomes an act: what was shown and left alone may have been changed elsewhere
meanwhile (by a STOP in the chat), and must not be undone by it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Literal

from app.consent.fold import Act, Deed, Stance
from app.consent.preferences import Channel, FrequencyCap, quiet_hours_as_json
from app.consent.rules import (
    ALL_TOPICS,
    MARKETING,
    META_MARKETING,
    ConsentState,
    is_promotional,
    permits,
    permits_promotion,
)

CAPS = (FrequencyCap(1, 1), FrequencyCap(3, 7), FrequencyCap(1, 7), FrequencyCap(4, 30))
"""Offered on the page; whoever has another keeps it as a further choice."""

QuietHours = tuple[time, time]


@dataclass(frozen=True, slots=True)
class Choice:
    """Everything that the page's form says at once."""

    topics: frozenset[str]
    """Of those offered."""
    cap: FrequencyCap | None
    channel: Channel
    quiet_hours: QuietHours | None
    """Nothing where the business's own hold."""


def choice_of(stance: Stance, offered: Iterable[str]) -> Choice:
    wanted = stance.preferences
    topics = frozenset(topic for topic in offered if wants(stance.states, topic))
    return Choice(topics, wanted.caps.get(ALL_TOPICS), wanted.channel, wanted.quiet_hours)


def wants(states: Mapping[str, str], topic: str) -> bool:
    """Whether the customer agreed to the topic: by its own row, else by what covers it."""
    covering = MARKETING if is_promotional(topic) else ALL_TOPICS
    return states.get(topic, states.get(covering)) == ConsentState.OPTED_IN


Remark = Literal["pending", "held_by_marketing", "held_by_meta"]


def remark_on(states: Mapping[str, str], topic: str) -> Remark | None:
    """Why a topic is not what its box says, if it is not."""
    if states.get(topic) == ConsentState.PENDING:
        return "pending"
    allowed = permits_promotion(states, topic) if is_promotional(topic) else permits(states, topic)
    if allowed.permitted or not wants(states, topic):
        return None
    return "held_by_meta" if allowed.topic == META_MARKETING else "held_by_marketing"


def is_out(states: Mapping[str, str]) -> bool:
    """Whether nothing is agreed to and nothing waits to be confirmed."""
    return not any(state in (ConsentState.OPTED_IN, ConsentState.PENDING) for state in states.values())


def changes(shown: Choice, wanted: Choice, held: Choice) -> list[Deed]:
    """From what the page showed to what was sent, as far as it does not hold already."""
    deeds = [
        Deed(Act.OPT_IN if topic in wanted.topics else Act.OPT_OUT, topic)
        for topic in sorted((shown.topics ^ wanted.topics) & (held.topics ^ wanted.topics))
    ]
    if wanted.cap not in (shown.cap, held.cap):
        value = {"most": wanted.cap.most, "days": wanted.cap.days} if wanted.cap is not None else None
        deeds.append(Deed(Act.FREQUENCY, ALL_TOPICS, value))
    if wanted.channel not in (shown.channel, held.channel):
        deeds.append(Deed(Act.CHANNEL, ALL_TOPICS, {"channel": wanted.channel.value}))
    if wanted.quiet_hours not in (shown.quiet_hours, held.quiet_hours):
        quiet = quiet_hours_as_json(*wanted.quiet_hours) if wanted.quiet_hours is not None else None
        deeds.append(Deed(Act.QUIET_HOURS, ALL_TOPICS, quiet))
    return deeds


def cap_as_text(cap: FrequencyCap | None) -> str:
    """As the form carries it: `3/7`, or `none`."""
    return f"{cap.most}/{cap.days}" if cap is not None else "none"


def cap_from_text(text: str) -> FrequencyCap | None:
    """Raises ValueError."""
    if text == "none":
        return None
    most, days = (int(part) for part in text.split("/"))
    if not (1 <= most <= 1000 and 1 <= days <= 365):  # noqa: PLR2004 - as the API takes them
        raise ValueError("is no cap")
    return FrequencyCap(most, days)


def quiet_as_text(quiet: QuietHours | None) -> str:
    """As the form carries what it showed: `22:00-08:00`, or `business`."""
    return "-".join(at.isoformat("minutes") for at in quiet) if quiet is not None else "business"


def quiet_from_text(text: str) -> QuietHours | None:
    """Raises ValueError."""
    if text == "business":
        return None
    begins, ends = text.split("-")
    return clock_time(begins), clock_time(ends)


def clock_time(text: str) -> time:
    """`22:00`; to the minute. Raises ValueError."""
    return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
