"""Answers that are none of Graph's: a gateway's error page, and no answer at all."""

import http

from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

RESET = "sandbox.reset"
"""Extension of the ASGI scope, whose `reset` resets the connection. app.sandbox.protocol offers it."""


class OutageError(Exception):
    """Something between the caller and Graph is down."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class LostAnswerError(Exception):
    """The caller is not going to hear what came of the call."""


def gateway_page(status: int) -> Response:
    title = f"{status} {http.HTTPStatus(status).phrase}"
    return HTMLResponse(f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>", status)


class NoAnswer(Response):
    """Resets the connection before the first byte.

    A server that cannot do so, and a test that calls the application in its own process, get the error raised instead.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is sent
        offered = scope.get("extensions", {}).get(RESET)
        if offered is None:
            raise ConnectionResetError("The answer was lost.")
        offered["reset"]()
        while (await receive())["type"] != "http.disconnect":
            pass
