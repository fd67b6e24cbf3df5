"""Refusals of the control API: problem documents (RFC 9457), unlike those of Graph."""

from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse, Response


class ProblemError(Exception):
    def __init__(self, status: int, code: str, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"type": "about:blank", "title": code.replace("_", " ").capitalize(), "status": status}
        self.body |= {"code": code, "detail": detail} | members


async def render_problem(_: Request, error: Exception) -> Response:
    if isinstance(error, RequestValidationError):
        faults = [{"path": list(each["loc"]), "message": each["msg"]} for each in error.errors()]
        error = ProblemError(422, "invalid_request", "The request does not fit the operation.", errors=faults)
    if not isinstance(error, ProblemError):
        raise error
    return JSONResponse(error.body, error.status, media_type="application/problem+json")
