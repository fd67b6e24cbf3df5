"""The dossier of a template over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.core.problems import Forbidden, NotFound, Unauthorized, responses
from app.messages.dossier import Dossier, Dossiers


def dossier_router(directory: Directory, dossiers: Dossiers) -> APIRouter:
    router = APIRouter(tags=["Templates"])

    @router.get(
        "/v1/templates/{template_id}/dossier",
        operation_id="get_template_dossier",
        summary="What to send to Meta when it has misjudged a template",
        responses=responses(Unauthorized, Forbidden, NotFound),
    )
    async def get_template_dossier(
        request: Request, template_id: Annotated[str, Path(examples=["tpl_019a8f3c2b7d7c31a4e5f60718293a4b"])]
    ) -> Dossier:
        """Meta takes a request for review only through Business Support (Business Manager, Help), and only for 60 days
        from the approval or from a change of the category. This is the case for it: the text, what it is for, how it
        was used, the guideline that it follows, and the request as a text to paste."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_READ)
        return await dossiers.of(caller, template_id)

    return router
