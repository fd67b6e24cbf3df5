"""Shops on Shopify and WooCommerce: their webhooks in full, dated and signed as the platforms do it."""

import base64
import copy
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import orjson

_DATA = Path(__file__).parents[1] / "data" / "integrations"
_numbers = count(1)

SHOPIFY_SHOP = "demo-magaza.myshopify.com"
WOOCOMMERCE_SHOP = "https://shop.example/"
SECRET = "shpss_0123456789abcdef"
BUYER = "+905321112233"
"""Of Shopify's order: in the billing address. The parcel goes to somebody else."""
PARCEL_GOES_TO = "+905339998877"
WOO_BUYER = "+905354445566"


@cache
def _kept(name: str) -> bytes:
    return (_DATA / f"{name}.json").read_bytes()


def payload(name: str, at: datetime | None = None, /, **changes: Any) -> dict[str, Any]:
    """`shopify_order`, `shopify_fulfillment`, `shopify_refund` or `woocommerce_order`, of this time, with other fields
    at its top."""
    document: dict[str, Any] = orjson.loads(_kept(name))
    if at is not None:
        _dated(document, at)
    return copy.deepcopy({**document, **changes})


def _dated(document: Any, at: datetime) -> None:
    """Everything happens at that time."""
    if isinstance(document, list):
        for one in document:
            _dated(one, at)
    elif isinstance(document, dict):
        for name, value in document.items():
            if name.startswith("date_") and value is not None:
                document[name] = at.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat()
            elif name.endswith("_at") and value is not None:
                document[name] = at.astimezone().replace(microsecond=0).isoformat()
            else:
                _dated(value, at)


def parcels(*items: Mapping[str, Any]) -> dict[str, Any]:
    """As the Shipment Tracking extension keeps them with an order."""
    return {"id": 13111, "key": "_wc_shipment_tracking_items", "value": [dict(one) for one in items]}


@dataclass(frozen=True)
class Webhook:
    """One delivery; `again` sends the same."""

    platform: str
    topic: str
    body: bytes
    secret: str = SECRET
    shop: str | None = None
    number: int = field(default_factory=lambda: next(_numbers))
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        signature = base64.b64encode(hmac.new(self.secret.encode(), self.body, hashlib.sha256).digest()).decode()
        if self.platform == "shopify":
            told = {
                "X-Shopify-Topic": self.topic,
                "X-Shopify-Hmac-Sha256": signature,
                "X-Shopify-Shop-Domain": self.shop or SHOPIFY_SHOP,
                "X-Shopify-API-Version": "2026-10",
                "X-Shopify-Webhook-Id": f"b54557e4-bdd9-4b37-8a5f-{self.number:012d}",
                "X-Shopify-Event-Id": f"98880550-7158-44d4-b7cd-{self.number:012d}",
                "X-Shopify-Triggered-At": "2026-11-26T09:00:01.000000001Z",
            }
        else:
            told = {
                "X-WC-Webhook-Source": self.shop or WOOCOMMERCE_SHOP,
                "X-WC-Webhook-Topic": self.topic,
                "X-WC-Webhook-Resource": self.topic.partition(".")[0],
                "X-WC-Webhook-Event": self.topic.partition(".")[2],
                "X-WC-Webhook-Signature": signature,
                "X-WC-Webhook-ID": "12",
                "X-WC-Webhook-Delivery-ID": f"{self.number:032x}",
            }
        return {"Content-Type": "application/json", **told, **self.more}


def shopify(topic: str, document: Any, **more: Any) -> Webhook:
    return Webhook("shopify", topic, document if isinstance(document, bytes) else orjson.dumps(document), **more)


def woocommerce(topic: str, document: Any, **more: Any) -> Webhook:
    return Webhook("woocommerce", topic, document if isinstance(document, bytes) else orjson.dumps(document), **more)
