"""The business of a key, its senders, and the alerts about them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.accounts.schemas import (
    AlertPage,
    BusinessChange,
    BusinessOut,
    PauseIn,
    SenderChange,
    SenderOut,
    Senders,
)
from app.accounts.senders import SenderService
from app.accounts.topics import Topics
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

SenderId = Annotated[str, Path(examples=["snd_019a8f3c2b7d7c31a4e5f60718293a4b"])]
BusinessId = Annotated[
    str, Path(description="`me` is the key's own", examples=["biz_019a8f3c2b7d7c31a4e5f60718293a4b", "me"])
]

_NO_REASON = PauseIn()

_READ = responses(Unauthorized, Forbidden, NotFound)
_CHANGE = responses(Unauthorized, Forbidden, NotFound, MalformedBody, BodyTooLarge, InvalidRequest, Unavailable)


def senders_router(directory: Directory, senders: SenderService, topics: Topics) -> APIRouter:
    router = APIRouter(tags=["Senders and alerts"])

    @router.get(
        "/v1/senders", operation_id="list_senders", summary="Senders", responses=responses(Unauthorized, Forbidden)
    )
    async def list_senders(request: Request) -> Senders:
        """The business's numbers for this kind of key: whether and how fast each may send, and what is wrong."""
        caller = await authenticate(directory, request, Scope.SENDERS_READ)
        return Senders(senders=await senders.list(caller.business_id, caller.mode))

    @router.get("/v1/senders/{sender_id}", operation_id="get_sender", summary="One sender", responses=_READ)
    async def get_sender(request: Request, sender_id: SenderId) -> SenderOut:
        """Whether and how fast it may send, and what is wrong."""
        caller = await authenticate(directory, request, Scope.SENDERS_READ)
        return await senders.one(caller.business_id, caller.mode, _sender(sender_id))

    @router.patch(
        "/v1/senders/{sender_id}", operation_id="change_sender", summary="Set a sender's throughput", responses=_CHANGE
    )
    async def change_sender(request: Request, sender_id: SenderId, body: SenderChange) -> SenderOut:
        """Takes effect at once, in every worker."""
        caller = await authenticate(directory, request, Scope.SENDERS_WRITE)
        return await senders.change(caller.business_id, caller.mode, _sender(sender_id), body)

    @router.post(
        "/v1/senders/{sender_id}/pause", operation_id="pause_sender", summary="Pause a sender", responses=_CHANGE
    )
    async def pause_sender(request: Request, sender_id: SenderId, body: PauseIn = _NO_REASON) -> SenderOut:
        """Nothing of it leaves until a person resumes it. Its messages wait, or expire in their time."""
        caller = await authenticate(directory, request, Scope.SENDERS_WRITE)
        return await senders.pause(caller.business_id, caller.mode, _sender(sender_id), body.reason)

    @router.post(
        "/v1/senders/{sender_id}/resume",
        operation_id="resume_sender",
        summary="Resume a sender",
        responses=responses(Unauthorized, Forbidden, NotFound, Unavailable),
    )
    async def resume_sender(request: Request, sender_id: SenderId) -> SenderOut:
        """After the obstacle is gone: what waits leaves at its pace, and the sender's alerts are resolved. Where it is
        not gone, the next message finds it again."""
        caller = await authenticate(directory, request, Scope.SENDERS_WRITE)
        return await senders.resume(caller.business_id, caller.mode, _sender(sender_id))

    @router.get(
        "/v1/alerts",
        operation_id="list_alerts",
        summary="Alerts, newest first",
        responses=responses(Unauthorized, Forbidden, InvalidRequest),
    )
    async def list_alerts(
        request: Request,
        all: Annotated[bool, Query(description="The resolved ones too")] = False,  # noqa: A002, FBT002
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> AlertPage:
        """What a person must know of the senders, and usually mend: an expired token, an unpaid bill, a block. Raised
        once while it lasts."""
        caller = await authenticate(directory, request, Scope.SENDERS_READ)
        refuse_unknown_parameters(request)
        return await senders.alerts(caller.business_id, caller.mode, only_open=not all, cursor=cursor, size=limit)

    @router.get("/v1/businesses/{business_id}", operation_id="get_business", summary="The business", responses=_READ)
    async def get_business(request: Request, business_id: BusinessId) -> BusinessOut:
        """Only the key's own, also called `me`."""
        caller = await authenticate(directory, request, Scope.SENDERS_READ)
        _require_own(caller.business_id, business_id)
        return await senders.business(caller.business_id, caller.mode)

    @router.patch(
        "/v1/businesses/{business_id}",
        operation_id="change_business",
        summary="Set quiet hours, languages, links, conversions and the share kept for critical messages",
        responses=_CHANGE,
    )
    async def change_business(request: Request, business_id: BusinessId, body: BusinessChange) -> BusinessOut:
        """For what is accepted from now on, and for what is about to leave. Critical event types bypass quiet hours.

        A changed `link_style` is that of templates that are submitted from now on. Those that Meta has keep the links
        that they were approved with, and messages follow their template, until each is edited and approved anew."""
        caller = await authenticate(directory, request, Scope.SENDERS_WRITE)
        _require_own(caller.business_id, business_id)
        offered = ((topic, f"#/offered_topics/{topic}") for topic in body.offered_topics or {})
        await topics.require(caller.business_id, offered)
        return await senders.change_business(caller.business_id, caller.mode, body)

    return router


def _sender(text: str) -> UUID:
    found = parse_id("snd", text)
    if found is None:
        raise NotFound("The business has no such sender for this kind of key.")
    return found


def _require_own(own: UUID, asked: str) -> None:
    if asked != "me" and parse_id("biz", asked) != own:
        raise NotFound("There is no such business.")
