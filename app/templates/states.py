"""What a template's status at Meta means for traffic. Pure.

Source: Meta's pages "Template management" and "message_template_status_update webhook reference".
"""

from enum import StrEnum


class Usability(StrEnum):
    USABLE = "usable"
    WAITING = "waiting"
    """Not now, but it may become usable without a person's doing: messages wait."""
    UNUSABLE = "unusable"
    """A person must act: new messages are refused with the reason, waiting ones hold until they expire."""


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


def status_after(event: str) -> str:
    """The status that a webhook's event leaves the template in: most events are named like it."""
    return _STATUS_AFTER.get(event, event)
