"""What may be done with a file for one number: by what is known of it here and at Meta. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Literal

LIFE = timedelta(days=30)
"""How long Meta keeps what is uploaded (page "Media")."""

MARGIN = timedelta(hours=1)
"""An id that ends sooner is not sent any more: the message might wait at Meta."""

_FIRST_REST, _LONGEST_REST = timedelta(seconds=2), timedelta(minutes=5)
_REFUSED_REST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Ready:
    meta_id: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Not at Meta yet, or not any more."""

    retry_at: datetime | None
    """Not before then is it tried again."""


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """Meta does not take the file."""

    code: int | None
    details: str


@dataclass(frozen=True, slots=True)
class Gone:
    """Deleted here."""


State = Ready | Missing | RefusedFile | Gone


@dataclass(frozen=True, slots=True)
class Known:
    """What stands in the database, of a file and one number."""

    exists: bool
    meta_id: str | None = None
    expires_at: datetime | None = None
    is_refused: bool = False
    code: int | None = None
    details: str = ""
    retry_at: datetime | None = None

    def state(self, now: datetime) -> State:
        """What lies at Meta is good until its end, though it could not be renewed."""
        if not self.exists:
            return Gone()
        if self.meta_id is not None and self.expires_at is not None and self.expires_at > now + MARGIN:
            return Ready(self.meta_id)
        rests = self.retry_at is not None and self.retry_at > now
        if self.is_refused and rests:
            return RefusedFile(self.code, self.details)
        return Missing(self.retry_at if rests else None)


def rest_after(failures: int, random: Random, *, is_refused: bool, asked: float | None) -> timedelta:
    """How long after so many failures, one after another. `asked`: the seconds that Meta asks for."""
    if is_refused:
        return _REFUSED_REST
    if asked is not None:
        return min(timedelta(seconds=asked), _REFUSED_REST)
    full = min(_FIRST_REST * 2 ** min(failures - 1, 16), _LONGEST_REST)
    return timedelta(seconds=full.total_seconds() * random.uniform(0.5, 1.0))


Shown = Literal["ready", "uploading", "waiting", "refused", "expired"]


def shown(known: Known, now: datetime, *, is_leased: bool) -> Shown:
    """In a word."""
    if known.meta_id is not None and known.expires_at is not None and known.expires_at > now:
        return "ready"
    if is_leased:
        return "uploading"
    if known.is_refused:
        return "refused"
    return "expired" if known.meta_id is not None else "waiting"
