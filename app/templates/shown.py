"""What is told of a template: its row, with the clocks that run on it, warnings, and what can be done. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.core.ids import public_id
from app.templates import clocks
from app.templates.advice import Standing, explain, steps
from app.templates.clocks import TemplateTimes, warnings
from app.templates.definition import TemplateDefinition
from app.templates.mirror import TEMPLATE_PREFIX
from app.templates.models import Template, TemplateChange, TemplateVersion
from app.templates.schemas import (
    CategoryChangeOut,
    ChangeOut,
    ClocksOut,
    EditsOut,
    PauseOut,
    QualityOut,
    RejectionOut,
    StepOut,
    TemplateDetail,
    TemplateOut,
    VersionOut,
    WarningOut,
)
from app.templates.states import Usability, usability

_WITHOUT_CLOCKS = ("DRAFT", "DELETED", "PENDING_DELETION", "ARCHIVED")


def times_of(row: Template) -> TemplateTimes:
    activity = [row.created_at, *row.edits, row.status_at if row.status == "APPROVED" else None, row.last_used_at]
    return TemplateTimes(
        status=row.status,
        last_activity_at=max(at for at in activity if at is not None),
        edits=row.edits,
        approved_at=row.approved_at,
        category_changed_at=row.category_changed_at,
        has_wanted_category=not is_recategorised(row),
        pending_category=row.correct_category,
        category_changes_at=row.category_effective_at,
        archived_at=row.archived_at,
        deleted_at=row.deleted_at,
        was_approved=row.approved_at is not None,
    )


def is_recategorised(row: Template) -> bool:
    """Into something that nobody has accepted."""
    return row.previous_category == "UTILITY" and row.category not in ("UTILITY", row.accepted_category)


def shown(row: Template, now: datetime, warn_before: timedelta) -> TemplateOut:
    return TemplateOut.model_validate(_fields(row, now, warn_before))


def in_detail(
    row: Template,
    versions: Sequence[TemplateVersion],
    changes: Sequence[TemplateChange],
    now: datetime,
    warn_before: timedelta,
) -> TemplateDetail:
    return TemplateDetail.model_validate(
        _fields(row, now, warn_before)
        | {
            "versions": [VersionOut.model_validate(one, from_attributes=True) for one in versions],
            "history": [ChangeOut.model_validate(one, from_attributes=True) for one in changes],
        }
    )


def _fields(row: Template, now: datetime, warn_before: timedelta) -> dict[str, object]:
    times = times_of(row)
    standing = Standing(
        times, row.category, row.draft is not None, row.pause, row.rejected_reason, is_recategorised(row)
    )
    rejection, change = row.rejection or {}, row.correct_category
    return {
        "id": public_id(TEMPLATE_PREFIX, row.id),
        "name": row.name,
        "language": row.language,
        "waba_id": row.waba_id,
        "meta_id": row.meta_id,
        "event_type": row.event_type,
        "status": row.status,
        "status_at": row.status_at,
        "usability": _usability(row),
        "category": row.category,
        "previous_category": row.previous_category,
        "accepted_category": row.accepted_category,
        "category_change": CategoryChangeOut(
            to=change, noticed_at=row.category_noticed_at or row.known_at, effective_at=row.category_effective_at
        )
        if change is not None
        else None,
        "quality": QualityOut(score=row.quality, at=row.quality_at),
        "rejection": RejectionOut(
            reason=row.rejected_reason or "NONE",
            meaning=explain(row.rejected_reason),
            explanation=rejection.get("explanation"),
            recommendation=rejection.get("recommendation"),
        )
        if row.status == "REJECTED"
        else None,
        "pause": PauseOut(kind=row.pause, unpause_at=row.unpause_at) if row.status == "PAUSED" else None,
        "disabled_from": row.disabled_from,
        "version": row.version,
        "parameter_format": row.parameter_format,
        "components": row.components,
        "time_to_live": row.time_to_live,
        "draft": TemplateDefinition.model_validate(row.draft) if row.draft is not None else None,
        "clocks": _clocks(row, times, now),
        "warnings": [
            WarningOut(code=one.code, message=one.message, at=one.at) for one in warnings(times, now, warn_before)
        ],
        "next_steps": [
            StepOut(action=one.action, why=one.why, possible_from=one.possible_from, until=one.until)
            for one in steps(standing, now)
        ],
        "approved_at": row.approved_at,
        "last_used_at": row.last_used_at,
        "known_at": row.known_at,
        "age": max(0, int((now - row.known_at).total_seconds())),
        "created_at": row.created_at,
    }


def _usability(row: Template) -> Usability:
    """What Meta has made something else of waits for a person, approved as it is."""
    found = usability(row.status)
    return Usability.UNUSABLE if found is Usability.USABLE and is_recategorised(row) else found


def _clocks(row: Template, times: TemplateTimes, now: datetime) -> ClocksOut:
    runs = row.status not in _WITHOUT_CLOCKS and times.last_activity_at is not None
    edits = EditsOut(
        last_day=sum(now - at < clocks.DAY for at in row.edits),
        last_month=sum(now - at < clocks.MONTH for at in row.edits),
        next_at=clocks.next_edit_at(row.status, row.edits, now),
    )
    return ClocksOut(
        edits=edits,
        review_until=clocks.review_deadlines(row.approved_at, row.category_changed_at).last,
        archives_at=clocks.archives_at(times.last_activity_at) if runs and times.last_activity_at else None,
        name_free_at=clocks.name_free_at(row.deleted_at, was_approved=row.approved_at is not None),
    )
