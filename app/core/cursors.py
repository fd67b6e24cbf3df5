"""Cursors of lists: the id of the last row shown, in a spelling that promises nothing."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from app.core.problems import FieldError, InvalidRequest

Row = TypeVar("Row")


def page_of(rows: Sequence[Row], size: int, id_of: Callable[[Row], UUID]) -> tuple[Sequence[Row], str | None]:
    """Of rows of which one more was asked for than is shown: those that are shown, and the cursor to the next."""
    shown = rows[:size]
    return shown, write_cursor(id_of(shown[-1])) if len(rows) > size else None


def write_cursor(last_id: UUID) -> str:
    return base64.urlsafe_b64encode(last_id.bytes).decode().rstrip("=")


def read_cursor(cursor: str) -> UUID:
    """Only ever a place in the caller's own list: another business's cursor shows nothing of that business.

    Raises InvalidRequest.
    """
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        fault = FieldError(parameter="cursor", code="cursor", message="is not a cursor of this list")
        raise InvalidRequest.from_faults([fault]) from error
