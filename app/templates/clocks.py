"""What time does to a template at Meta, and when to warn of it. Pure.

Source: Meta's pages "Template management" (edits, deletion), "Template review" and "Template categorization" (60 days
to ask for a review of the category) and "Template archival" (12 months without activity, then 28 days).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

EDITS_PER_DAY = 1
EDITS_PER_MONTH = 10
DAY = timedelta(days=1)
MONTH = timedelta(days=30)

NAME_BARRED_FOR = timedelta(days=30)
"""After the deletion of a template that was approved once."""

PENDING_DELETION_FOR = timedelta(days=30)
"""How long a deleted template stays while messages of it are under way."""

REVIEW_OPEN_FOR = timedelta(days=60)
"""In which a review of the category can be asked for: from the approval, and from each change of the category."""

ARCHIVED_AFTER = timedelta(days=365)
"""Twelve months without being created, edited, sent, appealed for or taken out of the archive."""

DELETED_AFTER_ARCHIVAL = timedelta(days=28)

_EDITABLE = frozenset({"APPROVED", "REJECTED", "PAUSED"})
_LIMITED = frozenset({"APPROVED"})
"""Templates that were rejected or paused may be edited without limit."""
_AT_WORK = frozenset({"APPROVED", "PAUSED", "FLAGGED", "LOCKED"})


def editable(status: str) -> bool:
    return status in _EDITABLE


def next_edit_at(status: str, edits: Sequence[datetime], now: datetime) -> datetime | None:
    """When Meta takes the next edit; None is now. `edits` are those of the template while it was approved."""
    if status not in _LIMITED:
        return None
    latest = sorted(edits)
    limits = ((EDITS_PER_DAY, DAY), (EDITS_PER_MONTH, MONTH))
    free_at = max((latest[-most] + span for most, span in limits if len(latest) >= most), default=now)
    return free_at if free_at > now else None


def name_free_at(deleted_at: datetime | None, *, was_approved: bool) -> datetime | None:
    """When the name can be used again in its language; None where it can at any time."""
    return deleted_at + NAME_BARRED_FOR if deleted_at is not None and was_approved else None


@dataclass(frozen=True, slots=True)
class ReviewDeadlines:
    """Until when Business Support takes a request to review the category, by what opened the time."""

    after_approval: datetime | None
    after_category_change: datetime | None

    @property
    def last(self) -> datetime | None:
        return max((at for at in (self.after_approval, self.after_category_change) if at is not None), default=None)


def review_deadlines(approved_at: datetime | None, category_changed_at: datetime | None) -> ReviewDeadlines:
    return ReviewDeadlines(
        approved_at + REVIEW_OPEN_FOR if approved_at is not None else None,
        category_changed_at + REVIEW_OPEN_FOR if category_changed_at is not None else None,
    )


def archives_at(last_activity_at: datetime) -> datetime:
    return last_activity_at + ARCHIVED_AFTER


def deleted_after_archival_at(archived_at: datetime) -> datetime:
    return archived_at + DELETED_AFTER_ARCHIVAL


class Warn(StrEnum):
    ARCHIVAL_SOON = "archival_soon"
    """Nobody used it for long: `at` is when Meta archives it."""
    ARCHIVED = "archived"
    """`at` is when Meta deletes it, unless it is taken out of the archive."""
    EDIT_LIMIT = "edit_limit"
    """`at` is when Meta takes the next edit."""
    REVIEW_DEADLINE_SOON = "review_deadline_soon"
    """Its category is not the one that was asked for: `at` is until when a review can be."""
    CATEGORY_CHANGE_PENDING = "category_change_pending"
    """Meta gave notice of another category: `at` is when it takes effect, where that is known."""
    NAME_BARRED = "name_barred"
    """It was deleted: `at` is when its name can be used again."""
    PENDING_DELETION = "pending_deletion"
    """Deleted, with messages under way: `at` is when it is gone at the latest."""


_SAID = {
    Warn.ARCHIVAL_SOON: "will be archived for want of use",
    Warn.ARCHIVED: "is archived and will be deleted",
    Warn.EDIT_LIMIT: "takes no edit before",
    Warn.REVIEW_DEADLINE_SOON: "a review of its category can be asked for until",
    Warn.CATEGORY_CHANGE_PENDING: "will get another category",
    Warn.NAME_BARRED: "its name can be used again from",
    Warn.PENDING_DELETION: "will be gone",
}


@dataclass(frozen=True, slots=True)
class ClockWarning:
    code: Warn
    at: datetime | None

    @property
    def message(self) -> str:
        """For people."""
        return _SAID[self.code]


@dataclass(frozen=True, slots=True)
class TemplateTimes:
    """What is known of a template's past, as far as clocks run from it."""

    status: str
    last_activity_at: datetime | None = None
    """Creation, edit, message, appeal or return from the archive, whichever was last."""
    edits: Sequence[datetime] = ()
    """While it was approved."""
    approved_at: datetime | None = None
    category_changed_at: datetime | None = None
    has_wanted_category: bool = True
    pending_category: str | None = None
    category_changes_at: datetime | None = None
    """When the pending one takes effect."""
    archived_at: datetime | None = None
    deleted_at: datetime | None = None
    was_approved: bool = False


def warnings(template: TemplateTimes, now: datetime, warn_before: timedelta) -> list[ClockWarning]:
    """What somebody should know, the most urgent first. Of what is certain to come, only what comes soon."""
    found = list(_warnings(template, now, now + warn_before))
    return sorted(found, key=lambda one: (one.at is None, one.at or now, one.code))


def _warnings(template: TemplateTimes, now: datetime, soon: datetime) -> Iterator[ClockWarning]:
    match template.status:
        case "DELETED":
            free_at = name_free_at(template.deleted_at, was_approved=template.was_approved)
            if free_at is not None and free_at > now:
                yield ClockWarning(Warn.NAME_BARRED, free_at)
        case "PENDING_DELETION":
            gone_at = template.deleted_at + PENDING_DELETION_FOR if template.deleted_at is not None else None
            yield ClockWarning(Warn.PENDING_DELETION, gone_at)
        case "ARCHIVED":
            archived_at = template.archived_at
            yield ClockWarning(Warn.ARCHIVED, deleted_after_archival_at(archived_at) if archived_at else None)
        case _:
            yield from _warnings_of_one_in_use(template, now, soon)


def _warnings_of_one_in_use(template: TemplateTimes, now: datetime, soon: datetime) -> Iterator[ClockWarning]:
    if template.last_activity_at is not None and template.status in _AT_WORK:
        idle_until = archives_at(template.last_activity_at)
        if idle_until <= soon:
            yield ClockWarning(Warn.ARCHIVAL_SOON, idle_until)
    if (edit_at := next_edit_at(template.status, template.edits, now)) is not None:
        yield ClockWarning(Warn.EDIT_LIMIT, edit_at)
    if template.pending_category is not None:
        yield ClockWarning(Warn.CATEGORY_CHANGE_PENDING, template.category_changes_at)
    if not template.has_wanted_category:
        deadline = review_deadlines(template.approved_at, template.category_changed_at).last
        if deadline is not None and now < deadline <= soon:
            yield ClockWarning(Warn.REVIEW_DEADLINE_SOON, deadline)
