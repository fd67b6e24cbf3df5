"""Wishes in what customers answer: to get no more messages, or to get them again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import SenderAccount
from app.consent import repository
from app.consent.keywords import Wish, wish_of
from app.consent.schemas import ConsentIn
from app.consent.service import ConsentService
from app.whatsapp.webhook_items import InboundItem

STOP_PAYLOAD, START_PAYLOAD = "consent.stop", "consent.start"
"""Of quick-reply buttons: what a tap says, whatever is written on them."""

_WORDING_MOST = 4000


@dataclass(frozen=True, slots=True)
class Heard:
    """That a customer wants no more messages, or wants them again."""

    act: Literal["opt_in", "opt_out"]
    source: Literal["whatsapp_message", "whatsapp_button"]
    words: str
    """As they were written, or what stands on the button."""


def heard_in(item: InboundItem) -> Heard | None:
    """Nothing in what says anything else, or leaves room for doubt: that is a reply, and goes to the business."""
    match _document(item):
        case {"type": "text", "text": {"body": str(words)}}:
            return _heard(wish_of(words), "whatsapp_message", words)
        case {"type": "button", "button": {"payload": str(payload), "text": str(words)}}:
            return _heard(_of_button(payload), "whatsapp_button", words)
        case {"type": "interactive", "interactive": {"button_reply": {"id": str(payload), "title": str(words)}}}:
            return _heard(_of_button(payload), "whatsapp_button", words)
    return None


def _document(item: InboundItem) -> Any:
    try:
        return orjson.loads(item.raw)
    except orjson.JSONDecodeError:
        return None  # stored as it came, all the same


def _of_button(payload: str) -> Wish | None:
    return {STOP_PAYLOAD: Wish.STOP, START_PAYLOAD: Wish.START}.get(payload)


def _heard(wish: Wish | None, source: Literal["whatsapp_message", "whatsapp_button"], words: str) -> Heard | None:
    match wish:
        case Wish.STOP:
            return Heard("opt_out", source, words)
        case Wish.START:
            return Heard("opt_in", source, words)
    return None


async def lock(session: AsyncSession, heard: list[tuple[SenderAccount, InboundItem, Heard]]) -> None:
    """Before anything else of the transaction, and in order: whatever is claimed after it has seen the opt-outs."""
    for business_id in sorted({sender.business_id for sender, _, wish in heard if wish.act == "opt_out"}):
        await repository.lock_consents(session, business_id)


async def record(
    session: AsyncSession,
    consent: ConsentService,
    sender: SenderAccount,
    item: InboundItem,
    heard: Heard,
    now: datetime,
) -> None:
    """The act of the customer, with the words as its proof, and the end of what waits, in one transaction."""
    contact = await repository.contact_of_customer(
        session, sender.business_id, sender.mode, item.from_wa_id, item.from_user_id
    )
    if contact is None:
        return  # nobody is named who could be written to
    try:
        act = ConsentIn(
            act=heard.act,
            source=heard.source,
            place=sender.display_phone_number,
            wording=heard.words.replace("\x00", "")[:_WORDING_MOST],
        )
    except ValidationError:
        act = ConsentIn(act=heard.act, source=heard.source, wording=heard.act)
    await consent.enter(session, contact, act, min(item.at, now), now)
