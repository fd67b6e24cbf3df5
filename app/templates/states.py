"""What a template's status and category at Meta mean for traffic. Pure.

Source: Meta's pages "Template management", "Template categorization" and "message_template_status_update webhook
reference".
"""

from datetime import timedelta
from enum import StrEnum
from typing import Literal


class Usability(StrEnum):
    USABLE = "usable"
    WAITING = "waiting"
    """Not now, but it may become usable without a person's doing: messages wait."""
    UNUSABLE = "unusable"
    """A person must act: new messages are refused with the reason, waiting ones hold until they expire."""


DRAFT = "DRAFT"
"""Not submitted yet: Meta knows nothing of it."""

_USABILITY = {
    "APPROVED": Usability.USABLE,
    "PENDING": Usability.WAITING,
    "IN_APPEAL": Usability.WAITING,
    "PAUSED": Usability.WAITING,
    "LOCKED": Usability.WAITING,
    "FLAGGED": Usability.USABLE,
}

_STATUS_AFTER = {"REINSTATED": "APPROVED", "UNARCHIVED": "APPROVED", "UNLOCKED": "APPROVED", "FLAGGED": "APPROVED"}


def usability(status: str) -> Usability:
    return _USABILITY.get(status, Usability.UNUSABLE)


EVENTS = frozenset(
    {
        *_USABILITY,
        *_STATUS_AFTER,
        "REJECTED",
        "DISABLED",
        "LIMIT_EXCEEDED",
        "ARCHIVED",
        "PENDING_DELETION",
        "DELETED",
    }
)
"""Those that Meta's page names; whatever else may come says nothing that we could act on."""

PACING_PAUSE = "RATE_LIMITING_PAUSE"
"""The only pause that does not end by itself."""


LONGEST_PAUSE = timedelta(hours=6)
"""Of those that end by themselves: the second for bad quality."""


def status_after(event: str) -> str:
    """The status that a webhook's event leaves the template in: most events are named like it."""
    return _STATUS_AFTER.get(event, event)


RECATEGORISED = "template_recategorised"
NOTICED = "template_category_notice"


def obstacle(
    status: str,
    category: str,
    expected: str,
    *,
    correct: str | None = None,
    accepted: str | None = None,
    on_notice: Literal["hold", "switch", "continue"] = "continue",
) -> str | None:
    """Why a message of an event type that is `expected` to be of a category must not go by the template just now.

    What Meta has made marketing of is not sent by as utility until a person has `accepted` that; what it has made
    utility of may go as such, whatever was expected. A notice that it will (`correct`) is an obstacle only where the
    business wants it to be.
    """
    if usability(status) is not Usability.USABLE:
        return f"template_{status.lower()}"
    if _is_other(category, expected) and category != accepted:
        return RECATEGORISED
    if on_notice == "hold" and is_noticed(category, correct, expected, accepted):
        return NOTICED
    return None


def is_noticed(category: str, correct: str | None, expected: str, accepted: str | None) -> bool:
    """Whether Meta has said that it will make something else of it than what is expected or accepted."""
    return bool(correct) and correct != category and _is_other(str(correct), expected) and correct != accepted


def _is_other(category: str, expected: str) -> bool:
    return category not in (expected, "UTILITY")
