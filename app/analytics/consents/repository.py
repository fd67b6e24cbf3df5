"""Queries of the figures of consent."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.analytics.asked import ROWS_MOST, Window, too_many_rows
from app.analytics.consents.asked import COLUMNS, AskedConsents
from app.analytics.consents.sums import COUNTS, CUSTOMERS


async def sums(
    session: AsyncSession, business_id: UUID, mode: str, asked: AskedConsents, window: Window
) -> Sequence[RowMapping]:
    """Of each bucket, by its number from one, and each group. Raises InvalidRequest."""
    told_apart = [COLUMNS[one] for one in asked.by]
    filters, bound = _filters(asked)
    places = ", ".join(str(place) for place in range(1, len(told_apart) + 2))
    query = (
        f"SELECT {', '.join(['width_bucket(slot_at, CAST(:starts AS timestamptz[])) AS bucket', *told_apart])}, "  # noqa: S608 - names of ours
        f"{', '.join(f'sum({name})::bigint AS {name}' for name in COUNTS)} FROM consent_figures "
        f"WHERE business_id = :business_id AND mode = :mode AND slot_at >= :since AND slot_at < :until{filters} "
        f"GROUP BY {places} LIMIT :most"
    )
    bound |= {
        "business_id": business_id,
        "mode": mode,
        "starts": list(window.starts),
        "since": window.since,
        "until": window.until,
        "most": ROWS_MOST + 1,
    }
    rows = (await session.execute(text(query), bound)).mappings().all()
    if len(rows) > ROWS_MOST:
        raise too_many_rows()
    return rows


def _filters(asked: AskedConsents) -> tuple[str, dict[str, Any]]:
    wanted: Mapping[str, Sequence[Any]] = {
        "source": asked.sources,
        "place": asked.places,
        "link_id": asked.links,
        "topic": asked.topics,
    }
    chosen: dict[str, Any] = {f"f_{column}": list(values) for column, values in wanted.items() if values}
    filters = "".join(f" AND {name.removeprefix('f_')} = ANY(:{name})" for name in chosen)
    if not asked.topics:
        filters += " AND topic <> :customers" if asked.is_by_topic else " AND topic = :customers"
        chosen["customers"] = CUSTOMERS
    return filters, chosen


HELD_AT = """
    SELECT topic, sum(gained - lost)::bigint AS held FROM consent_figures
     WHERE business_id = :business_id AND mode = :mode
       AND slot_at < coalesce(CAST(:moment AS timestamptz), 'infinity')
     GROUP BY topic
"""


async def held_at(session: AsyncSession, business_id: UUID, mode: str, moment: datetime | None) -> dict[str, int]:
    """By topic, and of customers, how many agreed at a moment; or agree now."""
    rows = await session.execute(text(HELD_AT), {"business_id": business_id, "mode": mode, "moment": moment})
    return {row.topic: row.held for row in rows}


AS_OF = """
    SELECT a.recorded_at
      FROM consent_figures_read r JOIN consent_acts a ON a.business_id = r.business_id AND a.number = r.number + 1
     WHERE r.business_id = :business_id
"""

BEGINNING = "SELECT min(recorded_at) FROM consent_acts WHERE business_id = :business_id"

IS_READ = "SELECT number FROM consent_figures_read WHERE business_id = :business_id"


async def as_of(session: AsyncSession, business_id: UUID, now: datetime) -> datetime:
    bound = {"business_id": business_id}
    is_read = await session.scalar(text(IS_READ), bound) is not None
    unread: datetime | None = await session.scalar(text(AS_OF if is_read else BEGINNING), bound)
    return min(unread, now) if unread is not None else now
