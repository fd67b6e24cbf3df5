"""The HTTP side of Graph: finds the object an address names, asks who is calling, and answers as Meta does."""

import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.sandbox.answers import LostAnswerError, NoAnswer, OutageError, gateway_page
from app.sandbox.engine import Sandbox
from app.sandbox.errors import GraphError, invalid, unknown_object
from app.sandbox.state import Json, Token
from app.sandbox.throttles import quota_reached

_UNVERSIONED = {"message_templates/archive", "message_templates/unarchive"}
_NEWEST = 25
_ENCODED_TWICE = "/upsert_message_templates"
"""A public client sends this body as a string that holds JSON."""
_VERSION = re.compile(r"v(\d{1,3})\.\d")


@dataclass(slots=True)
class Call:
    """One request to Graph; `arguments` are those of the query and of the body together."""

    sandbox: Sandbox
    request: Request
    version: int
    token: Token
    arguments: Json = field(default_factory=dict)
    files: dict[str, UploadFile] = field(default_factory=dict)
    data: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    """Of the answer, whatever it will be."""

    def manage(self, waba_id: str) -> None:
        """A management call counts on the hourly quota of its account, and tells how much of that is used."""
        share, minutes = self.sandbox.throttles.manage(waba_id)
        counts = {"call_count": share, "total_cputime": 0, "total_time": 0}
        case = {"type": "whatsapp_business_management", **counts, "estimated_time_to_regain_access": minutes}
        self.headers["X-Business-Use-Case-Usage"] = json.dumps({waba_id: [case]})
        self.headers["X-App-Usage"] = json.dumps(counts)
        if minutes:
            raise quota_reached()

    def argument(self, name: str) -> str:
        value = self.arguments.get(name)
        return "" if value is None else str(value)


Handler = Callable[[Call, str], Awaitable[Json]]
"""Takes the id the address names; refuses it where it is none of the token's."""

Routes = dict[tuple[str, str, str], Handler]
"""By method, kind of node, and edge (empty for the node itself)."""


def render(payload: Json, status: int, headers: dict[str, str]) -> Response:
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, status, headers, "application/json; charset=UTF-8")


class Graph:
    def __init__(self, sandbox: Sandbox, handlers: Routes) -> None:
        self._sandbox = sandbox
        self._handlers = handlers

    def routes(self) -> list[Route]:
        methods = ["GET", "POST", "DELETE"]
        paths = ("/{version}/{node}", "/{version}/{node}/", "/{version}/{node}/{edge:path}")
        return [Route(path, self.answer, methods=methods) for path in paths]

    async def answer(self, request: Request) -> Response:
        headers = {
            "x-fb-trace-id": secrets.token_urlsafe(8),
            "x-fb-request-id": secrets.token_hex(8),
            "facebook-api-version": request.path_params["version"],
            # The machine's time: servers of Meta's do not live ahead with the simulated world.
            "date": formatdate(time.time() + self._sandbox.world.dial.clock_skew, usegmt=True),
        }
        try:
            payload = await self._dispatch(request, headers)
        except LostAnswerError:
            return NoAnswer()
        except OutageError as outage:
            return gateway_page(outage.status)
        except GraphError as error:
            status = self._sandbox.settings.http_statuses.get(error.code, error.status)
            return render(error.envelope(), status, headers)
        finally:
            await request.close()
        return render(payload, 200, headers)

    async def _dispatch(self, request: Request, headers: dict[str, str]) -> Json:
        version, node, edge = self._address(request)
        kind = self._kind(node)
        arguments: Json = dict(request.query_params)
        token = self._authenticate(request, arguments, kind)
        handler = self._handlers.get((request.method, kind, edge))
        if handler is None:
            raise unknown_object(node, request.method.lower())
        call = Call(self._sandbox, request, version, token, arguments, headers=headers)
        await _read_body(call, raw=kind == "upload")
        return await handler(call, node)

    def _address(self, request: Request) -> tuple[int, str, str]:
        """Version, node and edge; a few calls are made without a version, on a host of their own."""
        first, node = request.path_params["version"], request.path_params["node"]
        edge = request.path_params.get("edge", "").strip("/")
        version = _VERSION.fullmatch(first)
        paths = self._sandbox.settings.archive_paths
        if version is None and f"{node}/{edge}" in _UNVERSIONED and paths != "versioned":
            return _NEWEST, first, f"{node}/{edge}"
        if version is None or (edge in _UNVERSIONED and paths == "bare"):
            raise GraphError(2500, message=f"(#2500) Unknown path components: {request.url.path}")
        return int(version[1]), node, edge

    def _kind(self, node: str) -> str:
        state = self._sandbox.world.state
        places: tuple[tuple[str, dict[str, Any]], ...] = (
            ("number", state.numbers),
            ("waba", state.wabas),
            ("template", state.templates),
            ("media", state.media),
            ("app", state.apps),
        )
        if node.startswith("upload:"):
            return "upload"
        if node in {"debug_token", "oauth", "message_template_library"}:
            return node
        return next((kind for kind, place in places if node in place), "unknown")

    def _authenticate(self, request: Request, arguments: Json, kind: str) -> Token:
        """Header first; `access_token` in the query works too. `OAuth` is the scheme of resumable uploads."""
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        in_query = arguments.pop("access_token", None)
        if kind == "oauth":
            return Token("", "", "", [], 0.0)
        bearer = credentials.strip() if scheme.lower() in {"bearer", "oauth"} else None
        # An app-level call names its app token in the query while a client's session sends its usual header.
        value = in_query if kind in {"app", "debug_token"} and in_query else bearer or in_query
        return self._sandbox.accounts.authenticate(value)


async def _read_body(call: Call, *, raw: bool) -> None:
    """JSON objects and forms become arguments; the bytes of an upload stay bytes."""
    request = call.request
    if request.method == "GET":
        return
    content_type = request.headers.get("content-type", "")
    if raw:
        call.data = await request.body()
    elif content_type.startswith(("multipart/form-data", "application/x-www-form-urlencoded")):
        for name, value in (await request.form()).multi_items():
            if isinstance(value, UploadFile):
                call.files[name] = value
            elif name != "access_token":
                call.arguments[name] = value
    elif data := await request.body():
        call.arguments |= _object(data, twice=request.url.path.endswith(_ENCODED_TWICE))


def _object(data: bytes, *, twice: bool) -> Json:
    try:
        parsed = json.loads(data)
        if isinstance(parsed, str) and twice:
            parsed = json.loads(parsed)
    except ValueError:
        raise invalid("Invalid parameter", "The body is not valid JSON.") from None
    if not isinstance(parsed, dict):
        raise invalid("Invalid parameter", "The body must be a JSON object.")
    return parsed


def select(node: Json, asked: str, defaults: tuple[str, ...], kind: str) -> Json:
    """The fields asked for, and the id; the default ones when none are. What has no value is left out, as at Meta."""
    names = [name.strip() for name in asked.split(",") if name.strip()] or list(defaults)
    for name in names:
        if name not in node:
            raise invalid(f"Tried accessing nonexisting field ({name}) on node type ({kind})")
    return {name: node[name] for name in dict.fromkeys([*names, "id"]) if node[name] is not None}
