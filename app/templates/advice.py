"""What can be done about a template as it stands, and until when. Pure.

Source: Meta's pages "Template management", "Template review", "Template categorization", "Template pausing" and
"Template archival".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.templates import clocks
from app.templates.clocks import TemplateTimes
from app.templates.states import PACING_PAUSE

Action = Literal[
    "submit", "edit", "change_category", "new_template", "request_review", "accept_category", "unpause", "unarchive",
    "wait", "move_to_authentication",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    action: Action
    why: str
    possible_from: datetime | None = None
    """At once where it is None."""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is asked of a template to know what can be done."""

    times: TemplateTimes
    category: str
    has_draft: bool = False
    pause: str | None = None
    rejected_reason: str | None = None
    is_recategorised: bool = False
    """Into something that nobody has accepted."""


_PAUSES = {"FIRST_PAUSE": "three hours", "SECOND_PAUSE": "six hours"}

_REASONS = {
    "ABUSIVE_CONTENT": "Meta reads its text as abusive or threatening.",
    "INCORRECT_CATEGORY": "Meta holds its text for one of another category.",
    "CATEGORY_NOT_AVAILABLE": "Its category was not available.",
    "INVALID_FORMAT": "Something is wrong with its variables, samples or form.",
    "PROMOTIONAL": "Meta holds its text for promotion.",
    "SCAM": "Meta holds its text for fraud, such as phishing.",
    "TAG_CONTENT_MISMATCH": "Its text is in another language, or of another kind, than it says.",
}


def explain(reason: str | None) -> str | None:
    """A reason of Meta's for a rejection, in words."""
    return _REASONS.get(reason) if reason is not None else None


def steps(standing: Standing, now: datetime) -> list[Step]:
    """The most promising first."""
    return list(_steps(standing, now))


def _steps(standing: Standing, now: datetime) -> Iterator[Step]:
    times = standing.times
    edit_at = clocks.next_edit_at(times.status, times.edits, now)
    if standing.has_draft and (times.status == "DRAFT" or clocks.editable(times.status)):
        yield Step("submit", "There is a draft that Meta has not seen.", possible_from=edit_at)
    match times.status:
        case "REJECTED":
            yield from _after_rejection(standing)
        case "PAUSED":
            yield from _while_paused(standing)
        case "DISABLED":
            yield Step("new_template", "Meta disabled it for bad feedback: it will not be sent again.")
        case "ARCHIVED":
            gone_at = clocks.deleted_after_archival_at(times.archived_at) if times.archived_at else None
            yield Step("unarchive", "It can be taken out of the archive in WhatsApp Manager.", until=gone_at)
        case "DELETED" | "PENDING_DELETION":
            free_at = clocks.name_free_at(times.deleted_at, was_approved=times.was_approved)
            yield Step("new_template", "It is deleted. Another name may be used at once.")
            if free_at is not None and free_at > now:
                yield Step("submit", "Its own name may be used again.", possible_from=free_at)
        case "PENDING" | "IN_APPEAL":
            yield Step("wait", "Meta reviews it, usually within minutes, at the latest within a day.")
        case _:
            pass
    if standing.is_recategorised or times.pending_category is not None:
        yield from _about_category(standing, edit_at, now)


def _after_rejection(standing: Standing) -> Iterator[Step]:
    yield Step("edit", f"{explain(standing.rejected_reason) or 'Meta rejected it.'} Change it and submit it again.")
    if standing.rejected_reason in ("INCORRECT_CATEGORY", "PROMOTIONAL", "TAG_CONTENT_MISMATCH"):
        yield Step("change_category", "As what Meta takes it for it may be approved; that needs its own consent.")
    yield Step("new_template", "Under another name it is reviewed afresh.")
    yield Step("request_review", "Where the rejection is wrong: an appeal in WhatsApp Manager, answered within a day.")


def _while_paused(standing: Standing) -> Iterator[Step]:
    if standing.pause == PACING_PAUSE:
        yield Step("unpause", "Meta stopped it while it paced it, and such a pause never ends by itself.")
    elif standing.pause is None:
        yield Step("wait", "Where customers blocked or reported it, the pause ends by itself after some hours.")
        yield Step("unpause", "Meta did not say why it paused it; a pause that came by pacing never ends by itself.")
    else:
        how_long = _PAUSES.get(standing.pause, "some hours")
        yield Step("wait", f"Customers blocked or reported it; the pause ends by itself after {how_long}.")
    yield Step("edit", "A text that customers expect gets less bad feedback; a paused template may be edited freely.")


def _about_category(standing: Standing, edit_at: datetime | None, now: datetime) -> Iterator[Step]:
    times = standing.times
    becomes = times.pending_category or standing.category
    if becomes == "AUTHENTICATION":
        yield Step("move_to_authentication", "One-time codes go by templates of that category alone.")
        return
    yield Step("edit", "Without what reads as promotion it may be filed as utility again.", possible_from=edit_at)
    yield Step("new_template", "A variant that says only what happened takes its place.")
    yield Step("accept_category", f"As {becomes} it reaches only customers who agreed to that, at its price.")
    deadline = clocks.review_deadlines(times.approved_at, times.category_changed_at).last
    if deadline is not None and deadline > now:
        yield Step(
            "request_review", "Meta's Business Support reviews it; the dossier says what to send.", until=deadline
        )
