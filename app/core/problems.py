"""Errors at the edge: RFC 9457 problem details, with a stable `code` and the place of each fault.

A domain raises a subclass of Problem; the handlers here turn it, and whatever else can go wrong in a request, into
`application/problem+json`. `errors[].pointer` is a JSON Pointer into the request body (RFC 9457 §3, RFC 6901).
"""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from app.core.database import UNAVAILABLE, is_unavailable

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"


class FieldError(BaseModel):
    """One fault of a request."""

    pointer: str | None = Field(default=None, examples=["#/data/total/currency"])
    parameter: str | None = Field(default=None, description="Header, path or query parameter", examples=["cursor"])
    code: str = Field(examples=["string_pattern_mismatch"])
    message: str = Field(examples=["String should match pattern '^[A-Z]{3}$'"])


class ProblemDetails(BaseModel):
    """RFC 9457 problem details; `code` is stable and made for programs, `detail` is made for people."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:ulak:problem:invalid_request",
                    "code": "invalid_request",
                    "title": "The request does not fit",
                    "status": 422,
                    "detail": "1 fault: #/data/total/currency String should match pattern '^[A-Z]{3}$'",
                    "errors": [
                        {
                            "pointer": "#/data/total/currency",
                            "code": "string_pattern_mismatch",
                            "message": "String should match pattern '^[A-Z]{3}$'",
                        }
                    ],
                }
            ]
        }
    )

    type: str
    code: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = None


class Problem(Exception):
    """Base of every error that a caller may see.

    Problem
    ├─ InvalidRequest 422, MalformedBody 400, BodyTooLarge 413, UnsupportedMediaType 415
    ├─ Unauthorized 401, Forbidden 403, NotFound 404
    ├─ Conflict 409 (and its kinds in the domains)
    └─ Unavailable 503
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(
        self, detail: str, *, errors: Sequence[FieldError] = (), headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = list(errors)
        self.headers = headers or {}

    def as_dict(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": f"urn:ulak:problem:{self.code}",
            "code": self.code,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [error.model_dump(exclude_none=True) for error in self.errors]
        return body

    def as_response(self) -> Response:
        return Response(orjson.dumps(self.as_dict()), self.status, self.headers, MEDIA_TYPE)


class InvalidRequest(Problem):
    status, code, title = 422, "invalid_request", "The request does not fit"

    @classmethod
    def from_faults(cls, faults: Sequence[FieldError]) -> "InvalidRequest":
        places = "; ".join(f"{fault.pointer or fault.parameter or '#'} {fault.message}" for fault in faults[:3])
        more = f" (+{len(faults) - 3} more)" if len(faults) > 3 else ""  # noqa: PLR2004 - as many as fit a line
        return cls(f"{len(faults)} fault{'s' * (len(faults) != 1)}: {places}{more}", errors=faults)

    def moved(self, under: str) -> "InvalidRequest":
        """The same faults, of a part of the body that stands at `under`."""
        errors = [
            error.model_copy(update={"pointer": f"#{under}{error.pointer[1:]}"}) if error.pointer else error
            for error in self.errors
        ]
        return type(self).from_faults(errors)

    @classmethod
    def at(cls, pointer: str, code: str, message: str) -> "InvalidRequest":
        return cls.from_faults([FieldError(pointer=pointer, code=code, message=message)])


class MalformedBody(Problem):
    status, code, title = 400, "malformed_body", "The body is not JSON in UTF-8"


class BodyTooLarge(Problem):
    status, code, title = 413, "body_too_large", "The body is too large"


class UnsupportedMediaType(Problem):
    status, code, title = 415, "unsupported_media_type", "The body is not of a kind that is taken here"


class Unauthorized(Problem):
    status, code, title = 401, "unauthorized", "No usable key"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Problem):
    status, code, title = 403, "forbidden", "The key may not do this"


class NotFound(Problem):
    status, code, title = 404, "not_found", "No such thing"


class Conflict(Problem):
    status, code, title = 409, "conflict", "Not possible as things stand"


class Unavailable(Problem):
    status, code, title = 503, "unavailable", "Not available just now"

    def __init__(
        self, detail: str = "The database cannot be reached; nothing was changed that was not confirmed."
    ) -> None:
        super().__init__(detail, headers={"Retry-After": "2"})


class InternalError(Problem):
    def __init__(self) -> None:
        super().__init__("The fault is ours and has been logged. The same request may be sent again with its key.")


def pointer_to(location: Sequence[int | str]) -> str:
    """Of a property that is wrong by its name the validator adds `[key]`, which is no place of the document."""
    parts = location[:-1] if location and location[-1] == "[key]" else location
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _printable(text: str) -> str:
    """Messages of validators quote the input, which may hold lone surrogates."""
    return text.encode("utf-8", "replace").decode()


def field_errors(details: Sequence[ErrorDetails], *, under: Sequence[int | str] = ()) -> list[FieldError]:
    return [
        FieldError(pointer=_printable(pointer_to([*under, *item["loc"]])), code=code, message=_printable(message))
        for item, (code, message) in ((item, _said(item)) for item in details)
    ]


_PREFIX = "Value error, "
"""By which the validator begins what rules of ours say."""

_TEXT_LENGTH = re.compile(r"Value should have (at (?:most|least) \d+) items? after validation, not \d+")


def _said(item: ErrorDetails) -> tuple[str, str]:
    """Of a text with a length and rules of its own the validator speaks as of a list."""
    is_text = isinstance(item.get("input"), str) and item["type"] in ("too_long", "too_short")
    if is_text and (found := _TEXT_LENGTH.fullmatch(item["msg"])):
        return f"string_{item['type']}", f"String should have {found[1]} characters"
    return item["type"], item["msg"].removeprefix(_PREFIX)


def problem_of(error: ValidationError) -> Problem:
    """The answer for a body that a model refused."""
    details = error.errors(include_url=False, include_context=False)
    if details and details[0]["type"] == "json_invalid":
        return MalformedBody(_printable(details[0]["msg"]))
    return InvalidRequest.from_faults(field_errors(details))


def responses(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """Documentation of the problems that an operation may answer with."""
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in problems:
        by_status.setdefault(problem.status, []).append(problem)
    return {
        status: {
            "description": " / ".join(f"{kind.title} (`{kind.code}`)" for kind in kinds),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
        for status, kinds in sorted(by_status.items())
    }


_BY_STATUS: dict[int, tuple[str, str]] = {
    400: (MalformedBody.code, MalformedBody.title),
    404: ("not_found", "No such thing"),
    405: ("method_not_allowed", "This address does not take that method"),
}


def _from_parameters(error: RequestValidationError) -> Problem:
    faults = []
    for item in error.errors():
        where, *rest = item["loc"]
        if item["type"] == "json_invalid":
            return MalformedBody(_printable(str(item["msg"])))
        named: dict[str, str] = (
            {"pointer": _printable(pointer_to(rest))}
            if where == "body"
            else {"parameter": _printable(".".join(str(part) for part in rest))}
        )
        faults.append(
            FieldError(code=item["type"], message=_printable(str(item["msg"]).removeprefix(_PREFIX)), **named)
        )
    return InvalidRequest.from_faults(faults)


def answer_to(error: Exception) -> Response:
    """The problem that any error is to the caller; ours are logged."""
    if isinstance(error, Problem):
        problem = error
    elif isinstance(error, RequestValidationError):
        problem = _from_parameters(error)
    elif isinstance(error, HTTPException):
        code, title = _BY_STATUS.get(error.status_code, ("http_error", "The request was refused"))
        kind = type("HttpProblem", (Problem,), {"status": error.status_code, "code": code, "title": title})
        problem = kind(str(error.detail), headers=dict(error.headers or {}))
    elif is_unavailable(error):
        log.warning("database unavailable", error=type(error).__name__)
        problem = Unavailable()
    else:
        log.error("request failed", exc_info=error)
        problem = InternalError()
    return problem.as_response()


async def _render(_request: Request, error: Exception) -> Response:
    return answer_to(error)


def install(app: FastAPI) -> None:
    for kind in (Problem, RequestValidationError, HTTPException, DBAPIError, *UNAVAILABLE, Exception):
        app.add_exception_handler(kind, _render)
