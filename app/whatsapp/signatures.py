"""Meta's webhook signature: HMAC-SHA256 over the raw request bytes with the app secret.

Source: "Create a webhook endpoint", header X-Hub-Signature-256. The bytes must be the ones that arrived: Meta signs
JSON with escaped Unicode, so that parsing and writing it again gives another signature.
"""

import hashlib
import hmac
import re

_FORM = re.compile(rb"sha256=([0-9a-f]{64})")


def sign(body: bytes, app_secret: bytes) -> str:
    return "sha256=" + hmac.new(app_secret, body, hashlib.sha256).hexdigest()


def parse_signature(header: bytes) -> bytes | None:
    """The 32 bytes of a header in Meta's exact form (lower-case hex), else nothing."""
    found = _FORM.fullmatch(header)
    return bytes.fromhex(found[1].decode()) if found else None


def verify(body: bytes, signature: bytes, app_secret: bytes) -> bool:
    """In constant time."""
    return hmac.compare_digest(hmac.digest(app_secret, body, "sha256"), signature)
