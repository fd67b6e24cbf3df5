"""Writing templates over HTTP, and sending them to Meta."""

from fastapi import APIRouter, Request, Response

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.errors import SenderMissing, UnknownSender
from app.accounts.keys import Scope
from app.core.problems import (
    Forbidden,
    InvalidRequest,
    NotFound,
    Unauthorized,
    Unavailable,
    responses,
)
from app.templates.errors import (
    EditLimit,
    NameBarred,
    NotEditable,
    NothingToSubmit,
    TemplateExists,
    TooManyVariants,
)
from app.templates.library import Library
from app.templates.router import AT_META, WITH_BODY, TemplateId
from app.templates.schemas import TemplateChangeIn, TemplateDetail, TemplateIn

_REFUSED_HERE = (TemplateExists, NameBarred, NotEditable, EditLimit, NothingToSubmit, TooManyVariants)
_SUBMISSION = (Unauthorized, Forbidden, NotFound, InvalidRequest, Unavailable, *_REFUSED_HERE, *AT_META)


def drafts_router(directory: Directory, library: Library) -> APIRouter:
    router = APIRouter(tags=["Templates"])

    @router.post(
        "/v1/templates",
        operation_id="create_template",
        summary="Write a template",
        status_code=201,
        responses=responses(
            *WITH_BODY, UnknownSender, SenderMissing, TemplateExists, NameBarred, TooManyVariants, *AT_META
        ),
    )
    async def create_template(request: Request, response: Response, body: TemplateIn) -> TemplateDetail:
        """Stays a draft until it is submitted, with `submit` at once. What breaks Meta's rules is refused before Meta
        is asked, with the place. One that is written for an event type becomes its last variant when it is submitted,
        see `PUT /v1/event-types/{event_type}/variants`, unless that has 20 already."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        made = await library.create(caller, body)
        response.headers["Location"] = f"/v1/templates/{made.id}"
        return made

    @router.patch(
        "/v1/templates/{template_id}",
        operation_id="change_template",
        summary="Change what a template says",
        responses=responses(*WITH_BODY, *_REFUSED_HERE, *AT_META),
    )
    async def change_template(request: Request, template_id: TemplateId, body: TemplateChangeIn) -> TemplateDetail:
        """Changes the draft, or begins one with what Meta holds. With `submit` it goes to Meta at once: an edit is
        reviewed, and no message goes by the template meanwhile. Meta takes one edit of an approved template in 24
        hours and ten in 30 days. Where `submit` is refused, by Meta or before it is asked, the draft is kept as it was
        changed: submit it later, change it again, or discard it."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        return await library.change(caller, template_id, body)

    @router.post(
        "/v1/templates/{template_id}/submit",
        operation_id="submit_template",
        summary="Send a draft to Meta",
        responses=responses(*_SUBMISSION),
    )
    async def submit_template(request: Request, template_id: TemplateId) -> TemplateDetail:
        """As a new template, or as an edit of the one that Meta has. A draft that says what Meta holds is not
        submitted: what customers see, the category, the time to live and the file that is shown are compared, and of
        what is not approved the samples."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        return await library.submit(caller, template_id)

    @router.delete(
        "/v1/templates/{template_id}/draft",
        operation_id="discard_template_draft",
        summary="Discard a draft",
        responses=responses(Unauthorized, Forbidden, NotFound, NothingToSubmit, Unavailable),
    )
    async def discard_template_draft(request: Request, template_id: TemplateId) -> TemplateDetail:
        """What Meta holds stays as it is."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        return await library.discard(caller, template_id)

    @router.delete(
        "/v1/templates/{template_id}",
        operation_id="delete_template",
        summary="Delete a template",
        status_code=204,
        responses=responses(Unauthorized, Forbidden, NotFound, NotEditable, Unavailable, *AT_META),
    )
    async def delete_template(request: Request, template_id: TemplateId) -> None:
        """At Meta, in its one language. The name of one that was approved is barred for 30 days. A draft that Meta
        never saw disappears; of all others versions and history stay."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        await library.delete(caller, template_id)

    return router
