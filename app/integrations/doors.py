"""The doors themselves: addresses without a key, at which a signature over the body's bytes says who asks."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from app.core.http import RawResponse, RawRoute
from app.core.ids import parse_id
from app.core.problems import BodyTooLarge, Unauthorized, Unavailable, responses
from app.integrations.facts import in_utc
from app.integrations.incoming import Incoming
from app.integrations.receiving import Receiver
from app.integrations.schemas import DoorAnswer
from app.integrations.service import DOORS
from app.integrations.shops import Platform
from app.integrations.signatures import parse_signature

TAG = "Shops' webhooks"

_MOST = 200
"""Letters of a header that are kept."""

_PING = re.compile(rb"webhook_id=[0-9]{1,20}")
"""What WooCommerce sends, unsigned, when a webhook is saved: it wants to see 200, whoever is asked."""

_HEADERS: Mapping[Platform, Mapping[str, str]] = {
    "shopify": {
        "signature": "X-Shopify-Hmac-Sha256",
        "topic": "X-Shopify-Topic",
        "shop": "X-Shopify-Shop-Domain",
        "delivery": "X-Shopify-Webhook-Id",
        "event": "X-Shopify-Event-Id",
        "api_version": "X-Shopify-API-Version",
        "triggered_at": "X-Shopify-Triggered-At",
        "test": "X-Shopify-Test",
    },
    "woocommerce": {
        "signature": "X-WC-Webhook-Signature",
        "topic": "X-WC-Webhook-Topic",
        "shop": "X-WC-Webhook-Source",
        "delivery": "X-WC-Webhook-Delivery-ID",
    },
}


def shop_doors(receiver: Receiver) -> APIRouter:
    router = APIRouter(tags=[TAG])

    async def receive_shopify(request: Request) -> Response:
        """Takes the webhooks of Shopify's topics `orders/create`, `orders/paid`, `orders/updated`, `orders/cancelled`,
        `fulfillments/create`, `fulfillments/update` and `refunds/create`, in JSON. Others are answered and ignored.

        200 is answered once everything is durable, also where there was nothing to tell: the outcome says so."""
        return await _receive(receiver, "shopify", request)

    async def receive_woocommerce(request: Request) -> Response:
        """Takes the webhooks of WooCommerce's topics `order.created` and `order.updated`, of API version 3. Others are
        answered and ignored, and so is the ping that WooCommerce sends when a webhook is saved.

        200 is answered once everything is durable, also where there was nothing to tell: the outcome says so."""
        return await _receive(receiver, "woocommerce", request)

    for platform, endpoint, called in (
        ("shopify", receive_shopify, "Shopify's webhooks"),
        ("woocommerce", receive_woocommerce, "WooCommerce's webhooks"),
    ):
        router.routes.append(
            RawRoute(
                f"{DOORS}/{platform}/{{business}}",
                endpoint,
                methods=["POST"],
                tags=[TAG],
                operation_id=f"receive_{platform}_webhook",
                summary=called,
                response_class=Response,
                responses={
                    200: {"description": "Durable, or of no use", "model": DoorAnswer},
                    **responses(Unauthorized, BodyTooLarge, Unavailable),
                },
                openapi_extra={"parameters": [_BUSINESS, *_documented(platform)]},
            )
        )
    return router


_BUSINESS = {
    "name": "business",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "example": "biz_019a8f3c2b7d7c31a4e5f60718293a4b",
}


def _documented(platform: str) -> list[dict[str, Any]]:
    headers = _HEADERS["shopify" if platform == "shopify" else "woocommerce"]
    return [
        {"name": name, "in": "header", "required": what in ("signature", "topic", "shop"), "schema": {"type": "string"}}
        for what, name in headers.items()
    ]


async def _receive(receiver: Receiver, platform: Platform, request: Request) -> Response:
    try:
        body = await request.body()
    except ClientDisconnect:
        return Response(status_code=400)
    told = {what: _header(request, name) for what, name in _HEADERS[platform].items()}
    signature = told["signature"]
    if platform == "woocommerce" and signature is None and _PING.fullmatch(body):
        return _respond(DoorAnswer(outcome="ping"))
    business_id = parse_id("biz", request.path_params["business"])
    shop = await receiver.signer(
        business_id, platform, told["shop"], parse_signature(signature.encode("latin-1")) if signature else None, body
    )
    incoming = Incoming(
        topic=told["topic"] or "",
        delivery=told["delivery"],
        event=told.get("event"),
        api_version=told.get("api_version"),
        triggered_at=_moment(told.get("triggered_at")),
        is_test=told.get("test") == "true",
        body=body,
    )
    return _respond(await receiver.take(shop, incoming))


def _respond(answer: DoorAnswer) -> Response:
    return RawResponse(200, answer.model_dump_json().encode(), [(b"content-type", b"application/json")])


def _header(request: Request, name: str) -> str | None:
    """One that comes twice is none: which of the two is meant?"""
    values = request.headers.getlist(name)
    return values[0][:_MOST] if len(values) == 1 and values[0] else None


def _moment(text: str | None) -> datetime | None:
    try:
        return in_utc(datetime.fromisoformat(text)) if text else None
    except (ValueError, OverflowError):
        return None
