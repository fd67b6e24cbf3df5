"""Beginning, showing and deciding experiments."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import Caller, Directory
from app.accounts.errors import SenderMissing
from app.accounts.models import OnCategoryNotice
from app.callbacks.outbox import EXPERIMENT_DECIDED, NewEvent, tell
from app.core.clock import Clock
from app.core.cursors import page_of, read_cursor
from app.core.database import UNAVAILABLE, Database, announce, is_unavailable
from app.core.ids import new_id, public_id
from app.core.problems import InvalidRequest
from app.events.event_type import EventType
from app.events.fitting import TEMPLATE_UNFIT, unfit
from app.events.service import EventTypes
from app.experiments import repository
from app.experiments.errors import ExperimentDecided, ExperimentMissing, ExperimentRunning
from app.experiments.evidence import (
    CONTROL,
    VARIANT,
    AtLimit,
    Decided,
    Plan,
    Reading,
    block_of,
    decide,
    read,
)
from app.experiments.models import Experiment
from app.experiments.reports import decider_of, evidence_of, plan_as_json, plan_of, shown
from app.experiments.repository import NOTED_MOST
from app.experiments.running import CHANNEL, EXPERIMENT_PREFIX, RunningExperiments
from app.experiments.schemas import EvidenceOut, ExperimentDetail, ExperimentIn, ExperimentPage
from app.templates import chains
from app.templates.book import BookedTemplate, TemplateBook
from app.templates.states import NOTICED, RECATEGORISED, obstacle

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Promotion:
    """A template that is to be an event type's first from now on."""

    business_id: UUID
    mode: str
    event_type: str
    template_name: str
    at: datetime


Promote = Callable[[AsyncSession, Promotion], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Seen:
    """An experiment's evidence, and what follows from it."""

    evidence: EvidenceOut
    decided: Decided | None
    is_full: bool


class Experiments:
    def __init__(
        self,
        database: Database,
        directory: Directory,
        event_types: EventTypes,
        templates: TemplateBook,
        running: RunningExperiments,
        clock: Clock,
        *,
        promote: Promote,
        blocks: Sequence[int],
    ) -> None:
        """`blocks`: Meta's codes of messages that come back from who does not want them."""
        self._database = database
        self._directory = directory
        self._event_types = event_types
        self._templates = templates
        self._running = running
        self._clock = clock
        self._promote = promote
        self._blocks = tuple(blocks)

    async def create(self, caller: Caller, body: ExperimentIn) -> ExperimentDetail:
        """Raises InvalidRequest, SenderMissing or ExperimentRunning."""
        event_type = await self._event_types.find(caller.business_id, body.event_type)
        if event_type is None:
            raise InvalidRequest.at("#/event_type", "unknown_event_type", "is no event type that takes events")
        async with self._database.transaction() as session:
            chain = await chains.read(session, caller.business_id, caller.mode, event_type.name)
        arms = _arms(body, chain[0] if chain else event_type.template_name)
        await self._check_templates(caller, event_type, arms)
        now = self._clock.now()
        row = Experiment(
            business_id=caller.business_id,
            id=new_id(),
            mode=caller.mode,
            event_type=event_type.name,
            kind=body.kind,
            status="running",
            arms=[{"name": arm.name, "template": arm.template, "share": arm.share} for arm in arms],
            contacts=body.contacts,
            taken=0,
            is_full=False,
            plan=plan_as_json(_plan(body)) if body.kind == "canary" else None,
            created_at=now,
            created_by=caller.key_id,
            ends_at=now + timedelta(days=body.days) if body.kind == "canary" else None,
        )
        try:
            async with self._database.transaction() as session:
                session.add(row)
                await session.flush()  # a second one of the type fails here
                await announce(session, CHANNEL, caller.business_id)
                seen = await self._seen(session, row, now)
        except IntegrityError as error:
            raise ExperimentRunning from error
        self._running.forget(caller.business_id)
        return ExperimentDetail(**shown(row).model_dump(), evidence=seen.evidence)

    async def _check_templates(self, caller: Caller, event_type: EventType[Any], arms: Sequence["_NamedArm"]) -> None:
        books = await self._books(caller.business_id, caller.mode)
        if not books:
            raise SenderMissing(f"Connect a WhatsApp number first: ulak senders add --mode {caller.mode}")
        on_notice = (await self._directory.required(caller.business_id)).on_category_notice
        categories: set[str] = set()
        for arm in arms:
            found = [one for book in books for (name, _), one in book.items() if name == arm.template]
            if not found:
                raise InvalidRequest.at(arm.pointer, "unknown_template", "is no template that Meta is known to hold")
            usable = _usable(event_type, arm, found, on_notice)
            if why := [f"({one.language}) {reason}" for one in usable for reason in unfit(event_type, one.compiled)]:
                raise InvalidRequest.at(arm.pointer, TEMPLATE_UNFIT, "; ".join(why))
            categories |= {one.category for one in usable}
            if len(categories) > 1:
                message = "is of another category than what it is compared with: other consents would hold for it"
                raise InvalidRequest.at(arm.pointer, "other_category", message)

    async def _books(self, business_id: UUID, mode: str) -> list[dict[tuple[str, str], BookedTemplate]]:
        """Of each account that the business sends from."""
        business = await self._directory.required(business_id)
        accounts = dict.fromkeys(sender.waba_id for sender in business.senders if sender.mode == mode)
        return [await self._templates.account(business_id, waba_id) for waba_id in accounts]

    async def one(self, business_id: UUID, mode: str, experiment_id: UUID) -> ExperimentDetail:
        """Raises ExperimentMissing."""
        async with self._database.transaction() as session:
            row = await repository.one(session, business_id, mode, experiment_id)
            if row is None:
                raise ExperimentMissing
            return await self._detail(session, row)

    async def _detail(self, session: AsyncSession, row: Experiment) -> ExperimentDetail:
        if row.evidence is not None:
            evidence = EvidenceOut.model_validate(row.evidence)
        else:
            evidence = (await self._seen(session, row, self._clock.now())).evidence
        return ExperimentDetail(**shown(row).model_dump(), evidence=evidence)

    async def list(
        self,
        business_id: UUID,
        mode: str,
        *,
        event_type: str | None,
        status: str | None,
        cursor: str | None,
        size: int,
    ) -> ExperimentPage:
        """Raises InvalidRequest."""
        before = read_cursor(cursor) if cursor else None
        async with self._database.transaction() as session:
            rows = await repository.page(
                session, business_id, mode, event_type=event_type, status=status, before=before, size=size + 1
            )
        listed, next_cursor = page_of(rows, size, lambda one: one.id)
        return ExperimentPage(
            experiments=[shown(row) for row in listed],
            next_cursor=next_cursor,
        )

    async def stop(self, caller: Caller, experiment_id: UUID) -> ExperimentDetail:
        """Raises ExperimentMissing or ExperimentDecided."""
        return await self._by_hand(caller, experiment_id, "stopped", "by_hand")

    async def cancel(self, caller: Caller, experiment_id: UUID) -> ExperimentDetail:
        """Raises ExperimentMissing or ExperimentDecided."""
        return await self._by_hand(caller, experiment_id, "canceled", "withdrawn")

    async def go(self, caller: Caller, experiment_id: UUID, arm: str | None) -> ExperimentDetail:
        """Raises ExperimentMissing, ExperimentDecided or InvalidRequest."""
        return await self._by_hand(caller, experiment_id, "going", "by_hand", arm=arm)

    async def _by_hand(
        self, caller: Caller, experiment_id: UUID, status: str, reason: str, *, arm: str | None = None
    ) -> ExperimentDetail:
        now = self._clock.now()
        async with self._database.transaction() as session:
            row = await repository.one_for_update(session, caller.business_id, experiment_id)
            if row is None or row.mode != caller.mode:
                raise ExperimentMissing
            if row.status != "running":
                raise ExperimentDecided(f"It is {row.status} since {row.decided_at}: begin another one.")
            winner = _winner(row, arm) if status == "going" else None
            row.decided_by = caller.key_id
            seen = await self._seen(session, row, now)
            await self._settle(session, row, _Outcome(status, reason, winner), seen.evidence, now)
            told = ExperimentDetail(**shown(row).model_dump(), evidence=seen.evidence)
        self._running.forget(caller.business_id)
        return told

    async def evaluate_all(self) -> None:
        """Decides whatever can be decided. What fails does not keep the others from it."""
        async with self._database.transaction() as session:
            found = await repository.running_everywhere(session)
        for business_id, experiment_id in found:
            try:
                await self._evaluate(business_id, experiment_id)
            except UNAVAILABLE:
                raise
            except Exception as error:
                if is_unavailable(error):
                    raise
                log.exception("experiment not evaluated", experiment=public_id(EXPERIMENT_PREFIX, experiment_id))

    async def _evaluate(self, business_id: UUID, experiment_id: UUID) -> None:
        now = self._clock.now()
        # Read without a lock, which acceptance would wait for; what is decided is then decided by one alone.
        async with self._database.transaction() as session:
            row = await session.get(Experiment, (business_id, experiment_id))
            if row is None or row.status != "running":
                return
            seen = await self._seen(session, row, now)
            decided = seen.decided or await self._by_its_template(row)
        if decided is None and seen.is_full == row.is_full:
            return
        async with self._database.transaction() as session:
            row = await repository.one_for_update(session, business_id, experiment_id)
            if row is None or row.status != "running":
                return
            row.is_full = seen.is_full
            if decided is None:
                await announce(session, CHANNEL, business_id)
            else:
                winner = row.arms[0] if decided.go else None
                outcome = _Outcome("going" if decided.go else "stopped", decided.reason, winner, tuple(decided.metrics))
                await self._settle(session, row, outcome, seen.evidence, now)
        self._running.forget(business_id)

    async def _by_its_template(self, row: Experiment) -> Decided | None:
        """Meta's own judgment of a variant's template comes before ours of its messages."""
        if row.kind != "canary":
            return None
        event_type = (await self._event_types.of(row.business_id)).get(row.event_type)
        books = await self._books(row.business_id, row.mode)
        variant = row.arms[0]["template"]
        usable = (
            obstacle(
                one.status,
                one.category,
                event_type.expected_category if event_type is not None else one.category,
                accepted=one.accepted_category,
            )
            is None
            for book in books
            for (name, _), one in book.items()
            if name == variant
        )
        return None if any(usable) else Decided(go=False, reason="template")

    async def _seen(self, session: AsyncSession, row: Experiment, now: datetime) -> _Seen:
        plan = plan_of(row)
        until = now if row.ends_at is None else min(now, row.ends_at)
        told = await repository.told(session, row, self._blocks, until)
        counted = await repository.counted(session, row)
        readings: list[Reading] = []
        if plan is not None:
            # Thousands of messages take a while to read; what else the process does goes on meanwhile.
            readings = await asyncio.to_thread(lambda: [read(metric, plan, told, until) for metric in plan.watched])
        is_full = all(counted.get(arm["name"], {}).get("messages", 0) >= NOTED_MOST for arm in row.arms)
        decided = None
        if plan is not None:
            at_limit = _is_over(row, now) or (
                (is_full or row.taken == row.contacts) and _is_read_out(plan, readings, counted)
            )
            decided = decide(plan, readings, is_at_limit=at_limit)
        evidence = await asyncio.to_thread(evidence_of, row, plan, told, counted, readings, until)
        return _Seen(evidence, decided, is_full)

    async def _settle(
        self, session: AsyncSession, row: Experiment, outcome: "_Outcome", evidence: EvidenceOut, now: datetime
    ) -> None:
        row.status, row.reason, row.decided_at = outcome.status, outcome.reason, now
        row.evidence = evidence.model_dump(mode="json")
        if outcome.winner is not None:
            template: str = outcome.winner["template"]
            await self._promote(session, Promotion(row.business_id, row.mode, row.event_type, template, now))
        tell(session, NewEvent(row.business_id, row.mode, EXPERIMENT_DECIDED, _event(row, outcome), now))
        await announce(session, CHANNEL, row.business_id)
        log.info(
            "experiment decided",
            experiment=public_id(EXPERIMENT_PREFIX, row.id),
            status=row.status,
            reason=row.reason,
            decided_by=decider_of(row),
        )


@dataclass(frozen=True, slots=True)
class _Outcome:
    status: str
    reason: str
    winner: dict[str, Any] | None
    """The arm that all get from now on."""
    worse_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _NamedArm:
    name: str
    template: str
    share: int
    pointer: str
    """Where the request names its template."""


def _arms(body: ExperimentIn, first_choice: str) -> list[_NamedArm]:
    """`first_choice` is the template that events of the type are told by so far. Raises InvalidRequest."""
    if body.arms is not None:
        return [
            _NamedArm(arm.template, arm.template, arm.share, f"#/arms/{index}/template")
            for index, arm in enumerate(body.arms)
        ]
    control, variant, share = body.control or first_choice, body.variant or "", body.share or 0
    if variant == control:
        raise InvalidRequest.at("#/variant", "same_template", "is the template that it would be compared with")
    return [
        _NamedArm(VARIANT, variant, share, "#/variant"),
        _NamedArm(CONTROL, control, 100 - share, "#/control"),
    ]


_WHY_NOT = {
    RECATEGORISED: "is {category} at Meta, which nobody has accepted",
    NOTICED: "is to become {correct} at Meta, and the business holds messages meanwhile",
}


def _usable(
    event_type: EventType[Any], arm: _NamedArm, found: Sequence[BookedTemplate], on_notice: OnCategoryNotice
) -> list[BookedTemplate]:
    """Of a template's languages, those by which messages may go. Raises InvalidRequest where there is none."""
    obstacles = [
        obstacle(
            one.status,
            one.category,
            event_type.expected_category,
            correct=one.correct_category,
            accepted=one.accepted_category,
            on_notice=on_notice,
        )
        for one in found
    ]
    usable = [one for one, why in zip(found, obstacles, strict=True) if why is None]
    if usable:
        return usable
    # What a person can settle comes before what is Meta's to lift.
    for one, why in zip(found, obstacles, strict=True):
        if why in _WHY_NOT:
            message = _WHY_NOT[why].format(category=one.category, correct=one.correct_category)
            raise InvalidRequest.at(arm.pointer, why, f"({one.language}) {message}")
    raise InvalidRequest.at(arm.pointer, "template_unusable", f"is {found[0].status} in every language")


def _plan(body: ExperimentIn) -> Plan:
    variants, controls = block_of(body.share or 100)
    return Plan(body.watched, body.alpha, body.beta, AtLimit(body.at_limit), variants, controls)


def _winner(row: Experiment, wanted: str | None) -> dict[str, Any]:
    if wanted is None and row.kind == "canary":
        return row.arms[0]
    for arm in row.arms:
        if arm["name"] == wanted and wanted != CONTROL:
            return arm
    if wanted is None:
        raise InvalidRequest.at("#/arm", "missing", "is needed: fixed shares have no variant that stands out")
    raise InvalidRequest.at("#/arm", "unknown_arm", "is no variant of this experiment")


def _is_over(row: Experiment, now: datetime) -> bool:
    return row.ends_at is not None and row.ends_at <= now


def _is_read_out(plan: Plan, readings: Sequence[Reading], counted: dict[str, dict[str, int]]) -> bool:
    """Whether all that the variant's messages can still say is said."""
    nothing_waits = counted.get(VARIANT, {}).get("waiting", 0) == 0
    return nothing_waits and all(one.maturing == 0 and one.unpaired < plan.variants for one in readings)


def _event(row: Experiment, outcome: _Outcome) -> dict[str, Any]:
    """As callbacks.schemas.ExperimentDecided."""
    return {
        "experiment": public_id(EXPERIMENT_PREFIX, row.id),
        "event_type": row.event_type,
        "status": row.status,
        "reason": row.reason,
        "worse_in": list(outcome.worse_in),
        "decided_by": decider_of(row),
        "template": outcome.winner["template"] if outcome.winner is not None else None,
    }
