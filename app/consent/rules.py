"""Whether a message may be sent, as a function of the consent state; and how an act changes that state. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

ALL_TOPICS = "*"
WHATSAPP = "whatsapp"


class ConsentState(StrEnum):
    OPTED_IN = "opted_in"
    OPTED_OUT = "opted_out"


class Act(StrEnum):
    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"


MARKETING = "marketing"
"""The topic whose consent covers every promotional message that is not of a promotional topic of its own."""


@dataclass(frozen=True, slots=True)
class Verdict:
    permitted: bool
    reason: str
    """`opted_in`, `opted_out`, `no_consent`, `no_marketing_consent`, `not_opted_out`: stable, part of the API."""
    topic: str
    """The row that decided: the message's own topic, another one, or all topics."""


def permits(states: Mapping[str, str], topic: str) -> Verdict:
    """A topic's own row decides; without one, the row for all topics; without either there is no consent."""
    deciding = topic if topic in states else ALL_TOPICS
    match states.get(deciding):
        case ConsentState.OPTED_IN:
            return Verdict(True, "opted_in", deciding)
        case ConsentState.OPTED_OUT:
            return Verdict(False, "opted_out", deciding)
        case _:
            return Verdict(False, "no_consent", deciding)


def permits_to_any(states: Mapping[str, str]) -> Verdict:
    """For what confirms to customers that they get messages: of whichever topic."""
    permitted = sorted(topic for topic, state in states.items() if state == ConsentState.OPTED_IN)
    if permitted:
        return Verdict(True, "opted_in", permitted[0])
    refused = sorted(topic for topic, state in states.items() if state == ConsentState.OPTED_OUT)
    return Verdict(False, "opted_out", refused[0]) if refused else Verdict(False, "no_consent", ALL_TOPICS)


def permits_after_opt_out(states: Mapping[str, str]) -> Verdict:
    """For what confirms that no messages come any more: all topics were refused, and none was agreed to since."""
    agreed = sorted(topic for topic, state in states.items() if state == ConsentState.OPTED_IN)
    if states.get(ALL_TOPICS) == ConsentState.OPTED_OUT and not agreed:
        return Verdict(True, "opted_out", ALL_TOPICS)
    return Verdict(False, "not_opted_out", agreed[0] if agreed else ALL_TOPICS)


def permits_promotion(states: Mapping[str, str], topic: str, *, topic_is_promotional: bool) -> Verdict:
    """For what Meta counts as marketing, a consent to be told what happened is not enough, not even one to all topics:
    it takes the consent to a topic that is promotional by itself (price alerts), or the one to marketing."""
    if states.get(topic) == ConsentState.OPTED_OUT:
        return Verdict(False, "opted_out", topic)
    if topic_is_promotional and states.get(topic) == ConsentState.OPTED_IN:
        return Verdict(True, "opted_in", topic)
    match states.get(MARKETING):
        case ConsentState.OPTED_IN:
            return Verdict(True, "opted_in", MARKETING)
        case ConsentState.OPTED_OUT:
            return Verdict(False, "opted_out", MARKETING)
    if states.get(ALL_TOPICS) == ConsentState.OPTED_OUT:
        return Verdict(False, "opted_out", ALL_TOPICS)
    return Verdict(False, "no_marketing_consent", MARKETING)


def apply(states: Mapping[str, str], act: Act, topic: str) -> dict[str, str]:
    """The state after an act. An act on all topics overrules whatever was said of single ones before it."""
    state = ConsentState.OPTED_IN if act is Act.OPT_IN else ConsentState.OPTED_OUT
    if topic == ALL_TOPICS:
        return {ALL_TOPICS: state}
    return {**states, topic: state}
