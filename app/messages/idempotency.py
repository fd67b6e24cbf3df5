"""The header by which a request may be sent again, and the answer that is kept for it."""

import re
from typing import Any

from fastapi import Request, Response

from app.core.http import RawResponse
from app.core.problems import FieldError, InvalidRequest
from app.messages.bodies import JSON
from app.messages.submission import Answer

_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")

KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Up to 255 visible ASCII characters, kept for 48 hours. The same key with the same body gets the "
    "stored answer and `Idempotency-Replayed: true`; with another body 422; while the first is being answered 409.",
    "schema": {"type": "string", "maxLength": 255, "pattern": r"^[\x21-\x7e]{1,255}$"},
}

_ACCEPTED_HEADERS = {
    "Location": {"description": "Address of the message", "schema": {"type": "string"}},
    "Idempotency-Replayed": {"description": "`true` on a stored answer", "schema": {"type": "string"}},
}


def accepted(schema: str) -> dict[str, Any]:
    """As the API's description has such an answer."""
    content = {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": "Stored; it will be sent", "headers": _ACCEPTED_HEADERS, "content": content}


def idempotency_key(request: Request) -> str | None:
    """Raises InvalidRequest."""
    key = request.headers.get("idempotency-key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        fault = FieldError(
            parameter="Idempotency-Key", code="idempotency_key", message="must be 1 to 255 visible ASCII characters"
        )
        raise InvalidRequest.from_faults([fault])
    return key


def respond(answer: Answer) -> Response:
    headers = [(b"content-type", JSON.encode())]
    if answer.location is not None:
        headers.append((b"location", answer.location.encode()))
    if answer.replayed:
        headers.append((b"idempotency-replayed", b"true"))
    return RawResponse(202, answer.body, headers)
