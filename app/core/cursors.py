"""Cursors of lists: the id of the last row shown, in a spelling that promises nothing."""

import base64
import binascii
from uuid import UUID

from app.core.problems import FieldError, InvalidRequest


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
