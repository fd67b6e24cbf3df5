"""Files for the headers of messages: pictures, films and PDFs."""

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.requests import ClientDisconnect

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.core.http import refuse_unknown_parameters
from app.core.ids import parse_id
from app.core.problems import (
    BodyTooLarge,
    Forbidden,
    InvalidRequest,
    NotFound,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
    responses,
)
from app.media.errors import MediaInUse
from app.media.kinds import FILE_TYPES, file_type
from app.media.schemas import MEDIA_PREFIX, MediaDetail, MediaOut, MediaPage
from app.media.service import MediaLibrary

PATH = "/v1/media"

MediaId = Annotated[str, Path(examples=["med_019a8f3c2b7d7c31a4e5f60718293a4b"])]

_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The bytes as they are. Pictures of at most 5 MB (a PNG with 8 bits a channel, RGB or RGBA), "
        "films (MP4, of H.264 and AAC) of at most 16 MB, PDFs of at most 100 MB: Meta takes no others in a header.",
        "content": dict.fromkeys(FILE_TYPES, _BYTES),
    }
}
_NAME = r"^[^\x00-\x1f\x7f/\\]+$"


def media_router(directory: Directory, library: MediaLibrary) -> APIRouter:
    router = APIRouter(tags=["Media"])

    @router.post(
        PATH,
        operation_id="add_media",
        summary="Keep a picture, film or PDF",
        status_code=201,
        openapi_extra=_BODY,
        responses={
            200: {"description": "The same bytes are kept already", "model": MediaOut},
            **responses(Unauthorized, Forbidden, BodyTooLarge, UnsupportedMediaType, InvalidRequest, Unavailable),
        },
    )
    async def add_media(
        request: Request,
        response: Response,
        name: Annotated[
            str | None,
            Query(max_length=100, pattern=_NAME, description="What the file is called", examples=["kampanya.png"]),
        ] = None,
    ) -> MediaOut:
        """Events name it as `media` in the place of a `link` or of Meta's `id`, and templates as the `sample` of their
        header; a film serves as a sample alone, which each message of the template shows. It goes to Meta when the
        first message needs it, and again before Meta forgets it. The same bytes are one file, whatever they are called:
        who sends them again is answered 200 with what there is."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        refuse_unknown_parameters(request)
        declared = file_type(request.headers.get("content-type", ""))
        data = await _read(request, declared.most)
        added, is_new = await library.add(caller.business_id, caller.mode, data, declared, name)
        response.status_code = 201 if is_new else 200
        response.headers["Location"] = f"{PATH}/{added.id}"
        return added

    @router.get(
        PATH,
        operation_id="list_media",
        summary="Files, newest first",
        responses=responses(Unauthorized, Forbidden, InvalidRequest),
    )
    async def list_media(
        request: Request,
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> MediaPage:
        """Those of the key's kind: live and test keys have files of their own."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_READ)
        refuse_unknown_parameters(request)
        return await library.page(caller.business_id, caller.mode, cursor=cursor, size=limit)

    @router.get(
        f"{PATH}/{{media_id}}",
        operation_id="get_media",
        summary="A file, and where it lies at Meta",
        responses=responses(Unauthorized, Forbidden, NotFound),
    )
    async def get_media(request: Request, media_id: MediaId) -> MediaDetail:
        """Each number that sends it has an upload of its own."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_READ)
        return await library.one(caller.business_id, caller.mode, _media(media_id))

    @router.get(
        f"{PATH}/{{media_id}}/content",
        operation_id="get_media_content",
        summary="The bytes of a file",
        response_class=Response,
        responses={
            200: {"description": "As they were sent", "content": dict.fromkeys(FILE_TYPES, _BYTES)},
            **responses(Unauthorized, Forbidden, NotFound),
        },
    )
    async def get_media_content(request: Request, media_id: MediaId) -> Response:
        """To be saved, not shown."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_READ)
        found = await library.content(caller.business_id, caller.mode, _media(media_id))
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(found.data, media_type=found.mime_type, headers=headers)

    @router.delete(
        f"{PATH}/{{media_id}}",
        operation_id="delete_media",
        summary="Delete a file",
        status_code=204,
        responses=responses(Unauthorized, Forbidden, NotFound, MediaInUse, Unavailable),
    )
    async def delete_media(request: Request, media_id: MediaId) -> None:
        """Here and at Meta: there as soon as Meta answers. Refused with 409 while a template shows it or a message
        waits with it. Messages that left keep it on the customers' phones."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        await library.delete(caller.business_id, caller.mode, _media(media_id))

    return router


def _media(text: str) -> UUID:
    found = parse_id(MEDIA_PREFIX, text)
    if found is None:
        raise NotFound("The business has no such file for this kind of key.")
    return found


async def _read(request: Request, most: int) -> bytes:
    """Raises BodyTooLarge as soon as there is more, or InvalidRequest where it breaks off."""
    parts = []
    size = 0
    try:
        async for part in request.stream():
            parts.append(part)
            size += len(part)
            if size > most:
                raise BodyTooLarge(f"At most {most} bytes are taken of such a file.")
    except ClientDisconnect as error:
        raise InvalidRequest.at("#", "incomplete", "ended before its end") from error  # nobody hears it
    return b"".join(parts)
