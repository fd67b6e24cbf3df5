"""What a webhook looks like: its envelope, its signature, and the handshake that goes before."""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

import httpx

from app.sandbox.state import Json, Update
from app.sandbox.world import new_id

FIELDS = (
    "account_alerts",
    "account_review_update",
    "account_settings_update",
    "account_update",
    "business_capability_update",
    "business_status_update",
    "flows",
    "message_echoes",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "messages",
    "payment_configuration_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "smb_message_echoes",
    "standby",
    "template_category_update",
    "template_correct_category_detection",
    "user_preferences",
)
OK = 200


def sign(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _entry(waba_id: str, updates: Iterable[Update]) -> Json:
    """`time` belongs to every field but `messages`."""
    changes = []
    entry: Json = {"id": waba_id}
    for update in updates:
        if update.field != "messages":
            entry["time"] = update.at
        changes.append({"field": update.field, "value": update.value})
    return entry | {"changes": changes}


def _merged(updates: Iterable[Update]) -> list[Update]:
    """Statuses of one number become one value; whatever stands between them stays where it is."""
    merged: list[Update] = []
    for update in updates:
        last = merged[-1] if merged else None
        if (
            last is None
            or "statuses" not in last.value
            or "statuses" not in update.value
            or last.value["metadata"] != update.value["metadata"]
        ):
            merged.append(replace(update, value=dict(update.value)))
            continue
        last.value["statuses"] = [*last.value["statuses"], *update.value["statuses"]]
        contacts = [*last.value.get("contacts", []), *update.value.get("contacts", [])]
        if contacts:
            last.value["contacts"] = list({_name(contact): contact for contact in contacts}.values())
    return merged


def _name(contact: Json) -> str:
    """A customer whose number is withheld has a user id only."""
    return str(contact.get("wa_id") or contact.get("user_id"))


def envelope(updates: list[Update], shape: str) -> Json:
    if shape == "entries":
        entries = [_entry(update.waba_id, [update]) for update in updates]
    else:
        by_waba: dict[str, list[Update]] = defaultdict(list)
        for update in updates:
            by_waba[update.waba_id].append(update)
        entries = [_entry(waba, _merged(group) if shape == "statuses" else group) for waba, group in by_waba.items()]
    return {"object": "whatsapp_business_account", "entry": entries}


async def handshake(http: httpx.AsyncClient, url: str, verify_token: str) -> str | None:
    """Asks a callback address whether it knows the token; says what was wrong, or nothing."""
    challenge = new_id()
    parameters = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
    try:
        answer = await http.get(httpx.URL(url).copy_merge_params(parameters))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"The URL couldn't be validated. {type(error).__name__}: {error}"
    if answer.status_code != OK:
        return f"The URL couldn't be validated. Response code received: {answer.status_code}"
    if answer.text != challenge:
        return f'The URL couldn\'t be validated. Response does not match challenge, expected value="{challenge}"'
    return None
