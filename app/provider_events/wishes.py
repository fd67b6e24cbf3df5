"""Wishes in what customers answer: to get no more messages, or to get them again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, SenderAccount
from app.consent import repository
from app.consent.fold import Act
from app.consent.keywords import Wish, wish_of
from app.consent.ledger import NewAct
from app.consent.service import ConsentService
from app.consent.sources import Source
from app.whatsapp.webhook_items import InboundItem

STOP_PAYLOAD, START_PAYLOAD = "consent.stop", "consent.start"
"""Of quick-reply buttons: what a tap says, whatever is written on them."""

_WORDING_MOST = 4000


@dataclass(frozen=True, slots=True)
class Heard:
    """That a customer wants no more messages, or wants them again."""

    act: Act
    source: Source
    words: str
    """As they were written, or what stands on the button."""


def heard_in(item: InboundItem) -> Heard | None:
    """Nothing in what says anything else, or leaves room for doubt: that is a reply, and goes to the business."""
    match _document(item):
        case {"type": "text", "text": {"body": str(words)}}:
            return _heard(wish_of(words), Source.WHATSAPP_MESSAGE, words)
        case {"type": "button", "button": {"payload": str(payload), "text": str(words)}}:
            return _heard(_of_button(payload), Source.WHATSAPP_BUTTON, words)
        case {"type": "interactive", "interactive": {"button_reply": {"id": str(payload), "title": str(words)}}}:
            return _heard(_of_button(payload), Source.WHATSAPP_BUTTON, words)
    return None


def _document(item: InboundItem) -> Any:
    try:
        return orjson.loads(item.raw)
    except orjson.JSONDecodeError:
        return None  # stored as it came, all the same


def _of_button(payload: str) -> Wish | None:
    return {STOP_PAYLOAD: Wish.STOP, START_PAYLOAD: Wish.START}.get(payload)


def _heard(wish: Wish | None, source: Source, words: str) -> Heard | None:
    match wish:
        case Wish.STOP:
            return Heard(Act.OPT_OUT, source, words)
        case Wish.START:
            return Heard(Act.OPT_IN, source, words)
    return None


async def record(
    session: AsyncSession,
    consent: ConsentService,
    business: BusinessAccount,
    sender: SenderAccount,
    item: InboundItem,
    heard: Heard,
    now: datetime,
) -> None:
    """The act of the customer, with the words as its proof, and the end of what waits, in one transaction, which holds
    the locks of `ConsentService.lock`."""
    contact = await repository.contact_of_customer(
        session, sender.business_id, sender.mode, item.from_wa_id, item.from_user_id
    )
    if contact is None:
        return  # nobody is named who could be written to
    act = NewAct(
        act=heard.act,
        source=heard.source.value,
        occurred_at=min(item.at, now),
        place=sender.display_phone_number,
        wording=heard.words.replace("\x00", "")[:_WORDING_MOST],
    )
    await consent.enter(session, business, contact, [act], now)
