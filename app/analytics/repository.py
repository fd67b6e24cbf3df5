"""Queries of figures: sums of days where whole days are asked for, of slots elsewhere."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.analytics.asked import ROWS_MOST, Asked, Window, filters_of, group_columns, too_many_rows
from app.analytics.buckets import whole_days
from app.analytics.models import PriceRate

__all__ = ["PriceRate", "as_of", "look", "price_rates", "replace_price_rates", "sums"]


async def look(session: AsyncSession) -> None:
    """From here on in one snapshot; nothing is compiled, which would take longer than to answer the question."""
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    await session.execute(text("SET LOCAL jit = off"))


async def sums(
    session: AsyncSession,
    table: str,
    business_id: UUID,
    mode: str,
    asked: Asked,
    window: Window,
    *,
    columns: Sequence[str],
    more: Sequence[str] = (),
    starts: Sequence[datetime] | None = None,
    most: int = ROWS_MOST,
) -> list[dict[str, Any]]:
    """Of each bucket, by its number from one, and each group: the sums of these columns. `more`: columns beside `by`
    that rows are told apart by. `starts`: of other buckets than the window's. Raises InvalidRequest over `most` rows.
    """
    told_apart = [*group_columns(asked.by), *more]
    ranges = await _ranges(session, business_id, window)
    bound: dict[str, Any] = {
        "business_id": business_id,
        "mode": mode,
        "starts": list(starts or window.starts),
        "most": most + 1,
    }
    filters = ""
    for column, values in filters_of(asked).items():
        filters += f" AND {column} = ANY(:f_{column})"
        bound[f"f_{column}"] = values
    needed = ", ".join(["starts_at", *told_apart, *columns])
    parts = []
    for number, (span, since, until) in enumerate(ranges):
        parts.append(
            f"SELECT {needed} FROM {table} WHERE business_id = :business_id AND mode = :mode AND span = '{span}' "  # noqa: S608 - names of ours
            f"AND starts_at >= :since_{number} AND starts_at < :until_{number}{filters}"
        )
        bound |= {f"since_{number}": since, f"until_{number}": until}
    places = ", ".join(str(place) for place in range(1, len(told_apart) + 2))
    query = (
        f"SELECT {', '.join(['width_bucket(starts_at, CAST(:starts AS timestamptz[])) AS bucket', *told_apart])}, "  # noqa: S608 - names of ours
        f"{', '.join(f'sum({name})::bigint AS {name}' for name in columns)} "
        f"FROM ({' UNION ALL '.join(parts)}) AS of_window GROUP BY {places} LIMIT :most"
    )
    rows = [dict(row) for row in (await session.execute(text(query), bound)).mappings()]
    if len(rows) > most:
        raise too_many_rows()
    return rows


async def _ranges(session: AsyncSession, business_id: UUID, window: Window) -> list[tuple[str, datetime, datetime]]:
    """Of days in the middle and slots around them; of slots alone for hours, and where days were counted by another
    clock than the business has now."""
    days = whole_days(window.since, window.until, window.zone) if window.bucket != "hour" else None
    if days is not None:
        counted_by = await session.scalar(
            text("SELECT time_zone FROM figure_days WHERE business_id = :business_id"), {"business_id": business_id}
        )
        days = days if counted_by == window.zone.key else None
    if days is None:
        return [("slot", window.since, window.until)]
    begins, ends = days
    around = [("slot", window.since, begins), ("day", begins, ends), ("slot", ends, window.until)]
    return [(span, since, until) for span, since, until in around if since.astimezone(UTC) < until.astimezone(UTC)]


async def as_of(session: AsyncSession, business_id: UUID, now: datetime) -> datetime:
    oldest: datetime | None = await session.scalar(
        text("SELECT min(marked_at) FROM figure_marks WHERE business_id = :business_id"), {"business_id": business_id}
    )
    return min(oldest, now) if oldest is not None else now


async def price_rates(session: AsyncSession, business_id: UUID) -> Sequence[PriceRate]:
    query = select(PriceRate).where(PriceRate.business_id == business_id)
    return (await session.scalars(query.order_by(PriceRate.category, PriceRate.country, PriceRate.starts_on))).all()


async def replace_price_rates(session: AsyncSession, business_id: UUID, rates: Sequence[PriceRate]) -> None:
    """Of two who do so at the same time one waits for the other."""
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended('price rates ' || :business_id, 0))")
    await session.execute(lock, {"business_id": str(business_id)})
    await session.execute(delete(PriceRate).where(PriceRate.business_id == business_id))
    session.add_all(rates)
