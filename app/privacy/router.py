"""A person's rights: to get everything that is held of them, and to be forgotten."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.consent.router import ContactName, contact_key
from app.core.http import refuse_unknown_parameters
from app.core.problems import Forbidden, InvalidRequest, NotFound, Unauthorized, Unavailable, responses
from app.privacy.erasure import Erasures
from app.privacy.export import Exports
from app.privacy.schemas import ContactExport, ErasureOut, Reason

_EXPORT: dict[int | str, dict[str, Any]] = {
    200: {"description": "One JSON document, written while it is read", "model": ContactExport}
}


def privacy_router(directory: Directory, exports: Exports, erasures: Erasures) -> APIRouter:
    router = APIRouter(tags=["Contacts and consent"])

    @router.get(
        "/v1/contacts/{contact}/export",
        operation_id="export_contact",
        summary="Everything that is held of a contact",
        response_class=StreamingResponse,
        responses={**responses(Unauthorized, Forbidden, InvalidRequest, NotFound, Unavailable), **_EXPORT},
    )
    async def export_contact(request: Request, contact: ContactName) -> StreamingResponse:
        """For the person's right to know and to take their data along (KVKK art. 11, GDPR art. 15 and 20). The document
        is streamed, message by message; one that broke off is no JSON, and lacks its last member `complete`."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        parts = await exports.of_contact(await contact_key(directory, caller, contact))
        return StreamingResponse(parts, media_type="application/json", headers={"Cache-Control": "no-store"})

    @router.delete(
        "/v1/contacts/{contact}",
        operation_id="erase_contact",
        summary="Erase a person",
        responses=responses(Unauthorized, Forbidden, InvalidRequest, NotFound, Unavailable),
    )
    async def erase_contact(
        request: Request,
        contact: ContactName,
        reason: Annotated[Reason, Query(description="Kept in the ledger")] = "customer_request",
        requested_by: Annotated[
            str,
            Query(
                max_length=120,
                pattern=r"^(customer|system|staff:[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*)$",
                description="`customer`, `system`, or `staff:` and who; kept in the ledger",
            ),
        ] = "customer",
    ) -> ErasureOut:
        """Contents and identifiers go, in messages, receipts, replies and everywhere else; what waits is canceled. The
        ledger keeps the acts under a pseudonym, and messages what is owed and counted: ids, times, statuses, types and
        price categories. The same number is a stranger from then on. It cannot be undone; a second time is 404."""
        caller = await authenticate(directory, request, Scope.CONTACTS_WRITE)
        refuse_unknown_parameters(request)
        key = await contact_key(directory, caller, contact)
        return await erasures.erase(key, actor=requested_by, reason=reason)

    return router
