"""Forgetting of whom, and of what words, the business was told. That something happened stays, and with it the feed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.callbacks.interest import ON_DEMAND
from app.callbacks.models import CallbackEvent
from app.callbacks.outbox import CONSENT_CHANGED, REPLY_RECEIVED
from app.core.ids import public_id

_FORGET_ANSWERS = text(
    """
    UPDATE callback_deliveries d
       SET answers_since = NULL,
           attempts = (SELECT jsonb_agg(a - 'answer' ORDER BY n)
                         FROM jsonb_array_elements(d.attempts) WITH ORDINALITY AS x(a, n))
     WHERE d.business_id = :business_id AND d.contact_id = ANY(:contact_ids) AND d.answers_since IS NOT NULL
    """
)
"""Whoever received something of a person may have answered with it."""

_IMPERSONAL = ("acts", "source", "place", "actor", "occurred_at", "consents", "preferences")
"""Of a change of consent: what the ledger keeps, too."""

_PERSONAL = ("reference", "metadata", "wamid", "url")
"""Of what became of a message, and of a click: what the message itself does not say any more."""
_OF_REPLIES = ("reply", "kind", "type", "sender", "tied_by", "changes", "occurred_at", "window_expires_at")
"""Of a reply: what its row keeps, too."""


async def erase_events(session: AsyncSession, which: ColumnElement[bool]) -> int:
    """Answers how many. Their data keeps the contact's id, of a message its id, and of a change of consent what
    changed; of what became of a message, everything but what is personal or the business's own. `ConsentChanged`,
    `ErasedHandedOver`, `AboutMessage` and `ReplyReceived` describe what is left."""
    rows: Sequence[CallbackEvent] = (await session.scalars(select(CallbackEvent).where(which))).all()
    for row in rows:
        contact = public_id("con", row.contact_id) if row.contact_id is not None else None
        left: dict[str, Any] = {"contact": {"id": contact, "phone": None, "bsuid": None}, "erased": True}
        if row.type == CONSENT_CHANGED:
            left |= {name: row.data[name] for name in _IMPERSONAL if name in row.data}
        elif row.type in ON_DEMAND:
            left = row.data | {name: None for name in _PERSONAL if name in row.data} | left
            if row.data.get("failure"):
                left["failure"] = row.data["failure"] | dict.fromkeys(("details", "trace_id"))
        elif row.type == REPLY_RECEIVED:
            left = _left_of_reply(row.data, contact)
        elif row.message_id is not None:
            left["message"] = public_id("msg", row.message_id)
        row.data = left
    await session.flush()
    for business_id in {row.business_id for row in rows}:
        contacts = {row.contact_id for row in rows if row.business_id == business_id and row.contact_id is not None}
        await session.execute(_FORGET_ANSWERS, {"business_id": business_id, "contact_ids": list(contacts)})
    return len(rows)


def _left_of_reply(data: Mapping[str, Any], contact: str | None) -> dict[str, Any]:
    message = data["message"]
    return {
        **{name: data[name] for name in _OF_REPLIES},
        "value": None,
        "text": None,
        "contact": {"id": contact, "phone": None, "bsuid": None} if contact is not None else None,
        "message": {**message, "reference": None, "metadata": None} if message is not None else None,
        "erased": True,
    }


async def erase_words(session: AsyncSession, business_id: UUID, contact_id: UUID, replies: Collection[str]) -> None:
    """What was told of these replies of one contact, which took them back."""
    told = select(CallbackEvent).where(about_contacts(business_id, [contact_id]), CallbackEvent.type == REPLY_RECEIVED)
    for row in (await session.scalars(told)).all():
        # Looked at here: PostgreSQL reads no JSON in which a customer wrote the character NUL.
        if row.data["reply"] in replies:
            row.data = {**row.data, "value": None, "text": None, "erased": True}
    await session.flush()


def about_contacts(business_id: UUID, contact_ids: Sequence[UUID]) -> ColumnElement[bool]:
    return (CallbackEvent.business_id == business_id) & CallbackEvent.contact_id.in_(contact_ids)
