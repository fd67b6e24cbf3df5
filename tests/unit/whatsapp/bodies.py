"""Webhook bodies in the shapes of Meta's pages, reduced to what varies."""

import json
from typing import Any

WABA = "1022"
NUMBER = "1065"
AT = 1795400000

PRICING = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"}


def status(wamid: str = "wamid.AAA", name: str = "delivered", **changes: Any) -> dict[str, Any]:
    return {
        "id": wamid,
        "status": name,
        "timestamp": str(AT),
        "recipient_id": "33612345678",
        "recipient_user_id": "FR.88123",
        "biz_opaque_callback_data": "msg_01J9",
        "pricing": PRICING,
    } | changes


def inbound(wamid: str = "wamid.IN", kind: str = "text", **changes: Any) -> dict[str, Any]:
    common = {"from": "33612345678", "from_user_id": "FR.88123", "id": wamid, "timestamp": str(AT), "type": kind}
    return common | ({"text": {"body": "Hello"}} if kind == "text" else {}) | changes


def value(**parts: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": "15550001111", "phone_number_id": NUMBER}
    return {"messaging_product": "whatsapp", "metadata": metadata} | parts


def change(content: Any, field: str = "messages") -> dict[str, Any]:
    return {"field": field, "value": content}


def entry(*changes: Any, **more: Any) -> dict[str, Any]:
    return {"id": WABA, "changes": list(changes)} | more


def envelope(*entries: Any) -> dict[str, Any]:
    return {"object": "whatsapp_business_account", "entry": list(entries)}


def body(document: Any) -> bytes:
    """As Meta writes it: escaped Unicode."""
    return json.dumps(document).encode()


def messages(**parts: Any) -> bytes:
    return body(envelope(entry(change(value(**parts)))))
