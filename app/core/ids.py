"""Public ids: a prefix that says the kind, then the 32 hex digits of a UUIDv7, so that ids sort by time of creation."""

import re
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils
from asyncpg.pgproto.pgproto import UUID as DriverUUID  # noqa: N811 - a UUID, and four times as quick to make and compare

_DIGITS = re.compile(r"[0-9a-f]{32}")


def new_id() -> UUID:
    return DriverUUID(uuid_utils.uuid7().bytes)


def created_at(value: UUID) -> datetime:
    """When a UUIDv7 was made: RFC 9562 §5.7, the first 48 bits are Unix milliseconds."""
    return datetime.fromtimestamp((value.int >> 80) / 1000, UTC)


def first_id_at(moment: datetime) -> UUID:
    """The lowest UUIDv7 of a moment: RFC 9562 §5.7, the first 48 bits are Unix milliseconds."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=max(0, min(milliseconds, 2**48 - 1)) << 80)


def public_id(prefix: str, value: UUID) -> str:
    return f"{prefix}_{value.hex}"


def parse_id(prefix: str, text: str) -> UUID | None:
    """Nothing for a text that is not such an id, in the one spelling that we print (so an id is also a fine key)."""
    kind, _, digits = text.partition("_")
    return DriverUUID(digits) if kind == prefix and _DIGITS.fullmatch(digits) else None
