"""Edges of a business number for sending and for media."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.sandbox.accounts import MESSAGING, Accounts, require
from app.sandbox.engine import Sandbox
from app.sandbox.errors import GraphError, invalid, unknown_object
from app.sandbox.graph import Call, Routes, render
from app.sandbox.media import DOWNLOAD
from app.sandbox.state import Json, Media, Upload


async def post_message(call: Call, number_id: str) -> Json:
    number = call.sandbox.accounts.number(call.token, number_id)
    require(call.token, MESSAGING, 131005)
    reply = call.sandbox.sending.post(number, call.arguments, version=call.version)
    await call.sandbox.outbox.express(reply.receipts)
    if reply.fate.slow:
        await call.sandbox.world.scheduler.sleep(reply.fate.slow)
    if reply.fate.ends is not None:
        raise reply.fate.ends
    return reply.body


async def upload_media(call: Call, number_id: str) -> Json:
    number = call.sandbox.accounts.number(call.token, number_id)
    require(call.token, MESSAGING, 10)
    if call.argument("messaging_product") != "whatsapp":
        raise invalid("The parameter messaging_product is required.")
    file = call.files.get("file")
    if file is None:
        raise invalid("The parameter file is required.")
    mime_type = file.content_type or call.argument("type")
    media = call.sandbox.media.add(number.number_id, await file.read(), mime_type, file.filename or "")
    return {"id": media.media_id}


def _own_media(call: Call, media_id: str, verb: str) -> Media:
    media = call.sandbox.media.get(media_id)
    asked = call.argument("phone_number_id")
    if media is None or (asked and asked != media.number_id):
        raise unknown_object(media_id, verb)
    call.sandbox.accounts.number(call.token, media.number_id, verb)
    return media


async def get_media(call: Call, media_id: str) -> Json:
    media = _own_media(call, media_id, "get")
    return {
        "messaging_product": "whatsapp",
        "url": call.sandbox.media.address(media_id, str(call.request.base_url)),
        "mime_type": media.mime_type,
        "sha256": media.sha256,
        "file_size": media.size,
        "id": media_id,
    }


async def delete_media(call: Call, media_id: str) -> Json:
    _own_media(call, media_id, "delete")
    call.sandbox.media.delete(media_id)
    return {"success": True}


async def open_upload(call: Call, app_id: str) -> Json:
    if call.token.app_id != app_id:
        raise unknown_object(app_id, "post")
    return {"id": call.sandbox.media.open_upload(app_id, call.arguments).upload_id}


def _upload(call: Call, upload_id: str) -> Upload:
    upload = call.sandbox.world.state.uploads.get(upload_id)
    if upload is None or upload.app_id != call.token.app_id:
        raise unknown_object(upload_id, call.request.method.lower())
    return upload


async def continue_upload(call: Call, upload_id: str) -> Json:
    upload = _upload(call, upload_id)
    offset = call.request.headers.get("file_offset", "0")
    call.sandbox.media.continue_upload(upload, offset, call.data)
    if upload.handle is None:
        return {"id": upload_id, "file_offset": upload.received}
    return {"h": upload.handle}


async def get_upload(call: Call, upload_id: str) -> Json:
    return {"id": upload_id, "file_offset": _upload(call, upload_id).received}


ROUTES: Routes = {
    ("POST", "number", "messages"): post_message,
    ("POST", "number", "media"): upload_media,
    ("GET", "media", ""): get_media,
    ("DELETE", "media", ""): delete_media,
    ("POST", "app", "uploads"): open_upload,
    ("POST", "upload", ""): continue_upload,
    ("GET", "upload", ""): get_upload,
}


def download_route(sandbox: Sandbox) -> Route:
    async def download(request: Request) -> Response:
        """Bytes for whoever holds a token of the business; a stale address is 404."""
        media = sandbox.media.by_address(request.query_params.get("hash", ""))
        try:
            _may_download(sandbox.accounts, request, media)
        except GraphError as error:
            return render(error.envelope(), error.status, {})
        data = sandbox.media.read(media.media_id) if media is not None else None
        if media is None or data is None:
            return Response(status_code=404)
        return Response(data, media_type=media.mime_type)

    return Route(DOWNLOAD, download, methods=["GET"])


def _may_download(accounts: Accounts, request: Request, media: Media | None) -> None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    token = accounts.authenticate(value if scheme.lower() == "bearer" else None)
    if media is not None:
        accounts.number(token, media.number_id, "get")
