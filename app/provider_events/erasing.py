"""Forgetting what customers answered, and what Meta told of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.messages.erasing import forgotten_wamid
from app.provider_events.models import KeptItem
from app.replies.models import Reply

_NOTHING: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Tenure:
    """While a name was somebody's; always, as far as nothing else is known."""

    since: datetime | None = None
    until: datetime | None = None

    def holds_at(self, moment: InstrumentedAttribute[datetime]) -> list[ColumnElement[bool]]:
        begun = [] if self.since is None else [moment >= self.since]
        return begun if self.until is None else [*begun, moment < self.until]


@dataclass(frozen=True, slots=True)
class Names:
    """By which Meta knew a person: numbers, with or without the sign before the digits, and user ids."""

    tenures: Mapping[str, Tenure]


def written_by(
    business_id: UUID, mode: str, contact_ids: Sequence[UUID], names: Names, message_ids: Sequence[UUID]
) -> ColumnElement[bool]:
    """Replies of a person: those that were theirs when they came; and those that were nobody's then, by what Meta knew
    them as at the time, or since they answer their messages."""
    named = [_written_as(name, tenure) for name, tenure in names.tenures.items()]
    return and_(
        Reply.business_id == business_id,
        Reply.mode == mode,
        or_(Reply.contact_id.in_(contact_ids), Reply.message_id.in_(message_ids), *named),
    )


def _written_as(name: str, tenure: Tenure) -> ColumnElement[bool]:
    digits = name.removeprefix("+")
    who = Reply.from_wa_id == digits if digits.isdecimal() else Reply.from_user_id == name
    return and_(who, *tenure.holds_at(Reply.occurred_at))


async def erase_replies(session: AsyncSession, which: ColumnElement[bool], now: datetime, *, whole: bool) -> int:
    """`whole`: also who wrote them."""
    named = select(Reply.business_id, Reply.id, Reply.wamid, Reply.changes_wamid).where(which)
    rows = (await session.execute(named)).all()
    for business_id, reply_id, wamid, changes in rows:
        gone: dict[str, Any] = {"from_wa_id": None, "from_user_id": None} if whole else {}
        if changes is not None:
            gone["changes_wamid"] = forgotten_wamid(changes)
        await session.execute(
            update(Reply)
            .where(Reply.business_id == business_id, Reply.id == reply_id)
            .values(
                payload=_NOTHING,
                value=None,
                wamid=forgotten_wamid(wamid),
                content_erased_at=func.coalesce(Reply.content_erased_at, now),
                **gone,
            )
            .execution_options(synchronize_session=False)
        )
    return len(rows)


async def drop_kept_about(session: AsyncSession, signers: Sequence[bytes], names: Names) -> int:
    """Items kept as they came, signed by these apps, that name the person while that was them. All that are kept are
    looked through."""
    if not signers or not names.tenures:
        return 0
    named = [
        and_(
            func.position(func.convert_to(name.removeprefix("+"), "UTF8").op("IN")(KeptItem.raw)) > 0,
            *tenure.holds_at(KeptItem.received_at),
        )
        for name, tenure in names.tenures.items()
    ]
    return await _drop(session, KeptItem.signer.in_(signers), or_(*named))


async def drop_kept_before(
    session: AsyncSession, signer: bytes, places: Collection[str] | None, before: datetime, most: int
) -> int:
    """Items that came before that time: those about these numbers and accounts, or all that the app signed."""
    if places is not None and not places:
        return 0
    of = or_(KeptItem.phone_number_id.in_(places), KeptItem.waba_id.in_(places)) if places is not None else None
    old = select(KeptItem.id).where(KeptItem.signer == signer, KeptItem.received_at < before)
    chosen = (old if of is None else old.where(of)).order_by(KeptItem.received_at).limit(most)
    return await _drop(session, KeptItem.id.in_(chosen.with_for_update(skip_locked=True)))


async def _drop(session: AsyncSession, *which: ColumnElement[bool]) -> int:
    dropped = await session.execute(delete(KeptItem).where(*which).execution_options(synchronize_session=False))
    found: int = dropped.rowcount  # type: ignore[attr-defined] # of every result of a change
    return found
