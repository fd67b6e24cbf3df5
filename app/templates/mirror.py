"""Taking over what became of a template, within the caller's transaction: its row, its versions, a line of its history
for each change, and word of it to the business."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Mode
from app.callbacks import outbox
from app.callbacks.outbox import NewEvent
from app.callbacks.schemas import TemplateChanged, TemplateChangeKind, TemplateChangeSource
from app.core.ids import new_id, public_id
from app.templates import repository
from app.templates.clocks import MONTH
from app.templates.models import Template, TemplateChange, TemplateVersion
from app.templates.planning import sections
from app.templates.states import DRAFT, LONGEST_PAUSE, PACING_PAUSE

log = structlog.get_logger(__name__)

TEMPLATE_PREFIX = "tpl"

UNSAID: Any = object()
"""Stands where whoever tells of a template says nothing of a thing; None says that there is none."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody says of a template: Meta's list, a webhook, the answer to a submission, or the refusal of a
    message."""

    meta_id: str = UNSAID
    status: str = UNSAID
    category: str = UNSAID
    previous_category: str | None = UNSAID
    correct_category: str | None = UNSAID
    category_effective_at: datetime | None = UNSAID
    quality: str = UNSAID
    parameter_format: str = UNSAID
    components: Sequence[Mapping[str, Any]] = UNSAID
    time_to_live: int | None = UNSAID
    rejected_reason: str | None = UNSAID
    rejection: dict[str, str] | None = UNSAID
    pause: str | None = UNSAID
    disabled_from: datetime | None = UNSAID


@dataclass(frozen=True, slots=True)
class By:
    """Who says or does something, when, and to whom it is told."""

    source: TemplateChangeSource
    at: datetime
    modes: Sequence[Mode]
    """Kinds of keys whose senders use the template's account."""
    actor: str | None = None
    unpause_after: timedelta = timedelta()
    """How long a pause stands that only a call to Meta lifts, before that call is made; zero: it is not."""


async def take(session: AsyncSession, row: Template, seen: Seen, by: By) -> bool:
    """Writes what was said into the row, which must be locked. True where that changes what messages may do."""
    before = (row.status, row.category, row.correct_category, row.version)
    if seen.meta_id is not UNSAID and row.meta_id is not None and seen.meta_id != row.meta_id:
        begin_anew(row)
        row.category = seen.category if seen.category is not UNSAID else row.category
    if seen.meta_id is not UNSAID:
        row.meta_id = seen.meta_id
    if seen.parameter_format is not UNSAID:
        row.parameter_format = seen.parameter_format
    if seen.time_to_live is not UNSAID:
        row.time_to_live = seen.time_to_live
    is_new = await _take_components(session, row, seen, by)
    await _take_status(session, row, seen, by, is_new=is_new)
    await _take_category(session, row, seen, by)
    await _take_quality(session, row, seen, by)
    row.known_at = max(row.known_at, by.at)
    return before != (row.status, row.category, row.correct_category, row.version)


def begin_anew(row: Template) -> None:
    """It was deleted, and another was made of the same name: nothing of the former's life counts for it."""
    row.meta_id = None
    if row.status != "DELETED":
        row.status = DRAFT
    row.approved_at = row.archived_at = row.deleted_at = row.category_changed_at = row.last_used_at = None
    row.accepted_category = row.previous_category = None
    row.correct_category = row.category_noticed_at = row.category_effective_at = None
    row.quality, row.quality_at = "UNKNOWN", None
    row.edits = []


async def _take_components(session: AsyncSession, row: Template, seen: Seen, by: By) -> bool:
    """Whether they make a version."""
    if seen.components is UNSAID:
        return False
    components = [dict(component) for component in seen.components]
    changed = row.version > 0 and sections(row.components) != sections(components)
    row.components = components
    is_new = await add_version(session, row, by.at)
    if is_new and changed:
        if row.status == "APPROVED":
            count_edit(row, by.at)
        await note(session, row, "components", by, {"version": row.version})
    return is_new


def count_edit(row: Template, at: datetime) -> None:
    row.edits = [*(one for one in row.edits if at - one < MONTH), at]


async def add_version(session: AsyncSession, row: Template, at: datetime) -> bool:
    """Counts what the row says now as a version, unless the newest says the same already."""
    newest = await repository.newest_version(session, row.business_id, row.id)
    if newest is not None and sections(newest.components) == sections(row.components):
        row.version = newest.number
        return False
    row.version = (newest.number if newest is not None else 0) + 1
    is_ours = row.submitted is not None and sections(row.submitted) == sections(row.components)
    await session.flush()
    session.add(
        TemplateVersion(
            business_id=row.business_id,
            template_id=row.id,
            number=row.version,
            origin="ulak" if is_ours else "meta",
            category=row.category,
            parameter_format=row.parameter_format,
            components=row.components,
            created_at=at,
        )
    )
    await session.flush()
    return True


async def _take_status(session: AsyncSession, row: Template, seen: Seen, by: By, *, is_new: bool) -> None:
    """`is_new`: what it says now is a version that was not judged yet."""
    if seen.status is UNSAID:
        return
    was, row.status = row.status, seen.status
    if seen.rejected_reason is not UNSAID:
        row.rejected_reason = seen.rejected_reason
    if seen.rejection is not UNSAID:
        row.rejection = seen.rejection
    if row.status != "REJECTED":
        row.rejected_reason = row.rejection = None
    _keep_pause(row, was, seen, by)
    if row.status != "DISABLED":
        row.disabled_from = None
    elif seen.disabled_from is not UNSAID:
        row.disabled_from = seen.disabled_from
    if is_new or was != row.status:
        await _judge_version(session, row, by.at)
    if was == row.status:
        return
    row.status_at = by.at
    row.archived_at = by.at if row.status == "ARCHIVED" else None
    # That its messages are gone, too, is no second deletion.
    row.deleted_at = (row.deleted_at or by.at) if row.status in ("DELETED", "PENDING_DELETION") else None
    if row.status == "APPROVED":
        row.approved_at = row.approved_at or by.at
    details = {
        "from": was,
        "to": row.status,
        "reason": row.rejected_reason,
        "pause": row.pause,
        **(row.rejection or {}),
    }
    await note(session, row, "status", by, {key: value for key, value in details.items() if value is not None})


def _keep_pause(row: Template, was: str, seen: Seen, by: By) -> None:
    if row.status != "PAUSED":
        row.pause = row.unpause_at = None
        return
    kind = row.pause if seen.pause is UNSAID else seen.pause
    if was != "PAUSED" or kind != row.pause:
        row.pause, row.unpause_at = kind, _lifted_at(kind, by)


def _lifted_at(kind: str | None, by: By) -> datetime | None:
    """When to ask Meta to lift a pause. One of which Meta's list or a refusal tells without its kind may be one that
    never ends: once all others must be over, it is asked for as well."""
    if not by.unpause_after or kind not in (PACING_PAUSE, None):
        return None
    return by.at + (by.unpause_after if kind == PACING_PAUSE else max(by.unpause_after, LONGEST_PAUSE))


async def _judge_version(session: AsyncSession, row: Template, at: datetime) -> None:
    if row.status not in ("APPROVED", "REJECTED"):
        return
    newest = await repository.newest_version(session, row.business_id, row.id)
    if newest is None:
        return
    if row.status == "APPROVED":
        newest.approved_at = newest.approved_at or at
    else:
        newest.rejected_at, newest.rejected_reason = at, row.rejected_reason


async def _take_category(session: AsyncSession, row: Template, seen: Seen, by: By) -> None:
    if seen.category is not UNSAID and seen.category != row.category:
        was, row.category = row.category, seen.category
        row.previous_category = was
        row.category_changed_at = by.at
        row.correct_category = row.category_noticed_at = row.category_effective_at = None
        await note(session, row, "category", by, {"from": was, "to": row.category})
    if seen.previous_category is not UNSAID and seen.previous_category:
        row.previous_category = seen.previous_category
    if seen.correct_category is UNSAID:
        return
    correct = seen.correct_category if seen.correct_category != row.category else None
    effective_at = seen.category_effective_at if seen.category_effective_at is not UNSAID else row.category_effective_at
    if correct != row.correct_category or (correct and effective_at != row.category_effective_at):
        was_correct, row.correct_category = row.correct_category, correct
        row.category_noticed_at = by.at if correct else None
        row.category_effective_at = effective_at if correct else None
        at = row.category_effective_at.isoformat() if row.category_effective_at else None
        details = {"from": row.category, "to": correct, "effective_at": at}
        await note(session, row, "category_notice", by, details if correct else {"from": was_correct, "to": None})


async def _take_quality(session: AsyncSession, row: Template, seen: Seen, by: By) -> None:
    if seen.quality is UNSAID or seen.quality == row.quality:
        return
    was, row.quality = row.quality, seen.quality
    row.quality_at = by.at
    await note(session, row, "quality", by, {"from": was, "to": row.quality})


async def note(
    session: AsyncSession, row: Template, kind: TemplateChangeKind, by: By, details: Mapping[str, Any]
) -> None:
    """A line of the template's history, of which the business hears."""
    await session.flush()
    session.add(
        TemplateChange(
            business_id=row.business_id,
            id=new_id(),
            template_id=row.id,
            kind=kind,
            source=by.source,
            actor=by.actor,
            at=by.at,
            details=dict(details),
        )
    )
    told = TemplateChanged(
        template=public_id(TEMPLATE_PREFIX, row.id),
        name=row.name,
        language=row.language,
        waba_id=row.waba_id,
        change=kind,
        source=by.source,
        details=dict(details),
        status=row.status,
        category=row.category,
        occurred_at=by.at,
    ).model_dump(mode="json")
    for mode in by.modes:
        outbox.tell(session, NewEvent(row.business_id, mode, outbox.TEMPLATE_CHANGED, told, by.at))
    log.info("template changed", name=row.name, language=row.language, change=kind, source=by.source, **_loggable(told))


def _loggable(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"status": told["status"], "category": told["category"], "reason": told["details"].get("reason")}


def unknown(business_id: UUID, waba_id: str, name: str, language: str, at: datetime) -> Template:
    """A row for a template of which nothing is known yet."""
    return Template(
        business_id=business_id,
        id=new_id(),
        waba_id=waba_id,
        name=name,
        language=language,
        meta_id=None,
        status=DRAFT,
        status_at=at,
        category="UTILITY",
        quality="UNKNOWN",
        parameter_format="NAMED",
        components=[],
        edits=[],
        version=0,
        known_at=at,
        created_at=at,
    )
