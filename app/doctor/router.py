"""The check-up of a sender, for programs."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.core.http import refuse_unknown_parameters
from app.core.ids import parse_id
from app.core.languages import OurLanguage
from app.core.problems import Forbidden, InvalidRequest, NotFound, Unauthorized, Unavailable, responses
from app.doctor.schemas import CheckUpOut, check_up_out
from app.doctor.service import CheckUps


def check_up_router(directory: Directory, check_ups: CheckUps) -> APIRouter:
    router = APIRouter(tags=["Senders and alerts"])

    @router.get(
        "/v1/senders/{sender_id}/checkup",
        operation_id="check_sender",
        summary="Check a sender up",
        responses=responses(Unauthorized, Forbidden, NotFound, InvalidRequest, Unavailable),
    )
    async def check_sender(
        request: Request,
        sender_id: Annotated[str, Path(examples=["snd_019a8f3c2b7d7c31a4e5f60718293a4b"])],
        language: Annotated[OurLanguage, Query(description="Of what is said")] = "en",
    ) -> CheckUpOut:
        """Token, permissions, webhooks, number, account, business, limits, templates and clocks, each checked against
        Meta at once, with what to do. It takes a second or a few. One check-up serves everybody who asks within 30
        seconds: Meta counts calls."""
        caller = await authenticate(directory, request, Scope.SENDERS_READ)
        refuse_unknown_parameters(request)
        wanted = parse_id("snd", sender_id)
        if wanted is None:
            raise NotFound("The business has no such sender for this kind of key.")
        return check_up_out(await check_ups.of_sender(caller.business_id, caller.mode, wanted), language)

    return router
