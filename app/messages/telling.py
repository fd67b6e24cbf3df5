"""Telling the business what becomes of messages: the one place for it, called wherever a status changes.

Events are stored in the transaction that changes the status, while the message's row is locked: so of one message they
are stored in the order in which it happened. Where nobody wants them, a batch costs one look at its businesses.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.callbacks.interest import Wanted, wanted
from app.callbacks.outbox import LINK_CLICKED, PREFIX_OF_MESSAGES
from app.core.database import driver_of
from app.core.ids import new_id
from app.messages.statements import outcomes, receipts, telling
from app.messages.statements.batch import Connection, by_business
from app.messages.statements.outcomes import Outcome
from app.messages.statements.receipts import Reported
from app.messages.statements.telling import NewClick, NewStep
from app.messages.states import TOLD, Event, Status, told_of


@dataclass(frozen=True, slots=True)
class Move:
    """What became of a message in this transaction, which has its row locked."""

    business_id: UUID
    id: UUID
    mode: str
    before: Status
    now: Status
    reported: Collection[Status] = ()
    """By Meta, if it did so."""


@dataclass(frozen=True, slots=True)
class Clicked:
    """A link of a message that somebody followed."""

    business_id: UUID
    message_id: UUID
    position: int
    url: str
    at: datetime


async def tell(connection: Connection, moves: Sequence[Move], now: datetime) -> None:
    """Of messages that moved, those who want to know."""
    told = [one for one in moves if one.now in TOLD and one.now is not one.before]
    if told and (interest := await wanted(connection, {one.business_id for one in told})):
        await _tell(connection, interest, told, now)


async def tell_in(session: AsyncSession, moves: Sequence[Move], now: datetime) -> None:
    """The same in a session, whose changes are written then."""
    if moves:
        await session.flush()
        await tell(await driver_of(session), moves, now)


async def interest_in(connection: Connection, rows: Sequence[Outcome]) -> Wanted:
    """Who wants to know what may become of messages by these outcomes."""
    return await _interest_in(connection, ((row.business_id, _COMES_OF.get(row.event, ())) for row in rows))


async def record(connection: Connection, interest: Wanted, rows: Sequence[Outcome], now: datetime) -> None:
    """Writes what came of calls and tells of it, in the caller's transaction."""
    of_interest = [row for row in rows if _wants(interest, row.business_id, _COMES_OF.get(row.event, ()))]
    if not of_interest:
        await outcomes.record(connection, rows)
        return
    before = await _before(connection, of_interest)
    shown = await outcomes.record_and_show(connection, rows)
    moves = [
        Move(business_id, message_id, mode, status, shown.get(message_id, status))
        for (business_id, message_id), (mode, status) in before.items()
    ]
    await _tell(connection, interest, moves, now)


async def apply_receipts(
    connection: Connection, reported: Sequence[Reported], now: datetime
) -> dict[tuple[UUID, UUID], bool]:
    """Applies what Meta reported and tells of it, in the caller's transaction. Answers the messages for which there was
    something new, and whether their content is erased."""
    interest = await _interest_in(connection, ((one.business_id, _may_say(one)) for one in reported))
    of_interest = {
        (one.business_id, one.id): one for one in reported if _wants(interest, one.business_id, _may_say(one))
    }
    before = await _before(connection, list(of_interest.values())) if of_interest else {}
    changed = await receipts.apply_receipts(connection, reported)
    moves = []
    for row in changed:
        key = (row["business_id"], row["id"])
        if key in before:
            mode, status = before[key]
            moves.append(Move(*key, mode, status, Status(row["status"]), _said(of_interest[key])))
    if moves:
        await _tell(connection, interest, moves, now)
    return {(row["business_id"], row["id"]): row["erased"] for row in changed}


async def tell_clicks(connection: Connection, clicked: Sequence[Clicked]) -> None:
    interest = await wanted(connection, {one.business_id for one in clicked})
    for business_id, mine in by_business(clicked) if interest else ():
        modes = [mode for (who, mode), types in interest.items() if who == business_id and LINK_CLICKED in types]
        if modes:
            rows = [NewClick(one.message_id, new_id(), one.position, one.url, one.at) for one in mine]
            await telling.tell_clicks(connection, business_id, rows, modes)


_COMES_OF: Mapping[str, Collection[Status]] = {
    Event.ANSWER_ACCEPTED: (Status.ACCEPTED,),
    Event.ANSWER_REFUSED: (Status.FAILED,),
    Event.ANSWER_LOST: (Status.UNCONFIRMED,),
    Event.LEASE_ENDED: (Status.UNCONFIRMED,),
}
"""What a message may become that the business is told of."""


def _said(reported: Reported) -> list[Status]:
    times = {
        Status.SENT: reported.sent_at,
        Status.FAILED: reported.failed_at,
        Status.DELIVERED: reported.delivered_at,
        Status.READ: reported.read_at,
    }
    return [status for status, at in times.items() if at is not None]


def _may_say(reported: Reported) -> Collection[Status]:
    """With what is implied by it."""
    match reported.event:
        case Event.RECEIPT_DELIVERED:
            return (Status.SENT, Status.DELIVERED)
        case Event.RECEIPT_READ:
            return (Status.SENT, Status.DELIVERED, Status.READ)
        case _:
            return _said(reported)


async def _interest_in(connection: Connection, asked: Iterable[tuple[UUID, Collection[Status]]]) -> Wanted:
    possible: dict[UUID, set[str]] = {}
    for business_id, statuses in asked:
        if statuses:
            possible.setdefault(business_id, set()).update(PREFIX_OF_MESSAGES + status for status in statuses)
    found = await wanted(connection, possible.keys()) if possible else {}
    return {who: types for who, types in found.items() if types & possible[who[0]]}


def _wants(interest: Wanted, business_id: UUID, statuses: Collection[Status]) -> bool:
    return bool(interest) and any(
        who == business_id and any(PREFIX_OF_MESSAGES + status in types for status in statuses)
        for (who, _), types in interest.items()
    )


async def _before(
    connection: Connection, rows: Sequence[Outcome | Reported]
) -> dict[tuple[UUID, UUID], tuple[str, Status]]:
    """Mode and status of messages, which are locked; by business, as all lock them who lock such rows by themselves."""
    found = {}
    for business_id, mine in by_business(rows):
        for row in await telling.before(connection, business_id, {one.id for one in mine}):
            found[business_id, row["id"]] = (row["mode"], Status(row["status"]))
    return found


async def _tell(connection: Connection, interest: Wanted, moves: Sequence[Move], now: datetime) -> None:
    for business_id, mine in by_business(moves):
        steps = [
            NewStep(one.id, new_id(), status, is_implied)
            for one in mine
            for status, is_implied in told_of(one.before, one.now, one.reported)
            if PREFIX_OF_MESSAGES + status in interest.get((business_id, one.mode), ())
        ]
        if steps:
            await telling.tell_steps(connection, business_id, steps, now)
