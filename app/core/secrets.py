"""Encryption at rest of tokens and signing secrets, and the hashing of keys that are shown only once."""

import hashlib
import secrets
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES = 32
_UNREADABLE = "a stored secret does not open with any key of ULAK_SECRET_KEYS"


class SecretUnreadableError(Exception):
    """A stored secret was encrypted with a key that is no longer among ULAK_SECRET_KEYS."""


class SecretBox:
    """The first key encrypts, every key decrypts: put a new one in front, re-encrypt, then drop the old one."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise SecretUnreadableError(_UNREADABLE) from error

    def reseal(self, sealed: bytes) -> bytes:
        """The same secret, encrypted with the first key."""
        try:
            return self._fernet.rotate(sealed)
        except InvalidToken as error:
            raise SecretUnreadableError(_UNREADABLE) from error


def hash_token(token: str) -> bytes:
    """SHA-256 without salt or stretching: the tokens hashed here are 256 random bits, not passwords."""
    return hashlib.sha256(token.encode()).digest()


def new_secret() -> str:
    """256 random bits, as text."""
    return secrets.token_hex(_KEY_BYTES)


def derive(secret: str, purpose: str) -> bytes:
    """A key of 256 bits for one purpose alone (HKDF, RFC 5869): who learns it learns nothing of the others."""
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=purpose.encode()).derive(bytes.fromhex(secret))
