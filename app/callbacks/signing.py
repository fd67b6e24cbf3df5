"""Signatures of callbacks, as https://www.standardwebhooks.com has them; and the secrets that they are made with."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

PREFIX = "whsec_"
_BYTES = 32


def new_signing_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def signed_headers(keys: Sequence[str], callback_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """With a signature by each secret: whoever receives needs to know one of them."""
    text = body.decode()
    return {
        "webhook-id": callback_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(key).sign(callback_id, at, text) for key in keys),
    }
