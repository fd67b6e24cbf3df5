"""The form of API keys: `ulak_live_…` or `ulak_test_…`, then the business's id and 256 random bits.

The id inside lets the look-up name its tenant, as every statement must; it is no secret, the rest is.
"""

import base64
import binascii
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import cast
from uuid import UUID

from app.accounts.models import Mode
from app.core.secrets import hash_token

_ID_BYTES = 16
_SECRET_BYTES = 32
PREFIX_LENGTH = 18


class Scope(StrEnum):
    EVENTS_WRITE = "events:write"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    TEMPLATES_READ = "templates:read"
    TEMPLATES_WRITE = "templates:write"
    SENDERS_READ = "senders:read"
    SENDERS_WRITE = "senders:write"
    CALLBACKS_READ = "callbacks:read"
    CALLBACKS_WRITE = "callbacks:write"
    ANALYTICS_READ = "analytics:read"
    ANALYTICS_WRITE = "analytics:write"
    CONSOLE_WRITE = "console:write"


@dataclass(frozen=True, slots=True)
class NewKey:
    token: str
    prefix: str
    token_hash: bytes


def new_key(business_id: UUID, mode: Mode) -> NewKey:
    rest = base64.b32encode(business_id.bytes + secrets.token_bytes(_SECRET_BYTES)).decode().rstrip("=").lower()
    token = f"ulak_{mode}_{rest}"
    return NewKey(token, _shown(token), hash_token(token))


def _shown(token: str) -> str:
    return f"{token[:PREFIX_LENGTH]}…{token[-4:]}"


def read_key(token: str) -> tuple[UUID, Mode] | None:
    """The business and mode that a token claims; nothing for what cannot be a key."""
    parts = token.split("_")
    if len(parts) != 3 or parts[0] != "ulak" or parts[1] not in ("live", "test"):  # noqa: PLR2004 - the form above
        return None
    try:
        raw = base64.b32decode(parts[2].upper() + "=" * (-len(parts[2]) % 8))
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _ID_BYTES + _SECRET_BYTES:
        return None
    return UUID(bytes=raw[:_ID_BYTES]), cast("Mode", parts[1])
