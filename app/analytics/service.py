"""Questions asked of figures: in process for the console, by way of the API for everybody else."""

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import Directory
from app.analytics import repository
from app.analytics.asked import ROWS_MOST, Asked, Window, group_columns, too_many_rows, window_of
from app.analytics.buckets import midnight
from app.analytics.counting import ENDS, PRICES, STEPS
from app.analytics.models import PriceRate
from app.analytics.price_schemas import PriceRateIn, PriceRatesIn, PriceRatesOut
from app.analytics.prices import Bill, Bills, Rate, Rates, ordered, plain
from app.analytics.rates import rate
from app.analytics.refreshing import Refresher
from app.analytics.schemas import (
    CostAmount,
    CostCounts,
    CostFigures,
    CostLine,
    CostRow,
    DeliveryCounts,
    DeliveryFigures,
    DeliveryRates,
    DeliveryRow,
    EndReason,
    EngagementCounts,
    EngagementFigures,
    EngagementRates,
    EngagementRow,
    FigureGroup,
    TimeToRead,
    group_of,
)
from app.core.clock import Clock
from app.core.database import Database
from app.core.problems import InvalidRequest
from app.whatsapp.errors import describe

_DELIVERY = (*DeliveryCounts.model_fields, "tried")
_ENGAGEMENT = (*EngagementCounts.model_fields, *(f"read_within_{name}" for name in STEPS), "read_seconds")

_LINES_MOST = 200_000
"""Rows of prices that are read for one answer, of which each of its rows may have many."""

Sums = Mapping[str, int]
Group = tuple[Any, ...]
"""The values of the columns that rows are told apart by."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a question found: rows by bucket and group, and all that stands above them."""

    window: Window
    asked: Asked
    as_of: datetime
    rows: Mapping[tuple[int, Group], Sums]

    @property
    def head(self) -> dict[str, Any]:
        return head_of(self.window, self.asked.by, self.as_of)

    def total(self, names: Sequence[str]) -> dict[str, int]:
        return {name: sum(row[name] for row in self.rows.values()) for name in names}

    def spans(self) -> Iterator[tuple[dict[str, Any], Sums | None]]:
        """Each row's bucket and group, with what was found there."""
        for span, place in spans_of(self.window, self.asked, {group for _, group in self.rows}):
            yield span, self.rows.get(place)


def head_of(window: Window, by: Sequence[str], as_of: datetime) -> dict[str, Any]:
    """As schemas.FiguresOut."""
    return {
        "since": window.since.astimezone(window.zone),
        "until": window.until.astimezone(window.zone),
        "time_zone": window.zone.key,
        "bucket": window.bucket,
        "by": list(by),
        "as_of": as_of,
    }


def spans_of(window: Window, asked: Asked, groups: set[Group]) -> Iterator[tuple[dict[str, Any], tuple[int, Group]]]:
    """As schemas.FigureSpan, with the number of the bucket and the group: every bucket of every group, since a gap in a
    chart would say that nothing is known where nothing was sent. Raises InvalidRequest."""
    columns = group_columns(asked.by)
    known = sorted(groups, key=_alphabetically) if asked.by else [()]
    if len(known) * len(window.starts) > ROWS_MOST:
        raise too_many_rows()
    shown: dict[Group, FigureGroup] = {group: group_of(dict(zip(columns, group, strict=True))) for group in known}
    for number, (start, end) in enumerate(window.buckets, 1):
        for group in known:
            yield {"start": start, "end": end, "group": shown[group]}, (number, group)


def _alphabetically(group: Group) -> list[tuple[bool, str]]:
    return [(value is None, str(value)) for value in group]


class Figures:
    def __init__(self, database: Database, directory: Directory, clock: Clock, refresher: Refresher) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock
        self._refresher = refresher

    async def refresh(self) -> int:
        """Counts anew whatever is marked, now rather than soon; answers of how many slots."""
        return await self._refresher.refresh()

    async def window(self, business_id: UUID, asked: Asked) -> Window:
        """Raises InvalidRequest."""
        business = await self._directory.required(business_id)
        return window_of(asked, business.time_zone, self._clock.now())

    async def delivery(self, business_id: UUID, mode: str, asked: Asked) -> DeliveryFigures:
        """Raises InvalidRequest."""
        async with self._looking() as session:
            found = await self._found(session, business_id, mode, asked, _DELIVERY)
            one = Window(found.window.zone, found.window.since, found.window.until, "none", found.window.starts[:1])
            unsplit = Asked(**{**_fields(asked), "by": ()})
            ends = await repository.sums(
                session, "figure_ends", business_id, mode, unsplit, one, columns=["messages"], more=ENDS
            )
        total = found.total(_DELIVERY)
        return DeliveryFigures(
            **found.head,
            totals=DeliveryCounts(**total),
            rates=_delivery_rates(total),
            reasons=_reasons(ends),
            rows=[
                DeliveryRow(**span, counts=DeliveryCounts(**sums), rates=_delivery_rates(sums))
                for span, row in found.spans()
                for sums in (row or dict.fromkeys(_DELIVERY, 0),)
            ],
        )

    async def engagement(self, business_id: UUID, mode: str, asked: Asked) -> EngagementFigures:
        """Raises InvalidRequest."""
        async with self._looking() as session:
            found = await self._found(session, business_id, mode, asked, _ENGAGEMENT)
        total = found.total(_ENGAGEMENT)
        return EngagementFigures(
            **found.head,
            totals=EngagementCounts(**total),
            rates=_engagement_rates(total),
            time_to_read=_time_to_read(total),
            rows=[
                EngagementRow(
                    **span,
                    counts=EngagementCounts(**sums),
                    rates=_engagement_rates(sums),
                    time_to_read=_time_to_read(sums),
                )
                for span, row in found.spans()
                for sums in (row or dict.fromkeys(_ENGAGEMENT, 0),)
            ],
        )

    async def cost(self, business_id: UUID, mode: str, asked: Asked) -> CostFigures:
        """Raises InvalidRequest."""
        window = await self.window(business_id, asked)
        now = self._clock.now()
        async with self._looking() as session:
            rates = await _rates(session, business_id)
            starts = _cut_by_rates(window, rates)
            rows = await repository.sums(
                session, "figure_prices", business_id, mode, asked, window,
                columns=["messages"], more=PRICES, starts=[start for start, _ in starts], most=_LINES_MOST,
            )  # fmt: skip
            as_of = await repository.as_of(session, business_id, now)
        columns = group_columns(asked.by)
        whole, by_place = Bills(), dict[tuple[int, Group], Bills]()
        for row in rows:
            start, number = starts[row["bucket"] - 1]
            line = (row["category"], row["price_type"], row["country"])
            held = rates.at(row["category"], row["country"], start.date())
            place = (number, tuple(row[name] for name in columns))
            for bills in (whole, by_place.setdefault(place, Bills())):
                bills.add(line, row["messages"], held)
        spans = spans_of(window, asked, {group for _, group in by_place})
        return CostFigures(
            **head_of(window, asked.by, as_of),
            totals=_cost_counts(whole.total),
            amounts=_amounts(whole.total),
            lines=_lines(whole),
            rows=[
                CostRow(**span, counts=_cost_counts(bills.total), amounts=_amounts(bills.total), lines=_lines(bills))
                for span, place in spans
                for bills in (by_place.get(place, Bills()),)
            ],
        )

    async def price_rates(self, business_id: UUID) -> PriceRatesOut:
        async with self._looking() as session:
            rows = await repository.price_rates(session, business_id)
        return PriceRatesOut(rates=[_shown(row) for row in rows])

    async def set_price_rates(self, business_id: UUID, table: PriceRatesIn) -> PriceRatesOut:
        """Raises InvalidRequest."""
        seen: set[tuple[str, str, date]] = set()
        for number, one in enumerate(table.rates):
            key = (one.category, one.country, one.day)
            if key in seen:
                raise InvalidRequest.at(
                    f"#/rates/{number}", "duplicate", "says again what another rate says: category, country and day"
                )
            seen.add(key)
        rows = [
            PriceRate(
                business_id=business_id,
                category=one.category,
                country=one.country,
                starts_on=one.day,
                price=one.amount,
                currency=one.currency,
            )
            for one in table.rates
        ]
        async with self._database.transaction() as session:
            await repository.replace_price_rates(session, business_id, rows)
        return await self.price_rates(business_id)

    async def _found(
        self, session: AsyncSession, business_id: UUID, mode: str, asked: Asked, columns: Sequence[str]
    ) -> Found:
        window = await self.window(business_id, asked)
        now = self._clock.now()  # before the snapshot, which sees nothing of what comes later
        rows = await repository.sums(session, "figures", business_id, mode, asked, window, columns=columns)
        told_apart = group_columns(asked.by)
        return Found(
            window,
            asked,
            await repository.as_of(session, business_id, now),
            {(row["bucket"], tuple(row[name] for name in told_apart)): row for row in rows},
        )

    @contextlib.asynccontextmanager
    async def _looking(self) -> AsyncIterator[AsyncSession]:
        """One snapshot for all that is asked: what is counted meanwhile is in all of it, or in none."""
        async with self._database.transaction() as session:
            await repository.look(session)
            yield session


def _fields(asked: Asked) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in Asked.__dataclass_fields__}


def _delivery_rates(sums: Sums) -> DeliveryRates:
    return DeliveryRates(
        sent=rate(sums["sent"], sums["accepted"]),
        delivered=rate(sums["delivered"], sums["sent"]),
        read=rate(sums["read"], sums["delivered"]),
        failed=rate(sums["failed"], sums["tried"]),
    )


def _reasons(rows: Sequence[Mapping[str, Any]]) -> list[EndReason]:
    found = [
        EndReason(
            status=row["status"],
            code=row["code"],
            reason=row["reason"],
            meaning=describe(row["code"]).meaning if row["code"] is not None else None,
            messages=row["messages"],
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (-one.messages, one.status, one.code or 0, one.reason or ""))


def _engagement_rates(sums: Sums) -> EngagementRates:
    return EngagementRates(
        **{name: rate(sums[name], sums["delivered"]) for name in EngagementRates.model_fields},
    )


def _time_to_read(sums: Sums) -> TimeToRead:
    read = sums["read"]
    if not read:
        return TimeToRead(mean_seconds=None, median_from_seconds=None, median_to_seconds=None, within={})
    below = 0
    upper = None
    for name, seconds in STEPS.items():
        if 2 * sums[f"read_within_{name}"] >= read:
            upper = seconds
            break
        below = seconds
    return TimeToRead(
        mean_seconds=sums["read_seconds"] / read,
        median_from_seconds=below,
        median_to_seconds=upper,
        within={name: sums[f"read_within_{name}"] / read for name in STEPS},
    )


async def _rates(session: AsyncSession, business_id: UUID) -> Rates:
    rows = await repository.price_rates(session, business_id)
    return Rates(Rate(row.category, row.country, row.starts_on, row.price, row.currency) for row in rows)


def _cut_by_rates(window: Window, rates: Rates) -> list[tuple[datetime, int]]:
    """The beginnings of parts in which no rate changes, each with the number of the bucket that it is of."""
    changes = {midnight(day, window.zone) for day in rates.changes}
    found: list[tuple[datetime, int]] = []
    for number, (start, end) in enumerate(window.buckets, 1):
        found.append((start, number))
        found += [(change, number) for change in sorted(changes) if start < change < end]
    return found


def _cost_counts(bill: Bill) -> CostCounts:
    return CostCounts(messages=bill.messages, paid=bill.paid, free=bill.free, unrated=bill.unrated)


def _amounts(bill: Bill) -> list[CostAmount]:
    return [CostAmount(currency=currency, amount=plain(bill.amounts[currency])) for currency in sorted(bill.amounts)]


def _lines(bills: Bills) -> list[CostLine]:
    return [
        CostLine(
            category=category,
            price_type=price_type,
            country=country,
            counts=_cost_counts(bill),
            amounts=_amounts(bill),
        )
        for (category, price_type, country), bill in ordered(bills.lines)
    ]


def _shown(row: PriceRate) -> PriceRateIn:
    return PriceRateIn(
        category=row.category,
        country=row.country,
        price=plain(row.price),
        currency=row.currency,
        since=row.starts_on.isoformat(),
    )
