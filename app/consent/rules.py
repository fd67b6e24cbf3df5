"""Whether a message may be sent, as a function of the consent state by topic, which `fold` makes of acts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

ALL_TOPICS = "*"
WHATSAPP = "whatsapp"


class ConsentState(StrEnum):
    OPTED_IN = "opted_in"
    OPTED_OUT = "opted_out"
    PENDING = "pending"
    """Asked for, and not confirmed yet by the customer: permits nothing."""
    STOPPED_AT_META = "stopped_at_meta"
    """Only of `meta:marketing`."""


MARKETING = "marketing"
"""The topic whose consent covers every promotional message."""

META_MARKETING = "meta:marketing"
"""Not a topic of the business: whether the customer told Meta to let no marketing of this business through, which Meta
then refuses, whatever was agreed to with the business."""

_PROMOTIONAL = frozenset({MARKETING, "loyalty", "preventive_care", "price_alerts", "renewals", "stock_alerts"})
PROMOTIONAL_BEGINNING = f"{MARKETING}_"


def is_promotional(topic: str) -> bool:
    """Whether messages on the topic are what Meta counts as marketing: known by its name, so that the ledger says the
    same of it for ever. Names of a business's own begin with `marketing_`."""
    return topic in _PROMOTIONAL or topic.startswith(PROMOTIONAL_BEGINNING)


@dataclass(frozen=True, slots=True)
class Verdict:
    permitted: bool
    reason: str
    """`opted_in`, `opted_out`, `not_confirmed`, `no_consent`, `no_marketing_consent`, `stopped_at_meta`,
    `not_opted_out`, `pending`, `nothing_pending`, `answered`: stable, part of the API."""
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
        case ConsentState.PENDING:
            return Verdict(False, "not_confirmed", deciding)
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


def permits_pending(states: Mapping[str, str]) -> Verdict:
    """For what asks to confirm an opt-in: there is one to be confirmed. Whoever refused everything before is asked too,
    since it is not known yet who it was that agreed."""
    pending = sorted(topic for topic, state in states.items() if state == ConsentState.PENDING)
    if pending:
        return Verdict(True, "pending", pending[0])
    return Verdict(False, "nothing_pending", ALL_TOPICS)


def permits_answer(_: Mapping[str, str]) -> Verdict:
    """For what answers a customer who wrote just now: whoever asks is answered, whatever else they want to be told."""
    return Verdict(True, "answered", ALL_TOPICS)


def permits_promotion(states: Mapping[str, str], topic: str) -> Verdict:
    """For what Meta counts as marketing, a consent to be told what happened is not enough, not even one to all topics:
    it takes the consent to a topic that is promotional by itself (price alerts), or the one to marketing. Who refuses
    marketing gets none, whatever was agreed to of it; nor does who told Meta to stop it."""
    refused = _refusal_of_promotion(states, topic)
    if refused is not None:
        return refused
    agreed = _promotion_agreed(states, topic)
    # A request stands where a refusal may have stood, which only its confirmation lifts.
    pending = next((one for one in (topic, MARKETING) if states.get(one) == ConsentState.PENDING), None)
    if agreed is not None and pending is None:
        return Verdict(True, "opted_in", agreed)
    if agreed is None and states.get(ALL_TOPICS) == ConsentState.OPTED_OUT:
        return Verdict(False, "opted_out", ALL_TOPICS)
    if pending is not None and (agreed is not None or pending == MARKETING or is_promotional(topic)):
        return Verdict(False, "not_confirmed", pending)
    return Verdict(False, "no_marketing_consent", MARKETING)


def _promotion_agreed(states: Mapping[str, str], topic: str) -> str | None:
    asked = (topic, MARKETING) if is_promotional(topic) else (MARKETING,)
    return next((one for one in asked if states.get(one) == ConsentState.OPTED_IN), None)


def _refusal_of_promotion(states: Mapping[str, str], topic: str) -> Verdict | None:
    if states.get(META_MARKETING) == ConsentState.STOPPED_AT_META:
        return Verdict(False, "stopped_at_meta", META_MARKETING)
    for refused in (MARKETING, topic):
        if states.get(refused) == ConsentState.OPTED_OUT:
            return Verdict(False, "opted_out", refused)
    return None
