"""What can keep a customer from being answered."""

from collections.abc import Sequence
from typing import Any

from app.core.problems import Conflict, NotFound, Problem
from app.messages.free_schemas import ClosedWindow, TemplateAlternative
from app.messages.windows import Window


class WindowClosed(Conflict):
    code, title = "window_closed", "The customer wrote nothing in the last 24 hours"

    def __init__(self, window: Window | None, alternatives: Sequence[TemplateAlternative]) -> None:
        since = f"It closed at {window.expires_at.isoformat()}." if window is not None else "They never wrote here."
        super().__init__(f"Meta takes free messages only in the customer's window. {since} Report an event instead.")
        self._window = window
        self._alternatives = alternatives

    def as_dict(self) -> dict[str, Any]:
        window = self._window
        told = ClosedWindow(opened_at=window.opened_at, expires_at=window.expires_at) if window is not None else None
        return {
            **super().as_dict(),
            "window": told.model_dump(mode="json") if told is not None else None,
            "template_alternatives": [one.model_dump() for one in self._alternatives],
        }


class ReplyGone(Conflict):
    code, title = "reply_gone", "The reply was erased"


class NotMarked(Problem):
    status, code, title = 422, "not_marked_read", "Meta did not take it"


def no_such_reply() -> NotFound:
    return NotFound("The business has no reply with this id.")
