"""Storing what the business is to be told, in the transaction in which it came about."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.alerts import SENDER_ALERT
from app.callbacks.models import CallbackEvent
from app.core.ids import new_id
from app.core.outbox import TELL, NewEvent, tell_many

__all__ = ["SENDER_ALERT", "TELL", "NewEvent", "tell_many"]

CALLBACK_ENDPOINT_DISABLED = "callback_endpoint.disabled"
"""An endpoint only failed, or said that it is gone: it gets nothing any more."""
CONSENT_CHANGED = "consent.changed"
EXPERIMENT_DECIDED = "experiment.decided"
"""A variant of a template goes to all from now on, or to nobody."""
IMPORT_FINISHED = "import.finished"
"""A list is recorded: one event for all of it, instead of one for each of its opt-ins."""
MESSAGE_HANDED_OVER = "message.handed_over"
"""A customer prefers another channel than WhatsApp: the business is to tell them what the message says."""

MESSAGE_ACCEPTED = "message.accepted"
"""Meta took a message."""
MESSAGE_SENT = "message.sent"
MESSAGE_DELIVERED = "message.delivered"
MESSAGE_READ = "message.read"
MESSAGE_FAILED = "message.failed"
MESSAGE_SUPPRESSED = "message.suppressed"
"""A customer is not to get it."""
MESSAGE_EXPIRED = "message.expired"
MESSAGE_CANCELED = "message.canceled"
MESSAGE_UNCONFIRMED = "message.unconfirmed"
"""Nobody knows whether it left."""

LINK_CLICKED = "link.clicked"

REPLY_RECEIVED = "reply.received"
"""A customer answered, or changed an answer."""
TEMPLATE_CHANGED = "template.changed"
"""Meta made something else of a template, or a person did."""

PREFIX_OF_MESSAGES = "message."
"""Before a message's status, it is the type of the event that tells of it."""


def tell(session: AsyncSession, event: NewEvent) -> None:
    session.add(
        CallbackEvent(
            business_id=event.business_id,
            id=new_id(),
            mode=event.mode,
            type=event.type,
            contact_id=event.contact_id,
            message_id=event.message_id,
            data=event.data,
            created_at=event.created_at,
        )
    )
