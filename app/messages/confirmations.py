"""Confirming an opt-out: once, with the way back, by the event type made for it.

By its template at any time; where none can be used, in the words of the default one while the customer's window is
open, as it is for who wrote STOP.
"""

from collections.abc import Mapping
from datetime import datetime

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import Caller, SenderAccount
from app.consent import holdings
from app.consent import repository as contacts
from app.consent.models import Contact
from app.consent.wa_ids import phones_of
from app.core.clock import Clock
from app.core.database import UNAVAILABLE, Database, driver_of
from app.core.languages import spoken
from app.core.problems import Problem
from app.events.catalogue import catalogue
from app.events.event_type import Occurrence
from app.messages import free_accept
from app.messages.accept import Acceptor
from app.messages.bodies import read_body
from app.messages.choosing import Choice
from app.messages.composing import Intake
from app.messages.decision import consent_for
from app.messages.free_accept import FreeMessage, KeyTaken
from app.messages.free_schemas import Content
from app.messages.short_links import ShortLinks
from app.messages.statements import standing
from app.messages.statements.standing import Confirmation
from app.messages.submission import Submission, fingerprint_of
from app.messages.verdicts import verdict
from app.messages.windows import window_of
from app.templates.definition import PLACEHOLDER

log = structlog.get_logger(__name__)

_EVENT_TYPE = "opt-out-confirmation"


class OptOutConfirmations:
    def __init__(self, database: Database, acceptor: Acceptor, short_links: ShortLinks, clock: Clock) -> None:
        self._database = database
        self._acceptor = acceptor
        self._short_links = short_links
        self._clock = clock

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
        caller = Caller.without_key(sender.business_id, sender.mode)
        fingerprint = fingerprint_of(_EVENT_TYPE, act.encode())
        try:
            intake = await self._acceptor.prepare(caller, event_type, read_body(event_type, document))
            key = f"opt-out-{fingerprint.hex()}"
            if not _has_template(intake) and await self._answered(caller, intake, key, fingerprint):
                return
            await self._acceptor.submit(Submission(caller, [intake], False, key, fingerprint))
        except (Problem, ValueError, DBAPIError, *UNAVAILABLE) as error:
            log.warning("opt-out not confirmed", reason=getattr(error, "code", type(error).__name__))

    async def _answered(self, caller: Caller, intake: Intake, key: str, fingerprint: bytes) -> bool:
        """Whether it is confirmed in the customer's window."""
        try:
            async with self._database.transaction() as session:
                contact = await contacts.find_contact(session, intake.contact)
                free = await self._free(session, intake, contact) if contact is not None else None
                if free is None:
                    return False
                now = self._clock.now()
                message = await free_accept.take(session, free, self._short_links, now)
                await free_accept.keep(session, caller, key, fingerprint, free_accept.answer_of(message), now)
        except KeyTaken:
            pass
        return True

    async def _free(self, session: AsyncSession, intake: Intake, contact: Contact) -> FreeMessage | None:
        """Only for who opted out of everything, and was not told yet; the opt-out is locked."""
        now, event_type = self._clock.now(), intake.event_type
        window = await window_of(session, contact.business_id, intake.sender.id, contact.id)
        if window is None or not window.is_open(now):
            return None
        asked = Confirmation(contact.business_id, contact.id, event_type.name)
        if await standing.confirmed(await driver_of(session), [asked]):
            return None
        states = await holdings.states(session, contact.business_id, contact.id)
        consent = consent_for(event_type, None, states)
        if not consent.permitted:
            return None
        content = Content.model_validate({"text": {"body": _words(intake, contact)}})
        return FreeMessage(
            intake.business,
            intake.sender,
            contact,
            window,
            content.free_form(),
            asked=content.stored(),
            event_type=event_type,
            expires_at=now + event_type.time_to_live,
            rules=[verdict("consent", "pass", topic=event_type.topic, state=consent.reason)],
        )


def _has_template(intake: Intake) -> bool:
    """Whether one can be used just now, in a language of the business."""
    business = intake.business
    choice = Choice.of(intake.book, intake.chain, business, intake.event_type, business.language)
    return next(choice.usable(), None) is not None


def _words(intake: Intake, contact: Contact) -> str:
    """As the default template would have it."""
    event_type, business = intake.event_type, intake.business
    language = spoken(contact.language or business.language)
    wording = event_type.wordings[language]
    occurrence = Occurrence(intake.body.data, language, contact.name, business.time_zone, contact.time_zone)
    texts = event_type.fill(occurrence).texts
    header = f"*{wording.header}*" if wording.header is not None else None
    parts = [part for part in (header, wording.body, wording.footer) if part]
    return PLACEHOLDER.sub(lambda found: texts[found[1]], "\n\n".join(parts))
