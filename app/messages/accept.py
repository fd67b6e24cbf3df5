"""Accepting events: parse at the door, then decide and store many requests in one transaction, and only then answer.

A request's steps: its body is validated by itself; then, in a group commit shared with whatever else arrived, its
idempotency key and contact are looked up, its template chosen and filled, its fate decided, and its message stored.
"""

import contextlib
from collections.abc import Container, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from app.accounts.directory import BusinessAccount, Caller, Directory
from app.accounts.errors import SenderMissing, UnknownSender
from app.consent import repository as contacts
from app.consent.countries import country_of
from app.consent.phones import PhoneError
from app.consent.repository import ContactKey, KnownContact
from app.core.clock import Clock
from app.core.database import Database
from app.core.group_commit import GroupCommit
from app.core.ids import new_id, parse_id
from app.core.problems import InvalidRequest, Problem
from app.events.event_type import EventType
from app.events.limits import EventTypeLimits, unknown_test_list
from app.experiments import statements as experiments
from app.experiments.running import RunningExperiments
from app.experiments.statements import NewAssignment
from app.media.service import MediaLibrary
from app.messages import series, standing, telling, trials
from app.messages.accepted import Accepted, shown
from app.messages.attached import check_file
from app.messages.composing import Composition, Intake, compose, unexpected
from app.messages.errors import IdempotencyInFlight
from app.messages.schemas import EventIn
from app.messages.short_links import ShortLinks
from app.messages.standing import Standing
from app.messages.statements import acceptance
from app.messages.statements.acceptance import NewKey, NewMessage, Superseded
from app.messages.statements.batch import Connection
from app.messages.statements.links import NewLink, store_links
from app.messages.statements.standing import lock_contacts
from app.messages.states import Status
from app.messages.submission import Answer, Submission, answer_to, summary
from app.messages.telling import Move
from app.messages.trials import Trials
from app.templates.book import TemplateBook
from app.templates.chains import Chains

MESSAGES_PER_TRANSACTION = 500

_BUSY_LINGER = 0.003
"""Seconds that requests gather while there are many: half as many transactions, a few milliseconds later."""

STRANGER = KnownContact(UUID(int=0), None, None, None, {})
"""Stands for a contact who is not known yet while it is decided whether anything will be stored."""


class Acceptor:
    def __init__(
        self,
        database: Database,
        directory: Directory,
        templates: TemplateBook,
        chains: Chains,
        limits: EventTypeLimits,
        clock: Clock,
        short_links: ShortLinks,
        library: MediaLibrary,
        running: RunningExperiments,
    ) -> None:
        self._database = database
        self._directory = directory
        self._templates = templates
        self._chains = chains
        self._limits = limits
        self._running = running
        self._clock = clock
        self._short_links = short_links
        self._library = library
        self._in_flight: set[tuple[UUID, str, str]] = set()
        self._commit: GroupCommit[Submission, Answer] = GroupCommit(
            "accept",
            self._flush,
            most=MESSAGES_PER_TRANSACTION,
            busy_linger=_BUSY_LINGER,
            weigh=lambda one: len(one.intakes),
        )

    async def submit(self, submission: Submission) -> Answer:
        """Returns after the commit. Raises Problem."""
        key = submission.key_id
        if key is None:
            return await self._commit.submit(submission)
        if key in self._in_flight:
            raise IdempotencyInFlight
        self._in_flight.add(key)
        try:
            return await self._commit.submit(submission)
        finally:
            self._in_flight.discard(key)

    async def prepare(self, caller: Caller, event_type: EventType[Any], body: EventIn) -> Intake:
        """Everything that needs no look at the contact. Raises Problem."""
        business = await self._directory.business(caller.business_id)
        if business is None:
            raise SenderMissing("The business of this key no longer exists.")
        wanted = parse_id("snd", body.sender) if body.sender else None
        sender = business.sender(caller.mode, wanted)
        if sender is None and body.sender:
            raise UnknownSender.at("#/sender", "unknown_sender", "is not a sender of this business and kind of key")
        if sender is None:
            raise SenderMissing(f"Connect a WhatsApp number first: ulak senders add --mode {caller.mode}")
        self._check_times(body)
        series.check(event_type, body)
        if event_type.attachment is not None:
            await check_file(self._library, caller, event_type, body.data)
        book = await self._templates.account(business.business_id, sender.waba_id)
        contact = _contact_key(caller, business, body)
        chains = await self._chains.of(business.business_id, caller.mode)
        intake = Intake(event_type, body, business, sender, book, contact, self._short_links, chains)
        intake.limits = await self._limits.by_type(business.business_id, caller.mode)
        intake.experiments = await self._running.by_type(business.business_id, caller.mode)
        if body.test_list is not None:
            intake.test_list = await self._limits.named(business.business_id, caller.mode, body.test_list)
            if intake.test_list is None:
                raise unknown_test_list()
        return intake

    def _check_times(self, body: EventIn) -> None:
        if body.expires_at is not None and body.expires_at <= self._clock.now():
            raise InvalidRequest.at("#/expires_at", "in_the_past", "must lie in the future")

    async def drain(self) -> None:
        await self._commit.drain()

    async def _flush(self, submissions: list[Submission]) -> list[Answer | Exception]:
        intakes = [item for one in submissions for item in one.intakes if isinstance(item, Intake)]
        asking = [item for item in intakes if standing.is_asked_by(item)]
        must_stay = asking or trials.limited((item.contact, item.possible_experiments) for item in intakes)
        async with self._database.pool.acquire() as connection:
            # What is looked up must stay as it is until what follows from it is stored.
            async with connection.transaction() if must_stay else contextlib.nullcontext():
                await self._decide_all(connection, submissions, intakes, asking)
                storable = [one for one in submissions if one.is_storable]
                won = await self._store(connection, storable) if storable else set()
            # An earlier request has the key: it gets its answer, even where today's would be another, or a refusal.
            lost = [one.key_id for one in submissions if one.key_id and one.key_id not in won]
            stored = await acceptance.find_keys(connection, lost)
        return [answer_to(one, stored.get(one.key_id) if one.key_id else None) for one in submissions]

    async def _decide_all(
        self,
        connection: Connection,
        submissions: Sequence[Submission],
        intakes: Sequence[Intake],
        asking: Sequence[Intake],
    ) -> None:
        """Contacts who are new are added, without any consent, once it is certain that something will be stored."""
        keys = list(dict.fromkeys(item.contact for item in intakes))
        known = await contacts.find_contacts(connection, keys) if keys else {}
        trying = [(item.contact, found) for item in intakes if (found := item.possible_experiments)]
        tried = await trials.look_up(connection, trying, known, lock=True) if trying else None
        if asking and (telling := _told_of(intakes, known)):
            await lock_contacts(connection, telling)
        around = await standing.look_up(connection, asking, known) if asking else None
        # What is answered as before changes nothing for the events beside it.
        keyed = [one.key_id for one in submissions if one.key_id] if asking or trials.limited(trying) else []
        replayed = set(await acceptance.find_keys(connection, keyed))
        now = self._clock.now()
        _decide_each(submissions, known, around, tried, replayed, now)
        learned = {
            (one.item.business.business_id, contact.id): _details(one.item)
            for submission in submissions
            for one in submission.accepted
            if (contact := known.get(one.item.contact)) is not None and _tells_more(one.item, contact)
        }
        if learned:
            await contacts.learn(connection, learned)
        missing = {
            one.item.contact: _details(one.item)
            for submission in submissions
            for one in submission.accepted
            if one.item.contact not in known
        }
        if missing:
            await contacts.add_contacts(connection, missing)
            known |= await contacts.find_contacts(connection, list(missing))
            _decide_each(submissions, known, around, tried, replayed, now)

    async def _store(self, connection: Connection, submissions: Sequence[Submission]) -> set[tuple[UUID, str, str]]:
        """Stores keys and messages together; a submission whose key is taken is left out. Answers the keys stored."""
        now = self._clock.now()
        keys = [
            NewKey(*one.key_id, one.fingerprint, one.location, one.body(), now) for one in submissions if one.key_id
        ]
        messages = [message for one in submissions for message in one.messages]
        stale = any(one.stale for submission in submissions for one in submission.accepted)
        ended = any(message.status == Status.SUPPRESSED for message in messages)
        if not (stale or ended or any(message.links or message.assignment for message in messages)):
            return await acceptance.store(connection, keys, messages)
        async with connection.transaction():
            won = await acceptance.store(connection, keys, messages)
            stored = [one for one in submissions if one.key_id is None or one.key_id in won]
            kept = [message for one in stored for message in one.messages]
            await _store_links(connection, kept)
            await _store_assignments(connection, kept)
            stale_rows = [row for submission in stored for one in submission.accepted for row in one.stale]
            superseded = await acceptance.supersede(connection, stale_rows) if stale_rows else []
            await telling.tell(connection, [*_ended(kept), *_overtaken(superseded)], now)
        return won


def _details(item: Intake) -> tuple[str | None, str | None, str | None]:
    contact = item.body.contact
    return contact.name, contact.language, contact.time_zone


def _told_of(intakes: Sequence[Intake], known: dict[ContactKey, KnownContact]) -> list[tuple[UUID, UUID]]:
    """By business and id, the contacts of whom more may be kept."""
    told = {
        (item.business.business_id, contact.id)
        for item in intakes
        if (contact := known.get(item.contact)) is not None and _tells_more(item, contact)
    }
    return sorted(told)


def _tells_more(item: Intake, contact: KnownContact) -> bool:
    """Whether the event says of a contact what is not known yet."""
    known = (contact.name, contact.language, contact.time_zone)
    return any(had is None and said is not None for had, said in zip(known, _details(item), strict=True))


def _decide_each(
    submissions: Sequence[Submission],
    known: dict[ContactKey, KnownContact],
    around: Standing | None,
    tried: Trials | None,
    replayed: Container[tuple[UUID, str, str]],
    now: datetime,
) -> None:
    followed = around.copy() if around is not None else None
    followed_trials = tried.copy() if tried is not None else None
    for one in submissions:
        if followed_trials is not None:
            mine = followed_trials.copy() if one.key_id in replayed else followed_trials
            for item in one.intakes:
                if isinstance(item, Intake):
                    item.trials = mine
        if followed is not None and one.key_id in replayed:
            _decide_one(one, known, followed.copy(), now)
        else:
            _decide_one(one, known, followed, now)


def _decide_one(
    submission: Submission, known: dict[ContactKey, KnownContact], around: Standing | None, now: datetime
) -> None:
    submission.accepted, submission.answers = [], []
    for index, item in enumerate(submission.intakes):
        if isinstance(item, Problem):
            submission.answers.append(item)
            continue
        made = _made_or_refused(submission, item, known.get(item.contact, STRANGER), around, now)
        if isinstance(made, Accepted):
            submission.accepted.append(made)
            submission.answers.append(summary(made))
        elif isinstance(made, InvalidRequest) and submission.is_batch:
            submission.answers.append(made.moved(f"/events/{index}"))
        else:
            submission.answers.append(made)


def _made_or_refused(
    submission: Submission, item: Intake, contact: KnownContact, around: Standing | None, now: datetime
) -> Accepted | Problem:
    """Whatever goes wrong with an event is its own: others share the transaction."""
    try:
        return _made(submission, item, contact, around, now)
    except Problem as problem:
        return problem
    except Exception as error:  # noqa: BLE001 - see above
        return unexpected(error, item)


def _ended(messages: Sequence[NewMessage]) -> list[Move]:
    """Those that are not sent at all: their customers do not want them."""
    return [
        Move(message.business_id, message.id, message.mode, Status.QUEUED, Status(message.status))
        for message in messages
        if message.status == Status.SUPPRESSED
    ]


def _overtaken(superseded: Sequence[Superseded]) -> list[Move]:
    return [Move(one.business_id, one.id, one.mode, Status.QUEUED, Status.CANCELED) for one in superseded]


async def _store_links(connection: Connection, messages: Sequence[NewMessage]) -> None:
    rows = [NewLink(message.business_id, message.id, *link) for message in messages for link in message.links]
    if rows:
        await store_links(connection, rows)


async def _store_assignments(connection: Connection, messages: Sequence[NewMessage]) -> None:
    rows = [message.assignment for message in messages if message.assignment is not None]
    if rows:
        await experiments.store(connection, rows)


def _made(
    submission: Submission, item: Intake, contact: KnownContact, around: Standing | None, now: datetime
) -> Accepted:
    """Raises Problem."""
    caller, key = submission.caller, submission.key
    if item.event_type.reminders is None and around is None:
        return Accepted(item, [(item, _message(caller, item, contact, key, now))], None)
    who = contact.id if contact is not STRANGER else item.contact
    waiting: Sequence[timedelta] = ()
    if around is not None:
        waiting = around.distances(item, who)
        item.already_confirmed = around.is_confirmed(item, who)
    plan = series.series_of(item, waiting, now)
    messages = [(plan.own, _message(caller, plan.own, contact, key, now))] if plan.own is not None else []
    reminders: list[dict[str, Any]] = []
    for reminder in plan.reminders or ():
        message, skipped = reminder.made(lambda item, rule: _message(caller, item, contact, key, now, rule))
        if reminder.item is not None and message is not None:
            messages.append((reminder.item, message))
        reminders.append(shown(reminder, message, skipped))
    made = Accepted(item, messages, reminders if plan.reminders is not None else None)
    if around is not None:
        around.follow(who, made.stale, made.messages)
    return made


def _contact_key(caller: Caller, business: BusinessAccount, body: EventIn) -> ContactKey:
    try:
        return ContactKey.of(caller.business_id, caller.mode, body.contact, business.country)
    except PhoneError as error:
        raise InvalidRequest.at("#/contact/phone", "phone", str(error)) from error


def _message(
    caller: Caller, item: Intake, contact: KnownContact, key: str | None, now: datetime, *notes: dict[str, Any]
) -> NewMessage:
    """Raises Problem."""
    body, event_type = item.body, item.event_type
    made = compose(item, contact, now)
    message_id = new_id()
    return NewMessage(
        business_id=caller.business_id,
        id=message_id,
        created_at=now,
        due_at=made.decision.due_at,
        expires_at=made.expires_at,
        send_at=body.send_at,
        sender_id=item.sender.id,
        contact_id=contact.id,
        priority=event_type.priority,
        mode=caller.mode,
        event_type=event_type.name,
        status=made.decision.status,
        reason=made.decision.reason,
        waiting_for=made.decision.waiting_for,
        time_zone=made.quiet_zone,
        recipient=item.contact.value,
        country=country_of(item.contact.value),
        language=made.template.language,
        template_name=made.template.name,
        template_version=made.template.version,
        reference=body.reference,
        data=body.data.model_dump_json(),
        fill=made.fill.as_json(),
        metadata=orjson.dumps(body.metadata).decode() if body.metadata else None,
        decision=orjson.dumps([*notes, *made.decision.rules]).decode(),
        key=key,
        links=made.links,
        assignment=_assignment(item, made, message_id, contact, now) if made.assigned is not None else None,
    )


def _assignment(
    item: Intake, made: Composition, message_id: UUID, contact: KnownContact, now: datetime
) -> NewAssignment | None:
    """What is noted of a message's arm; the contact's place is taken only where its template is the arm's."""
    assigned = made.assigned
    if assigned is None or item.trials is None:
        return None
    takes_place = assigned.takes_place and made.template.name == assigned.arm.template
    if takes_place:
        item.trials.take(assigned, contact.id)
    experiment = assigned.experiment
    if not (takes_place or experiment.notes):
        return None
    business_id = item.business.business_id
    return NewAssignment(
        business_id, message_id, experiment.id, contact.id, assigned.arm.name, now, takes_place, experiment.notes
    )
