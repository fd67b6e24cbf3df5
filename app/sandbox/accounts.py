"""Apps, accounts, numbers and tokens: what Meta's dashboard gives, and who may touch what."""

import secrets
from dataclasses import replace
from typing import Annotated

import httpx
from pydantic import BaseModel, ConfigDict, Field

from app.sandbox.conditions import Conditions
from app.sandbox.errors import AUTH, GraphError, expired_token, unknown_object
from app.sandbox.standings import Standings
from app.sandbox.state import Json, MetaApp, Number, Token, Waba
from app.sandbox.webhooks import FIELDS, handshake
from app.sandbox.world import World, new_id

MESSAGING, MANAGEMENT = "whatsapp_business_messaging", "whatsapp_business_management"

Id = Annotated[str, Field(pattern=r"^\d{1,32}$")]


class AccountRequest(BaseModel):
    """Whatever is missing is made up; a second request for a `phone_number_id` changes only what it names."""

    model_config = ConfigDict(extra="forbid")

    app_id: Id | None = None
    app_secret: str | None = Field(default=None, min_length=1)
    business_id: Id | None = None
    """Of the portfolio that a new account joins."""
    waba_id: Id | None = None
    phone_number_id: Id | None = None
    access_token: str | None = Field(default=None, min_length=1)
    verify_token: str | None = Field(default=None, min_length=1)
    display_phone_number: str | None = Field(default=None, pattern=r"^\+[\d\-() ]{7,24}$")
    verified_name: str | None = Field(default=None, min_length=1, max_length=256)
    callback_url: str | None = Field(default=None, pattern=r"^https?://")
    permissions: list[str] | None = None
    """Of the access token; both WhatsApp permissions by default."""
    token_expires_in: float | None = Field(default=None, ge=0)
    """Seconds; a token never expires without it."""


class AccountConflictError(Exception):
    pass


class Accounts:
    def __init__(self, world: World, conditions: Conditions, standings: Standings) -> None:
        self._world = world
        self._conditions = conditions
        self._standings = standings

    def ensure(self, request: AccountRequest) -> tuple[Number, bool]:
        """The number of a request, and whether it is new."""
        self._refuse_moves(request)
        state = self._world.state
        number = state.numbers.get(request.phone_number_id or "")
        created = number is None
        if number is None:
            waba = self._waba(request)
            number = Number(
                number_id=request.phone_number_id or new_id(),
                waba_id=waba.waba_id,
                display_phone_number=request.display_phone_number or f"+90850{secrets.randbelow(9 * 10**6) + 10**6}",
                verified_name=request.verified_name or "Sandbox Shop",
            )
            state.numbers[number.number_id] = number
        else:
            number.display_phone_number = request.display_phone_number or number.display_phone_number
            number.verified_name = request.verified_name or number.verified_name
        app = self.app_of(number)
        app.secret = request.app_secret or app.secret
        app.verify_token = request.verify_token or app.verify_token
        self._token(request, app, state.wabas[number.waba_id])
        self._world.touch()
        return number, created

    def _refuse_moves(self, request: AccountRequest) -> None:
        """A number stays in its account, and an account with its app and its business."""
        state = self._world.state
        number = state.numbers.get(request.phone_number_id or "")
        if number is not None and request.waba_id not in {None, number.waba_id}:
            raise AccountConflictError(f"The number belongs to the account {number.waba_id}.")
        waba = state.wabas.get(number.waba_id if number else request.waba_id or "")
        if waba is not None and request.business_id not in {None, waba.business_id}:
            raise AccountConflictError(f"The account belongs to the business {waba.business_id}.")
        if waba is not None and waba.subscribed and request.app_id not in {None, *waba.subscribed}:
            raise AccountConflictError(f"The account is subscribed by the app {next(iter(waba.subscribed))}.")

    def _waba(self, request: AccountRequest) -> Waba:
        state = self._world.state
        held = state.wabas.get(request.waba_id or "")
        app_id = request.app_id or (next(iter(held.subscribed), None) if held else None) or new_id()
        if app_id not in state.apps:
            state.apps[app_id] = MetaApp(
                app_id=app_id,
                secret=request.app_secret or secrets.token_hex(16),
                name="Sandbox app",
                verify_token=request.verify_token or secrets.token_urlsafe(16),
                fields=list(FIELDS),
            )
        waba_id = request.waba_id or new_id()
        waba = state.wabas.get(waba_id)
        if waba is None:
            waba = state.wabas[waba_id] = Waba(
                waba_id, request.business_id or new_id(), request.verified_name or "Sandbox Shop"
            )
        waba.subscribed.setdefault(app_id, None)
        return waba

    def _token(self, request: AccountRequest, app: MetaApp, waba: Waba) -> None:
        state = self._world.state
        held = next((token for token in state.tokens.values() if token.business_id == waba.business_id), None)
        if held is not None and request.access_token in {None, held.value} and request.permissions is None:
            return
        now = self._world.clock.now()
        value = request.access_token or (held.value if held else f"EAA{secrets.token_urlsafe(48)}")
        until = now + request.token_expires_in if request.token_expires_in is not None else None
        permissions = request.permissions if request.permissions is not None else [MESSAGING, MANAGEMENT]
        state.tokens[value] = Token(value, app.app_id, waba.business_id, permissions, now, until)

    def app_of(self, number: Number) -> MetaApp:
        """The app that was first subscribed to the number's account, or that holds its token."""
        state = self._world.state
        waba = state.wabas[number.waba_id]
        app_id = next(iter(waba.subscribed), None) or self.token_of(number).app_id
        return state.apps[app_id]

    def token_of(self, number: Number) -> Token:
        """Newest one of the account."""
        business_id = self._world.state.wabas[number.waba_id].business_id
        return [token for token in self._world.state.tokens.values() if token.business_id == business_id][-1]

    async def connect(self, http: httpx.AsyncClient, number: Number, callback_url: str) -> str | None:
        """Subscribes the number's app to every field at an address that passes the handshake; else says what failed."""
        app = self.app_of(number)
        fault = await handshake(http, callback_url, app.verify_token)
        if fault is None:
            app.callback_url, app.fields = callback_url, list(FIELDS)
            self._world.state.wabas[number.waba_id].subscribed.setdefault(app.app_id, None)
            self._world.touch()
        return fault

    def credentials(self, number: Number) -> Json:
        app = self.app_of(number)
        return {
            "app_id": app.app_id,
            "app_secret": app.secret,
            "business_id": self._world.waba_of(number).business_id,
            "waba_id": number.waba_id,
            "phone_number_id": number.number_id,
            "access_token": self.token_of(number).value,
            "verify_token": app.verify_token,
            "display_phone_number": number.display_phone_number,
            "verified_name": number.verified_name,
            "callback_url": app.callback_url,
        }

    # Who is calling

    def authenticate(self, value: str | None) -> Token:
        if not value:
            raise GraphError(AUTH, message="An access token is required to request this resource.")
        token = self._world.state.tokens.get(value) or self.app_token(value)
        if token is None:
            raise GraphError(AUTH, message="Invalid OAuth access token - Cannot parse access token")
        standing = self._standings.of_business(token.business_id)
        has_ended = token.expires_at is not None and self._world.clock.now() >= token.expires_at
        if has_ended or standing.token == "expired":  # noqa: S105 - a state, not a secret
            raise expired_token()
        if standing.token == "revoked":  # noqa: S105
            raise GraphError(AUTH, message="Error validating access token: The session has been invalidated.")
        self._conditions.check_token(token)
        return replace(token, permissions=self.permissions(token))

    def permissions(self, token: Token) -> list[str]:
        """Those that were not taken away again."""
        missing = self._standings.of_business(token.business_id).missing_permissions
        return [name for name in token.permissions if name not in missing]

    def app_token(self, value: str) -> Token | None:
        """`{app id}|{app secret}`: good for the app's own node only, so it belongs to no business."""
        app_id, _, secret = value.partition("|")
        app = self._world.state.apps.get(app_id)
        if app is None or not secrets.compare_digest(app.secret.encode(), secret.encode()):
            return None
        return Token(value, app_id, "", [], 0.0)

    def number(self, token: Token, number_id: str, verb: str = "post") -> Number:
        number = self._world.state.numbers.get(number_id)
        if number is None:
            raise unknown_object(number_id, verb)
        self.waba(token, number.waba_id, verb, asked=number_id)
        return number

    def waba(self, token: Token, waba_id: str, verb: str = "get", *, asked: str | None = None) -> Waba:
        """An account of another business does not exist for this token."""
        waba = self._world.state.wabas.get(waba_id)
        is_covered = waba is not None and waba.business_id == token.business_id
        if waba is None or not is_covered or not self._standings.of_waba(waba_id).covers_account:
            raise unknown_object(asked or waba_id, verb)
        return waba


def require(token: Token, permission: str, code: int) -> None:
    if permission not in token.permissions:
        raise GraphError(code, f"The token lacks the permission {permission}.")
