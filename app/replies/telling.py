"""Telling the business of a reply, in the transaction that stores it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.callbacks import outbox
from app.callbacks.reply_schemas import AnsweredMessage, ReplyReceived
from app.callbacks.told import ToldContact
from app.consent.models import Contact
from app.core.ids import public_id
from app.messages.models import Message
from app.messages.windows import REPLY_PREFIX
from app.replies.models import Reply


def tell(
    session: AsyncSession,
    reply: Reply,
    *,
    text: str | None,
    contact: Contact | None,
    message: Message | None,
    changes: Reply | None,
    window_expires_at: datetime | None,
) -> None:
    told = ReplyReceived(
        reply=public_id(REPLY_PREFIX, reply.id),
        kind=reply.kind,
        value=reply.value,
        text=text,
        type=reply.type,
        contact=ToldContact(id=public_id("con", contact.id), phone=contact.phone, bsuid=contact.bsuid)
        if contact is not None
        else None,
        sender=public_id("snd", reply.sender_id),
        message=answered(message) if message is not None else None,
        tied_by=reply.tied_by,
        changes=public_id(REPLY_PREFIX, changes.id) if changes is not None else None,
        occurred_at=reply.occurred_at,
        window_expires_at=window_expires_at,
    )
    outbox.tell(
        session,
        outbox.NewEvent(
            reply.business_id,
            reply.mode,
            outbox.REPLY_RECEIVED,
            told.model_dump(mode="json"),
            reply.received_at,
            reply.contact_id,
            reply.message_id,
        ),
    )


def answered(message: Message) -> AnsweredMessage:
    return AnsweredMessage(
        id=public_id("msg", message.id),
        event_type=message.event_type,
        reference=message.reference,
        metadata=message.meta,
    )
