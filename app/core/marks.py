"""Marking what is to be counted anew, in the transaction that changes it. What is counted, and by whom, others know:
see `analytics`.

A mark names no message but the quarter of an hour that it is counted in (`ulak_slot`, in the database): so a batch that
changes hundreds leaves a row or two. Whoever counts takes the marks that its snapshot sees and counts what that sees;
what is committed later has a mark of its own. So nothing is counted twice, or missed, whoever dies when.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession


def marking(changed: str) -> str:
    """SQL that marks the messages of a part of a WITH, which has their business_id, id and send_at."""
    return f"""INSERT INTO figure_marks (business_id, slot_at)
        SELECT DISTINCT changed.business_id, ulak_slot(changed.id, changed.send_at) FROM {changed} AS changed"""  # noqa: S608 - constants


_MARK = text(f"""
    WITH found AS (
        SELECT m.business_id, m.id, m.send_at
          FROM unnest(:ids) AS i(id),
               LATERAL (SELECT * FROM messages m WHERE m.business_id = :business_id AND m.id = i.id LIMIT 1) AS m)
    {marking("found")}
""").bindparams(bindparam("business_id", type_=Uuid()), bindparam("ids", type_=ARRAY(Uuid())))  # noqa: S608 - constants


async def mark(session: AsyncSession, business_id: UUID, message_ids: Collection[UUID]) -> None:
    """These messages, or what is counted with them, are no longer what they were. Writes the session's changes."""
    if message_ids:
        await session.flush()
        await session.execute(_MARK, {"business_id": business_id, "ids": list(message_ids)})
