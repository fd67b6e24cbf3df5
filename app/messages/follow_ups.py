"""What the customer is told, on WhatsApp, of acts of consent that came about elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from app.accounts.directory import BusinessAccount, Caller, SenderAccount
from app.accounts.models import Mode
from app.consent import holdings
from app.consent.fold import Act
from app.consent.models import ConsentAct, Contact
from app.consent.rules import ALL_TOPICS, ConsentState
from app.consent.service import Entered
from app.consent.sources import Source
from app.consent.topics import label_of
from app.core.database import UNAVAILABLE, Database
from app.core.ids import public_id
from app.core.languages import spoken
from app.core.problems import Problem
from app.events.catalogue import catalogue
from app.events.fields import Channel
from app.messages.accept import Acceptor
from app.messages.bodies import read_body
from app.messages.confirmations import OptOutConfirmations
from app.messages.submission import Submission, fingerprint_of

log = structlog.get_logger(__name__)

REQUEST = "opt-in-request"

ACT_KEY = "consent_act"
"""In the metadata of a request: the act that it asks to confirm, the first of them."""

TOPICS_KEY = "consent_topics"
"""And the topics that it names, which are all that a tap on it confirms."""

ASKED_ALREADY = timedelta(hours=1)
"""So long after a request none is sent for the same topics: whoever types a stranger's number into a form again and
again does not make us write to them again and again."""

_MOST_SUBJECTS, _SUBJECTS_LONGEST, _NAME_MOST = 8, 360, 80
"""Of one request. What Meta takes of a text is 1,024 characters, and of one of our metadata's values we take 500."""


class FollowUps:
    def __init__(self, database: Database, acceptor: Acceptor, confirmations: OptOutConfirmations) -> None:
        self._database = database
        self._acceptor = acceptor
        self._confirmations = confirmations

    async def __call__(self, business: BusinessAccount, contact: Contact, entered: Entered, *, confirm: bool) -> None:
        asked = [line for line in entered.lines if line.act == Act.OPT_IN_REQUEST]
        left = [line for line in entered.lines if line.act == Act.OPT_OUT and line.topic == ALL_TOPICS]
        if not asked and not (left and confirm):
            return
        mode: Mode = "live" if contact.mode == "live" else "test"
        sender = business.sender(mode)
        if sender is None or (contact.phone is None and contact.bsuid is None):
            log.warning("act of consent not followed up", contact=public_id("con", contact.id), reason="no_sender")
            return
        try:
            if left and confirm:
                line = left[-1]
                channel = channel_of(line.source)
                key = public_id("act", line.id)
                await self._confirmations.confirm(sender, _named(contact), channel, key, line.occurred_at)
            pending = [line for line in asked if entered.stance.states.get(line.topic) == ConsentState.PENDING]
            if pending and not await self._asked_already(contact, pending):
                language = contact.language or pending[0].language or business.language
                for named, subjects in _together(pending, business, spoken(language)):
                    await self._ask(business, sender, contact, language, named, subjects)
        except (Problem, ValueError, DBAPIError, *UNAVAILABLE) as error:
            log.warning("act of consent not followed up", reason=getattr(error, "code", type(error).__name__))

    async def _asked_already(self, contact: Contact, lines: list[ConsentAct]) -> bool:
        first = lines[0]
        since = first.recorded_at - ASKED_ALREADY
        async with self._database.transaction() as session:
            asked = await holdings.topics_asked_since(
                session, contact.business_id, contact.id, since, first.number or 0
            )
        return asked.issuperset(line.topic for line in lines)

    async def _ask(
        self,
        business: BusinessAccount,
        sender: SenderAccount,
        contact: Contact,
        language: str,
        lines: Sequence[ConsentAct],
        subjects: Sequence[str],
    ) -> None:
        """The act is the idempotency key. Raises Problem."""
        event_type, first = catalogue()[REQUEST], lines[0]
        document: dict[str, Any] = {
            "contact": _named(contact),
            "data": {
                "business": business.name[:_NAME_MOST],
                "subjects": list(subjects),
                "channel": channel_of(first.source),
                "requested_at": first.occurred_at.isoformat(),
            },
            "sender": sender.public_id,
            "language": language,
            "metadata": {ACT_KEY: public_id("act", first.id), TOPICS_KEY: _AND.join(line.topic for line in lines)},
        }
        caller = Caller.without_key(sender.business_id, sender.mode)
        fingerprint = fingerprint_of(REQUEST, first.id.bytes)
        intake = await self._acceptor.prepare(caller, event_type, read_body(event_type, document))
        key = f"{REQUEST}-{public_id('act', first.id)}"
        await self._acceptor.submit(Submission(caller, [intake], False, key, fingerprint))


_AND = ","


def topics_named(meta: Mapping[str, str]) -> frozenset[str] | None:
    """By the metadata of a request; nothing where it does not say."""
    named = meta.get(TOPICS_KEY)
    return frozenset(named.split(_AND)) if named else None


def _together(
    lines: Sequence[ConsentAct], business: BusinessAccount, language: str
) -> Iterator[tuple[list[ConsentAct], list[str]]]:
    """As many as one request can name, with their names: nobody confirms what was not named to them."""
    named: list[ConsentAct] = []
    subjects: list[str] = []
    for line in lines:
        label = label_of(line.topic, language, business.offered_topics)
        too_long = sum(map(len, subjects)) + len(label) > _SUBJECTS_LONGEST
        if len(named) == _MOST_SUBJECTS or (named and too_long):
            yield named, subjects
            named, subjects = [], []
        named.append(line)
        subjects.append(label)
    if named:
        yield named, subjects


def _named(contact: Contact) -> dict[str, str | None]:
    return {"phone": contact.phone} if contact.phone is not None else {"bsuid": contact.bsuid}


_CHANNELS: dict[Source, Channel] = {
    Source.SMS_INVITATION: "sms",
    Source.EMAIL_INVITATION: "email",
    Source.QR_TILL: "store",
    Source.IN_APP_TRANSACTION: "app",
    Source.IN_APP_SETTINGS: "app",
    Source.IN_APP_MOMENT: "app",
    Source.SHOP_SIGN: "store",
    Source.SERVICE_DESK: "store",
    Source.LOYALTY_MATERIAL: "store",
    Source.PHONE_CALL: "phone",
    Source.SUPPORT_AGENT: "phone",
    Source.WHATSAPP_MESSAGE: "whatsapp",
    Source.WHATSAPP_BUTTON: "whatsapp",
}


def channel_of(source: str) -> Channel:
    """How the customer calls the door: what is printed or sent leads to a page, where nothing else is known."""
    return _CHANNELS.get(Source(source), "website")
