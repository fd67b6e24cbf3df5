"""What can be done about a template, by its status, its category and the clocks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.templates.advice import Standing, Step, explain, steps
from app.templates.clocks import TemplateTimes

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WHOLE_CATEGORY = ["edit", "new_template", "accept_category"]


def advised(
    status: str, *, times: dict[str, Any] | None = None, category: str = "UTILITY", **more: Any
) -> dict[str, Step]:
    """By action, in order."""
    standing = Standing(TemplateTimes(status, **times or {}), category, **more)
    return {one.action: one for one in steps(standing, NOW)}


def actions(status: str, **more: Any) -> list[str]:
    return list(advised(status, **more))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("APPROVED", []),
        ("FLAGGED", []),
        ("DRAFT", []),
        ("LOCKED", []),
        ("A NEW ONE", []),
        ("PENDING", ["wait"]),
        ("IN_APPEAL", ["wait"]),
        ("REJECTED", ["edit", "new_template", "request_review"]),
        ("PAUSED", ["wait", "unpause", "edit"]),
        ("DISABLED", ["new_template"]),
        ("ARCHIVED", ["unarchive"]),
        ("DELETED", ["new_template"]),
        ("PENDING_DELETION", ["new_template"]),
    ],
)
def test_each_status_has_its_advice(status: str, expected: list[str]) -> None:
    assert actions(status) == expected
    assert all(one.why.endswith(".") for one in advised(status).values())


@pytest.mark.parametrize("status", ["DRAFT", "APPROVED", "REJECTED", "PAUSED"])
def test_a_draft_is_to_be_submitted_first_of_all(status: str) -> None:
    assert actions(status, has_draft=True)[0] == "submit"


@pytest.mark.parametrize("status", ["PENDING", "DISABLED", "ARCHIVED", "DELETED", "IN_APPEAL"])
def test_a_draft_of_what_cannot_be_edited_cannot_be_submitted(status: str) -> None:
    assert "submit" not in actions(status, has_draft=True)


def test_a_draft_waits_for_the_limit_of_edits() -> None:
    times = {"edits": [NOW - DAY / 4]}
    assert advised("APPROVED", times=times, has_draft=True)["submit"].possible_from == NOW + DAY * 3 / 4
    assert advised("PAUSED", times=times, has_draft=True)["submit"].possible_from is None


@pytest.mark.parametrize(
    ("reason", "may_be_another"),
    [
        ("INCORRECT_CATEGORY", True),
        ("PROMOTIONAL", True),
        ("TAG_CONTENT_MISMATCH", True),
        ("INVALID_FORMAT", False),
        ("ABUSIVE_CONTENT", False),
        ("SCAM", False),
        ("CATEGORY_NOT_AVAILABLE", False),
        ("A_NEW_ONE", False),
        (None, False),
    ],
)
def test_a_rejection_is_explained_and_its_category_changed_where_that_may_help(
    reason: str | None, *, may_be_another: bool
) -> None:
    found = advised("REJECTED", rejected_reason=reason)
    assert ("change_category" in found) is may_be_another
    meaning = explain(reason)
    assert (meaning is None) == (reason in (None, "A_NEW_ONE"))
    assert found["edit"].why.startswith(meaning or "Meta rejected it.")


@pytest.mark.parametrize(
    ("pause", "first", "said"),
    [
        ("FIRST_PAUSE", "wait", "three hours"),
        ("SECOND_PAUSE", "wait", "six hours"),
        ("A_NEW_ONE", "wait", "some hours"),
        ("RATE_LIMITING_PAUSE", "unpause", "never ends"),
    ],
)
def test_a_pause_is_waited_for_or_lifted(pause: str, first: str, said: str) -> None:
    found = advised("PAUSED", pause=pause)
    assert list(found) == [first, "edit"]
    assert said in found[first].why


def test_a_pause_of_which_meta_said_nothing_may_be_one_that_never_ends_by_itself() -> None:
    found = advised("PAUSED", pause=None)
    assert list(found) == ["wait", "unpause", "edit"]
    assert "never ends" in found["unpause"].why


def test_what_is_archived_can_be_taken_out_for_a_while() -> None:
    assert advised("ARCHIVED", times={"archived_at": NOW - DAY})["unarchive"].until == NOW + 27 * DAY


def test_a_deleted_name_is_free_after_thirty_days_where_it_was_approved() -> None:
    deleted = {"deleted_at": NOW - DAY}
    barred = advised("DELETED", times=deleted | {"was_approved": True})
    assert (barred["submit"].possible_from, barred["new_template"].possible_from) == (NOW + 29 * DAY, None)
    assert list(advised("DELETED", times=deleted)) == ["new_template"]


@pytest.mark.parametrize("status", ["APPROVED", "PAUSED"])
def test_another_category_can_be_mended_replaced_accepted_or_reviewed(status: str) -> None:
    times = {"approved_at": NOW - 70 * DAY, "category_changed_at": NOW - 10 * DAY}
    found = advised(status, times=times, category="MARKETING", is_recategorised=True)
    assert [one for one in found if one not in ("wait", "unpause")] == [*WHOLE_CATEGORY, "request_review"]
    assert found["request_review"].until == NOW + 50 * DAY
    assert "MARKETING" in found["accept_category"].why


@pytest.mark.parametrize("times", [{}, {"approved_at": NOW - 60 * DAY}], ids=["unknown", "over"])
def test_no_review_is_asked_for_when_its_time_is_over(times: dict[str, Any]) -> None:
    assert actions("APPROVED", times=times, category="MARKETING", is_recategorised=True) == WHOLE_CATEGORY


def test_a_notice_is_advised_on_like_the_change() -> None:
    found = advised("APPROVED", times={"pending_category": "MARKETING", "edits": [NOW]})
    assert list(found) == WHOLE_CATEGORY
    assert found["edit"].possible_from == NOW + DAY
    assert "MARKETING" in found["accept_category"].why


@pytest.mark.parametrize(
    "how", [{"category": "AUTHENTICATION", "is_recategorised": True}, {"times": {"pending_category": "AUTHENTICATION"}}]
)
def test_one_time_codes_go_by_templates_of_their_own(how: dict[str, Any]) -> None:
    assert actions("APPROVED", **how) == ["move_to_authentication"]
