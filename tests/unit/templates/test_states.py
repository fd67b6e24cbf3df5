"""What a template's status means for traffic, and what a webhook's event makes of it."""

import pytest

from app.templates.states import Usability, status_after, usability


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("APPROVED", Usability.USABLE),
        ("FLAGGED", Usability.USABLE),
        ("PENDING", Usability.WAITING),
        ("IN_APPEAL", Usability.WAITING),
        ("PAUSED", Usability.WAITING),
        ("LOCKED", Usability.WAITING),
        ("REJECTED", Usability.UNUSABLE),
        ("DISABLED", Usability.UNUSABLE),
        ("DELETED", Usability.UNUSABLE),
        ("PENDING_DELETION", Usability.UNUSABLE),
        ("ARCHIVED", Usability.UNUSABLE),
        ("LIMIT_EXCEEDED", Usability.UNUSABLE),
        ("", Usability.UNUSABLE),
        ("approved", Usability.UNUSABLE),
        ("A STATUS OF A LATER YEAR", Usability.UNUSABLE),
    ],
)
def test_each_status_says_whether_messages_leave_wait_or_are_refused(status: str, expected: Usability) -> None:
    assert usability(status) is expected


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("REINSTATED", "APPROVED"),
        ("UNARCHIVED", "APPROVED"),
        ("UNLOCKED", "APPROVED"),
        ("FLAGGED", "APPROVED"),
        *[(name, name) for name in ("APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED", "IN_APPEAL")],
        *[(name, name) for name in ("LIMIT_EXCEEDED", "LOCKED", "ARCHIVED", "PENDING_DELETION", "DELETED", "NEW")],
    ],
)
def test_each_event_of_a_webhook_leaves_a_status(event: str, status: str) -> None:
    assert status_after(event) == status
