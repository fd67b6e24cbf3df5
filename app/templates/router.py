"""Templates over HTTP: what Meta has of them, and what can be done about what it made of them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.core.http import refuse_unknown_parameters
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
from app.templates.errors import (
    MetaUnreachable,
    NotPaused,
    RefusedByMeta,
)
from app.templates.library import Library
from app.templates.schemas import AcceptIn, SyncOut, TemplateDetail, TemplateList

TemplateId = Annotated[str, Path(examples=["tpl_019a8f3c2b7d7c31a4e5f60718293a4b"])]

_READ = responses(Unauthorized, Forbidden, NotFound)
WITH_BODY = (Unauthorized, Forbidden, NotFound, MalformedBody, BodyTooLarge, InvalidRequest, Unavailable)
AT_META = (RefusedByMeta, MetaUnreachable)


def templates_router(directory: Directory, library: Library) -> APIRouter:
    router = APIRouter(tags=["Templates"])

    @router.get(
        "/v1/templates",
        operation_id="list_templates",
        summary="Templates, with their state at Meta",
        responses=responses(Unauthorized, Forbidden, InvalidRequest),
    )
    async def list_templates(
        request: Request,
        status: Annotated[
            list[str] | None, Query(description="Any of these, as Meta names them", max_length=20)
        ] = None,
        name: Annotated[str | None, Query(max_length=512)] = None,
        event_type: Annotated[str | None, Query(max_length=100)] = None,
    ) -> TemplateList:
        """Of all WhatsApp Business Accounts that the key's kind uses: status, category, quality, what Meta has given
        notice of, the clocks that run, and how old this knowledge is."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_READ)
        refuse_unknown_parameters(request)
        return await library.list(caller, status=status or (), name=name, event_type=event_type)

    @router.post(
        "/v1/templates/sync",
        operation_id="sync_templates",
        summary="Read Meta's list of templates now",
        responses=responses(Unauthorized, Forbidden, MetaUnreachable, Unavailable),
    )
    async def sync_templates(request: Request) -> SyncOut:
        """Done by itself every ten minutes, beside Meta's webhooks."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        return await library.sync(caller)

    @router.get(
        "/v1/templates/{template_id}",
        operation_id="get_template",
        summary="One template, with its versions and history",
        responses=_READ,
    )
    async def get_template(request: Request, template_id: TemplateId) -> TemplateDetail:
        """Everything that is known of it, and by what it came to be known."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_READ)
        return await library.one(caller, template_id)

    @router.post(
        "/v1/templates/{template_id}/unpause",
        operation_id="unpause_template",
        summary="Ask Meta to lift a pause",
        responses=responses(Unauthorized, Forbidden, NotFound, NotPaused, Unavailable, *AT_META),
    )
    async def unpause_template(request: Request, template_id: TemplateId) -> TemplateDetail:
        """A pause for bad quality ends by itself after three or six hours. One that came while Meta paced the template
        never does: Ulak asks for it after a while (`ULAK_PACING_UNPAUSE_AFTER`), or now."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        return await library.unpause(caller, template_id)

    @router.post(
        "/v1/templates/{template_id}/accept-category",
        operation_id="accept_template_category",
        summary="Accept the category that Meta has given a template",
        responses=responses(*WITH_BODY),
    )
    async def accept_template_category(request: Request, template_id: TemplateId, body: AcceptIn) -> TemplateDetail:
        """No message goes by a utility template of which Meta has made marketing, until a person accepts that. From
        then on it reaches the customers who agreed to marketing, and those alone."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        return await library.accept(caller, template_id, body)

    return router
