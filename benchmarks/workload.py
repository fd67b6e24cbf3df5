"""The one event that is posted again and again: who it goes to, what it says, and the request that carries it."""

from typing import Any

import orjson

EVENT_PATH = "/v1/events/order-confirmed"
WEBHOOK_PATH = "/webhooks/whatsapp"
GRAPH_VERSION = "v25.0"

PHONE_NUMBER_ID = "106540352242922"
DISPLAY_PHONE_NUMBER = "908502220000"
WABA_ID = "102290129340398"
APP_SECRET = "benchmark-app-secret"  # noqa: S105 - shared with the counterpart on loopback only

NAME = "Ayşe Yılmaz"
MOST_CONTACTS = 1_000_000
"""One message per contact and database: Meta's pace per pair of numbers must not become what is measured."""


def phone(number: int) -> str:
    return f"+90532{number:07d}"


def event(number: int) -> dict[str, Any]:
    """The body of one `order-confirmed` event, as a shop's backend would write it."""
    return {
        "contact": {"phone": phone(number), "name": NAME, "language": "tr"},
        "data": {"order_number": f"A-{number}", "total": {"amount": 129990, "currency": "TRY"}},
        "reference": f"order-{number}",
    }


def request(number: int, *, host: str, token: str, series: str) -> bytes:
    """A whole HTTP request; `series` keeps the idempotency keys of two rounds apart."""
    body = orjson.dumps(event(number))
    return (
        f"POST {EVENT_PATH} HTTP/1.1\r\n"
        f"Host: {host}\r\n"
        f"Authorization: Bearer {token}\r\n"
        f"Idempotency-Key: {series}-{number}\r\n"
        "Content-Type: application/json\r\n"
        "Accept: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body
