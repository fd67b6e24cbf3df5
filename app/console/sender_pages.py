"""Senders: how each number does, how much it may send, and what is wrong with it."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.accounts.keys import Scope
from app.accounts.senders import SenderService
from app.console.acting import acting, text_of
from app.console.desk import Desk, Pages
from app.console.navigation import PATH
from app.console.speaking import Speech
from app.console.visits import Visit
from app.core.ids import parse_id, public_id
from app.core.problems import NotFound

SENDERS = f"{PATH}/senders"
_PAST = 20
"""Alerts that are over."""


def sender_pages(desk: Desk, service: SenderService) -> APIRouter:
    pages = Pages(desk)

    async def told(visit: Visit) -> dict[str, Any]:
        business_id, mode = visit.session.business_id, visit.mode
        alerts = (await service.alerts(business_id, mode, only_open=False, cursor=None, size=_PAST)).alerts
        return {
            "senders": await service.list(business_id, mode),
            "portfolio": (await service.business(business_id, mode)).portfolio,
            "past": [one for one in alerts if one.resolved_at is not None],
            "numbers": {one.public_id: one.display_phone_number for one in visit.business.senders},
            "speech": Speech.to(visit),
        }

    @pages.get("/senders", Scope.SENDERS_READ)
    async def senders(visit: Visit) -> Response:
        return visit.page("senders.html", visit.say("nav_senders"), **await told(visit))

    @pages.get("/senders/list", Scope.SENDERS_READ, is_background=True)
    async def list_again(visit: Visit) -> Response:
        return visit.fragment("senders_list.html", **await told(visit))

    @pages.post("/senders/{sender_id}/pause", Scope.SENDERS_WRITE)
    async def pause(visit: Visit) -> Response:
        sender_id = _sender(visit)
        with acting(visit, "pause sender", sender=public_id("snd", sender_id)):
            reason = "".join(letter for letter in text_of(visit, "reason") if letter.isprintable())
            await service.pause(visit.session.business_id, visit.mode, sender_id, reason or None)
        return visit.to(SENDERS, "done_paused")

    @pages.post("/senders/{sender_id}/resume", Scope.SENDERS_WRITE)
    async def resume(visit: Visit) -> Response:
        sender_id = _sender(visit)
        with acting(visit, "resume sender", sender=public_id("snd", sender_id)):
            await service.resume(visit.session.business_id, visit.mode, sender_id)
        return visit.to(SENDERS, "done_resumed")

    return pages.router


def _sender(visit: Visit) -> UUID:
    """Raises NotFound."""
    found = parse_id("snd", visit.request.path_params["sender_id"])
    if found is None:
        raise NotFound("The business has no such sender for this kind of key.")
    return found
