"""Meta's door: the handshake, and signed webhooks."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request, Response
from starlette.requests import ClientDisconnect

from app.accounts.directory import Directory, WebhookApp
from app.core.http import RawResponse, RawRoute
from app.core.problems import BodyTooLarge, Forbidden, InvalidRequest, Unauthorized, Unavailable, responses
from app.provider_events.service import ProviderEvents
from app.whatsapp.signatures import parse_signature, verify

log = structlog.get_logger(__name__)


def webhook_router(directory: Directory, events: ProviderEvents) -> APIRouter:
    router = APIRouter(tags=["Meta's webhooks"])

    @router.get(
        "/webhooks/whatsapp",
        operation_id="verify_whatsapp_webhook",
        summary="Meta's handshake",
        response_class=Response,
        responses=responses(Forbidden, InvalidRequest),
    )
    async def handshake(
        mode: Annotated[str, Query(alias="hub.mode")],
        challenge: Annotated[str, Query(alias="hub.challenge", max_length=500)],
        verify_token: Annotated[str, Query(alias="hub.verify_token")],
    ) -> Response:
        """Answers the challenge when the verify token is one of a connected Meta app."""
        apps = await directory.webhook_apps()
        if mode != "subscribe" or not any(verify_token in app.verify_tokens for app in apps):
            raise Forbidden("The verify token belongs to no connected Meta app.")
        return Response(challenge, media_type="text/plain")

    async def receive(request: Request) -> Response:
        """Takes what Meta reports. The signature is checked over the bytes as they came, before anything is read;
        200 is answered after everything in the body is durable."""
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response(status_code=400)
        await events.take(await _signer(directory, request, body), body)
        return RawResponse(200, b"", [(b"content-type", b"text/plain; charset=utf-8")])

    router.routes.append(
        RawRoute(
            "/webhooks/whatsapp",
            receive,
            methods=["POST"],
            tags=["Meta's webhooks"],
            operation_id="receive_whatsapp_webhook",
            summary="Meta's webhooks",
            response_class=Response,
            responses=responses(Unauthorized, BodyTooLarge, Unavailable),
        )
    )
    return router


async def _signer(directory: Directory, request: Request, body: bytes) -> WebhookApp:
    """The app whose secret signed the body. Raises Unauthorized."""
    headers = [value for name, value in request.scope["headers"] if name == b"x-hub-signature-256"]
    signature = parse_signature(headers[0]) if len(headers) == 1 else None
    if signature is not None:
        for app in await directory.webhook_apps():
            if verify(body, signature, app.app_secret):
                return app
    log.warning("webhook signature refused", given=len(headers), bytes=len(body))
    raise Unauthorized("X-Hub-Signature-256 is missing, malformed, or made with another secret.")
