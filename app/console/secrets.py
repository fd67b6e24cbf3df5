"""What cookies and links carry: a row's key and 256 random bits, of which the row knows the hash alone. Pure."""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from uuid import UUID

from app.core.ids import new_id

_ID_BYTES = 16
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Pass:
    business_id: UUID
    id: UUID
    secret: bytes

    @property
    def text(self) -> str:
        raw = self.business_id.bytes + self.id.bytes + self.secret
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    @property
    def secret_hash(self) -> bytes:
        """Without salt or stretching: 256 random bits are no password."""
        return hashlib.sha256(self.secret).digest()

    def fits(self, secret_hash: bytes) -> bool:
        return hmac.compare_digest(self.secret_hash, secret_hash)

    def proof(self) -> str:
        """What forms carry to show that a page of this session made them: it cannot be led back to the cookie, nor made
        without it."""
        return hmac.new(self.secret, b"ulak-console-form", "sha256").hexdigest()


def new_pass(business_id: UUID) -> Pass:
    return Pass(business_id, new_id(), secrets.token_bytes(_SECRET_BYTES))


def read_pass(text: str) -> Pass | None:
    """Nothing for what cannot be one."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != 2 * _ID_BYTES + _SECRET_BYTES:
        return None
    business, row, secret = raw[:_ID_BYTES], raw[_ID_BYTES : 2 * _ID_BYTES], raw[2 * _ID_BYTES :]
    return Pass(UUID(bytes=business), UUID(bytes=row), secret)
