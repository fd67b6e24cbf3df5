"""What Graph says of a token, its app, an account and a number: read for whoever checks how a sender stands.

Answers are taken for what they say and no more: a field that is missing, or of another kind than Meta's pages show, is
as good as unsaid. A field that this version of Graph does not know is left out and the rest asked for again.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from app.whatsapp.client import GraphAccess, GraphClient
from app.whatsapp.errors import GraphError

MESSAGING = "whatsapp_business_messaging"
MANAGEMENT = "whatsapp_business_management"

WEBHOOK_OBJECT = "whatsapp_business_account"

_INVALID_PARAMETER = 100
_UNKNOWN_FIELD = re.compile(r"nonexisting field \((\w+)\)")

_NUMBER_FIELDS = (
    "id",
    "display_phone_number",
    "verified_name",
    "status",
    "quality_rating",
    "name_status",
    "code_verification_status",
    "platform_type",
    "is_on_biz_app",
    "account_mode",
    "throughput",
    "webhook_configuration",
    "health_status",
    "whatsapp_business_manager_messaging_limit",
)
_ACCOUNT_FIELDS = ("id", "name", "account_review_status", "business_verification_status", "health_status")
_TEMPLATE_FIELDS = "id,name,language,status,category,correct_category,quality_score,rejected_reason"
_TEMPLATES_A_PAGE = "250"

Until = datetime | Literal["never"] | None
"""None where Meta does not say."""


@dataclass(frozen=True, slots=True)
class TokenFacts:
    app_id: str | None
    app_name: str | None
    kind: str | None
    """SYSTEM_USER, USER, PAGE or APP."""
    is_valid: bool
    problem: str | None
    """In Meta's words, of a token that is not valid."""
    expires_at: Until
    data_access_expires_at: Until
    permissions: frozenset[str] | None
    targets: Mapping[str, frozenset[str]]
    """Of the permissions that hold for some objects only: for which."""

    def covers(self, permission: str, object_id: str) -> bool:
        """Whether a permission that it has holds for an account."""
        return permission not in self.targets or object_id in self.targets[permission]


@dataclass(frozen=True, slots=True)
class Examined:
    """A token's facts, and what time it was at Meta."""

    token: TokenFacts
    date: datetime | None


@dataclass(frozen=True, slots=True)
class AppSubscription:
    """What an app wants to hear of WhatsApp, and where."""

    callback_url: str
    is_active: bool
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class SubscribedApp:
    """An app that hears of an account."""

    app_id: str
    name: str | None
    override_url: str | None


@dataclass(frozen=True, slots=True)
class HealthFault:
    code: int | None
    description: str
    solution: str | None


@dataclass(frozen=True, slots=True)
class HealthOf:
    """Of one entity that messages go by."""

    kind: str
    can_send: str
    faults: tuple[HealthFault, ...]
    more: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Health:
    can_send: str
    """AVAILABLE, LIMITED or BLOCKED: that of the worst entity."""
    entities: tuple[HealthOf, ...]


@dataclass(frozen=True, slots=True)
class NumberFacts:
    display_phone_number: str | None
    verified_name: str | None
    status: str | None
    quality: str | None
    name_status: str | None
    code_verification: str | None
    platform: str | None
    is_on_business_app: bool | None
    account_mode: str | None
    throughput_level: str | None
    webhook_urls: Mapping[str, str]
    """By what sets them: `phone_number`, `whatsapp_business_account`, `application`."""
    health: Health | None
    messaging_limit: Any
    """As Meta writes it: see `limit_of_tier`."""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    name: str | None
    review: str | None
    business_verification: str | None
    health: Health | None


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    name: str
    language: str
    status: str
    category: str
    correct_category: str | None
    quality: str | None
    rejected_reason: str | None


class Examiner:
    """Every method raises GraphError or GraphUnreachableError."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    async def token(self, access: GraphAccess) -> Examined:
        """Of the token itself, which may ask that about itself."""
        document, date = await self._graph.read(access, "debug_token", {"input_token": access.access_token})
        return Examined(read_token(document.get("data")), moment_of(date))

    async def app_subscription(self, access: GraphAccess, app_id: str, app_secret: str) -> AppSubscription | None:
        """What the app is subscribed to. Only the app itself may ask that: another app's secret is refused. `access`
        says no more than where Graph is."""
        own = GraphAccess(access.base_url, f"{app_id}|{app_secret}")
        document, _ = await self._graph.read(own, f"{app_id}/subscriptions", {})
        return read_app_subscription(document.get("data"))

    async def subscribed_apps(self, access: GraphAccess, waba_id: str) -> list[SubscribedApp]:
        document, _ = await self._graph.read(access, f"{waba_id}/subscribed_apps", {})
        return read_subscribed_apps(document.get("data"))

    async def number(self, access: GraphAccess, phone_number_id: str) -> NumberFacts:
        return read_number(await self._node(access, phone_number_id, _NUMBER_FIELDS))

    async def account(self, access: GraphAccess, waba_id: str) -> AccountFacts:
        return read_account(await self._node(access, waba_id, _ACCOUNT_FIELDS))

    async def templates(self, access: GraphAccess, waba_id: str) -> list[TemplateFacts]:
        params = {"fields": _TEMPLATE_FIELDS, "limit": _TEMPLATES_A_PAGE}
        rows = [row async for row in self._graph.rows(access, f"{waba_id}/message_templates", params)]
        return [one for row in rows if (one := read_template(row)) is not None]

    async def _node(self, access: GraphAccess, node_id: str, fields: Iterable[str]) -> Mapping[str, Any]:
        wanted = list(fields)
        while True:
            try:
                document, _ = await self._graph.read(access, node_id, {"fields": ",".join(wanted)})
            except GraphError as error:
                unknown = _UNKNOWN_FIELD.search(f"{error.message} {error.details}")
                if error.code != _INVALID_PARAMETER or unknown is None or unknown[1] not in wanted:
                    raise
                wanted.remove(unknown[1])
            else:
                return document


def read_token(data: object) -> TokenFacts:
    told = data if isinstance(data, dict) else {}
    error = told.get("error")
    scopes = told.get("scopes")
    granular = _objects(told.get("granular_scopes"))
    return TokenFacts(
        app_id=_identifier(told.get("app_id")),
        app_name=_text(told.get("application")),
        kind=_text(told.get("type")),
        is_valid=told.get("is_valid") is True,
        problem=_text(error.get("message")) if isinstance(error, dict) else None,
        expires_at=_until(told.get("expires_at")),
        data_access_expires_at=_until(told.get("data_access_expires_at")),
        permissions=frozenset(_texts(scopes)) if isinstance(scopes, list) else None,
        targets={
            scope: frozenset(one for each in row["target_ids"] if (one := _identifier(each)) is not None)
            for row in granular
            if (scope := _text(row.get("scope"))) is not None and isinstance(row.get("target_ids"), list)
        },
    )


def read_app_subscription(data: object) -> AppSubscription | None:
    for row in _objects(data):
        url = _text(row.get("callback_url"))
        if row.get("object") == WEBHOOK_OBJECT and url is not None:
            listed = row.get("fields")
            # Older versions list names, newer ones objects with name and version.
            names = [_text(one.get("name")) if isinstance(one, dict) else _text(one) for one in _list(listed)]
            fields = frozenset(name for name in names if name is not None)
            return AppSubscription(url, row.get("active") is not False, fields)
    return None


def read_subscribed_apps(data: object) -> list[SubscribedApp]:
    found = []
    for row in _objects(data):
        app = row.get("whatsapp_business_api_data")
        about = app if isinstance(app, dict) else row
        app_id = _identifier(about.get("id"))
        if app_id is not None:
            found.append(SubscribedApp(app_id, _text(about.get("name")), _text(row.get("override_callback_uri"))))
    return found


def read_health(value: object) -> Health | None:
    told = value if isinstance(value, dict) else {}
    can_send = _text(told.get("can_send_message"))
    if can_send is None:
        return None
    entities = tuple(
        HealthOf(
            kind=_text(row.get("entity_type")) or "",
            can_send=_text(row.get("can_send_message")) or "",
            faults=tuple(_faults(row.get("errors"))),
            more=tuple(_texts(row.get("additional_info"))),
        )
        for row in _objects(told.get("entities"))
    )
    return Health(can_send, entities)


def _faults(value: object) -> Iterable[HealthFault]:
    for row in _objects(value):
        code, description = row.get("error_code"), _text(row.get("error_description"))
        known = code if isinstance(code, int) and not isinstance(code, bool) else None
        if known is not None or description is not None:
            yield HealthFault(known, description or "", _text(row.get("possible_solution")))


def read_number(told: Mapping[str, Any]) -> NumberFacts:
    throughput, urls = told.get("throughput"), told.get("webhook_configuration")
    shared = told.get("is_on_biz_app")
    return NumberFacts(
        display_phone_number=_text(told.get("display_phone_number")),
        verified_name=_text(told.get("verified_name")),
        status=_text(told.get("status")),
        quality=_text(told.get("quality_rating")),
        name_status=_text(told.get("name_status")),
        code_verification=_text(told.get("code_verification_status")),
        platform=_text(told.get("platform_type")),
        is_on_business_app=shared if isinstance(shared, bool) else None,
        account_mode=_text(told.get("account_mode")),
        throughput_level=_text(throughput.get("level")) if isinstance(throughput, dict) else None,
        webhook_urls={
            key: url
            for key, value in (urls.items() if isinstance(urls, dict) else ())
            if (url := _text(value)) is not None
        },
        health=read_health(told.get("health_status")),
        messaging_limit=told.get("whatsapp_business_manager_messaging_limit"),
    )


def read_account(told: Mapping[str, Any]) -> AccountFacts:
    verification = _text(told.get("business_verification_status"))
    return AccountFacts(
        name=_text(told.get("name")),
        review=_text(told.get("account_review_status")),
        business_verification=verification.lower() if verification is not None else None,
        health=read_health(told.get("health_status")),
    )


def read_template(told: Mapping[str, Any]) -> TemplateFacts | None:
    """None of what has no name."""
    name, language, status = (_text(told.get(key)) for key in ("name", "language", "status"))
    if name is None or language is None or status is None:
        return None
    quality = told.get("quality_score")
    reason = _text(told.get("rejected_reason"))
    return TemplateFacts(
        name=name,
        language=language,
        status=status,
        category=_text(told.get("category")) or "",
        correct_category=_text(told.get("correct_category")),
        quality=_text(quality.get("score")) if isinstance(quality, dict) else None,
        rejected_reason=reason if reason != "NONE" else None,
    )


_LONGEST = 1_000


def _text(value: object) -> str | None:
    return value[:_LONGEST] if isinstance(value, str) and value else None


def _identifier(value: object) -> str | None:
    """Ids come as text, and in places as numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _text(value)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [one for one in _list(value) if isinstance(one, str)]


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in _list(value) if isinstance(one, dict)]


def _until(value: object) -> Until:
    """Unix seconds; nought is never."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        return None
    try:
        return datetime.fromtimestamp(value, UTC) if value else "never"
    except (OverflowError, OSError, ValueError):
        return None


def moment_of(header: str | None) -> datetime | None:
    """Of a header Date."""
    try:
        return parsedate_to_datetime(header).astimezone(UTC) if header else None
    except ValueError:
        return None
