"""A request as it passes through acceptance, and what it is answered with."""

import hashlib
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from app.accounts.directory import Caller
from app.core.ids import public_id
from app.core.problems import Problem
from app.messages.accepted import Accepted
from app.messages.composing import Intake
from app.messages.errors import IdempotencyMismatch
from app.messages.schemas import MESSAGE_PREFIX
from app.messages.statements.acceptance import NewMessage


@dataclass(slots=True)
class Submission:
    """One request: an event or a batch of them, stored together or not at all."""

    caller: Caller
    intakes: list[Intake | Problem]
    is_batch: bool
    key: str | None
    fingerprint: bytes
    accepted: list[Accepted] = field(default_factory=list)
    answers: list[dict[str, Any] | Problem] = field(default_factory=list)

    @property
    def messages(self) -> list[NewMessage]:
        return [message for one in self.accepted for _, message in one.messages]

    @property
    def is_storable(self) -> bool:
        """A lone event that was refused leaves nothing behind; of a batch, the answer itself is worth keeping."""
        return self.is_batch or bool(self.accepted)

    @property
    def location(self) -> str | None:
        first = self.answers[0] if self.answers else None
        return f"/v1/messages/{first['id']}" if isinstance(first, dict) and not self.is_batch else None

    def body(self) -> bytes:
        if not self.is_batch:
            return orjson.dumps(self.answers[0])
        results = [
            {"index": index, "problem": answer.as_dict()}
            if isinstance(answer, Problem)
            else {"index": index, "message": answer}
            for index, answer in enumerate(self.answers)
        ]
        accepted = len(self.accepted)
        return orjson.dumps({"accepted": accepted, "refused": len(results) - accepted, "results": results})

    @property
    def key_id(self) -> tuple[UUID, str, str] | None:
        return (self.caller.business_id, self.caller.mode, self.key) if self.key is not None else None


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    location: str | None
    replayed: bool = False


def fingerprint_of(path: str, body: bytes) -> bytes:
    return hashlib.sha256(path.encode() + b"\0" + body).digest()


def repeated(stored: Answer, fingerprint: bytes, asked: bytes) -> Answer | IdempotencyMismatch:
    """To a request with the key of an earlier one, which had that fingerprint."""
    if fingerprint != asked:
        return IdempotencyMismatch("This Idempotency-Key belongs to an earlier request with another body.")
    return stored


def summary(made: Accepted) -> dict[str, Any]:
    """As schemas.MessageSummary."""
    message, item = made.first, made.item
    summary: dict[str, Any] = {
        "id": public_id(MESSAGE_PREFIX, message.id),
        "status": message.status,
        "reason": message.reason,
        "waiting_for": {"what": message.waiting_for, "until": message.due_at} if message.waiting_for else None,
        "event_type": message.event_type,
        "contact": public_id("con", message.contact_id),
        "to": message.recipient,
        "sender": item.sender.public_id,
        "template": message.template_name,
        "template_version": message.template_version,
        "language": message.language,
        "reference": message.reference,
        "metadata": item.body.metadata,
        "created_at": message.created_at,
        "send_at": message.send_at,
        "expires_at": message.expires_at,
    }
    if made.reminders is not None:
        summary["reminders"] = made.reminders
    return summary


def answer_to(submission: Submission, earlier: asyncpg.Record | None) -> Answer | Exception:
    """`earlier`: what another request with the same key was answered with."""
    if earlier is not None:
        stored = Answer(earlier["answer"], earlier["location"], replayed=True)
        return repeated(stored, earlier["fingerprint"], submission.fingerprint)
    first = submission.answers[0]
    if isinstance(first, Problem) and not submission.is_batch:
        return first
    return Answer(submission.body(), submission.location)
