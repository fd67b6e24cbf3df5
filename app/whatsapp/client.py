"""The Graph client: one per process, the only code that calls Meta."""

import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, lru_cache
from typing import Any, Literal, Self

import httpx
import orjson
import structlog

from app.whatsapp.errors import GraphError, parse_error
from app.whatsapp.payloads import mark_read
from app.whatsapp.transport import NEVER_SENT, DirectTransport, Limits, Origin, head_of

log = structlog.get_logger(__name__)

_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "ulak"}
"""The answer is read as it comes: nothing here decompresses."""


@dataclass(frozen=True, slots=True)
class GraphAccess:
    """Where to call and with what: the real Graph, or the sandbox for test keys."""

    base_url: str
    access_token: str

    def __repr__(self) -> str:
        return f"GraphAccess({self.base_url}, …)"

    def is_writable(self) -> bool:
        """Whether the token fits a header: libraries refuse one that does not with an error that quotes it."""
        return self.access_token.isascii() and self.access_token.isprintable()


@dataclass(frozen=True, slots=True)
class Accepted:
    """Graph took the message for processing; it says nothing of delivery."""

    wamid: str
    wa_id: str | None
    user_id: str | None
    message_status: str | None
    """`held_for_quality_assessment` where Meta paces the template; otherwise `accepted`, or missing."""
    parent_user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """An explicit error answer: the message did not leave (unless the error's entry says `may_exist`)."""

    error: GraphError


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing went out: no connection could be made."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Bytes went out and no readable answer came back: the message may or may not exist at Meta."""

    reason: str


SendOutcome = Accepted | Refused | NotSent | Unknown


_TEMPLATE_FIELDS = (
    "id,name,status,category,previous_category,correct_category,language,parameter_format,components,quality_score,"
    "rejected_reason,message_send_ttl_seconds"
)

_UNWRITABLE = "the access token holds characters that no header takes"


@cache
def _trusted() -> ssl.SSLContext:
    """Once a process: to read the certificates takes longer than to make all the rest of a client."""
    return httpx.create_ssl_context()


class GraphUnreachableError(Exception):
    """A management call got no readable answer."""


class HandshakeError(Exception):
    """A callback address did not answer as Meta would want it to."""


class GraphClient:
    def __init__(self, client: httpx.AsyncClient, version: str, direct: DirectTransport | None = None) -> None:
        """With `direct`, the client's own transport, sends go past the client, which costs more than they do."""
        self._client = client
        self._version = version
        self._direct = direct
        timeout = client.timeout
        self._limits = Limits(timeout.pool, timeout.connect, timeout.read)

    @classmethod
    def open(
        cls,
        *,
        version: str,
        connect_timeout: timedelta,
        read_timeout: timedelta,
        connections: int,
        transport: Literal["direct", "httpx"] = "direct",
    ) -> Self:
        timeout = httpx.Timeout(read_timeout.total_seconds(), connect=connect_timeout.total_seconds())
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        direct = DirectTransport(connections=connections) if transport == "direct" else None
        chosen = direct or httpx.AsyncHTTPTransport(verify=_trusted(), limits=limits)
        return cls(httpx.AsyncClient(transport=chosen, timeout=timeout, headers=_HEADERS), version, direct)

    async def close(self) -> None:
        await self._client.aclose()

    async def send_message(self, access: GraphAccess, phone_number_id: str, payload: Mapping[str, Any]) -> SendOutcome:
        """One POST, never repeated here: whether it may be repeated depends on the outcome."""
        if not access.is_writable():
            return NotSent(_UNWRITABLE)
        address = f"{access.base_url}/{self._version}/{phone_number_id}/messages"
        content = orjson.dumps(payload)
        try:
            if self._direct is None:
                response = await self._client.post(address, content=content, headers=_send_headers(access))
                return _read_send_answer(response.status_code, response.content, response.headers.get("retry-after"))
            origin, head = _prepared(address, access)
            request = b"%bcontent-length: %d\r\n\r\n%b" % (head, len(content), content)
            answer = await self._direct.exchange(origin, request, self._limits)
        except NEVER_SENT as error:
            return NotSent(f"{type(error).__name__}: {error}")
        except httpx.HTTPError as error:
            return Unknown(f"{type(error).__name__}: {error}")
        return _read_send_answer(answer.status, answer.body, answer.header(b"retry-after"))

    async def shakes_hands(self, url: str, verify_token: str) -> None:
        """Does as Meta does when a callback address is set. Raises HandshakeError."""
        asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": verify_token}
        try:
            answer = await self._client.get(url, params=asked)
        except httpx.HTTPError as error:
            raise HandshakeError(type(error).__name__) from error
        if answer.status_code != httpx.codes.OK:
            raise HandshakeError(f"HTTP {answer.status_code}")
        if answer.text != asked["hub.challenge"]:
            raise HandshakeError("another answer than the challenge")

    async def mark_read(self, access: GraphAccess, phone_number_id: str, wamid: str, *, typing: bool = False) -> None:
        """What the customer wrote, and all before it in the chat. Raises GraphError or GraphUnreachableError."""
        payload = mark_read(wamid, typing=typing)
        await self._call(access, "POST", f"{phone_number_id}/messages", json=payload)

    async def phone_number(self, access: GraphAccess, phone_number_id: str) -> dict[str, Any]:
        fields = (
            "id,display_phone_number,verified_name,quality_rating,status,throughput,name_status,platform_type,"
            "whatsapp_business_manager_messaging_limit"
        )
        return await self._call(access, "GET", phone_number_id, params={"fields": fields})

    async def phone_numbers(self, access: GraphAccess, waba_id: str) -> list[dict[str, Any]]:
        return [row async for row in self._pages(access, f"{waba_id}/phone_numbers", {})]

    async def subscribe_app(self, access: GraphAccess, waba_id: str) -> None:
        """Without it no webhook of the account arrives, whatever the app is subscribed to."""
        await self._call(access, "POST", f"{waba_id}/subscribed_apps")

    async def message_history(self, access: GraphAccess, phone_number_id: str, wamid: str) -> list[dict[str, Any]]:
        """Events of one message: `delivery_status` (SENT, DELIVERED, READ, FAILED) and `timestamp` in Unix seconds.

        Raises GraphError, also where the account has no such history, or GraphUnreachableError.
        """
        params = {"message_id": wamid, "fields": "id,message_id,events{delivery_status,timestamp}"}
        page = await self._call(access, "GET", f"{phone_number_id}/message_history", params=params)
        rows = [row for row in page.get("data", []) if isinstance(row, dict) and row.get("message_id") == wamid]
        return [event for row in rows for event in (row.get("events") or {}).get("data", []) if isinstance(event, dict)]

    async def create_template(self, access: GraphAccess, waba_id: str, template: Mapping[str, Any]) -> dict[str, Any]:
        return await self._call(access, "POST", f"{waba_id}/message_templates", json=template)

    async def edit_template(
        self,
        access: GraphAccess,
        template_id: str,
        components: Sequence[Any],
        *,
        category: str | None = None,
        time_to_live: int | None = None,
    ) -> None:
        """Replaces all components; the template goes back into review. `time_to_live` is in seconds."""
        changes: dict[str, Any] = {"components": components}
        if category is not None:
            changes["category"] = category
        if time_to_live is not None:
            changes["message_send_ttl_seconds"] = time_to_live
        await self._call(access, "POST", template_id, json=changes)

    async def delete_template(self, access: GraphAccess, waba_id: str, template_id: str, name: str) -> None:
        """In its one language."""
        params = {"hsm_id": template_id, "name": name}
        await self._call(access, "DELETE", f"{waba_id}/message_templates", params=params)

    async def unpause_template(self, access: GraphAccess, template_id: str) -> str | None:
        """Why Meta did not lift the pause; nothing where it did."""
        answer = await self._call(access, "POST", f"{template_id}/unpause")
        return None if answer.get("success") else str(answer.get("reason") or "Meta gave no reason.")

    async def template(self, access: GraphAccess, template_id: str) -> dict[str, Any]:
        return await self._call(access, "GET", template_id, params={"fields": _TEMPLATE_FIELDS})

    async def upload_media(
        self, access: GraphAccess, phone_number_id: str, data: bytes, mime_type: str, filename: str
    ) -> str:
        """The id by which this number may send the file, for 30 days. Raises GraphError or GraphUnreachableError."""
        form = {"messaging_product": "whatsapp", "type": mime_type}
        answer = await self._call(
            access, "POST", f"{phone_number_id}/media", form=form, file=(filename, data, mime_type)
        )
        return _named(answer, "id", access)

    async def media(self, access: GraphAccess, media_id: str, phone_number_id: str) -> dict[str, Any]:
        """`url` (for five minutes), `mime_type`, `sha256`, `file_size`. Raises GraphError, also for an id that this
        number does not have or has no longer, or GraphUnreachableError."""
        return await self._call(access, "GET", media_id, params={"phone_number_id": phone_number_id})

    async def delete_media(self, access: GraphAccess, media_id: str, phone_number_id: str) -> None:
        """Raises GraphError, also where it is gone already, or GraphUnreachableError."""
        await self._call(access, "DELETE", media_id, params={"phone_number_id": phone_number_id})

    async def app_id(self, access: GraphAccess) -> str:
        """Of the app that the token belongs to. Raises GraphError or GraphUnreachableError."""
        answer = await self._call(access, "GET", "debug_token", params={"input_token": access.access_token})
        data = answer.get("data")
        return _named(data if isinstance(data, dict) else {}, "app_id", access)

    async def upload_sample(self, access: GraphAccess, app_id: str, data: bytes, mime_type: str, filename: str) -> str:
        """The handle by which a new template's header names the file: for creating templates, not for sending.

        The Resumable Upload API takes the bytes; what breaks off goes on where Meta says that it stands. Raises
        GraphError or GraphUnreachableError.
        """
        announced = {"file_name": filename, "file_length": str(len(data)), "file_type": mime_type}
        opened = await self._call(access, "POST", f"{app_id}/uploads", params=announced)
        upload = _named(opened, "id", access)
        taken = 0
        for _ in range(_SAMPLE_TRIES):
            try:
                answer = await self._call(
                    access, "POST", upload, scheme="OAuth", headers={"file_offset": str(taken)}, content=data[taken:]
                )
            except GraphUnreachableError as error:
                log.warning("sample broke off", error=str(error))
                answer = await self._call(access, "GET", upload, scheme="OAuth")
            handle, offset = answer.get("h"), answer.get("file_offset")
            if isinstance(handle, str) and handle:
                return handle
            taken = offset if isinstance(offset, int) and 0 <= offset <= len(data) else 0
        raise GraphUnreachableError(f"{access.base_url} did not take the sample to its end")

    async def read(
        self, access: GraphAccess, path: str, params: Mapping[str, str]
    ) -> tuple[dict[str, Any], str | None]:
        """A node or an edge as it is answered, and the header Date of the answer. Raises GraphError or
        GraphUnreachableError."""
        document, headers = await self._exchange(access, "GET", path, params=params)
        return document, headers.get("date")

    def rows(self, access: GraphAccess, path: str, params: Mapping[str, str]) -> AsyncIterator[dict[str, Any]]:
        """All of an edge, page by page. Raises GraphError or GraphUnreachableError."""
        return self._pages(access, path, dict(params))

    def templates(self, access: GraphAccess, waba_id: str) -> AsyncIterator[dict[str, Any]]:
        return self._pages(access, f"{waba_id}/message_templates", {"fields": _TEMPLATE_FIELDS, "limit": "100"})

    async def _pages(self, access: GraphAccess, path: str, params: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
        after: str | None = None
        while True:
            page = await self._call(access, "GET", path, params=params | ({"after": after} if after else {}))
            for row in page.get("data", []):
                yield row
            paging = page.get("paging", {})
            after = paging.get("cursors", {}).get("after")
            if not after or "next" not in paging:
                return

    async def _call(self, access: GraphAccess, method: str, path: str, **request: Any) -> dict[str, Any]:
        """A management call. Raises GraphError or GraphUnreachableError."""
        document, _ = await self._exchange(access, method, path, **request)
        return document

    async def _exchange(
        self,
        access: GraphAccess,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
        file: tuple[str, bytes, str] | None = None,
        headers: Mapping[str, str] | None = None,
        scheme: Literal["Bearer", "OAuth"] = "Bearer",
    ) -> tuple[dict[str, Any], httpx.Headers]:
        """The answer with its headers. Raises GraphError or GraphUnreachableError."""
        if not access.is_writable():
            raise GraphUnreachableError(_UNWRITABLE)
        sent = {"Authorization": f"{scheme} {access.access_token}", **(headers or {})}
        if json is not None:
            sent["Content-Type"] = "application/json"
            content = orjson.dumps(json)
        size = len(content or b"") + (len(file[1]) if file is not None else 0)
        try:
            answer = await self._client.request(
                method,
                f"{access.base_url}/{self._version}/{path}",
                params=params,
                content=content,
                data=form,
                files={"file": file} if file is not None else None,
                headers=sent,
                timeout=self._patience(size),
            )
        except httpx.HTTPError as error:
            raise GraphUnreachableError(f"{access.base_url}: {type(error).__name__} {error}") from error
        document = _json_of(answer.content)
        if answer.is_success and isinstance(document, dict):
            return document, answer.headers
        error_answer = parse_error(document, answer.status_code, answer.headers.get("retry-after"))
        if error_answer is not None:
            error_answer.date = answer.headers.get("date")
            raise error_answer
        raise GraphUnreachableError(f"{access.base_url} answered {answer.status_code} without a readable body")

    def _patience(self, size: int) -> httpx.Timeout:
        """The client's own, and the time that a body of so many bytes takes on a slow line."""
        usual = self._client.timeout
        more = upload_time(size).total_seconds()
        writing = usual.write + more if usual.write is not None else None
        reading = usual.read + more if usual.read is not None else None
        return httpx.Timeout(connect=usual.connect, pool=usual.pool, write=writing, read=reading)


_SLOWEST_LINE = 250_000
"""Bytes per second that are waited for at least, when a file goes out."""

_SAMPLE_TRIES = 5


def upload_time(size: int) -> timedelta:
    """What a body of so many bytes may take to go out."""
    return timedelta(seconds=size / _SLOWEST_LINE)


def _named(answer: Mapping[str, Any], field: str, access: GraphAccess) -> str:
    """Raises GraphUnreachableError where the answer does not say it."""
    value = answer.get(field)
    if not isinstance(value, str) or not value:
        raise GraphUnreachableError(f"{access.base_url} answered without the field {field}")
    return value


def _send_headers(access: GraphAccess) -> dict[str, str]:
    return {"Authorization": f"Bearer {access.access_token}", "Content-Type": "application/json"}


@lru_cache(maxsize=10_000)
def _prepared(address: str, access: GraphAccess) -> tuple[Origin, bytes]:
    """Where a sender's calls go, and what is the same at the head of all of them."""
    url = httpx.URL(address)
    headers = httpx.Headers({"Host": url.netloc.decode(), **_HEADERS, **_send_headers(access)})
    return Origin.of(url), head_of("POST", url, headers.raw)


def _json_of(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None


def _read_send_answer(status: int, content: bytes, retry_after: str | None) -> SendOutcome:
    document = _json_of(content)
    if status == httpx.codes.OK:
        return _read_acceptance(document) or Unknown("answered 200 without a message id")
    error = parse_error(document, status, retry_after)
    if error is not None:
        log.info("send refused", code=error.code, trace_id=error.trace_id)
        return Refused(error)
    return Unknown(f"answered {status} without an error envelope")


def _read_acceptance(document: Any) -> Accepted | None:
    try:
        message = document["messages"][0]
        wamid = message["id"]
    except (KeyError, IndexError, TypeError):
        return None
    contacts = document.get("contacts")
    contact = contacts[0] if isinstance(contacts, list) and contacts and isinstance(contacts[0], dict) else {}
    if not isinstance(wamid, str) or not wamid:
        return None
    wa_id, user_id, parent = (_text(contact.get(name)) for name in ("wa_id", "user_id", "parent_user_id"))
    return Accepted(wamid, wa_id, user_id, message.get("message_status"), parent)


_TEXT_MOST = 512


def _text(value: Any) -> str | None:
    """Nothing but what a column takes: what names the customer must not cost what else the answer says."""
    return value if isinstance(value, str) and 0 < len(value) <= _TEXT_MOST and "\x00" not in value else None
