"""Proofs of consent: as signed documents, and as pages to print."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.consent.phones import PhoneError
from app.consent.proof_page import render
from app.consent.proof_schemas import ProofKeyOut, ProofQuery, SignedProof
from app.consent.proofs import Proofs
from app.consent.router import ContactName, contact_key
from app.core.languages import OurLanguage, spoken
from app.core.problems import (
    BodyTooLarge,
    Forbidden,
    InvalidRequest,
    MalformedBody,
    NotFound,
    Unauthorized,
    Unavailable,
    responses,
)

_PAGE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The signed document; as a page, where that is preferred",
        "content": {"text/html": {"schema": {"type": "string"}}},
    }
}

_HEADERS = {"Cache-Control": "no-store", "Vary": "Accept"}

Language = Annotated[OurLanguage | None, Query(description="Of the page; by default the business's")]


def proofs_router(directory: Directory, proofs: Proofs) -> APIRouter:
    router = APIRouter(tags=["Contacts and consent"])

    @router.get(
        "/v1/contacts/{contact}/proof",
        operation_id="get_proof",
        summary="Signed proof of a contact's consent",
        response_model=SignedProof,
        responses={**responses(Unauthorized, Forbidden, InvalidRequest, NotFound, Unavailable), **_PAGE},
    )
    async def get_proof(request: Request, response: Response, contact: ContactName, language: Language = None) -> Any:
        """What holds, and every act with its evidence and its place in the ledger's chain, signed by the business's
        key (Ed25519 over RFC 8785). With `Accept: text/html`, a page to print that holds the same document.
        `ulak consent check-proof` checks both, offline."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        signed = await proofs.of_contact(caller, await contact_key(directory, caller, contact))
        return _preferred(request, response, signed, language)

    @router.get(
        "/v1/contacts/{contact}/proof.html",
        operation_id="get_proof_page",
        summary="The same proof as a page to print",
        response_class=Response,
        responses={
            **responses(Unauthorized, Forbidden, InvalidRequest, NotFound, Unavailable),
            200: {"description": "A page that needs nothing but itself", "content": _PAGE[200]["content"]},
        },
    )
    async def get_proof_page(request: Request, contact: ContactName, language: Language = None) -> Response:
        """In Turkish or English, in the business's name and colour, on A4."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        signed = await proofs.of_contact(caller, await contact_key(directory, caller, contact))
        return _page(signed, language)

    @router.post(
        "/v1/proofs/find",
        operation_id="find_proof",
        summary="Proof of the acts of a number or BSUID, also after an erasure",
        response_model=SignedProof,
        responses={
            **responses(Unauthorized, Forbidden, MalformedBody, BodyTooLarge, InvalidRequest, NotFound, Unavailable),
            **_PAGE,
        },
    )
    async def find_proof(request: Request, response: Response, body: ProofQuery, language: Language = None) -> Any:
        """The ledger keeps a keyed hash of whom each act is of. Who tells the number or BSUID finds the acts by it,
        though nothing personal is left of them."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        try:
            signed = await proofs.find(caller, body)
        except PhoneError as error:
            raise InvalidRequest.at("#/phone", "phone", str(error)) from error
        return _preferred(request, response, signed, language)

    @router.get(
        "/v1/proof-key",
        operation_id="get_proof_key",
        summary="The public key of the business's proofs",
        responses=responses(Unauthorized, Forbidden, Unavailable),
    )
    async def get_proof_key(request: Request) -> ProofKeyOut:
        """It never changes. Publish its fingerprint, so that others need not believe the key in a proof."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        return await proofs.key(caller.business_id)

    return router


def _preferred(
    request: Request, response: Response, signed: SignedProof, language: OurLanguage | None
) -> SignedProof | Response:
    if _prefers_page(request):
        return _page(signed, language)
    response.headers.update(_HEADERS)
    return signed


def _prefers_page(request: Request) -> bool:
    """As browsers ask: HTML named before JSON, or alone."""
    accepted = request.headers.get("accept", "").lower()
    page, document = accepted.find("text/html"), accepted.find("application/json")
    return page >= 0 and (document < 0 or page < document)


def _page(signed: SignedProof, language: OurLanguage | None) -> Response:
    chosen = language or spoken(signed.proof.business.language)
    page = render(signed.model_dump(mode="json"), chosen)
    return Response(
        page.html,
        media_type="text/html; charset=utf-8",
        headers={
            "Content-Language": chosen,
            "Content-Security-Policy": page.content_security_policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            **_HEADERS,
        },
    )
