"""The signature of Shopify and of WooCommerce: HMAC-SHA256 over the body's bytes with a shared secret, in Base64."""

import base64
import binascii
import hashlib
import hmac

_DIGEST_BYTES = 32


def sign(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def parse_signature(header: bytes) -> bytes | None:
    """The 32 bytes of it, else nothing."""
    try:
        signature = base64.b64decode(header, validate=True)
    except (binascii.Error, ValueError):
        return None
    return signature if len(signature) == _DIGEST_BYTES else None


def verify(body: bytes, signature: bytes, secret: str) -> bool:
    """In constant time."""
    return hmac.compare_digest(hmac.digest(secret.encode(), body, "sha256"), signature)


def digest_of(*parts: bytes) -> bytes:
    """One for each sequence of parts: each goes in with its length."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found.digest()
