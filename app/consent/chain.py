"""The chain that makes the ledger provable: each line carries a keyed hash of itself and of the line before. Pure.

Who can write to the database and lacks the key can neither change, drop, insert nor reorder lines unseen. What is
personal is not in the line itself but beside it, and the line holds only its salted hash: so it can be erased, and the
chain still holds.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import rfc8785

GENESIS = b""
"""What stands in the first line's hash for the line before."""

_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class LedgerKeys:
    """Of one business, derived from its secret; they never change, or old lines could not be verified."""

    chain: bytes
    subject: bytes


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is personal about an act, and the hash by which the line vouches for it."""

    salt: bytes
    digest: bytes


def link_hash(keys: LedgerKeys, previous: bytes, line: dict[str, Any]) -> bytes:
    """The line's hash: HMAC-SHA256 over the hash before it and the line in canonical JSON (RFC 8785)."""
    return hmac.new(keys.chain, previous + rfc8785.dumps(_plain(line)), hashlib.sha256).digest()


def pseudonym(keys: LedgerKeys, identifier: str) -> bytes:
    """By which acts can be found for somebody who tells their number, and from which nobody gets the number."""
    return hmac.new(keys.subject, identifier.encode(), hashlib.sha256).digest()


def seal(personal: dict[str, Any]) -> Sealed:
    salt = secrets.token_bytes(_SALT_BYTES)
    return Sealed(salt, digest(salt, personal))


def digest(salt: bytes, personal: dict[str, Any]) -> bytes:
    """The salt keeps who has the line alone from trying all phone numbers."""
    return hashlib.sha256(salt + rfc8785.dumps(personal)).digest()


def _plain(value: Any) -> Any:
    """In types that canonical JSON knows; moments in UTC, to the microsecond that the database keeps."""
    match value:
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case bytes():
            return value.hex()
        case None | bool() | int() | float():
            return value
        case _:
            return str(value)
