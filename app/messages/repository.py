"""Queries of the message API, and changes by hand of what waits. The hot path's statements are in `statements`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.consent.identity import Moved
from app.consent.repository import ids_of_person
from app.core.ids import first_id_at, public_id
from app.core.marks import mark
from app.media.kinds import Kind
from app.media.schemas import MEDIA_PREFIX
from app.messages.models import Attempt, AutomaticAnswer, Link, LinkClick, Message, Receipt
from app.messages.schemas import MESSAGE_PREFIX, AutomaticAnswerOut
from app.messages.states import IN_DOUBT, WAITING, Status
from app.messages.wamids import forgotten_wamid
from app.messages.windows import REPLY_PREFIX
from app.templates.compiled import OWN_FILE

KEY_CLEANUP = "DELETE FROM idempotency_keys WHERE created_at < $1"


async def one(session: AsyncSession, business_id: UUID, mode: str, message_id: UUID) -> Message | None:
    message = await session.get(Message, (business_id, message_id))
    return message if message is not None and message.mode == mode else None


async def one_for_update(session: AsyncSession, business_id: UUID, mode: str, message_id: UUID) -> Message | None:
    """Locked: a claim either has it already, or will see what becomes of it."""
    query = select(Message).where(Message.business_id == business_id, Message.id == message_id, Message.mode == mode)
    return await session.scalar(query.with_for_update())


async def attempts(session: AsyncSession, business_id: UUID, message_id: UUID) -> Sequence[Attempt]:
    query = select(Attempt).where(Attempt.business_id == business_id, Attempt.message_id == message_id)
    return (await session.scalars(query.order_by(Attempt.number))).all()


async def receipts(session: AsyncSession, business_id: UUID, message_id: UUID) -> Sequence[Receipt]:
    query = select(Receipt).where(Receipt.business_id == business_id, Receipt.message_id == message_id)
    return (await session.scalars(query.order_by(Receipt.occurred_at, Receipt.received_at))).all()


@dataclass(frozen=True, slots=True)
class Clicked:
    """A tracked link, and what was made of it."""

    link: Link
    clicks: int
    first_clicked_at: datetime | None
    last_clicked_at: datetime | None


async def links(session: AsyncSession, business_id: UUID, message_id: UUID) -> Sequence[Clicked]:
    of_link = (
        LinkClick.business_id == Link.business_id,
        LinkClick.message_id == Link.message_id,
        LinkClick.position == Link.position,
    )
    clicked_at = LinkClick.clicked_at
    counts = select(func.count().label("n"), func.min(clicked_at).label("first"), func.max(clicked_at).label("last"))
    clicks = counts.where(*of_link).lateral()
    query = select(Link, clicks.c.n, clicks.c.first, clicks.c.last).join(clicks, true())
    mine = query.where(Link.business_id == business_id, Link.message_id == message_id)
    return [Clicked(*row) for row in await session.execute(mine.order_by(Link.position))]


async def automatic_answers(session: AsyncSession, business_id: UUID, message_id: UUID) -> list[AutomaticAnswerOut]:
    """That answers to the message brought."""
    query = select(AutomaticAnswer).where(
        AutomaticAnswer.business_id == business_id, AutomaticAnswer.message_id == message_id
    )
    return [
        AutomaticAnswerOut(
            kind=one.kind,
            reply=public_id(REPLY_PREFIX, one.reply_id),
            message=public_id(MESSAGE_PREFIX, one.answer_id),
            answered_at=one.answered_at,
        )
        for one in await session.scalars(query.order_by(AutomaticAnswer.answered_at))
    ]


async def page(
    session: AsyncSession, business_id: UUID, mode: str, filters: "Filters", *, before: UUID | None, size: int
) -> Sequence[Message]:
    """Newest first, from just before the id that the last page ended with."""
    query = select(Message).where(Message.business_id == business_id, Message.mode == mode, *_chosen(filters))
    if filters.person_id:
        # Asked for first: joined, they would leave it open to look through all messages for so few.
        persons = (await session.scalars(ids_of_person(business_id, filters.person_id))).all()
        query = query.where(Message.contact_id.in_(persons))
    if before:
        query = query.where(Message.id < before)
    return (await session.scalars(query.order_by(Message.id.desc()).limit(size))).all()


def _chosen(filters: "Filters") -> Iterator[ColumnElement[bool]]:
    equal = {
        Message.reason: filters.reason,
        Message.event_type: filters.event_type,
        Message.template_name: filters.template_name,
        Message.contact_id: filters.contact_id,
        Message.reference: filters.reference,
    }
    yield from (column == value for column, value in equal.items() if value)
    if filters.status:
        yield Message.status.in_(filters.status)
    if filters.first_id:
        yield Message.id >= filters.first_id
    if filters.last_id:
        yield Message.id < filters.last_id


async def id_behind(
    session: AsyncSession, business_id: UUID, first: UUID | None, before: UUID | None, most: int
) -> UUID | None:
    """The id that lies so many messages behind `before`, if there are as many from `first` on: how far back one may
    look for what no index finds, without looking at all that there is."""
    query = select(Message.id).where(Message.business_id == business_id)
    if first is not None:
        query = query.where(Message.id >= first)
    if before is not None:
        query = query.where(Message.id < before)
    return await session.scalar(query.order_by(Message.id.desc()).offset(most - 1).limit(1))


async def answers_by_hand(
    session: AsyncSession, business_id: UUID, contact_ids: Sequence[UUID], replies: Sequence[str], after: UUID
) -> Sequence[Message]:
    """What was written back to these replies of these contacts, oldest first."""
    query = select(Message).where(
        Message.business_id == business_id,
        Message.contact_id.in_(contact_ids),
        Message.id > after,
        Message.template_name.is_(None),
        Message.data["reply"].as_string().in_(replies),
    )
    return (await session.scalars(query.order_by(Message.id))).all()


async def of_contacts(
    session: AsyncSession, business_id: UUID, contact_ids: Sequence[UUID], *, after: UUID | None, size: int
) -> Sequence[Message]:
    """Oldest first, from just after an id."""
    query = select(Message).where(Message.business_id == business_id, Message.contact_id.in_(contact_ids))
    if after is not None:
        query = query.where(Message.id > after)
    return (await session.scalars(query.order_by(Message.id).limit(size))).all()


@dataclass(frozen=True, slots=True)
class Filters:
    status: Sequence[str] = ()
    reason: str | None = None
    event_type: str | None = None
    template_name: str | None = None
    contact_id: UUID | None = None
    person_id: UUID | None = None
    """The contact, and those that turned out to be the same person."""
    reference: str | None = None
    first_id: UUID | None = None
    """Ids carry their time of creation: a range of time is a range of ids."""
    last_id: UUID | None = None


_SCHEDULED_AHEAD = timedelta(days=180)
"""So long before it left, at most, a message is taken to have been accepted: ids carry that time."""

_SKEW = timedelta(minutes=1)
"""Meta's clock, whose times are whole seconds, against ours."""


async def last_of_contact(
    session: AsyncSession,
    business_id: UUID,
    contact_id: UUID,
    sender_id: UUID,
    *,
    since: datetime,
    until: datetime,
    most: int,
) -> Sequence[Message]:
    """What a person got from a number between these times, as far as is known, the last first; what was sent to those
    who were merged into them, too."""
    left_at = func.coalesce(Message.sent_at, Message.accepted_at)
    query = select(Message).where(
        Message.business_id == business_id,
        Message.contact_id.in_(ids_of_person(business_id, contact_id)),
        Message.id >= first_id_at(since - _SCHEDULED_AHEAD),
        Message.sender_id == sender_id,
        Message.status != Status.FAILED,
        left_at >= since,
        left_at <= until + _SKEW,
    )
    return (await session.scalars(query.order_by(left_at.desc(), Message.id.desc()).limit(most))).all()


async def waiting_of_contact(session: AsyncSession, business_id: UUID, contact_id: UUID) -> Sequence[Message]:
    """What has not left yet, locked: a claim either has it already, or will skip it."""
    query = select(Message).where(
        Message.business_id == business_id,
        Message.contact_id == contact_id,
        Message.status.in_([Status.SCHEDULED, Status.QUEUED]),
    )
    return (await session.scalars(query.order_by(Message.id).with_for_update())).all()


async def contacts_waited_for(session: AsyncSession, business_id: UUID, contact_ids: Sequence[UUID]) -> Sequence[UUID]:
    """Those of them for whom anything has not left yet."""
    query = select(Message.contact_id).where(
        Message.business_id == business_id,
        Message.contact_id == func.any(contact_ids),
        Message.status.in_([Status.SCHEDULED, Status.QUEUED]),
    )
    return (await session.scalars(query.distinct().order_by(Message.contact_id))).all()


async def media_waited_for(session: AsyncSession, business_id: UUID, media_id: UUID) -> str | None:
    """For people, whether anything with the file in its header has not left yet, or may have to leave again."""
    header = Message.fill["header"]
    shown = [header[kind][OWN_FILE].as_string() == public_id(MEDIA_PREFIX, media_id) for kind in get_args(Kind)]
    query = select(Message.id).where(
        Message.business_id == business_id,
        Message.due_at.is_not(None),
        Message.status.in_([*WAITING, *IN_DOUBT]),
        or_(*shown),
    )
    found = (await session.scalars(query.limit(1))).one_or_none()
    return f"the message {public_id(MESSAGE_PREFIX, found)} waits with it" if found is not None else None


async def suppress(session: AsyncSession, business_id: UUID, ids: Sequence[UUID], reason: str, note: Any) -> None:
    await session.execute(
        update(Message)
        .where(Message.business_id == business_id, Message.id.in_(ids))
        .values(
            status=Status.SUPPRESSED.value,
            reason=reason,
            waiting_for=None,
            due_at=None,
            decision=Message.decision.concat(note),
        )
    )
    await mark(session, business_id, ids)


async def move(session: AsyncSession, moved: Moved) -> None:
    """What has not come to its end follows its customer. In the order in which all lock messages."""
    mine = (Message.business_id == moved.business_id, Message.contact_id == moved.from_contact)
    unfinished = select(Message.id).where(*mine, Message.status.in_(_UNFINISHED)).order_by(Message.id)
    ids = (await session.scalars(unfinished.with_for_update())).all()
    values = {"contact_id": moved.to_contact} | ({"recipient": moved.recipient} if moved.recipient else {})
    if ids:
        await session.execute(
            update(Message).where(Message.business_id == moved.business_id, Message.id.in_(ids)).values(values)
        )


_UNFINISHED = [Status.SCHEDULED, Status.QUEUED, Status.SENDING, Status.UNCONFIRMED]
"""What may still be sent, or sent again."""


async def contact_of(session: AsyncSession, business_id: UUID, message_id: UUID) -> tuple[str, UUID] | None:
    """Mode and contact of a message."""
    query = select(Message.mode, Message.contact_id).where(Message.business_id == business_id, Message.id == message_id)
    row = (await session.execute(query)).one_or_none()
    return (row.mode, row.contact_id) if row is not None else None


async def release_waiting_for_template(
    session: AsyncSession, business_id: UUID, names: Sequence[str], event_types: Sequence[str], now: datetime
) -> None:
    """Lets messages that wait for one of these templates, or for any and are of one of these event types, be looked at
    again at once."""
    await session.execute(
        update(Message)
        .where(
            Message.business_id == business_id,
            Message.due_at.is_not(None),
            Message.waiting_for == "template",
            or_(Message.template_name.in_(names), Message.event_type.in_(event_types)),
        )
        .values(due_at=now, waiting_for=None)
    )


async def one_by_wamid(session: AsyncSession, business_id: UUID, mode: str, wamid: str) -> Message | None:
    message_id = await message_by_wamid(session, business_id, wamid)
    return await one(session, business_id, mode, message_id) if message_id is not None else None


async def message_by_wamid(session: AsyncSession, business_id: UUID, wamid: str) -> UUID | None:
    known_as = [wamid, forgotten_wamid(wamid)]
    query = select(Attempt.message_id).where(Attempt.business_id == business_id, Attempt.wamid.in_(known_as))
    return await session.scalar(query.limit(1))
