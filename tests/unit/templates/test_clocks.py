"""Edit limits, barred names, reviews and archival, by the hour."""

from datetime import UTC, datetime, timedelta

import pytest

from app.templates.clocks import (
    ClockWarning,
    TemplateTimes,
    Warn,
    archives_at,
    deleted_after_archival_at,
    editable,
    name_free_at,
    next_edit_at,
    review_deadlines,
    warnings,
)

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONTH = timedelta(days=30)


@pytest.mark.parametrize("status", ["APPROVED", "REJECTED", "PAUSED"])
def test_what_is_approved_rejected_or_paused_can_be_edited(status: str) -> None:
    assert editable(status)


@pytest.mark.parametrize("status", ["PENDING", "DISABLED", "IN_APPEAL", "ARCHIVED", "PENDING_DELETION", "DELETED", "X"])
def test_nothing_else_can_be_edited(status: str) -> None:
    assert not editable(status)


@pytest.mark.parametrize(
    ("edits", "free_at"),
    [
        ([], None),
        ([NOW - DAY], None),
        ([NOW - DAY + HOUR], NOW + HOUR),
        ([NOW - HOUR, NOW - 3 * DAY], NOW + 23 * HOUR),
        ([NOW - day * DAY for day in range(1, 10)], None),
        ([NOW - day * DAY for day in range(1, 11)], NOW + MONTH - 10 * DAY),
        ([NOW - day * DAY for day in range(10, 0, -1)], NOW + MONTH - 10 * DAY),
        ([NOW - MONTH + HOUR] + [NOW - day * DAY for day in range(1, 10)], NOW + HOUR),
        ([NOW - MONTH] + [NOW - day * DAY for day in range(1, 10)], None),
        ([NOW - HOUR] + [NOW - day * DAY for day in range(1, 10)], NOW + MONTH - 9 * DAY),
    ],
)
def test_an_approved_template_takes_one_edit_a_day_and_ten_in_thirty_days(
    edits: list, free_at: datetime | None
) -> None:
    assert next_edit_at("APPROVED", edits, NOW) == free_at


@pytest.mark.parametrize("status", ["REJECTED", "PAUSED"])
def test_what_was_rejected_or_paused_is_edited_without_limit(status: str) -> None:
    assert next_edit_at(status, [NOW] * 20, NOW) is None


def test_the_name_of_an_approved_template_is_barred_for_thirty_days() -> None:
    assert name_free_at(NOW, was_approved=True) == NOW + MONTH
    assert name_free_at(NOW, was_approved=False) is None
    assert name_free_at(None, was_approved=True) is None


def test_a_review_can_be_asked_for_within_sixty_days_of_the_approval_and_of_a_change() -> None:
    deadlines = review_deadlines(NOW, NOW + 10 * DAY)
    assert deadlines.after_approval == NOW + 60 * DAY
    assert deadlines.after_category_change == deadlines.last == NOW + 70 * DAY
    assert review_deadlines(NOW, None).last == NOW + 60 * DAY
    assert review_deadlines(None, None).last is None


def test_what_is_idle_is_archived_and_then_deleted() -> None:
    assert archives_at(NOW) == NOW + 365 * DAY
    assert deleted_after_archival_at(NOW) == NOW + 28 * DAY


WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (TemplateTimes("APPROVED"), []),
        (TemplateTimes("APPROVED", last_activity_at=NOW - 357 * DAY), []),
        (TemplateTimes("APPROVED", last_activity_at=NOW - 358 * DAY), [ClockWarning(Warn.ARCHIVAL_SOON, NOW + WEEK)]),
        (TemplateTimes("PAUSED", last_activity_at=NOW - 400 * DAY), [ClockWarning(Warn.ARCHIVAL_SOON, NOW - 35 * DAY)]),
        (TemplateTimes("REJECTED", last_activity_at=NOW - 400 * DAY), []),
        (TemplateTimes("ARCHIVED", archived_at=NOW), [ClockWarning(Warn.ARCHIVED, NOW + 28 * DAY)]),
        (TemplateTimes("ARCHIVED"), [ClockWarning(Warn.ARCHIVED, None)]),
        (TemplateTimes("APPROVED", edits=[NOW]), [ClockWarning(Warn.EDIT_LIMIT, NOW + DAY)]),
        (TemplateTimes("PENDING", edits=[NOW]), []),
        (TemplateTimes("DELETED", deleted_at=NOW, was_approved=True), [ClockWarning(Warn.NAME_BARRED, NOW + MONTH)]),
        (TemplateTimes("DELETED", deleted_at=NOW - MONTH, was_approved=True), []),
        (TemplateTimes("DELETED", deleted_at=NOW), []),
        (TemplateTimes("PENDING_DELETION", deleted_at=NOW), [ClockWarning(Warn.PENDING_DELETION, NOW + MONTH)]),
        (TemplateTimes("PENDING_DELETION"), [ClockWarning(Warn.PENDING_DELETION, None)]),
        (TemplateTimes("APPROVED", approved_at=NOW - 55 * DAY), []),
        (
            TemplateTimes("APPROVED", approved_at=NOW - 55 * DAY, has_wanted_category=False),
            [ClockWarning(Warn.REVIEW_DEADLINE_SOON, NOW + 5 * DAY)],
        ),
        (TemplateTimes("APPROVED", approved_at=NOW - 60 * DAY, has_wanted_category=False), []),
        (
            TemplateTimes("APPROVED", approved_at=NOW - 55 * DAY, category_changed_at=NOW, has_wanted_category=False),
            [],
        ),
        (
            TemplateTimes("APPROVED", pending_category="MARKETING", category_changes_at=NOW + DAY),
            [ClockWarning(Warn.CATEGORY_CHANGE_PENDING, NOW + DAY)],
        ),
        (
            TemplateTimes("APPROVED", NOW - 364 * DAY, [NOW - HOUR], pending_category="MARKETING"),
            [
                ClockWarning(Warn.EDIT_LIMIT, NOW + 23 * HOUR),
                ClockWarning(Warn.ARCHIVAL_SOON, NOW + DAY),
                ClockWarning(Warn.CATEGORY_CHANGE_PENDING, None),
            ],
        ),
    ],
)
def test_warnings_come_in_time(template: TemplateTimes, expected: list[ClockWarning]) -> None:
    assert warnings(template, NOW, WEEK) == expected


def test_every_warning_says_something_to_people() -> None:
    assert len({ClockWarning(code, None).message for code in Warn}) == len(Warn)
