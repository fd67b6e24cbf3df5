"""Nodes and edges of numbers, accounts and apps: reads, subscriptions, tokens."""

import secrets

from app.sandbox.accounts import MANAGEMENT, MESSAGING, require
from app.sandbox.errors import AUTH, CATALOGUE, GraphError, invalid, unknown_object
from app.sandbox.graph import Call, Routes, select
from app.sandbox.numbers import calling_code, region_of
from app.sandbox.standing import Standing
from app.sandbox.state import Condition, Json, MetaApp, Number, Override, Token, Waba
from app.sandbox.webhooks import FIELDS, handshake

_NUMBER_DEFAULTS = (
    "verified_name",
    "code_verification_status",
    "display_phone_number",
    "quality_rating",
    "platform_type",
    "throughput",
    "id",
)
_WABA_DEFAULTS = ("id", "name", "timezone_id", "currency", "message_template_namespace")
_CALLBACK_LENGTH = 200
_NOT_ALLOWED = 200
_OBJECT = "whatsapp_business_account"


_WORST_FIRST = ("BLOCKED", "LIMITED", "AVAILABLE")


def _health(standing: Standing, ids: dict[str, str], condition: Condition | None = None) -> Json:
    """Of every entity that a message goes by; the whole is as well as the worst of them. A condition is the number's,
    or the account's where the number is not asked about."""
    entities = []
    for place, (kind, object_id) in enumerate(ids.items()):
        entity: Json = {"entity_type": kind, "id": object_id, "can_send_message": "AVAILABLE"}
        fault = standing.health.get(kind)  # type: ignore[call-overload] # one of those that it names
        if condition is not None and place == 0:
            description = condition.details or CATALOGUE[condition.code].title
            entity["can_send_message"] = "BLOCKED"
            entity["errors"] = [{"error_code": condition.code, "error_description": description}]
        elif fault is not None:
            said = {"error_code": fault.code, "error_description": fault.description}
            entity["can_send_message"] = fault.can_send_message
            entity["errors"] = [said | ({"possible_solution": fault.solution} if fault.solution else {})]
        entities.append(entity)
    able = {entity["can_send_message"] for entity in entities}
    return {"can_send_message": next(each for each in _WORST_FIRST if each in able), "entities": entities}


def _around(waba: Waba, app_id: str) -> dict[str, str]:
    return {"WABA": waba.waba_id, "BUSINESS": waba.business_id, "APP": app_id}


def _number_fields(call: Call, number: Number) -> Json:
    waba = call.sandbox.world.waba_of(number)
    app = call.sandbox.accounts.app_of(number)
    override = waba.subscribed.get(app.app_id)
    standing = call.sandbox.standings.of(number.number_id)
    ids = {"PHONE_NUMBER": number.number_id} | _around(waba, app.app_id)
    tier = call.sandbox.capabilities.tier(waba.business_id)
    addresses = {
        "phone_number": number.override.url if number.override else None,
        "whatsapp_business_account": standing.override_url or (override.url if override else None),
        "application": standing.callback_url or app.callback_url,
    }
    return {
        "id": number.number_id,
        "verified_name": number.verified_name,
        "display_phone_number": number.display_phone_number,
        "quality_rating": standing.quality,
        "quality_score": {"score": standing.quality},
        "status": standing.status,
        "name_status": standing.name_status,
        "new_name_status": "NONE",
        "code_verification_status": standing.code_verification_status,
        "platform_type": standing.platform_type,
        "account_mode": "LIVE",
        "throughput": {"level": call.sandbox.capabilities.level(number)},
        "webhook_configuration": {key: url for key, url in addresses.items() if url},
        "health_status": _health(standing, ids, call.sandbox.conditions.of(number.number_id)),
        "whatsapp_business_manager_messaging_limit": tier,
        "messaging_limit_tier": tier,
        "is_official_business_account": True,
        "is_pin_enabled": True,
        "is_on_biz_app": standing.on_business_app,
        "is_preverified_number": False,
        "search_visibility": "NON_VISIBLE",
        "host_platform": None,
        "certificate": None,
        "new_certificate": None,
        "country_code": region_of(number.digits),
        "country_dial_code": calling_code(number.digits),
        "last_onboarded_time": None,
        "conversational_automation": None,
        "eligibility_for_api_business_global_search": "NON_ELIGIBLE_UNDEFINED_COUNTRY",
        "username": None,
    }


async def get_number(call: Call, number_id: str) -> Json:
    number = call.sandbox.accounts.number(call.token, number_id, "get")
    call.manage(number.waba_id)
    fields = _number_fields(call, number)
    return select(fields, call.argument("fields"), _NUMBER_DEFAULTS, "WhatsAppBusinessPhoneNumber")


async def edit_number(call: Call, number_id: str) -> Json:
    """`webhook_configuration`: an empty address removes the number's own."""
    number = call.sandbox.accounts.number(call.token, number_id)
    require(call.token, MANAGEMENT, _NOT_ALLOWED)
    call.manage(number.waba_id)
    wanted = call.arguments.get("webhook_configuration")
    if not isinstance(wanted, dict):
        raise invalid("The parameter webhook_configuration is required.")
    number.override = await _override(call, wanted) if wanted.get("override_callback_uri") else None
    call.sandbox.world.touch()
    return {"success": True}


async def _override(call: Call, wanted: Json) -> Override:
    url, verify_token = str(wanted["override_callback_uri"]), str(wanted.get("verify_token", ""))
    if len(url) > _CALLBACK_LENGTH or not url.startswith(("http://", "https://")):
        raise invalid(f"Param override_callback_uri must be a URL of at most {_CALLBACK_LENGTH} characters.")
    await _shake(call, url, verify_token)
    return Override(url, verify_token)


async def _shake(call: Call, url: str, verify_token: str) -> None:
    fault = await handshake(call.sandbox.http, url, verify_token)
    if fault is not None:
        raise GraphError(2200, message=f"(#2200) Callback verification failed with the following errors: {fault}")


def _waba(call: Call, waba_id: str) -> Waba:
    waba = call.sandbox.accounts.waba(call.token, waba_id, call.request.method.lower())
    require(call.token, MANAGEMENT, _NOT_ALLOWED)
    call.manage(waba_id)
    return waba


async def get_waba(call: Call, waba_id: str) -> Json:
    waba = _waba(call, waba_id)
    standing = call.sandbox.standings.of_waba(waba_id)
    fields = {
        "id": waba_id,
        "name": waba.name,
        "timezone_id": "1",
        "currency": waba.currency,
        "message_template_namespace": f"sandbox_{waba_id}",
        "account_review_status": standing.account_review,
        "business_verification_status": standing.business_verification,
        "country": None,
        "ownership_type": "SELF",
        "primary_business_location": None,
        "marketing_messages_lite_api_status": None,
        "marketing_messages_onboarding_status": None,
        "is_enabled_for_insights": False,
        "disable_marketing_messages_on_cloud_api": False,
        "subscribed_apps": None,
        "status": "ACTIVE",
        "health_status": _health(standing, _around(waba, call.token.app_id)),
        "on_behalf_of_business_info": None,
        "owner_business_info": {"name": waba.name, "id": waba.business_id},
        "whatsapp_business_manager_messaging_limit": call.sandbox.capabilities.tier(waba.business_id),
    }
    return select(fields, call.argument("fields"), _WABA_DEFAULTS, "WhatsAppBusinessAccount")


async def get_phone_numbers(call: Call, waba_id: str) -> Json:
    waba = _waba(call, waba_id)
    owned = [each for each in call.sandbox.world.state.numbers.values() if each.waba_id == waba.waba_id]
    asked = call.argument("fields")
    kind = "WhatsAppBusinessPhoneNumber"
    answer: Json = {"data": [select(_number_fields(call, each), asked, _NUMBER_DEFAULTS, kind) for each in owned]}
    if owned:
        answer["paging"] = {"cursors": {"before": owned[0].number_id, "after": owned[-1].number_id}}
    return answer


async def subscribe(call: Call, waba_id: str) -> Json:
    """Without a body it also removes the account's own address."""
    waba = _waba(call, waba_id)
    wanted = call.arguments.get("override_callback_uri")
    override = await _override(call, call.arguments) if wanted else None
    waba.subscribed[call.token.app_id] = override
    call.sandbox.world.touch()
    return {"success": True}


async def get_subscribed(call: Call, waba_id: str) -> Json:
    waba = _waba(call, waba_id)
    standing = call.sandbox.standings.of_waba(waba_id)
    data = []
    for app_id, override in waba.subscribed.items() if standing.subscribed else ():
        app = call.sandbox.world.state.apps[app_id]
        link = f"https://www.facebook.com/games/?app_id={app_id}"
        entry: Json = {"whatsapp_business_api_data": {"link": link, "name": app.name, "id": app_id}}
        url = standing.override_url or (override.url if override is not None else None)
        if url is not None:
            entry["override_callback_uri"] = url
        data.append(entry)
    return {"data": data}


async def unsubscribe(call: Call, waba_id: str) -> Json:
    _waba(call, waba_id).subscribed.pop(call.token.app_id, None)
    call.sandbox.world.touch()
    return {"success": True}


def _own_app(call: Call, app_id: str) -> MetaApp:
    """App-level calls take the app token only."""
    if "|" not in call.token.value:
        raise GraphError(15, message="(#15) This method must be called with an app access_token.")
    if call.token.app_id != app_id:
        raise unknown_object(app_id, call.request.method.lower())
    return call.sandbox.world.state.apps[app_id]


async def set_subscription(call: Call, app_id: str) -> Json:
    app = _own_app(call, app_id)
    if call.argument("object") != _OBJECT:
        raise invalid(f"Param object must be '{_OBJECT}'.")
    wanted = call.arguments.get("fields", "")
    fields = wanted if isinstance(wanted, list) else [name.strip() for name in str(wanted).split(",") if name.strip()]
    unknown = [name for name in fields if name not in FIELDS]
    if unknown:
        raise invalid(f"Param fields[0] must be one of {{{', '.join(FIELDS)}}} - got {unknown[0]!r}.")
    url, verify_token = call.argument("callback_url"), call.argument("verify_token")
    if not url.startswith(("http://", "https://")):
        raise invalid("The parameter callback_url is required.")
    await _shake(call, url, verify_token)
    app.callback_url, app.verify_token, app.fields = url, verify_token, fields
    call.sandbox.world.touch()
    return {"success": True}


async def get_subscription(call: Call, app_id: str) -> Json:
    app = _own_app(call, app_id)
    if app.callback_url is None:
        return {"data": []}
    standing = call.sandbox.standings.of_app(app_id)
    names = [name for name in app.fields if name not in standing.missing_fields]
    told = {
        "object": _OBJECT,
        "callback_url": standing.callback_url or app.callback_url,
        "active": standing.subscription_active,
        "fields": [{"name": name, "version": f"v{call.version}.0"} for name in names],
    }
    return {"data": [told]}


async def debug_token(call: Call, _: str) -> Json:
    asked = call.argument("input_token")
    if not asked:
        raise invalid("The parameter input_token is required.")
    accounts, now = call.sandbox.accounts, call.sandbox.world.clock.now()
    token = call.sandbox.world.state.tokens.get(asked) or accounts.app_token(asked)
    if token is None or token.app_id != call.token.app_id:
        return {"data": {"is_valid": False, "scopes": [], "error": _token_error("Invalid OAuth access token.")}}
    app = call.sandbox.world.state.apps[token.app_id]
    standing = call.sandbox.standings.of_business(token.business_id)
    ends_at = now + standing.token_expires_in if standing.token_expires_in is not None else token.expires_at
    data_until = now + standing.data_access_expires_in if standing.data_access_expires_in is not None else 0
    data: Json = {
        "app_id": standing.token_app or token.app_id,
        "type": standing.token_type if token.business_id else "APP",
        "application": "Another app" if standing.token_app else app.name,
        "data_access_expires_at": int(data_until),
        "expires_at": int(ends_at or 0),
        "is_valid": (token.expires_at is None or now < token.expires_at)
        and call.sandbox.conditions.of_token(token) is None,
        "issued_at": int(token.issued_at),
        "scopes": accounts.permissions(token),
        "granular_scopes": _granular(call, token),
    }
    if not data["is_valid"]:
        data["error"] = _token_error("Error validating access token: Session has expired.")
    return {"data": data}


def _token_error(message: str) -> Json:
    return {"code": AUTH, "message": message}


def _granular(call: Call, token: Token) -> list[Json]:
    owned = [waba.waba_id for waba in call.sandbox.world.state.wabas.values() if waba.business_id == token.business_id]
    wabas = [waba_id for waba_id in owned if call.sandbox.standings.of_waba(waba_id).covers_account]
    names = [name for name in call.sandbox.accounts.permissions(token) if name in {MESSAGING, MANAGEMENT}]
    return [{"scope": name, "target_ids": wabas} for name in names]


async def app_access_token(call: Call, _: str) -> Json:
    """GET /oauth/access_token with the app's own credentials."""
    app = call.sandbox.world.state.apps.get(call.argument("client_id"))
    secret = call.argument("client_secret")
    if app is None or not secrets.compare_digest(app.secret.encode(), secret.encode()):
        raise GraphError(1, message="Error validating client secret.")
    return {"access_token": f"{app.app_id}|{app.secret}", "token_type": "bearer"}


ROUTES: Routes = {
    ("GET", "number", ""): get_number,
    ("POST", "number", ""): edit_number,
    ("GET", "waba", ""): get_waba,
    ("GET", "waba", "phone_numbers"): get_phone_numbers,
    ("POST", "waba", "subscribed_apps"): subscribe,
    ("GET", "waba", "subscribed_apps"): get_subscribed,
    ("DELETE", "waba", "subscribed_apps"): unsubscribe,
    ("POST", "app", "subscriptions"): set_subscription,
    ("GET", "app", "subscriptions"): get_subscription,
    ("GET", "debug_token", ""): debug_token,
    ("GET", "oauth", "access_token"): app_access_token,
}
