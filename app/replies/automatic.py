"""Answers that go back by themselves: thanks, or the next step, to whoever answers a message of an event type.

One for each message and kind of answer, however often the customer taps or Meta tells; only in the window that the
answer opened; and only so many in a day to one customer, whose own telephone may answer by itself, too.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog
from pydantic import ValidationError
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, Caller, SenderAccount
from app.consent import repository as contacts
from app.consent.models import Contact
from app.core.clock import Clock
from app.core.database import Database
from app.core.ids import new_id, public_id
from app.events.errors import EventTypeMissing
from app.events.event_type import CUSTOMER_NAME
from app.events.formatting import in_language
from app.events.service import EventTypes
from app.messages import free_accept
from app.messages.choosing import languages_for
from app.messages.free_accept import FreeMessage, recipient_of
from app.messages.models import AutomaticAnswer as Answered
from app.messages.models import Message
from app.messages.schemas import MESSAGE_PREFIX
from app.messages.short_links import ShortLinks
from app.messages.windows import REPLY_PREFIX, window_of
from app.replies.answer_models import EventTypeAnswers
from app.replies.answers_schemas import AnswersIn, AnswersOut, AutomaticAnswer

log = structlog.get_logger(__name__)

_A_DAY = timedelta(hours=24)

_REFERENCE = {"tr": "kaydınız", "en": "your request"}
"""What is written for a reference that the event did not give."""


class Heard(Protocol):
    """A reply, as it was understood."""

    @property
    def id(self) -> UUID: ...

    @property
    def kind(self) -> str: ...


class AutomaticAnswers:
    def __init__(
        self, database: Database, event_types: EventTypes, short_links: ShortLinks, clock: Clock, *, most_a_day: int
    ) -> None:
        self._database = database
        self._event_types = event_types
        self._short_links = short_links
        self._clock = clock
        self._most_a_day = most_a_day

    async def __call__(
        self,
        session: AsyncSession,
        reply: Heard,
        message: Message | None,
        business: BusinessAccount,
        sender: SenderAccount,
        contact: Contact | None,
        now: datetime,
    ) -> UUID | None:
        """In the transaction that stores the reply and has opened its window, of a reply in which no wish about consent
        was heard, not even an unsure one. Answers the id of the message that goes back, if one does."""
        if message is None or contact is None or recipient_of(contact) is None:
            return None
        row = await session.get(EventTypeAnswers, (business.business_id, sender.mode, message.event_type))
        stored = row.answers.get(reply.kind) if row is not None else None
        if stored is None:
            return None
        window = await window_of(session, business.business_id, sender.id, contact.id)
        if window is None or not window.is_open(now):
            return None
        try:
            answer = AutomaticAnswer.model_validate(stored)
            language = _language(answer, message, contact, business)
            content = answer.content(language, _values(language, message, contact, business))
        except ValidationError as error:
            # Stored by another version, or names too long: the reply itself is not to be lost for it.
            log.warning("reply not answered", reply=public_id(REPLY_PREFIX, reply.id), faults=error.error_count())
            return None
        answer_id = new_id()
        if not await self._may_answer(session, reply, message, contact, answer_id, now):
            return None
        why = {
            "message": public_id(MESSAGE_PREFIX, message.id),
            "event_type": message.event_type,
            "kind": reply.kind,
        }
        free = FreeMessage(
            business,
            sender,
            contact,
            window,
            content.free_form(),
            asked={**content.stored(), "reply": public_id(REPLY_PREFIX, reply.id), "automatic": why},
            answered=reply.id,
            reference=message.reference,
            id=answer_id,
        )
        await free_accept.take(session, free, self._short_links, now)
        return answer_id

    async def _may_answer(
        self, session: AsyncSession, reply: Heard, message: Message, contact: Contact, answer_id: UUID, now: datetime
    ) -> bool:
        """Takes the message's place; false where it is taken, or the customer got enough today. One customer's answers
        come one after the other."""
        await contacts.lock_contact(session, contact)
        today = select(func.count()).where(
            Answered.business_id == contact.business_id,
            Answered.contact_id == contact.id,
            Answered.answered_at > now - _A_DAY,
        )
        if (await session.scalar(today) or 0) >= self._most_a_day:
            log.warning("reply not answered: enough for today", contact=public_id("con", contact.id))
            return False
        place = insert(Answered).values(
            business_id=contact.business_id,
            message_id=message.id,
            kind=reply.kind,
            contact_id=contact.id,
            reply_id=reply.id,
            answer_id=answer_id,
            answered_at=now,
        )
        return await session.scalar(place.on_conflict_do_nothing().returning(Answered.kind)) is not None

    async def of(self, caller: Caller, event_type: str) -> AnswersOut:
        """Raises EventTypeMissing."""
        await self._require(caller, event_type)
        async with self._database.transaction() as session:
            row = await session.get(EventTypeAnswers, (caller.business_id, caller.mode, event_type))
        if row is None:
            return AnswersOut(event_type=event_type, answers={}, updated_at=None)
        return AnswersOut(event_type=event_type, answers=row.answers, updated_at=row.updated_at)

    async def set(self, caller: Caller, event_type: str, body: AnswersIn) -> AnswersOut:
        """In the place of what was set before. Raises EventTypeMissing."""
        await self._require(caller, event_type)
        now = self._clock.now()
        answers = {kind: one.model_dump(mode="json", exclude_none=True) for kind, one in body.answers.items()}
        row = insert(EventTypeAnswers).values(
            business_id=caller.business_id,
            mode=caller.mode,
            event_type=event_type,
            answers=answers,
            updated_at=now,
        )
        row = row.on_conflict_do_update(
            index_elements=["business_id", "mode", "event_type"],
            set_={"answers": row.excluded.answers, "updated_at": row.excluded.updated_at},
        )
        async with self._database.transaction() as session:
            await session.execute(row)
        return AnswersOut(event_type=event_type, answers=dict(answers), updated_at=now)

    async def remove(self, caller: Caller, event_type: str) -> None:
        """Raises EventTypeMissing for one that is neither known nor answered."""
        gone = delete(EventTypeAnswers).where(
            EventTypeAnswers.business_id == caller.business_id,
            EventTypeAnswers.mode == caller.mode,
            EventTypeAnswers.event_type == event_type,
        )
        async with self._database.transaction() as session:
            found = await session.scalar(gone.returning(EventTypeAnswers.event_type))
        if found is None:
            await self._require(caller, event_type)

    async def _require(self, caller: Caller, event_type: str) -> None:
        if await self._event_types.find(caller.business_id, event_type) is None:
            raise EventTypeMissing


def _language(answer: AutomaticAnswer, message: Message, contact: Contact, business: BusinessAccount) -> str:
    """The customer's, else that of the message that they read, else the business's, else any."""
    spoken = {tag.replace("-", "_"): tag for tag in answer.text}
    wanted = [
        one
        for language in (contact.language, message.language, business.language)
        if language
        for one in languages_for(language.replace("-", "_"), ())
    ]
    return spoken[next((one for one in wanted if one in spoken), next(iter(spoken)))]


def _values(language: str, message: Message, contact: Contact, business: BusinessAccount) -> Mapping[str, str]:
    return {
        "customer_name": contact.name or in_language(CUSTOMER_NAME.otherwise, language),
        "reference": message.reference or in_language(_REFERENCE, language),
        "business": business.name,
    }
