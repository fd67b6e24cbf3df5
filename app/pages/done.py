"""What was just done, as the address of the page that says so carries it. Pure."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from app.core.secrets import derive

_LIFE = timedelta(minutes=30)
_SEAL_BYTES = 12


def done_mark(secret: str, subject: str, done: str, now: datetime) -> str:
    """`left.1764118800.k3J9…`: made with the business's secret for one contact or link, so that nobody can send a
    customer to a page that says what did not happen."""
    told = f"{done}.{int((now + _LIFE).timestamp())}"
    return f"{told}.{_seal(secret, subject, told)}"


def done_in(secret: str, subject: str, mark: str, now: datetime) -> str | None:
    """Nothing for what we did not say, did not say here, or said a while ago."""
    told, _, seal = mark.rpartition(".")
    if not hmac.compare_digest(seal.encode(), _seal(secret, subject, told).encode()):
        return None
    done, _, until = told.partition(".")
    return done if now.timestamp() < int(until) else None


def _seal(secret: str, subject: str, told: str) -> str:
    mac = hmac.digest(derive(secret, "what was done on a page"), f"{subject} {told}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(mac[:_SEAL_BYTES]).decode()
