"""Connecting shops, and seeing what their webhooks became."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.errors import UnknownSender
from app.accounts.keys import Scope
from app.core.http import refuse_unknown_parameters
from app.core.ids import parse_id
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
from app.integrations.errors import IntegrationExists, TooManyIntegrations
from app.integrations.schemas import (
    INTEGRATION_PREFIX,
    IntegrationChange,
    IntegrationIn,
    IntegrationOut,
    IntegrationsOut,
    RotationIn,
    ShopDeliveryPage,
)
from app.integrations.service import Integrations, no_such_integration

IntegrationId = Annotated[str, Path(examples=["int_019a8f3c2b7d7c31a4e5f60718293a4b"])]

_READ = responses(Unauthorized, Forbidden, NotFound)
_CHANGE = responses(
    Unauthorized, Forbidden, NotFound, MalformedBody, BodyTooLarge, InvalidRequest, UnknownSender, Unavailable
)


def integrations_router(directory: Directory, integrations: Integrations) -> APIRouter:
    router = APIRouter(tags=["Integrations"])

    @router.post(
        "/v1/integrations",
        operation_id="create_integration",
        summary="Connect a shop",
        status_code=201,
        responses={
            **_CHANGE,
            **responses(IntegrationExists, TooManyIntegrations),
        },
    )
    async def create_integration(request: Request, response: Response, body: IntegrationIn) -> IntegrationOut:
        """From then on the platform's webhooks are taken at `url`, in the mode of the key. Each shop is connected once;
        a business may have several."""
        caller = await authenticate(directory, request, Scope.SENDERS_WRITE)
        made = await integrations.create(caller.business_id, caller.mode, body)
        response.headers["Location"] = f"/v1/integrations/{made.id}"
        return made

    @router.get(
        "/v1/integrations",
        operation_id="list_integrations",
        summary="Connected shops",
        responses=responses(Unauthorized, Forbidden),
    )
    async def list_integrations(request: Request) -> IntegrationsOut:
        """Those of the key's kind."""
        caller = await authenticate(directory, request, Scope.SENDERS_READ)
        return await integrations.list(caller.business_id, caller.mode)

    @router.get(
        "/v1/integrations/{integration_id}",
        operation_id="get_integration",
        summary="A connected shop",
        responses=_READ,
    )
    async def get_integration(request: Request, integration_id: IntegrationId) -> IntegrationOut:
        """Its secret is not shown."""
        caller = await authenticate(directory, request, Scope.SENDERS_READ)
        return await integrations.one(caller.business_id, caller.mode, _integration(integration_id))

    @router.patch(
        "/v1/integrations/{integration_id}",
        operation_id="change_integration",
        summary="Change how a shop's webhooks are read",
        responses=_CHANGE,
    )
    async def change_integration(
        request: Request, integration_id: IntegrationId, body: IntegrationChange
    ) -> IntegrationOut:
        """For webhooks that come in from now on. A changed `consent` counts for orders that are placed from now on:
        whoever ticked the box before was shown something else."""
        caller = await authenticate(directory, request, Scope.SENDERS_WRITE)
        return await integrations.change(caller.business_id, caller.mode, _integration(integration_id), body)

    @router.post(
        "/v1/integrations/{integration_id}/rotate",
        operation_id="rotate_integration_secret",
        summary="Change a shop's secret",
        responses=_CHANGE,
    )
    async def rotate_integration_secret(
        request: Request, integration_id: IntegrationId, body: RotationIn
    ) -> IntegrationOut:
        """The secret of before is taken beside the new one for `overlap_hours`."""
        caller = await authenticate(directory, request, Scope.SENDERS_WRITE)
        return await integrations.rotate(caller.business_id, caller.mode, _integration(integration_id), body)

    @router.delete(
        "/v1/integrations/{integration_id}",
        operation_id="delete_integration",
        summary="Disconnect a shop",
        status_code=204,
        responses=responses(Unauthorized, Forbidden, NotFound, Unavailable),
    )
    async def delete_integration(request: Request, integration_id: IntegrationId) -> None:
        """Its webhooks are refused from then on, and what is known of its orders is forgotten. Messages stay."""
        caller = await authenticate(directory, request, Scope.SENDERS_WRITE)
        await integrations.delete(caller.business_id, caller.mode, _integration(integration_id))

    @router.get(
        "/v1/integrations/{integration_id}/deliveries",
        operation_id="list_integration_deliveries",
        summary="What a shop's webhooks became, newest first",
        responses={**_READ, **responses(InvalidRequest)},
    )
    async def list_integration_deliveries(
        request: Request,
        integration_id: IntegrationId,
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> ShopDeliveryPage:
        """Each with the messages that came of it, or why none did. What a webhook said is not kept, and that it came
        only for a while."""
        caller = await authenticate(directory, request, Scope.SENDERS_READ)
        refuse_unknown_parameters(request)
        return await integrations.deliveries(
            caller.business_id, caller.mode, _integration(integration_id), cursor=cursor, size=limit
        )

    return router


def _integration(text: str) -> UUID:
    found = parse_id(INTEGRATION_PREFIX, text)
    if found is None:
        raise no_such_integration()
    return found
