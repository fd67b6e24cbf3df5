"""What a template's status means for traffic, and what a webhook's event makes of it."""

import pytest

from app.templates.states import NOTICED, RECATEGORISED, Usability, is_noticed, obstacle, status_after, usability


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


@pytest.mark.parametrize(
    ("status", "stands"),
    [
        ("APPROVED", None),
        ("FLAGGED", None),
        *[(name, f"template_{name.lower()}") for name in ("PENDING", "PAUSED", "IN_APPEAL", "LOCKED", "REJECTED")],
        *[
            (name, f"template_{name.lower()}")
            for name in ("DISABLED", "ARCHIVED", "PENDING_DELETION", "DELETED", "NEW")
        ],
    ],
)
@pytest.mark.parametrize("category", ["UTILITY", "MARKETING"])
def test_no_message_goes_by_what_is_not_approved(status: str, stands: str | None, category: str) -> None:
    assert obstacle(status, category, category) == stands
    assert stands is None or obstacle(status, "MARKETING", "UTILITY") == stands, "that comes first"


U, M, A = "UTILITY", "MARKETING", "AUTHENTICATION"


@pytest.mark.parametrize(
    ("category", "expected", "accepted", "stands"),
    [
        (U, U, None, None),
        (M, U, None, RECATEGORISED),
        (M, U, M, None),
        (M, U, U, RECATEGORISED),
        (M, U, A, RECATEGORISED),
        (A, U, None, RECATEGORISED),
        (U, M, None, None),
        (M, M, None, None),
        (U, A, None, None),
        (A, A, None, None),
        (M, A, None, RECATEGORISED),
    ],
)
def test_what_meta_made_something_else_of_waits_for_a_person(
    category: str, expected: str, accepted: str | None, stands: str | None
) -> None:
    for on_notice in ("hold", "switch", "continue"):
        found = obstacle("APPROVED", category, expected, accepted=accepted, on_notice=on_notice)  # type: ignore[arg-type]
        assert found == stands


@pytest.mark.parametrize(
    ("category", "correct", "expected", "accepted", "noticed"),
    [
        (U, None, U, None, False),
        (U, "", U, None, False),
        (U, M, U, None, True),
        (U, A, U, None, True),
        (U, M, U, M, False),
        (U, M, U, A, True),
        (U, M, M, None, False),
        (M, M, U, None, False),
        (M, U, U, None, False),
        (M, U, M, None, False),
    ],
)
def test_a_notice_counts_where_it_is_of_something_else_than_was_expected_or_accepted(
    category: str, correct: str | None, expected: str, accepted: str | None, *, noticed: bool
) -> None:
    assert is_noticed(category, correct, expected, accepted) is noticed
    held = obstacle("APPROVED", category, category, correct=correct, accepted=accepted, on_notice="hold")
    assert (held == NOTICED) is is_noticed(category, correct, category, accepted)
    for on_notice in ("switch", "continue"):
        assert obstacle("APPROVED", category, category, correct=correct, on_notice=on_notice) is None  # type: ignore[arg-type]
