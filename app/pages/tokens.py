"""What addresses and forms carry, sealed with the installation's secret: nobody else reads it or makes it."""

import base64
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from app.accounts.models import Mode
from app.core.clock import Clock
from app.core.ids import new_id
from app.core.secrets import SecretBox, SecretUnreadableError

_PREFERENCES, _FORM = "preferences", "form"
_MODES: dict[str, Mode] = {"live": "live", "test": "test"}


@dataclass(frozen=True, slots=True)
class PreferenceToken:
    """Whose preference centre an address opens, and until when."""

    business_id: UUID
    mode: Mode
    contact_id: UUID
    expires_at: datetime
    language: str
    """Of the page; empty where the contact's holds."""


def seal_preferences(box: SecretBox, token: PreferenceToken) -> str:
    expires = int(token.expires_at.timestamp())
    told = (token.mode, _short(token.business_id), _short(token.contact_id), str(expires), token.language)
    return _seal(box, _PREFERENCES, *told)


def open_preferences(box: SecretBox, sealed: str) -> PreferenceToken | None:
    """Nothing for what we did not make. Whether it has expired is the caller's question."""
    match _open(box, sealed):
        case [kind, mode, business, contact, expires, language] if kind == _PREFERENCES:
            expires_at = datetime.fromtimestamp(int(expires), UTC)
            return PreferenceToken(_long(business), _MODES[mode], _long(contact), expires_at, language)
    return None


FormRefusal = Literal["form_token_invalid", "form_token_expired", "form_token_used", "form_too_fast"]


class FormTokens:
    """Say that a form was fetched here, for which link and when, and are good for one sending.

    Which ones were used is known to this process alone: of several processes each takes a token once.
    """

    def __init__(self, box: SecretBox, clock: Clock, *, life: timedelta, least_fill: timedelta) -> None:
        self._box = box
        self._clock = clock
        self._life = life
        self._least_fill = least_fill
        self._used: OrderedDict[str, datetime] = OrderedDict()

    def issue(self, code: str) -> str:
        milliseconds = int(self._clock.now().timestamp() * 1000)
        return _seal(self._box, _FORM, code, str(milliseconds), new_id().hex)

    def refusal(self, code: str, sealed: str) -> FormRefusal | None:
        """Why a form with the token is not taken just now, if it is not."""
        match _open(self._box, sealed):
            case [kind, own, milliseconds, nonce] if kind == _FORM and own == code:
                age = self._clock.now() - datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
            case _:
                return "form_token_invalid"
        if age > self._life:
            return "form_token_expired"
        if nonce in self._used:
            return "form_token_used"
        return "form_too_fast" if age < self._least_fill else None

    def use_up(self, sealed: str) -> None:
        """Of a token that was not refused."""
        now = self._clock.now()
        while self._used and next(iter(self._used.values())) < now - self._life:
            self._used.popitem(last=False)
        self._used[_open(self._box, sealed)[-1]] = now

    def give_back(self, sealed: str) -> None:
        """What it was used for did not come about."""
        self._used.pop(_open(self._box, sealed)[-1], None)


def _seal(box: SecretBox, *parts: str) -> str:
    return box.seal("|".join(parts)).decode().rstrip("=")


def _open(box: SecretBox, sealed: str) -> list[str]:
    try:
        return box.open((sealed + "=" * (-len(sealed) % 4)).encode("ascii")).split("|")
    except (SecretUnreadableError, UnicodeError):
        return []


def _short(value: UUID) -> str:
    return base64.urlsafe_b64encode(value.bytes).decode().rstrip("=")


def _long(text: str) -> UUID:
    return UUID(bytes=base64.urlsafe_b64decode(text + "=="))
