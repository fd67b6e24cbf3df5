"""Showing replies."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.consent import repository as contacts
from app.consent.repository import ContactKey
from app.consent.schemas import WindowOut
from app.core.clock import Clock
from app.core.cursors import page_of, read_cursor
from app.core.database import Database
from app.core.ids import public_id
from app.messages.schemas import MessageReply
from app.messages.windows import REPLY_PREFIX
from app.replies import repository, windows
from app.replies.contents import content_of
from app.replies.errors import no_such_reply
from app.replies.repository import Filters, Found
from app.replies.schemas import ReplyOut, ReplyPage
from app.replies.telling import answered


class ReplyService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def one(self, business_id: UUID, mode: str, reply_id: UUID) -> ReplyOut:
        """Raises NotFound."""
        async with self._database.transaction() as session:
            found = await repository.one(session, business_id, mode, reply_id)
        if found is None:
            raise no_such_reply()
        return _shown(found, self._clock.now())

    async def page(self, business_id: UUID, mode: str, filters: Filters, *, cursor: str | None, size: int) -> ReplyPage:
        """Raises InvalidRequest."""
        before = read_cursor(cursor) if cursor else None
        async with self._database.transaction() as session:
            rows = await repository.page(session, business_id, mode, filters, before=before, size=size + 1)
        now = self._clock.now()
        shown, next_cursor = page_of(rows, size, lambda one: one.reply.id)
        return ReplyPage(
            replies=[_shown(one, now) for one in shown],
            next_cursor=next_cursor,
        )

    async def contact_id(self, key: ContactKey) -> UUID:
        """Of nobody, for a name that no contact has."""
        async with self._database.transaction() as session:
            contact = await contacts.find_contact(session, key)
        return contact.id if contact is not None else UUID(int=0)

    async def windows(self, business_id: UUID, contact_id: UUID) -> list[WindowOut]:
        async with self._database.transaction() as session:
            return await windows.shown(session, business_id, contact_id, self._clock.now())


async def replies_to(session: AsyncSession, business_id: UUID, message_id: UUID) -> list[MessageReply]:
    """As a message shows them."""
    return [
        MessageReply(
            id=public_id(REPLY_PREFIX, one.id),
            kind=one.kind,
            value=one.value,
            tied_by=one.tied_by,
            occurred_at=one.occurred_at,
            edited_at=one.edited_at,
            deleted_at=one.deleted_at,
        )
        for one in await repository.of_message(session, business_id, message_id)
    ]


def _shown(found: Found, now: datetime) -> ReplyOut:
    reply, window = found.reply, found.window
    return ReplyOut(
        id=public_id(REPLY_PREFIX, reply.id),
        kind=reply.kind,
        value=reply.value,
        type=reply.type,
        content=content_of(reply.payload),
        contact=public_id("con", reply.contact_id) if reply.contact_id is not None else None,
        sender=public_id("snd", reply.sender_id),
        message=answered(found.message) if found.message is not None else None,
        tied_by=reply.tied_by,
        changes=public_id(REPLY_PREFIX, found.changes) if found.changes is not None else None,
        occurred_at=reply.occurred_at,
        received_at=reply.received_at,
        edited_at=reply.edited_at,
        deleted_at=reply.deleted_at,
        marked_read_at=reply.marked_read_at,
        window_expires_at=window.expires_at if window is not None and window.expires_at > now else None,
        content_erased_at=reply.content_erased_at,
        payload=reply.payload,
    )
