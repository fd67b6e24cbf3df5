"""Sending: claim and prepare (a transaction), call (no session open), record (a transaction shared by many calls).

Several dispatchers, in any number of processes, share the work: each claims what no other holds. What a dispatcher
that died was sending is found by the next one when the lease is over, and becomes `unconfirmed`, never sent blindly.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog
from prometheus_client import Counter, Gauge, Histogram

from app.accounts.directory import Directory, SenderAccount
from app.consent.repository import LOCK_CONSENTS_SHARED, read_consents
from app.consent.rules import permits
from app.core.clock import Clock
from app.core.database import UNAVAILABLE, Database, Notifications
from app.core.group_commit import GroupCommit
from app.core.ids import public_id
from app.events.catalogue import catalogue
from app.events.event_type import EventType
from app.messages import failures
from app.messages.decision import verdict
from app.messages.schemas import MESSAGE_PREFIX
from app.messages.statements import claims, outcomes
from app.messages.statements.claims import Settled
from app.messages.statements.outcomes import Outcome
from app.messages.states import WAITING, Event, Status, after
from app.templates.book import BookedTemplate, TemplateBook
from app.templates.compiled import Fill
from app.templates.states import Usability
from app.whatsapp.client import Accepted, GraphClient, NotSent, Refused, SendOutcome, Unknown
from app.whatsapp.errors import GraphError
from app.whatsapp.payloads import Recipient, template_message

log = structlog.get_logger(__name__)

DUE_CHANNEL = "ulak_due"

SENDS = Counter("ulak_sends_total", "Calls to Meta by outcome.", ["outcome"])
REFUSALS = Counter("ulak_send_refusals_total", "Errors that Meta answered.", ["error_class", "code"])
SEND_SECONDS = Histogram("ulak_send_seconds", "Time of one call to Meta.")
IN_FLIGHT = Gauge("ulak_sends_in_flight", "Calls to Meta under way.")
SETTLED = Counter("ulak_claims_settled_total", "Claimed messages that were not sent.", ["status", "reason"])

_HOLD = timedelta(minutes=1)
"""How often a held message is looked at again where nothing announces that its obstacle is gone."""

_BUSY_WAIT = 0.01
"""Seconds between two looks while there is work: a batch costs little more than one message."""

_LINGER = 0.005
"""Seconds that outcomes gather before they are recorded together."""

_REST = timedelta(seconds=1)

_FULL_LOOK = timedelta(seconds=1)
"""How often a sender's queue is looked at from its very beginning."""

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours to send."""

    id: UUID
    number: int
    sender: SenderAccount
    recipient: str
    template: BookedTemplate
    fill: Fill
    expires_at: datetime

    def payload(self) -> dict[str, Any]:
        recipient = (
            Recipient(phone=self.recipient) if self.recipient.startswith("+") else Recipient(bsuid=self.recipient)
        )
        return template_message(
            recipient,
            self.template.name,
            self.template.language,
            self.template.compiled.components(self.fill),
            public_id(MESSAGE_PREFIX, self.id),
        )


@dataclass(frozen=True, slots=True)
class DispatchPolicy:
    concurrency: int
    lease: timedelta
    unconfirmed_window: timedelta
    poll_interval: timedelta


class Dispatcher:
    def __init__(
        self,
        database: Database,
        directory: Directory,
        templates: TemplateBook,
        graph: GraphClient,
        clock: Clock,
        policy: DispatchPolicy,
        random: Random,
    ) -> None:
        self._database = database
        self._directory = directory
        self._templates = templates
        self._graph = graph
        self._clock = clock
        self._policy = policy
        self._random = random
        self._catalogue = catalogue()
        self._calls: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._stopping = False
        self._rest_until: dict[UUID, datetime] = {}
        """Senders whose claim failed, left alone for a moment."""
        self._looked: dict[UUID, tuple[datetime, datetime]] = {}
        """By sender: when its queue was last looked at from the beginning, and up to where it is claimed."""
        self._records: GroupCommit[Outcome, None] = GroupCommit("record", self._flush_records, linger=_LINGER)

    def follow(self, notifications: Notifications) -> None:
        notifications.listen(DUE_CHANNEL, lambda _: self._wake.set())

    def stop(self) -> None:
        """No more claims; run() returns when the calls under way are recorded."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        while not self._stopping:
            try:
                busy = await self.step()
            except UNAVAILABLE as error:
                log.warning("database unavailable", error=type(error).__name__)
                busy = False
            except Exception:
                log.exception("looking for work failed")
                busy = False
            if busy:
                await asyncio.sleep(_BUSY_WAIT)
            else:
                await self._rest(self._policy.poll_interval.total_seconds())
        await self.drain()

    async def drain(self) -> None:
        while self._calls:
            await asyncio.gather(*self._calls, return_exceptions=True)
        await self._records.drain()

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
            free = self._policy.concurrency - len(self._calls)
            if free <= 0:
                self._wake.clear()
                await asyncio.wait(self._calls, return_when=asyncio.FIRST_COMPLETED)
                free = max(1, self._policy.concurrency - len(self._calls))
            for message in await self._claim_safely(business_id, sender_id, free):
                call = asyncio.create_task(self._send(message))
                self._calls.add(call)
                call.add_done_callback(self._calls.discard)
        return bool(senders)

    async def _claim_safely(self, business_id: UUID, sender_id: UUID, most: int) -> list[Claimed]:
        """One sender's trouble must not stop the others."""
        try:
            return await self._claim(business_id, sender_id, most)
        except UNAVAILABLE:
            raise
        except Exception:
            log.exception("claim failed", sender=public_id("snd", sender_id))
            self._rest_until[sender_id] = self._clock.now() + _REST
            return []

    async def _claim(self, business_id: UUID, sender_id: UUID, most: int) -> list[Claimed]:
        now = self._clock.now()
        business = await self._directory.business(business_id)
        sender = next((one for one in business.senders if one.id == sender_id), None) if business else None
        if sender is None:
            log.error("messages wait for a sender that is gone", sender=public_id("snd", sender_id))
            self._rest_until[sender_id] = now + _REST
            return []
        book = await self._templates.account(business_id, sender.waba_id)
        async with self._database.pool.acquire() as connection, connection.transaction():
            await connection.execute(LOCK_CONSENTS_SHARED, business_id)
            rows = await claims.claim(
                connection,
                business_id,
                sender_id,
                now=now,
                most=most,
                lease_until=now + self._policy.lease,
                due_from=self._due_from(sender_id, now),
            )
            prepared = [self._prepare(row, sender, book, now) for row in rows]
            settled = [one for one in prepared if isinstance(one, Settled)]
            if settled:
                await claims.settle(connection, business_id, settled)
                await claims.give_back_pace(connection, business_id, sender_id, len(settled))
            lost = [self._lost(business_id, row, now) for row in rows if row["was"] == Status.SENDING]
            if lost:
                await outcomes.record(connection, lost)
        self._remember(sender_id, rows)
        for one in settled:
            SETTLED.labels(one.status, one.reason or one.waiting_for or "").inc()
        return [one for one in prepared if isinstance(one, Claimed)]

    def _due_from(self, sender_id: UUID, now: datetime) -> datetime:
        """From where to look: what became due earlier has been claimed, but for stragglers, which a look from the
        beginning finds within a second (an earlier due time committed later, the lease of a dead worker)."""
        full_look, claimed_to = self._looked.get(sender_id, (_BEGINNING, _BEGINNING))
        if timedelta(0) <= now - full_look < _FULL_LOOK:
            return claimed_to
        self._looked[sender_id] = (now, _BEGINNING)
        return _BEGINNING

    def _remember(self, sender_id: UUID, rows: list[asyncpg.Record]) -> None:
        if rows:
            full_look, claimed_to = self._looked[sender_id]
            self._looked[sender_id] = (full_look, max(claimed_to, min(row["due_at"] for row in rows)))

    def _prepare(
        self, row: asyncpg.Record, sender: SenderAccount, book: dict[tuple[str, str], BookedTemplate], now: datetime
    ) -> Claimed | Settled | None:
        """What to do with a claimed row: send it, settle it otherwise, or nothing (it is recorded as lost)."""
        was = Status(row["was"])
        if was is Status.SENDING:
            return None
        event_type = self._catalogue.get(row["event_type"])
        if event_type is None:  # of a newer version, while this one is still running
            due_at = now + _HOLD
            return _settled(row, was, Event.HELD, reason="event_type_unknown", waiting_for="version", due_at=due_at)
        if was is Status.UNCONFIRMED:
            return self._after_window(row, resend=event_type.on_unconfirmed == "resend", now=now)
        if was not in WAITING:
            log.error("claimed what was not waiting", message=public_id(MESSAGE_PREFIX, row["id"]), status=was)
            return _settled(row, was, Event.HELD, reason=None)
        return self._prepare_waiting(row, event_type, sender, book, now)

    def _prepare_waiting(
        self,
        row: asyncpg.Record,
        event_type: EventType[Any],
        sender: SenderAccount,
        book: dict[tuple[str, str], BookedTemplate],
        now: datetime,
    ) -> Claimed | Settled:
        """The decision of the acceptance, asked once more now that it counts."""
        was = Status(row["was"])
        if row["expires_at"] <= now:
            return _settled(
                row,
                was,
                Event.EXPIRED,
                reason="expired",
                rule=verdict("expiry", "expire", now, waited_for=row["reason"]),
            )
        consent = permits(read_consents(row["consents"]), event_type.topic)
        if not consent.permitted:
            rule = verdict("consent", "suppress", now, topic=event_type.topic, state=consent.reason)
            return _settled(row, was, Event.SUPPRESSED, reason=consent.reason, rule=rule)
        template = book.get((row["template_name"], row["language"]))
        fill = Fill(**orjson.loads(row["fill"]))
        unusable = _why_unusable(template, fill)
        if template is None or unusable is not None:
            due_at = min(now + _HOLD, row["expires_at"])
            return _settled(row, was, Event.HELD, reason=unusable, waiting_for="template", due_at=due_at)
        return Claimed(row["id"], row["attempt_count"], sender, row["recipient"], template, fill, row["expires_at"])

    def _after_window(self, row: asyncpg.Record, *, resend: bool, now: datetime) -> Settled:
        """No receipt settled it in time: the event type says whether telling twice or not telling is worse."""
        if resend and row["expires_at"] > now:
            rule = verdict("unconfirmed", "resend", now, attempts=row["attempt_count"])
            return _settled(
                row, Status.UNCONFIRMED, Event.WINDOW_RESEND, reason="unconfirmed_resend", due_at=now, rule=rule
            )
        rule = verdict("unconfirmed", "fail", now, attempts=row["attempt_count"])
        failure = failures.ours(
            "unconfirmed",
            "The request went out, but Meta neither answered nor reported on the message in time.",
            "Ask the customer before sending it again: it may have arrived.",
        )
        return _settled(
            row,
            Status.UNCONFIRMED,
            Event.WINDOW_FAILED,
            reason="unconfirmed",
            rule=rule,
            failed_at=now,
            failure=failure,
        )

    def _lost(self, business_id: UUID, row: asyncpg.Record, now: datetime) -> Outcome:
        log.warning("lease ended", message=public_id(MESSAGE_PREFIX, row["id"]))
        return Outcome(
            business_id=business_id,
            id=row["id"],
            number=row["attempt_count"],
            event=Event.LEASE_ENDED,
            outcome="unknown",
            started_at=None,
            ended_at=now,
            wamid=None,
            error=orjson.dumps({"reason": "the worker that was sending it ended"}).decode(),
            reason="lease_ended",
            waiting_for="receipt",
            due_at=now + self._policy.unconfirmed_window,
            failure=None,
        )

    async def _send(self, message: Claimed) -> None:
        IN_FLIGHT.inc()
        started_at = self._clock.now()
        try:
            with SEND_SECONDS.time():
                outcome = await self._call(message)
        finally:
            IN_FLIGHT.dec()
        recorded = self._outcome(message, outcome, started_at)
        SENDS.labels(recorded.outcome).inc()
        await self._record(recorded)
        if not self._stopping and len(self._calls) >= self._policy.concurrency:
            self._wake.set()

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

    async def _record(self, outcome: Outcome) -> None:
        """Tries for as long as the lease lasts: afterwards the message is found as lost, and may be sent twice."""
        delay = 0.1
        while True:
            try:
                await self._records.submit(outcome)
            except Exception as error:  # noqa: BLE001 - a full disk, a failover: forgetting an acceptance sends twice
                log.warning("outcome not recorded yet", error=type(error).__name__)
            else:
                return
            await asyncio.sleep(delay)
            delay = min(delay * 2, 2.0)
            if self._clock.now() > outcome.ended_at + self._policy.lease + self._policy.unconfirmed_window:
                log.error("outcome given up", message=public_id(MESSAGE_PREFIX, outcome.id), outcome=outcome.outcome)
                return

    async def _flush_records(self, rows: list[Outcome]) -> list[Exception | None]:
        async with self._database.pool.acquire() as connection:
            await outcomes.record(connection, rows)
        return [None] * len(rows)

    def _outcome(self, message: Claimed, outcome: SendOutcome, started_at: datetime) -> Outcome:
        now = self._clock.now()
        base: dict[str, Any] = {
            "business_id": message.sender.business_id,
            "id": message.id,
            "number": message.number,
            "started_at": started_at,
            "ended_at": now,
            "wamid": None,
            "error": None,
            "reason": None,
            "waiting_for": None,
            "due_at": None,
            "failure": None,
        }
        match outcome:
            case Accepted(wamid=wamid, message_status=status):
                held = status == "held_for_quality_assessment"
                base |= {"wamid": wamid, "reason": "held_for_quality_assessment" if held else None}
                return Outcome(**base, event=Event.ANSWER_ACCEPTED, outcome="accepted")
            case Refused(error=error):
                return self._refusal(message, error, base, now)
            case NotSent(reason=reason):
                base |= {"error": _json({"reason": reason})}
                return self._retry(message, None, base, now, outcome="not_sent", reason="meta_unreachable")
            case Unknown(reason=reason):
                base |= {"error": _json({"reason": reason})}
                return self._doubt(base, now, outcome="unknown", reason="answer_lost")

    def _refusal(self, message: Claimed, error: GraphError, base: dict[str, Any], now: datetime) -> Outcome:
        described = failures.answered(error)
        REFUSALS.labels(error.entry.error_class, error.code).inc()
        base |= {"error": _json(described)}
        match failures.event_of(error):
            case Event.ANSWER_LOST:
                return self._doubt(base, now, outcome="refused", reason=f"error_{error.code}")
            case Event.ANSWER_RETRY:
                return self._retry(message, error, base, now, outcome="refused", reason=f"error_{error.code}")
            case _:
                base |= {"failure": _json(described), "reason": f"error_{error.code}"}
                return Outcome(**base, event=Event.ANSWER_REFUSED, outcome="refused")

    def _doubt(self, base: dict[str, Any], now: datetime, *, outcome: str, reason: str) -> Outcome:
        base |= {"reason": reason, "waiting_for": "receipt", "due_at": now + self._policy.unconfirmed_window}
        return Outcome(**base, event=Event.ANSWER_LOST, outcome=outcome)

    def _retry(
        self,
        message: Claimed,
        error: GraphError | None,
        base: dict[str, Any],
        now: datetime,
        *,
        outcome: str,
        reason: str,
    ) -> Outcome:
        due_at = now + failures.retry_delay(message.number, error, self._random)
        waiting_for = failures.WAITING_FOR[error.entry.error_class] if error is not None else "retry"
        base |= {"reason": reason, "waiting_for": waiting_for, "due_at": min(due_at, message.expires_at)}
        return Outcome(**base, event=Event.ANSWER_RETRY, outcome=outcome)


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _why_unusable(template: BookedTemplate | None, fill: Fill) -> str | None:
    if template is None:
        return "template_missing"
    if template.usability is not Usability.USABLE:
        return f"template_{template.status.lower()}"
    return "template_changed" if template.compiled.misfits(fill) else None


def _settled(
    row: asyncpg.Record,
    was: Status,
    event: Event,
    *,
    reason: str | None,
    waiting_for: str | None = None,
    due_at: datetime | None = None,
    rule: dict[str, Any] | None = None,
    failed_at: datetime | None = None,
    failure: dict[str, Any] | None = None,
) -> Settled:
    return Settled(
        id=row["id"],
        status=after(was, event),
        reason=reason,
        waiting_for=waiting_for,
        due_at=due_at,
        failed_at=failed_at,
        uncount=was in WAITING,
        note=_json([rule]) if rule else None,
        failure=_json(failure) if failure else None,
    )
