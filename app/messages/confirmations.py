"""Confirming an opt-out: once, with the way back, by the event type made for it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import structlog

from app.accounts.directory import Caller, SenderAccount
from app.accounts.keys import Scope
from app.consent.wa_ids import phones_of
from app.core.database import UNAVAILABLE
from app.core.problems import Problem
from app.events.catalogue import catalogue
from app.messages.accept import Acceptor
from app.messages.bodies import read_body
from app.messages.submission import Submission, fingerprint_of

log = structlog.get_logger(__name__)

_EVENT_TYPE = "opt-out-confirmation"
_NOBODYS_KEY = UUID(int=0)


class OptOutConfirmations:
    def __init__(self, acceptor: Acceptor) -> None:
        self._acceptor = acceptor

    async def __call__(
        self, sender: SenderAccount, wa_id: str | None, user_id: str | None, wamid: str, asked_at: datetime
    ) -> None:
        """Of an opt-out that was written on WhatsApp: its act is what the customer wrote, however often Meta tells."""
        contact = {"phone": phones_of(wa_id)[0]} if wa_id is not None else {"bsuid": user_id}
        await self.confirm(sender, contact, "whatsapp", wamid, asked_at)

    async def confirm(
        self, sender: SenderAccount, contact: Mapping[str, str | None], channel: str, act: str, asked_at: datetime
    ) -> None:
        """Raises nothing: the opt-out holds, whether or not its confirmation can be sent. The act is the idempotency
        key, so that however often it is asked for one confirmation goes out."""
        event_type = catalogue()[_EVENT_TYPE]
        document = {
            "contact": dict(contact),
            "data": {"channel": channel, "requested_at": asked_at.isoformat()},
            "sender": sender.public_id,
        }
        caller = Caller(sender.business_id, sender.mode, _NOBODYS_KEY, frozenset({Scope.EVENTS_WRITE}), None)
        fingerprint = fingerprint_of(_EVENT_TYPE, act.encode())
        try:
            intake = await self._acceptor.prepare(caller, event_type, read_body(event_type, document))
            await self._acceptor.submit(
                Submission(caller, [intake], False, f"opt-out-{fingerprint.hex()}", fingerprint)
            )
        except (Problem, ValueError, *UNAVAILABLE) as error:
            log.warning("opt-out not confirmed", reason=getattr(error, "code", type(error).__name__))
