"""Webhooks of shops over HTTP, signed as their platforms do it, arrive on the customer's phone."""

from datetime import UTC, datetime
from typing import Any

import httpx

from tests.support.shops import BUYER, WOO_BUYER, Webhook, parcels, payload, shopify, woocommerce
from tests.support.stack import WORDING, Stack, wait_for

LINKS = {
    "order": "https://shop.example/siparis/{order_number}",
    "tracking": "https://shop.example/kargo/{tracking_number}",
}


def _connect(api: httpx.Client, platform: str, box: str) -> str:
    """The address of the door."""
    body = {
        "platform": platform,
        "shop": "demo-magaza.myshopify.com" if platform == "shopify" else "https://shop.example",
        "secret": "shpss_0123456789abcdef",
        "links": LINKS,
        "refunds": {"destination": "card"},
        "consent": {"attribute": box, "wording": WORDING, "language": "tr"},
    }
    answer = api.post("/v1/integrations", json=body)
    assert answer.status_code == 201, answer.text
    return httpx.URL(answer.json()["url"]).path


def _post(stack: Stack, path: str, *webhooks: Webhook) -> list[dict[str, Any]]:
    """What the phone shows of the messages that they became, once those were read. Posted twice each, as platforms do
    when an answer gets lost."""
    messages = []
    with httpx.Client(base_url=f"http://127.0.0.1:{stack.api_port}", timeout=30, trust_env=False) as platform:
        for webhook in webhooks:
            first = platform.post(path, content=webhook.body, headers=webhook.headers)
            again = platform.post(path, content=webhook.body, headers=webhook.headers)
            assert first.status_code == again.status_code == 200, first.text
            assert (first.json()["outcome"], again.json()["repeated"]) == ("told", True), first.text
            assert first.json()["messages"] == again.json()["messages"]
            messages += first.json()["messages"]
    with stack.api as api:
        for message in messages:
            wait_for(
                f"{message} to be read",
                lambda message=message: api.get(f"/v1/messages/{message}").json()["status"] == "read",
            )
    shown: dict[str, list[dict[str, Any]]] = {}
    for one in stack.received():
        shown.setdefault(one["biz_opaque_callback_data"], []).append(one)
    assert [len(shown[message]) for message in messages] == [1] * len(messages)
    return [shown[message][0] for message in messages]


def test_an_order_on_shopify_arrives_on_the_phone(stack: Stack, api: httpx.Client) -> None:
    path = _connect(api, "shopify", "WhatsApp")
    now = datetime.now(UTC)
    confirmed, shipped, refunded = _post(
        stack,
        path,
        shopify("orders/create", payload("shopify_order", now)),
        shopify("fulfillments/create", payload("shopify_fulfillment", now)),
        shopify("refunds/create", payload("shopify_refund", now)),
    )
    assert {one["to"] for one in (confirmed, shipped, refunded)} == {BUYER.lstrip("+")}
    assert "Merhaba Şükran Çağlı, *#1001* numaralı siparişinizi aldık. Toplam tutar: 1.299,90 ₺" in str(confirmed)
    assert "Kargo firması: Yurtiçi Kargo. Takip numarası: YK123456789" in str(shipped)
    assert "200,00 ₺" in str(refunded)


def test_an_order_on_woocommerce_arrives_on_the_phone(stack: Stack, api: httpx.Client) -> None:
    path = _connect(api, "woocommerce", "_billing_whatsapp_optin")
    now = datetime.now(UTC)
    shipped_order = payload("woocommerce_order", now, status="completed")
    shipped_order["meta_data"].append(parcels({"tracking_provider": "aras-kargo", "tracking_number": "AK1"}))
    confirmed, shipped = _post(
        stack,
        path,
        woocommerce("order.created", payload("woocommerce_order", now)),
        woocommerce("order.updated", shipped_order),
    )
    assert {one["to"] for one in (confirmed, shipped)} == {WOO_BUYER.lstrip("+")}
    assert "Merhaba Gülşah Ünlü, *727* numaralı siparişinizi aldık. Toplam tutar: 639,90 ₺" in str(confirmed)
    assert "Kargo firması: Aras Kargo. Takip numarası: AK1" in str(shipped)
