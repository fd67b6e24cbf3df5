"""Wishes in what customers answer: to get no more messages, to get them (again), or to confirm that they want them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, SenderAccount
from app.consent import holdings, repository
from app.consent.fold import Act
from app.consent.keywords import Wish as Wished
from app.consent.keywords import answer_of, may_answer, wish_of
from app.consent.ledger import NewAct
from app.consent.link_texts import is_sent, sent_code
from app.consent.links import LinkInUse, OptInLinks
from app.consent.models import ConsentAct, Contact
from app.consent.rules import ALL_TOPICS, ConsentState
from app.consent.service import ConsentService
from app.consent.sources import Source
from app.core.ids import parse_id
from app.core.languages import OUR_LANGUAGES
from app.events.catalogue import catalogue
from app.messages import repository as messages
from app.messages.follow_ups import ACT_KEY, REQUEST, topics_named
from app.messages.models import Message
from app.messages.shown import asks_something, text_shown
from app.replies import changing
from app.replies.contents import document_of, original_of, said_in
from app.replies.understanding import Wish
from app.whatsapp.payloads import Recipient
from app.whatsapp.webhook_items import InboundItem

STOP_PAYLOAD, START_PAYLOAD, CONFIRM_PAYLOAD = "consent.stop", "consent.start", "consent.confirm"
"""Of quick-reply buttons: what a tap says, whatever is written on them."""

_PAYLOADS = frozenset({STOP_PAYLOAD, START_PAYLOAD, CONFIRM_PAYLOAD})

ASK_AGAIN = timedelta(hours=24)
"""So long no customer is asked twice what they meant. It is also the window that Meta opens for a free answer."""

_WORDING_MOST = 4000


class Saying(StrEnum):
    STOP = "stop"
    START = "start"
    CONFIRM = "confirm"
    """That the opt-in that waits for it is theirs."""
    DECLINE = "decline"
    """A no, which is one to the opt-in that waits for an answer, if one does."""
    UNSURE = "unsure"
    LINK = "link"
    """The text that an opt-in link made ready to be sent."""


_ONLY_OF_CONTACTS = frozenset({Saying.CONFIRM, Saying.DECLINE, Saying.UNSURE})
"""Said by somebody of whom nothing is known they mean nothing to us, and make nobody a contact."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a customer said of our messages."""

    saying: Saying
    source: Source
    words: str
    """As they were written, or what stands on the button."""
    link: LinkInUse | None = None
    language: str | None = None
    """Of the link's text. It is no wording of the business's, and so bears no version of one."""
    unsure: bool = False
    """Whether it may also be a wish to stop."""
    may_answer: bool = False
    """Whether it may be the answer to what a message asked of something else."""

    @property
    def may_refuse(self) -> bool:
        return self.saying in (Saying.STOP, Saying.DECLINE)


@dataclass(frozen=True, slots=True)
class Question:
    """To be put to a customer who may want no more messages."""

    recipient: Recipient
    language: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is to follow the commit."""

    left: bool = False
    """All messages were refused, which is to be confirmed."""
    came_by: LinkInUse | None = None
    confirmed: tuple[ConsentAct, ...] = ()
    """The requests that were confirmed."""
    question: Question | None = None


NOTHING = Recorded()


async def heard_in(
    item: InboundItem, sender: SenderAccount, business: BusinessAccount, links: OptInLinks
) -> Heard | None:
    """Nothing in what says anything else: that is a reply, and goes to the business."""
    match said_in(document_of(item.raw)):
        case {"type": "text", "text": {"body": str(words)}}:
            return _written(words, business) or await _sent(words, sender, business, links)
        case {"type": "button", "button": {"payload": str(payload), "text": str(words)}}:
            return _tapped(payload, words)
        case {"type": "interactive", "interactive": {"button_reply": {"id": str(payload), "title": str(words)}}}:
            return _tapped(payload, words)
    return None


@dataclass(frozen=True, slots=True)
class WishKind:
    """What a reply is, as far as it is about our messages."""

    surely: Wish | None = None
    of_request: Wish | None = None
    """What it is where it answers a request to confirm an opt-in."""


NO_WISH = WishKind()


async def kind_of(session: AsyncSession, sender: SenderAccount, item: InboundItem, heard: Heard) -> WishKind:
    match heard.saying:
        case Saying.START | Saying.LINK:
            return WishKind("opt_in")
        case Saying.CONFIRM:
            return WishKind(of_request="opt_in")
        case Saying.DECLINE:
            return WishKind(of_request="opt_out")
        case Saying.STOP:
            answered = await _answered(session, sender, item) if heard.may_answer else None
            is_answer = answered is not None and await _asks_something_else(session, answered, heard)
            return NO_WISH if is_answer else WishKind("opt_out")
    return NO_WISH


def is_doubtful(heard: Heard, kind: WishKind, business: BusinessAccount) -> bool:
    """Whether the customer is to be asked what was meant: unsure words, or those of a stop that answer something."""
    is_answer = heard.saying is Saying.STOP and kind.surely is None
    return business.ask_when_unsure and (heard.saying is Saying.UNSURE or heard.unsure or is_answer)


def _tapped(payload: str, words: str) -> Heard | None:
    said = {STOP_PAYLOAD: Saying.STOP, START_PAYLOAD: Saying.START, CONFIRM_PAYLOAD: Saying.CONFIRM}.get(payload)
    return Heard(said, Source.WHATSAPP_BUTTON, words) if said is not None else None


def _written(words: str, business: BusinessAccount) -> Heard | None:
    wish = wish_of(words)
    if wish is Wished.UNSURE and not business.ask_when_unsure:
        wish = None
    answer = answer_of(words)
    if answer is not None:
        said = Saying.CONFIRM if answer else Saying.DECLINE
        return Heard(said, Source.WHATSAPP_MESSAGE, words, unsure=wish is Wished.UNSURE)
    if wish is None:
        return None
    return Heard(Saying(wish.value), Source.WHATSAPP_MESSAGE, words, may_answer=may_answer(words))


async def _sent(words: str, sender: SenderAccount, business: BusinessAccount, links: OptInLinks) -> Heard | None:
    code = sent_code(words)
    link = await links.by_code(code) if code is not None else None
    if link is None or link.disabled or (link.business_id, link.mode) != (sender.business_id, sender.mode):
        return None
    for language in OUR_LANGUAGES:
        if is_sent(words, link.prefilled_text(business, language)):
            return Heard(Saying.LINK, Source.WHATSAPP_MESSAGE, words, link, language)
    return None


class Wishes:
    """Records what was heard, with the words as its proof, in a transaction that holds the locks of
    `ConsentService.lock`."""

    def __init__(self, consent: ConsentService, confirmable: timedelta) -> None:
        """`confirmable`: how long an opt-in waits for its confirmation."""
        self._consent = consent
        self._confirmable = confirmable

    async def record(
        self,
        session: AsyncSession,
        business: BusinessAccount,
        sender: SenderAccount,
        item: InboundItem,
        heard: Heard,
        now: datetime,
    ) -> Recorded:
        named = (session, sender.business_id, sender.mode, item.from_wa_id, item.from_user_id)
        if heard.saying in _ONLY_OF_CONTACTS:
            contact = await repository.known_customer(*named)
        else:
            contact = await repository.contact_of_customer(*named)
        if contact is None:
            return NOTHING  # nobody who could be written to, or has anything to answer
        answered = await _answered(session, sender, item)
        request = answered if answered is not None and answered.event_type == REQUEST else None
        told = _Told(session, business, sender, contact, item, heard, request, now)
        do = {
            Saying.STOP: self._stop,
            Saying.START: self._start,
            Saying.CONFIRM: self._confirm,
            Saying.DECLINE: self._decline,
            Saying.UNSURE: _ask,
            Saying.LINK: self._by_link,
        }
        if answered is not None and await _asks_something_else(session, answered, heard):
            return await _ask(told)
        return await do[heard.saying](told)

    async def _start(self, told: "_Told") -> Recorded:
        await self._enter(told, [told.act(Act.OPT_IN)])
        return NOTHING

    async def _stop(self, told: "_Told") -> Recorded:
        """A tap on the no of a request refuses what was asked for; without such, as any wish to stop, everything."""
        if told.request is not None and await self._refuse_pending(told):
            return NOTHING
        await self._enter(told, [told.act(Act.OPT_OUT)])
        return Recorded(left=True)

    async def _decline(self, told: "_Told") -> Recorded:
        if await self._refuse_pending(told) or not told.heard.unsure:
            return NOTHING
        return await _ask(told)

    async def _refuse_pending(self, told: "_Told") -> bool:
        pending = await self._pending(told)
        await self._enter(told, [told.act(Act.OPT_OUT, topic) for topic in pending])
        return bool(pending)

    async def _confirm(self, told: "_Told") -> Recorded:
        pending = await self._pending(told)
        shown = None
        if told.request is not None and pending:
            shown = await text_shown(told.session, told.request, catalogue()[REQUEST])
        acts = [told.confirmation(topic, request, shown) for topic, request in pending.items()]
        await self._enter(told, acts)
        return Recorded(confirmed=tuple(request for request in pending.values() if request is not None))

    async def _by_link(self, told: "_Told") -> Recorded:
        link = told.heard.link
        if link is None:
            return NOTHING
        acts = [
            told.act(
                Act.OPT_IN,
                topic,
                source=link.source,
                place=link.place,
                link_id=link.id,
                language=told.heard.language,
            )
            for topic in link.topics
        ]
        await self._enter(told, acts)
        return Recorded(came_by=link)

    async def _pending(self, told: "_Told") -> dict[str, ConsentAct | None]:
        """By topic that waits for its confirmation, and not for too long, the act that asked for it. Where a certain
        request is answered, only those that it was about: nobody confirms what was not shown."""
        found = await holdings.pending_requests(told.session, told.contact.business_id, told.contact.id)
        meta = (told.request.meta if told.request is not None else None) or {}
        asked = topics_named(meta)
        if asked is None and (act_id := parse_id("act", meta.get(ACT_KEY, ""))):
            asked = await holdings.topics_asked_by(told.session, told.contact.business_id, act_id)
        return {
            topic: act
            for topic, (at, act) in sorted(found.items())
            if at + self._confirmable > told.now and (asked is None or topic in asked)
        }

    async def _enter(self, told: "_Told", acts: Sequence[NewAct]) -> None:
        if acts:
            await self._consent.enter(told.session, told.business, told.contact, acts, told.now)


@dataclass(frozen=True, slots=True)
class _Told:
    """Something heard, and everything around it."""

    session: AsyncSession
    business: BusinessAccount
    sender: SenderAccount
    contact: Contact
    item: InboundItem
    heard: Heard
    request: Message | None
    """That is answered, where one is."""
    now: datetime

    def act(
        self, act: Act, topic: str = ALL_TOPICS, *, source: str | None = None, wording: str | None = None, **more: Any
    ) -> NewAct:
        return NewAct(
            act=act,
            source=source or self.heard.source.value,
            occurred_at=min(self.item.at, self.now),
            topic=topic,
            wording=(wording or self.heard.words).replace("\x00", "")[:_WORDING_MOST],
            **{"place": self.sender.display_phone_number, **more},
        )

    def confirmation(self, topic: str, request: ConsentAct | None, shown: str | None) -> NewAct:
        """Proved by what was shown when it was confirmed, or else when it was asked for, and what was said to it."""
        before, version, language = "", None, None
        if shown is not None:
            before, language = shown, self.request.language if self.request is not None else None
        elif request is not None:
            before, version, language = request.wording or "", request.wording_version, request.language
        return self.act(
            Act.OPT_IN,
            topic,
            wording=f"{before}\n\n[{self.heard.words}]".strip(),
            link_id=request.link_id if request is not None else None,
            wording_version=version,
            language=language,
        )


async def is_answer(session: AsyncSession, sender: SenderAccount, item: InboundItem, heard: Heard) -> bool:
    """Whether it answers what one of our messages asked: a request to confirm an opt-in, or something else."""
    message = await _answered(session, sender, item)
    return message is not None and (
        message.event_type == REQUEST or await _asks_something_else(session, message, heard)
    )


async def _answered(session: AsyncSession, sender: SenderAccount, item: InboundItem) -> Message | None:
    """Our message that the customer chose to answer; of an edit, that the earlier reply answers."""
    if item.context_wamid is not None:
        return await messages.one_by_wamid(session, sender.business_id, sender.mode, item.context_wamid)
    edited = original_of(document_of(item.raw)) if item.type == "edit" else None
    message_id = await changing.answered_by(session, sender.business_id, sender.id, edited)
    return await messages.one(session, sender.business_id, sender.mode, message_id) if message_id else None


async def _asks_something_else(session: AsyncSession, answered: Message, heard: Heard) -> bool:
    """Who answers "cancel" to the reminder of an appointment means the appointment, as far as can be told."""
    if not heard.may_answer or answered.event_type == REQUEST:
        return False
    return await asks_something(session, answered, _PAYLOADS)


async def _ask(told: _Told) -> Recorded:
    """Only who gets messages, and was not asked a while ago, while Meta's window is open."""
    contact = told.contact
    asked_lately = contact.asked_at is not None and contact.asked_at + ASK_AGAIN > told.now
    if not told.business.ask_when_unsure or asked_lately or told.item.at + ASK_AGAIN <= told.now:
        return NOTHING
    consents = await holdings.consents(told.session, contact.business_id, contact.id)
    if not any(row.state == ConsentState.OPTED_IN for row in consents):
        return NOTHING
    contact.asked_at = told.now
    recipient = Recipient(
        phone=f"+{told.item.from_wa_id}" if told.item.from_wa_id is not None else None, bsuid=told.item.from_user_id
    )
    return Recorded(question=Question(recipient, contact.language or told.business.language))
