"""Sending: claim and prepare (a transaction), call (no session open), record (a transaction shared by many calls).

Several dispatchers, in any number of processes, share the work: each claims what no other holds. What a dispatcher
that died was sending is found by the next one when the lease is over, and becomes `unconfirmed`, never sent blindly.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import structlog
from prometheus_client import Counter, Gauge, Histogram

from app.accounts.directory import SenderAccount
from app.accounts.senders import DUE_CHANNEL
from app.consent.identity import Identities
from app.consent.persons import Told, told
from app.core.clock import Clock
from app.core.database import UNAVAILABLE, Database, Notifications
from app.core.group_commit import GroupCommit
from app.core.ids import public_id
from app.media.uploads import Uploads
from app.messages.answers import Answers
from app.messages.attached import Attached
from app.messages.claimed import Claimed, SentFile, Unheard
from app.messages.claiming import ClaimPolicy, Claims, Known, SenderGone
from app.messages.history import History
from app.messages.recording import Answered, Recorder
from app.messages.schemas import MESSAGE_PREFIX
from app.messages.short_links import ShortLinks
from app.messages.slots import Slots
from app.messages.statements import claims
from app.messages.statements.windows import close_window
from app.templates.book import BookedTemplate
from app.templates.use import TemplateUse
from app.whatsapp.client import Accepted, GraphClient, NotSent, Refused, SendOutcome, Unknown
from app.whatsapp.errors import MARKETING_STOPPED, OUTSIDE_WINDOW, ErrorClass, GraphError

log = structlog.get_logger(__name__)

SENDS = Counter("ulak_sends_total", "Calls to Meta by outcome.", ["outcome"])
REFUSALS = Counter("ulak_send_refusals_total", "Errors that Meta answered.", ["error_class", "code"])
SEND_SECONDS = Histogram("ulak_send_seconds", "Time of one call to Meta.")
IN_FLIGHT = Gauge("ulak_sends_in_flight", "Calls to Meta under way.")

_BUSY_WAIT = 0.02
"""Seconds between two looks while there is work: a batch costs little more than one message."""

_LINGER = 0.015
"""Seconds that outcomes gather before they are recorded together."""

_REST = timedelta(seconds=1)

_OVERDUE_LOOK = 10.0
"""Seconds between two searches of the queues for what must be settled though it is not its turn."""

_OVERDUE_SHARE = 50
"""A search may take one fiftieth of the time at most: it reads whole queues."""

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)

TemplateDoubt = Callable[[SenderAccount, BookedTemplate, GraphError, datetime], Awaitable[None]]
"""Told when Meta refused a message, which left then, because of its template: our mirror of that is behind."""


@dataclass(frozen=True, slots=True)
class DispatchPolicy:
    concurrency: int
    lease: timedelta
    unconfirmed_window: timedelta | None
    poll_interval: timedelta
    probe_interval: timedelta
    pair_interval: timedelta
    pair_burst: int
    message_history: bool
    short_links: ShortLinks

    @property
    def claims(self) -> ClaimPolicy:
        return ClaimPolicy(self.lease, self.probe_interval, self.pair_interval, self.pair_burst, self.short_links)


class Dispatcher:
    def __init__(
        self,
        database: Database,
        known: Known,
        graph: GraphClient,
        clock: Clock,
        policy: DispatchPolicy,
        random: Random,
        template_doubt: TemplateDoubt,
        *,
        identities: Identities,
        template_use: TemplateUse,
        uploads: Uploads,
    ) -> None:
        self._database = database
        self._graph = graph
        self._clock = clock
        self._policy = policy
        self._random = random
        self._template_doubt = template_doubt
        self._identities = identities
        self._template_use = template_use
        self._uploads = uploads
        self._history = History(database, graph, clock)
        self._answers = Answers(
            random, policy.unconfirmed_window, History.first_look if policy.message_history else None
        )
        self._wake = asyncio.Event()
        self._attached = Attached(database, uploads, clock, self._wake.set)
        self._claims = Claims(database, known, clock, policy.claims, self._answers, self._attached)
        self._calls: set[asyncio.Task[None]] = set()
        self._slots = Slots(policy.concurrency)
        self._stopping = asyncio.Event()
        self._rest_until: dict[UUID, datetime] = {}
        """Senders whose claim failed, left alone for a moment."""
        recorder = Recorder(database, clock, policy.probe_interval, policy.pair_interval)
        self._records: GroupCommit[Answered, None] = GroupCommit("record", recorder.flush, linger=_LINGER)

    def follow(self, notifications: Notifications) -> None:
        notifications.listen(DUE_CHANNEL, lambda _: self._wake.set())

    def stop(self) -> None:
        """No more claims; run() returns when the calls under way are recorded."""
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_sending(), name="send")
            group.create_task(self._keep_settling(), name="settle overdue")
        await self.drain()

    async def _keep_sending(self) -> None:
        while not self._stopping.is_set():
            if await self._tried(self.step()):
                await asyncio.sleep(_BUSY_WAIT)
            else:
                await self._rest(self._policy.poll_interval.total_seconds())

    async def _keep_settling(self) -> None:
        """Beside the sending: it reads whole queues, which may take its time."""
        while not self._stopping.is_set():
            started_at = time.monotonic()
            await self._tried(self.settle_overdue())
            pause = max(_OVERDUE_LOOK, _OVERDUE_SHARE * (time.monotonic() - started_at))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()

    async def _tried(self, work: Awaitable[bool]) -> bool:
        """False where it failed: nothing that goes wrong ends the dispatcher."""
        try:
            return await work
        except UNAVAILABLE as error:
            log.warning("database unavailable", error=type(error).__name__)
        except Exception:
            log.exception("looking for work failed")
        return False

    async def drain(self) -> None:
        while self._calls:
            await asyncio.gather(*self._calls, return_exceptions=True)
        await self._records.drain()
        await self._attached.drain()

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        self._wake.clear()

    async def step(self) -> bool:
        """One round over all busy senders. False where there was none."""
        async with self._database.pool.acquire() as connection:
            senders = await claims.busy_senders(connection, self._clock.now())
        now = self._clock.now()
        senders = [one for one in senders if self._rest_until.get(one[1], _BEGINNING) <= now]
        self._random.shuffle(senders)  # nobody is always last when the slots run out
        for business_id, sender_id in senders:
            if not self._slots.free:
                self._wake.clear()
                await asyncio.wait(self._calls, return_when=asyncio.FIRST_COMPLETED)
            most = self._slots.open_to(business_id, sender_id)
            if most:
                await self._guarded(sender_id, self._send_next(business_id, sender_id, most))
        return bool(senders)

    async def settle_overdue(self) -> bool:
        """Ends what has expired and takes up what is in doubt, whatever holds its queue up. False where none is."""
        async with self._database.pool.acquire() as connection:
            senders = await claims.waiting_senders(connection)
        for business_id, sender_id in senders:
            await self._guarded(sender_id, self._claims.settle_overdue(business_id, sender_id))
        return bool(senders)

    async def _guarded(self, sender_id: UUID, work: Awaitable[None]) -> None:
        """One sender's trouble must not stop the others."""
        try:
            await work
        except UNAVAILABLE:
            raise
        except SenderGone:
            log.error("messages wait for a sender that is gone", sender=public_id("snd", sender_id))  # noqa: TRY400
            self._rest_until[sender_id] = self._clock.now() + _REST
        except Exception:
            log.exception("claim failed", sender=public_id("snd", sender_id))
            self._rest_until[sender_id] = self._clock.now() + _REST

    async def _send_next(self, business_id: UUID, sender_id: UUID, most: int) -> None:
        claimed, unheard = await self._claims.next(business_id, sender_id, most)
        for message in claimed:
            self._start(message.sender, self._send(message))
        for silent in unheard:
            self._start(silent.sender, self._ask(silent))

    def _start(self, sender: SenderAccount, work: Awaitable[None]) -> None:
        async def within_slot() -> None:
            try:
                await work
            finally:
                self._slots.give_back(sender.business_id, sender.id)

        self._slots.take(sender.business_id, sender.id)
        call = asyncio.create_task(within_slot())
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _ask(self, silent: Unheard) -> None:
        try:
            await self._history.ask(silent)
        except Exception:
            log.exception("history not taken", message=public_id(MESSAGE_PREFIX, silent.id))

    async def _send(self, message: Claimed) -> None:
        IN_FLIGHT.inc()
        started_at = self._clock.now()
        try:
            with SEND_SECONDS.time():
                outcome = await self._call(message)
        finally:
            IN_FLIGHT.dec()
        if message.file is not None and await self._refused_for_its_file(message, message.file, outcome, started_at):
            return
        error = outcome.error if isinstance(outcome, Refused) else None
        if error is not None:
            REFUSALS.labels(error.entry.error_class, error.code).inc()
            if error.entry.error_class is ErrorClass.TEMPLATE and message.template is not None:
                await self._doubt_template(message.sender, message.template, error, started_at)
        if isinstance(outcome, Accepted) and message.template is not None:
            self._template_use.mark(message.sender, message.template)
        recorded = self._answers.of_call(message, outcome, started_at, self._clock.now())
        SENDS.labels(recorded.outcome).inc()
        await self._record(Answered(message, recorded, error))
        if error is not None or isinstance(outcome, Accepted):
            await self._hear_of_customer(message, outcome, started_at)
        if message.file is not None and isinstance(outcome, Accepted):
            await self._attached.note_use(message, message.file)
        if not self._slots.free:
            self._wake.set()

    async def _refused_for_its_file(
        self, message: Claimed, file: SentFile, outcome: SendOutcome, started_at: datetime
    ) -> bool:
        """Such a refusal, which is recorded then, says nothing of the sender, whatever its code means otherwise."""
        if not isinstance(outcome, Refused):
            return False
        error = outcome.error
        try:
            said = await self._uploads.refused(message.sender, file.media_id, file.meta_id, error)
        except Exception:
            log.exception("refusal not understood", message=public_id(MESSAGE_PREFIX, message.id))
            return False
        if said == "other":
            return False
        REFUSALS.labels("media", error.code).inc()
        recorded = self._answers.of_lost_file(message, error, started_at, self._clock.now(), again=said == "again")
        SENDS.labels(recorded.outcome).inc()
        await self._record(Answered(message, recorded, None))
        return True

    async def _hear_of_customer(self, message: Claimed, outcome: SendOutcome, started_at: datetime) -> None:
        """Whatever an answer says of the customer, receipts and later answers say again: it may go wrong."""
        try:
            match outcome:
                case Accepted() if says_who(message.recipient, outcome):
                    await self._identities.learn([_named(message, outcome, self._clock.now())])
                case Refused(error=error) if error.code == MARKETING_STOPPED:
                    sender = message.sender
                    await self._identities.stopped_at_meta(sender.business_id, sender.mode, message.contact_id, None)
                case Refused(error=error) if error.code == OUTSIDE_WINDOW:
                    async with self._database.pool.acquire() as connection:
                        await close_window(connection, message.sender.business_id, message.id, started_at)
        except Exception:
            log.exception("customer not heard of", message=public_id(MESSAGE_PREFIX, message.id))

    async def _doubt_template(
        self, sender: SenderAccount, template: BookedTemplate, error: GraphError, started_at: datetime
    ) -> None:
        try:
            await self._template_doubt(sender, template, error, started_at)
        except Exception:
            # Whatever it was, what came of the call must be recorded.
            log.exception("template doubt not passed on", template=template.name)

    async def _call(self, message: Claimed) -> SendOutcome:
        try:
            payload = message.payload()
        except Exception as error:
            log.exception("payload not built", message=public_id(MESSAGE_PREFIX, message.id))
            return NotSent(f"the payload could not be built: {type(error).__name__}")
        try:
            return await self._graph.send_message(message.sender.access, message.sender.phone_number_id, payload)
        except Exception as error:
            # Nothing is known to raise here; should something, the request may have gone out all the same.
            log.exception("call failed", message=public_id(MESSAGE_PREFIX, message.id))
            return Unknown(type(error).__name__)

    async def _record(self, answered: Answered) -> None:
        """Tries for as long as the message may stay in doubt: afterwards it is settled without what we know."""
        delay = 0.1
        outcome = answered.outcome
        window = self._policy.unconfirmed_window or answered.message.event_type.unconfirmed_window
        while True:
            try:
                await self._records.submit(answered)
            except Exception as error:  # noqa: BLE001 - a full disk, a failover: forgetting an acceptance sends twice
                log.warning("outcome not recorded yet", error=type(error).__name__)
            else:
                return
            await asyncio.sleep(delay)
            delay = min(delay * 2, 2.0)
            if self._clock.now() > outcome.ended_at + self._policy.lease + window:
                log.error("outcome given up", message=public_id(MESSAGE_PREFIX, outcome.id), outcome=outcome.outcome)
                return


def says_who(recipient: str, answer: Accepted) -> bool:
    """Whether Meta calls the customer by another name than the one that was written to: seldom."""
    names = (f"+{answer.wa_id}" if answer.wa_id is not None else None, answer.user_id, answer.parent_user_id)
    return any(name is not None and name != recipient for name in names)


def _named(message: Claimed, answer: Accepted, now: datetime) -> Told:
    is_phone = message.recipient.startswith("+")
    return told(
        message.sender.business_id,
        message.sender.mode,
        now.replace(microsecond=0),  # as Meta's webhooks tell the time, so that none of now counts as older
        answer.wamid,
        phone=message.recipient if is_phone else None,
        wa_id=answer.wa_id,
        bsuid=answer.user_id or (None if is_phone else message.recipient),
        parent_bsuid=answer.parent_user_id,
    )
