"""Public ids: a prefix that says the kind, then the 32 hex digits of a UUIDv7, so that ids sort by time of creation."""

from uuid import UUID

from uuid_utils.compat import uuid7

DIGITS = 32

__all__ = ["new_id", "parse_id", "public_id", "uuid7"]


def new_id() -> UUID:
    return uuid7()


def public_id(prefix: str, value: UUID) -> str:
    return f"{prefix}_{value.hex}"


def parse_id(prefix: str, text: str) -> UUID | None:
    """Nothing for a text that is not such an id, in the one spelling that we print (so an id is also a fine key)."""
    kind, _, digits = text.partition("_")
    if (
        kind != prefix
        or len(digits) != DIGITS
        or not digits.isascii()
        or digits.lower() != digits
        or not digits.isalnum()
    ):
        return None
    try:
        return UUID(hex=digits)
    except ValueError:
        return None
