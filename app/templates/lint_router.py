"""What can be said of a template, before it is submitted."""

from typing import Any

import orjson
from fastapi import APIRouter, Request
from pydantic import ValidationError

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.core.problems import (
    BodyTooLarge,
    Forbidden,
    InvalidRequest,
    MalformedBody,
    Unauthorized,
    pointer_to,
    problem_of,
    responses,
)
from app.templates.definition import TemplateDefinition
from app.templates.linting import Linted, lint_body, lint_definition

BODY_MOST = 64 * 1024
"""Bytes; Meta's longest template has a few thousand."""
_COMPONENTS_MOST = 10

_SCHEMA = "TemplateToLint"

_TAKES = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{_SCHEMA}"}}},
    }
}

_EXAMPLES: list[dict[str, Any]] = [
    {
        "name": "parcel_ready",
        "language": "tr",
        "category": "UTILITY",
        "body": "Merhaba {{customer_name}}, {{order_number}} numaralı siparişiniz şubede sizi bekliyor.",
        "footer": "Sonraki siparişinize özel indirim",
        "samples": {"customer_name": "Ayşe", "order_number": "A-1027"},
    },
    {
        "name": "parcel_ready",
        "language": "en",
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": [
            {
                "type": "BODY",
                "text": "Hello {{1}}, your order {{2}} is waiting for you at our store.",
                "example": {"body_text": [["Ada", "A-1027"]]},
            }
        ],
    },
]

_METAS: dict[str, dict[str, Any]] = {
    "name": {"description": "Lower-case letters a-z, digits and underscores"},
    "language": {"description": "As Meta names it"},
    "category": {"description": "UTILITY, MARKETING or AUTHENTICATION"},
    "components": {
        "type": "array",
        "maxItems": _COMPONENTS_MOST,
        "items": {"type": "object", "additionalProperties": True},
        "description": "Meta's form, instead of `header`, `body`, `footer`, `buttons` and `samples`. Whatever is wrong "
        "in it is a finding",
    },
    "parameter_format": {"description": "Meta's form: NAMED or, where nothing is said, POSITIONAL"},
    "message_send_ttl_seconds": {"description": "Meta's form: for how long Meta may try to deliver"},
    "library_template_name": {"description": "Meta's form: the template of Meta's library that it is made from"},
    "library_template_button_inputs": {"description": "Meta's form"},
    "library_template_body_inputs": {"description": "Meta's form"},
    "allow_category_change": {"description": "Meta's form, without effect"},
    "cta_url_link_tracking_opted_out": {"description": "Meta's form"},
}


def lint_schemas() -> dict[str, Any]:
    """Component schemas of the body that `lint_template` reads by itself, after it knows the caller."""
    definition = TemplateDefinition.model_json_schema()
    own = _inlined(definition["properties"], definition.get("$defs", {}))
    return {
        _SCHEMA: {
            "title": _SCHEMA,
            "description": "A template as Ulak defines templates, or the body of Meta's `POST message_templates`, "
            "which is known by its `components`.",
            "type": "object",
            "additionalProperties": False,
            "properties": {**own, **_METAS},
            "required": ["name", "language"],
            "examples": _EXAMPLES,
        }
    }


def _inlined(part: Any, known: dict[str, Any]) -> Any:
    """Parts that no other operation names need no schema of their own."""
    match part:
        case {"$ref": str(name)}:
            return _inlined(known[name.rpartition("/")[2]], known)
        case dict():
            return {key: _inlined(value, known) for key, value in part.items() if key != "discriminator"}
        case list():
            return [_inlined(one, known) for one in part]
    return part


def lint_router(directory: Directory) -> APIRouter:
    router = APIRouter()

    @router.post(
        "/v1/templates/lint",
        tags=["Reference"],
        operation_id="lint_template",
        summary="What can be said of a template before Meta is asked",
        responses=responses(Unauthorized, Forbidden, MalformedBody, BodyTooLarge, InvalidRequest),
        openapi_extra=_TAKES,
    )
    async def lint_template(request: Request) -> Linted:
        """What Meta would refuse, what breaks good practice, and which category Meta is expected to file it under, with
        the phrases that tip it. Nothing is stored or submitted. The forecast knows Turkish and English, and Meta
        decides."""
        await authenticate(directory, request, Scope.TEMPLATES_READ)
        return _judged(await request.body())

    return router


def _judged(raw: bytes) -> Linted:
    """Raises BodyTooLarge, MalformedBody or InvalidRequest."""
    if len(raw) > BODY_MOST:
        raise BodyTooLarge(f"A template may have at most {BODY_MOST} bytes.")
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise MalformedBody(str(error)) from error
    if isinstance(body, dict) and "components" in body:
        return lint_body(_held(body))
    try:
        return lint_definition(TemplateDefinition.model_validate_json(raw))
    except ValidationError as error:
        raise problem_of(error) from error


def _held(body: dict[str, Any]) -> dict[str, Any]:
    for key in body:
        if key not in _METAS:
            raise InvalidRequest.at(pointer_to([key]), "extra_forbidden", "is no part of Meta's body")
    components = body["components"]
    if not isinstance(components, list):
        raise InvalidRequest.at("#/components", "list_type", "must be a list of components")
    if len(components) > _COMPONENTS_MOST:
        raise InvalidRequest.at("#/components", "too_long", f"may have at most {_COMPONENTS_MOST} components")
    for index, component in enumerate(components):
        if not isinstance(component, dict):
            raise InvalidRequest.at(f"#/components/{index}", "dict_type", "must be a component")
    return body
