"""What a call to Meta came to, as it is recorded: the message's next status, and what holds it back. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from app.events.event_type import EventType
from app.messages import failures
from app.messages.claimed import Claimed, Lost
from app.messages.statements.batch import as_json
from app.messages.statements.outcomes import Outcome
from app.messages.states import Event
from app.messages.verdicts import verdict
from app.whatsapp.client import Accepted, NotSent, Refused, SendOutcome, Unknown
from app.whatsapp.errors import GraphError

UNKNOWN_TYPE_WINDOW = timedelta(minutes=10)
"""For a message of an event type that only a newer version knows."""


@dataclass(frozen=True, slots=True)
class Answers:
    random: Random
    window: timedelta | None
    """Instead of the event types' own."""
    ask_again: timedelta | None
    """When to ask Meta about a message of which no receipt came; never where it cannot be asked."""

    def of_call(self, message: Claimed, outcome: SendOutcome, started_at: datetime, now: datetime) -> Outcome:
        base: dict[str, Any] = _base(message.sender.business_id, message.id, message.number, started_at, now)
        base |= {"template_version": message.said.version}
        match outcome:
            case Accepted(wamid=wamid, message_status=status):
                held = status == "held_for_quality_assessment"
                base |= {"wamid": wamid, "reason": "held_for_quality_assessment" if held else None}
                if self.ask_again is not None:
                    base |= {"due_at": now + self.ask_again, "waiting_for": "receipt"}
                return Outcome(**base, event=Event.ANSWER_ACCEPTED, outcome="accepted")
            case Refused(error=error):
                return self._refusal(message, error, base, now)
            case NotSent(reason=reason):
                base |= {"error": as_json({"reason": reason})}
                return self._retry(message, None, base, now, outcome="not_sent", reason="meta_unreachable")
            case Unknown(reason=reason):
                base |= {"error": as_json({"reason": reason})}
                return self._doubt(message.event_type, base, Event.ANSWER_LOST, "unknown", "answer_lost", now)

    def of_lost_file(
        self, message: Claimed, error: GraphError, started_at: datetime, now: datetime, *, again: bool
    ) -> Outcome:
        """Meta refused the message because it does not have the file in it: that is uploaded anew, but not `again`."""
        base = _base(message.sender.business_id, message.id, message.number, started_at, now)
        base |= {"error": as_json(failures.answered(error)), "reason": f"error_{error.code}"}
        if again:
            failure = failures.media_refused(error.code, error.details or error.message)
            base |= {"failure": as_json(failure), "reason": "media_refused"}
            return Outcome(**base, event=Event.ANSWER_REFUSED, outcome="refused")
        rule = verdict("media", "upload_anew", now, because=f"error_{error.code}")
        base |= {"waiting_for": "media", "due_at": now, "note": as_json([rule])}
        return Outcome(**base, event=Event.ANSWER_RETRY, outcome="refused")

    def of_lost(self, business_id: UUID, lost: Lost, now: datetime) -> Outcome:
        """Whoever was sending the message is gone."""
        base = _base(business_id, lost.id, lost.number, None, now)
        base |= {"error": as_json({"reason": "the worker that was sending it ended"})}
        return self._doubt(lost.event_type, base, Event.LEASE_ENDED, "unknown", "lease_ended", now)

    def _refusal(self, message: Claimed, error: GraphError, base: dict[str, Any], now: datetime) -> Outcome:
        described = failures.answered(error)
        base |= {"error": as_json(described)}
        reason = f"error_{error.code}"
        match failures.event_of(error):
            case Event.ANSWER_LOST:
                return self._doubt(message.event_type, base, Event.ANSWER_LOST, "refused", reason, now)
            case Event.ANSWER_RETRY:
                return self._retry(message, error, base, now, outcome="refused", reason=reason)
            case _:
                base |= {"failure": as_json(described), "reason": reason}
                return Outcome(**base, event=Event.ANSWER_REFUSED, outcome="refused")

    def _doubt(
        self,
        event_type: EventType[Any] | None,
        base: dict[str, Any],
        event: Event,
        outcome: str,
        reason: str,
        now: datetime,
    ) -> Outcome:
        """It may have left: a receipt settles it, or, when none comes in time, the event type's policy."""
        own = event_type.unconfirmed_window if event_type is not None else UNKNOWN_TYPE_WINDOW
        until = now + (self.window or own)
        then = event_type.on_unconfirmed if event_type is not None else None
        rule = verdict("unconfirmed", "wait", now, because=reason, until=until.isoformat(), then=then)
        base |= {"reason": reason, "waiting_for": "receipt", "due_at": until, "note": as_json([rule])}
        return Outcome(**base, event=event, outcome=outcome)

    def _retry(
        self,
        message: Claimed,
        error: GraphError | None,
        base: dict[str, Any],
        now: datetime,
        *,
        outcome: str,
        reason: str,
    ) -> Outcome:
        due_at = now + failures.retry_delay(message.number, error, self.random)
        waiting_for = failures.WAITING_FOR[error.entry.error_class] if error is not None else "retry"
        base |= {"reason": reason, "waiting_for": waiting_for, "due_at": min(due_at, message.expires_at)}
        return Outcome(**base, event=Event.ANSWER_RETRY, outcome=outcome)


def _base(
    business_id: UUID, message_id: UUID, number: int, started_at: datetime | None, now: datetime
) -> dict[str, Any]:
    return {
        "business_id": business_id,
        "id": message_id,
        "number": number,
        "started_at": started_at,
        "ended_at": now,
        "wamid": None,
        "error": None,
        "reason": None,
        "waiting_for": None,
        "due_at": None,
        "failure": None,
        "note": None,
        "template_version": None,
    }
