"""Lists of consent that a business has from before."""

import codecs
from email.message import Message
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.consent.imports.errors import ImportFinished, KeyReused
from app.consent.imports.reading import CHARSETS
from app.consent.imports.recording import IMPORT_PREFIX
from app.consent.imports.schemas import ConsentImportOut, ConsentImportPage, ImportOptions
from app.consent.imports.service import ConsentImports, Upload
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

PATH = "/v1/consent-imports"

ImportId = Annotated[str, Path(examples=["imp_019a8f3c2b7d7c31a4e5f60718293a4b"])]

_EXAMPLE = (
    "telefon;izin_tarihi;kaynak;metin;ad\r\n"
    "0532 111 22 33;31.05.2024 14:30;checkout;Demo Mağaza'nın WhatsApp ile haber vermesini kabul ediyorum.;Ayşe\r\n"
)
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A header, then a row for each act. Columns by their English or Turkish names, in any order: "
        "phone (telefon) or bsuid; act (islem: opt_in/onay, opt_out/ret); topics (konular); occurred_at (izin_tarihi); "
        "original_source (kaynak); place (yer); actor; wording (metin); wording_version; language (dil); name (ad); "
        "address (ip). Commas, semicolons or tabs; UTF-8 with or without BOM, or the charset of Content-Type "
        "(windows-1254, iso-8859-9).",
        "content": {"text/csv": {"schema": {"type": "string"}, "example": _EXAMPLE}},
    }
}
_CSV: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "line, result (recorded, unchanged, refused), column, code, message",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}


def imports_router(directory: Directory, imports: ConsentImports) -> APIRouter:
    router = APIRouter(tags=["Consent imports"])

    @router.post(
        PATH,
        operation_id="import_consents",
        summary="Import a list of consents",
        status_code=202,
        openapi_extra=_BODY,
        responses=responses(
            Unauthorized, Forbidden, BodyTooLarge, UnsupportedMediaType, KeyReused, InvalidRequest, Unavailable
        ),
    )
    async def import_consents(
        request: Request,
        response: Response,
        options: Annotated[ImportOptions, Query()],
        idempotency_key: Annotated[
            str | None, Header(min_length=1, max_length=255, pattern=r"^[!-~]+$", alias="Idempotency-Key")
        ] = None,
        content_encoding: Annotated[
            str | None, Header(description="`gzip`, where the list comes packed", alias="Content-Encoding")
        ] = None,
    ) -> ConsentImportOut:
        """The list is taken in as it comes, and worked through afterwards: ask for the import to see how far it is. A
        header with a column that we would not read, and what is no CSV, are refused at once, and nothing is kept. Each
        row is judged on its own. What the customer said since stands: an opt-in that is older than a refusal is not
        recorded. A list that is sent again is recognised by its content, or by its Idempotency-Key, and answered with
        the import that there is."""
        caller = await authenticate(directory, request, Scope.CONTACTS_WRITE)
        upload = Upload(
            business_id=caller.business_id,
            mode=caller.mode,
            given=options.given,
            dry_run=options.dry_run,
            key_id=caller.key_id,
            idempotency_key=idempotency_key,
            charset=_charset(request.headers.get("content-type", "")),
            is_packed=_is_packed(content_encoding),
        )
        try:
            taken, is_replayed = await imports.receive(upload, request.stream())
        except ClientDisconnect as error:
            raise InvalidRequest.at("#", "incomplete", "ended before its end") from error  # nobody hears it
        response.headers["Location"] = f"{PATH}/{taken.id}"
        if is_replayed:
            response.headers["Idempotency-Replayed"] = "true"
        return taken

    @router.get(
        PATH,
        operation_id="list_consent_imports",
        summary="Imports, newest first",
        responses=responses(Unauthorized, Forbidden, InvalidRequest),
    )
    async def list_consent_imports(
        request: Request,
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> ConsentImportPage:
        """Those of the key's kind: live and test keys have imports of their own."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        refuse_unknown_parameters(request)
        return await imports.page(caller.business_id, caller.mode, cursor=cursor, size=limit)

    @router.get(
        f"{PATH}/{{import_id}}",
        operation_id="get_consent_import",
        summary="An import, and how far it is",
        responses=responses(Unauthorized, Forbidden, NotFound),
    )
    async def get_consent_import(request: Request, import_id: ImportId) -> ConsentImportOut:
        """`receiving` while it comes in, `waiting` for a worker, `processing`, then `finished` or `canceled`. The end
        is told to the business, too (`import.finished`)."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        return await imports.one(caller.business_id, caller.mode, _import(import_id))

    @router.get(
        f"{PATH}/{{import_id}}/report.csv",
        operation_id="get_consent_import_report",
        summary="What became of each row",
        response_class=StreamingResponse,
        responses={**_CSV, **responses(Unauthorized, Forbidden, InvalidRequest, NotFound)},
    )
    async def get_consent_import_report(
        request: Request,
        import_id: ImportId,
        all: Annotated[bool, Query(description="Those that were not refused, too")] = False,  # noqa: A002, FBT002
    ) -> StreamingResponse:
        """The refused rows by their line in the file, each with the column, a stable code and the reason; of the rows
        that are done when it is asked for."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        refuse_unknown_parameters(request)
        wanted = _import(import_id)
        report = await imports.report(caller.business_id, caller.mode, wanted, all_rows=all)
        name = f"{IMPORT_PREFIX}_{wanted.hex}.csv"
        return StreamingResponse(
            report,
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    @router.post(
        f"{PATH}/{{import_id}}/cancel",
        operation_id="cancel_consent_import",
        summary="Stop an import",
        responses=responses(Unauthorized, Forbidden, NotFound, ImportFinished, Unavailable),
    )
    async def cancel_consent_import(request: Request, import_id: ImportId) -> ConsentImportOut:
        """What is recorded by then stays; of the other rows nothing is kept. A finished one cannot be stopped: 409."""
        caller = await authenticate(directory, request, Scope.CONTACTS_WRITE)
        return await imports.cancel(caller.business_id, caller.mode, _import(import_id))

    return router


def _import(text: str) -> UUID:
    found = parse_id(IMPORT_PREFIX, text)
    if found is None:
        raise NotFound("The business has no such import for this kind of key.")
    return found


def _charset(content_type: str) -> str:
    """Raises UnsupportedMediaType."""
    header = Message()
    header["content-type"] = content_type
    if header.get_content_type() not in ("text/csv", "application/csv"):
        raise UnsupportedMediaType("Send the list as Content-Type: text/csv.")
    named = header.get_content_charset("utf-8")
    try:
        known = codecs.lookup(named).name
    except LookupError:
        known = ""
    if known not in CHARSETS:
        raise UnsupportedMediaType("The charset must be utf-8, windows-1254 or iso-8859-9.")
    return named


def _is_packed(encoding: str | None) -> bool:
    """Raises UnsupportedMediaType."""
    if encoding in (None, "", "identity"):
        return False
    if encoding in ("gzip", "x-gzip"):
        return True
    raise UnsupportedMediaType("The only Content-Encoding that is taken is gzip.")
