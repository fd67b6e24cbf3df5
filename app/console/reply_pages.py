"""Replies: what customers wrote and tapped, what it was understood to be, and answering them."""

import secrets
from typing import Any, get_args
from uuid import UUID

import pydantic
from fastapi import APIRouter
from starlette.responses import Response

from app.accounts.keys import Scope
from app.callbacks.reply_schemas import ReplyKind
from app.consent.repository import ContactKey, no_such_contact
from app.consent.schemas import ContactOut
from app.consent.service import ConsentService
from app.console.acting import acting, caller_of, text_of
from app.console.desk import Desk, Pages
from app.console.lists import address, asked_of
from app.console.message_pages import MESSAGES
from app.console.navigation import PATH
from app.console.speaking import Speech, hidden
from app.console.visits import Visit
from app.core.ids import parse_id, public_id
from app.core.problems import FieldError, InvalidRequest, NotFound, problem_of
from app.messages.free_schemas import AnswerIn
from app.messages.submission import fingerprint_of
from app.messages.windows import REPLY_PREFIX
from app.replies.answering import Answering
from app.replies.errors import no_such_reply
from app.replies.repository import Filters
from app.replies.service import ReplyService

REPLIES = f"{PATH}/replies"
SIZE = 50
_TEXT_MOST = 4096
_FIELDS = ("kind", "unread", "contact")


class _Shown:
    """What the pages show."""

    def __init__(self, service: ReplyService, consent: ConsentService) -> None:
        self._service = service
        self._consent = consent

    async def listed(self, visit: Visit) -> dict[str, Any]:
        """Raises NotFound or InvalidRequest."""
        asked = asked_of(visit, _FIELDS)
        contact_id = parse_id("con", asked["contact"]) if "contact" in asked else None
        contact = await self._contact(visit, asked.get("contact"))
        if "contact" in asked and (contact_id is None or contact is None):
            raise no_such_contact()
        filters = Filters(
            kinds=(_kind(asked["kind"]),) if "kind" in asked else (),
            contact_id=contact_id,
            is_unread=True if asked.get("unread") == "yes" else None,
        )
        cursor = visit.request.query_params.get("cursor")
        page = await self._service.page(visit.session.business_id, visit.mode, filters, cursor=cursor, size=SIZE)
        return {
            "asked": asked,
            "contact": contact,
            "replies": page.replies,
            "kinds": get_args(ReplyKind),
            "next_url": address(REPLIES, asked, cursor=page.next_cursor) if page.next_cursor else None,
            "first_url": address(REPLIES, asked) if cursor else None,
            "here_url": address(f"{REPLIES}/list", asked, cursor=cursor),
            "speech": Speech.to(visit),
        }

    async def one(self, visit: Visit) -> dict[str, Any]:
        """Raises NotFound."""
        one = await self._service.one(visit.session.business_id, visit.mode, reply_named(visit))
        contact = await self._contact(visit, one.contact)
        named = (contact.phone or contact.bsuid) if contact is not None else None
        numbers = {sender.public_id: sender.display_phone_number for sender in visit.business.senders}
        return {
            "one": one,
            "contact": contact,
            "number": numbers.get(one.sender),
            "once": secrets.token_hex(16),
            "recipient": named if named is None or visit.may(Scope.CONTACTS_READ) else hidden(named),
            "speech": Speech.to(visit),
        }

    async def _contact(self, visit: Visit, contact_id: str | None) -> ContactOut | None:
        """Nobody where Meta named nobody, or who it was is erased."""
        found = parse_id("con", contact_id) if contact_id is not None else None
        if found is None:
            return None
        key = ContactKey(visit.session.business_id, visit.mode, "id", str(found))
        try:
            return (await self._consent.contact(key))[0]
        except NotFound:
            return None


def reply_pages(desk: Desk, service: ReplyService, answering: Answering, consent: ConsentService) -> APIRouter:
    pages = Pages(desk)
    shown_by = _Shown(service, consent)

    @pages.get("/replies", Scope.MESSAGES_READ)
    async def replies(visit: Visit) -> Response:
        return visit.page("replies.html", visit.say("replies_title"), **await shown_by.listed(visit))

    @pages.get("/replies/list", Scope.MESSAGES_READ, is_background=True)
    async def list_again(visit: Visit) -> Response:
        return visit.fragment("replies_list.html", **await shown_by.listed(visit))

    @pages.get("/replies/{reply_id}", Scope.MESSAGES_READ)
    async def reply(visit: Visit) -> Response:
        return visit.page("reply.html", visit.say("reply_title"), **await shown_by.one(visit))

    @pages.post("/replies/{reply_id}/answer", Scope.MESSAGES_WRITE)
    async def answer(visit: Visit) -> Response:
        """Sent twice by a restless finger, it is one answer: the page has given the form a key."""
        shown = public_id(REPLY_PREFIX, reply_named(visit))
        text = text_of(visit, "text", _TEXT_MOST + 1)
        if not text:
            return visit.to(f"{REPLIES}/{shown}?text=missing#answer")
        try:
            body = AnswerIn.model_validate(
                {
                    "to": {"reply": shown},
                    "text": {"body": text},
                    "quote": text_of(visit, "quote") == "yes",
                    "mark_read": True,
                }
            )
        except pydantic.ValidationError as error:
            raise problem_of(error) from error
        await service.one(visit.session.business_id, visit.mode, reply_named(visit))
        with acting(visit, "answer customer", reply=shown):
            key = f"console-{visit.session.id.hex}-{text_of(visit, 'once', 32)}"
            made = await answering.send(caller_of(visit), body, key, fingerprint_of(shown, text.encode()))
        message = (made.location or "").rpartition("/")[2]
        return visit.to(f"{MESSAGES}/{message}", "done_answered")

    @pages.post("/replies/{reply_id}/read", Scope.MESSAGES_WRITE)
    async def read(visit: Visit) -> Response:
        reply_id = reply_named(visit)
        shown = public_id(REPLY_PREFIX, reply_id)
        with acting(visit, "mark reply as read", reply=shown):
            await answering.mark_read(caller_of(visit), reply_id, typing=False)
        return visit.to(f"{REPLIES}/{shown}", "done_marked_read")

    return pages.router


def reply_named(visit: Visit) -> UUID:
    """Raises NotFound."""
    found = parse_id(REPLY_PREFIX, visit.request.path_params["reply_id"])
    if found is None:
        raise no_such_reply()
    return found


def _kind(text: str) -> str:
    """Raises InvalidRequest."""
    if text not in get_args(ReplyKind):
        raise InvalidRequest.from_faults([FieldError(parameter="kind", code="value", message="is no kind of reply")])
    return text
