"""Which message a reply answers, and how that is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import SenderAccount
from app.callbacks.reply_schemas import TiedBy
from app.core.ids import parse_id
from app.events.service import BusinessTypes
from app.messages import repository as messages
from app.messages.models import Message
from app.messages.schemas import MESSAGE_PREFIX
from app.replies.contents import Content
from app.whatsapp.webhook_items import InboundItem

_LOOKED_AT = 10
"""Of a contact's last messages, for a button whose message Meta does not name, or names by an id that we never heard
of: the answer to our call may have been lost."""

_ANSWER_NOTHING = frozenset({"system", "request_welcome", "edit", "revoke", "reaction"})
"""They answer no message, or name the one that they are about."""


@dataclass(frozen=True, slots=True)
class Tie:
    message: Message
    by: TiedBy


async def tie(
    session: AsyncSession,
    sender: SenderAccount,
    contact_id: UUID | None,
    item: InboundItem,
    content: Content,
    types: BusinessTypes,
    within: timedelta,
) -> Tie | None:
    """`within`: how long after a message what names none is taken to answer it."""
    wamid = item.context_wamid or content.reacted_to
    named = await messages.one_by_wamid(session, sender.business_id, sender.mode, wamid) if wamid is not None else None
    if named is not None:
        return Tie(named, "context" if item.context_wamid is not None else "reaction")
    if contact_id is None or item.type in _ANSWER_NOTHING:
        return None
    is_tapped = content.button is not None
    if item.context_wamid is not None and not is_tapped:
        return None  # it answers another: one of the customer's own, or what somebody wrote by hand
    last = await messages.last_of_contact(
        session,
        sender.business_id,
        contact_id,
        sender.id,
        since=item.at - within,
        until=item.at,
        most=_LOOKED_AT if is_tapped else 1,
    )
    if content.button is not None:
        bearing = _with_button(last, content.button.payload, types)
        if bearing is not None:
            return Tie(bearing, "button")
    if not last or item.context_wamid is not None:
        return None
    return Tie(await _behind(session, sender, last[0]), "last_message")


async def _behind(session: AsyncSession, sender: SenderAccount, message: Message) -> Message:
    """What an answer that went back by itself was about: so is what the customer goes on to say."""
    why = message.data.get("automatic") if message.template_name is None else None
    message_id = parse_id(MESSAGE_PREFIX, why["message"]) if why else None
    about = await messages.one(session, sender.business_id, sender.mode, message_id) if message_id is not None else None
    return about or message


def _with_button(last: Sequence[Message], payload: str | None, types: BusinessTypes) -> Message | None:
    for message in last:
        event_type = types.get(message.event_type)
        choices = event_type.replies if event_type is not None else ()
        if payload in choices or (message.template_name is None and payload in message.fill.get("replies", ())):
            return message
    return None
