"""Senders as operations see and change them: state, pace, alerts; and the mirror of what Meta says of a number."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import health, pace, portfolio, repository
from app.accounts.alerts import alert_out
from app.accounts.directory import CHANNEL, SenderAccount
from app.accounts.models import DEFAULT_COLOUR, Mode
from app.accounts.schemas import (
    AlertPage,
    BusinessChange,
    BusinessOut,
    PortfolioOut,
    QuietHoursIn,
    Retention,
    SenderChange,
    SenderOut,
)
from app.core.clock import Clock
from app.core.cursors import page_of, read_cursor
from app.core.database import Database, announce
from app.core.ids import public_id
from app.core.problems import NotFound
from app.whatsapp.client import GraphClient

log = structlog.get_logger(__name__)

DUE_CHANNEL = "ulak_due"
"""What workers listen to: there is something to send."""

NUMBERS_CHANNEL = "ulak_numbers"
"""Notified when a webhook says that a number changed: Graph is to be asked what it is now."""

STANDARD_THROUGHPUT = 80
HIGH_THROUGHPUT = 1000
"""Messages per second. Graph names the level, not the figure (page "Throughput")."""


_TAKEN_AS_THEY_ARE = (
    "critical_share",
    "language",
    "fallback_languages",
    "link_style",
    "on_category_notice",
    "wording_check",
    "double_opt_in",
    "ask_when_unsure",
    "feed_types",
    "privacy_url",
    "click_parameter",
    "conversion_window_days",
)


class SenderService:
    def __init__(self, database: Database, clock: Clock, graph: GraphClient) -> None:
        self._database = database
        self._clock = clock
        self._graph = graph

    async def list(self, business_id: UUID, mode: Mode) -> list[SenderOut]:
        async with self._database.transaction() as session:
            rows = [row for row in await repository.senders(session, business_id) if row.mode == mode]
            alerts = await repository.alerts(session, business_id, mode, only_open=True, before=None, size=1000)
        return [self._shown(row, alerts) for row in rows]

    async def one(self, business_id: UUID, mode: Mode, sender_id: UUID) -> SenderOut:
        """Raises NotFound."""
        async with self._database.transaction() as session:
            row = await self._required(session, business_id, mode, sender_id)
            alerts = await repository.alerts(session, business_id, mode, only_open=True, before=None, size=1000)
        return self._shown(row, alerts)

    async def change(self, business_id: UUID, mode: Mode, sender_id: UUID, change: SenderChange) -> SenderOut:
        """Takes effect with the next claim, in every worker. Raises NotFound."""
        async with self._database.transaction() as session:
            row = await self._required(session, business_id, mode, sender_id)
            if "throughput" in change.model_fields_set:
                row.throughput_override = change.throughput
                log.info("throughput set", sender=public_id("snd", sender_id), throughput=change.throughput)
            await announce(session, CHANNEL, business_id)
        return await self.one(business_id, mode, sender_id)

    async def pause(self, business_id: UUID, mode: Mode, sender_id: UUID, reason: str | None) -> SenderOut:
        """Nothing leaves until it is resumed; what waits expires in its time. Raises NotFound."""
        await self.one(business_id, mode, sender_id)
        async with self._database.pool.acquire() as connection, connection.transaction():
            await health.pause_by_hand(connection, business_id, sender_id, now=self._clock.now(), details=reason)
        return await self.one(business_id, mode, sender_id)

    async def resume(self, business_id: UUID, mode: Mode, sender_id: UUID) -> SenderOut:
        """What waits leaves at its pace. One that is not paused stays as it is. Raises NotFound."""
        await self.one(business_id, mode, sender_id)
        async with self._database.pool.acquire() as connection, connection.transaction():
            await health.resume(connection, business_id, sender_id, now=self._clock.now(), resolution="person")
            await connection.execute(health.ANNOUNCE, DUE_CHANNEL, "")
        return await self.one(business_id, mode, sender_id)

    async def alerts(
        self, business_id: UUID, mode: Mode, *, only_open: bool, cursor: str | None, size: int
    ) -> AlertPage:
        before = read_cursor(cursor) if cursor else None
        async with self._database.transaction() as session:
            rows = await repository.alerts(
                session, business_id, mode, only_open=only_open, before=before, size=size + 1
            )
        shown, next_cursor = page_of(rows, size, lambda one: one.id)
        return AlertPage(
            alerts=[alert_out(vars(row)) for row in shown],
            next_cursor=next_cursor,
        )

    async def business(self, business_id: UUID, mode: Mode) -> BusinessOut:
        """Raises NotFound."""
        async with self._database.transaction() as session:
            row = await repository.business(session, business_id)
            known = await repository.portfolio(session, business_id, mode)
        if row is None:
            raise NotFound("There is no such business.")
        async with self._database.pool.acquire() as connection:
            used = await portfolio.used(connection, business_id, mode, self._clock.now())
        return BusinessOut(
            id=public_id("biz", row.business_id),
            name=row.name,
            country=row.country,
            language=row.language,
            fallback_languages=row.fallback_languages,
            time_zone=row.time_zone,
            website=row.website,
            link_style=row.link_style,
            on_category_notice=row.on_category_notice,
            quiet_hours=QuietHoursIn(
                begins=row.quiet_from.isoformat("minutes"), ends=row.quiet_to.isoformat("minutes")
            ),
            critical_share=row.critical_share,
            wording_check=row.wording_check,
            double_opt_in=row.double_opt_in,
            ask_when_unsure=row.ask_when_unsure,
            feed_types=row.feed_types,
            colour=row.colour,
            privacy_url=row.privacy_url,
            offered_topics=row.offered_topics or {},
            retention=Retention(**row.retention),
            click_parameter=row.click_parameter,
            conversion_window_days=row.conversion_window_days,
            portfolio=PortfolioOut(
                messaging_limit=known.messaging_limit if known else None,
                used=used,
                known_at=known.known_at if known else None,
            ),
        )

    async def change_business(self, business_id: UUID, mode: Mode, change: BusinessChange) -> BusinessOut:
        """Raises NotFound."""
        async with self._database.transaction() as session:
            row = await repository.business(session, business_id)
            if row is None:
                raise NotFound("There is no such business.")
            if change.quiet_hours is not None:
                row.quiet_from = time.fromisoformat(change.quiet_hours.begins)
                row.quiet_to = time.fromisoformat(change.quiet_hours.ends)
            for name in change.model_fields_set.intersection(_TAKEN_AS_THEY_ARE):
                setattr(row, name, getattr(change, name))
            if "offered_topics" in change.model_fields_set:
                row.offered_topics = change.model_dump()["offered_topics"] or {}
            if "colour" in change.model_fields_set:
                row.colour = change.colour or DEFAULT_COLOUR
            if "retention" in change.model_fields_set:
                row.retention = change.retention.model_dump(exclude_none=True) if change.retention else {}
            await announce(session, CHANNEL, business_id)
        return await self.business(business_id, mode)

    async def sync(self, sender: SenderAccount) -> None:
        """Takes over what Graph says of the number. Raises GraphError or GraphUnreachableError."""
        asked_at = self._clock.now()
        number = await self._graph.phone_number(sender.access, sender.phone_number_id)
        async with self._database.transaction() as session:
            row = await repository.sender(session, sender.business_id, sender.id)
            if row is None or row.checked_at > asked_at:
                return
            before = (row.throughput, row.status, row.quality, row.display_phone_number, row.verified_name)
            take_number(row, number, asked_at)
            limited = await take_limit(
                session, sender.business_id, row.mode, number.get("whatsapp_business_manager_messaging_limit"), asked_at
            )
            after = (row.throughput, row.status, row.quality, row.display_phone_number, row.verified_name)
            if limited or before != after:
                await announce(session, CHANNEL, sender.business_id)

    async def _required(
        self, session: AsyncSession, business_id: UUID, mode: Mode, sender_id: UUID
    ) -> repository.Sender:
        row = await repository.sender(session, business_id, sender_id)
        if row is None or row.mode != mode:
            raise NotFound("The business has no such sender for this kind of key.")
        return row

    def _shown(self, row: repository.Sender, alerts: Sequence[repository.Alert]) -> SenderOut:
        limit = row.throughput_override or row.throughput
        return SenderOut(
            id=public_id("snd", row.id),
            phone_number_id=row.phone_number_id,
            waba_id=row.waba_id,
            display_phone_number=row.display_phone_number,
            verified_name=row.verified_name,
            state="paused" if row.paused_at else "active",
            paused_at=row.paused_at,
            paused_by=row.paused_by,
            probe_at=row.probe_at,
            throughput=limit,
            throughput_at_meta=row.throughput,
            rate=round(pace.rate(limit, row.throttled_rate, row.throttled_at, self._clock.now()), 1),
            status=row.status,
            quality=row.quality,
            checked_at=row.checked_at,
            alerts=[alert_out(vars(alert)) for alert in alerts if alert.sender_id == row.id],
        )


def take_number(row: repository.Sender, number: Mapping[str, Any], at: datetime) -> None:
    """Writes what Graph says of a number into its row."""
    row.display_phone_number = str(number.get("display_phone_number", row.display_phone_number or ""))
    row.verified_name = str(number.get("verified_name", row.verified_name or ""))
    row.status = _text(number.get("status"))
    row.quality = _text(number.get("quality_rating"))
    row.throughput = throughput_of(number)
    row.checked_at = at


async def take_limit(session: AsyncSession, business_id: UUID, mode: Mode, tier: object, at: datetime) -> bool:
    """Writes the portfolio's limit; true where it changed. Nothing that Meta does not say changes anything."""
    known, limit = portfolio.limit_of_tier(tier)
    if not known:
        return False
    row = await repository.portfolio(session, business_id, mode)
    if row is None:
        row = repository.Portfolio(business_id=business_id, mode=mode)
        session.add(row)
    elif row.known_at > at:
        return False
    changed = row.messaging_limit != limit
    row.messaging_limit, row.known_at = limit, at
    return changed


def throughput_of(number: Mapping[str, Any]) -> int:
    throughput = number.get("throughput")
    level = throughput.get("level") if isinstance(throughput, dict) else None
    return HIGH_THROUGHPUT if level == "HIGH" else STANDARD_THROUGHPUT


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
