"""The endpoints of a business: made, changed, tried, and told how they do."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import func, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Business
from app.callbacks import repository
from app.callbacks.addresses import Reach, Target, UrlError
from app.callbacks.claiming import CHANNEL
from app.callbacks.endpoint_schemas import (
    ENDPOINT_PREFIX,
    MOST_ENDPOINTS,
    DisabledReason,
    EndpointChange,
    EndpointHealth,
    EndpointIn,
    EndpointOut,
    EndpointState,
    EndpointTest,
    EndpointWithSecret,
)
from app.callbacks.errors import EndpointDisabled, EndpointMissing, TooManyEndpoints
from app.callbacks.fan_out import fan_out
from app.callbacks.models import ENDPOINT_TEST, CallbackDelivery, CallbackEndpoint, CallbackEvent
from app.callbacks.signing import new_signing_secret
from app.core.clock import Clock
from app.core.database import Database, announce, driver_of
from app.core.ids import new_id, public_id
from app.core.problems import InvalidRequest
from app.core.secrets import SecretBox

log = structlog.get_logger(__name__)

_NOTE = "This is a test. Nothing happened."


class Endpoints:
    def __init__(self, database: Database, secrets: SecretBox, clock: Clock, reach: Reach) -> None:
        self._database = database
        self._secrets = secrets
        self._clock = clock
        self._reach = reach

    async def create(self, business_id: UUID, mode: str, wanted: EndpointIn) -> EndpointWithSecret:
        """It gets what is committed from now on. Raises InvalidRequest or TooManyEndpoints."""
        url = self._checked(wanted.url)
        secret = new_signing_secret()
        now = self._clock.now()
        async with self._database.transaction() as session:
            await session.execute(
                select(Business.business_id)
                .where(Business.business_id == business_id)
                .with_for_update(key_share=True)  # two at once do not get past the limit
            )
            if len(await _all(session, business_id, mode)) >= MOST_ENDPOINTS:
                raise TooManyEndpoints(f"At most {MOST_ENDPOINTS} for live keys, and as many for test keys.")
            before, running = await _snapshot(session)
            endpoint = CallbackEndpoint(
                business_id=business_id,
                id=new_id(),
                mode=mode,
                url=url,
                description=wanted.description,
                types=list(wanted.types) if wanted.types is not None else None,
                batch_size=wanted.batch_size,
                secret=self._secrets.seal(secret),
                created_at=now,
                started_at=now,
                seen_before=before,
                seen_except=running,
                consecutive_failures=0,
            )
            session.add(endpoint)
            await session.flush()
            out = _out(endpoint, now, 0, 0)
        log.info("callback endpoint created", endpoint=out.id)
        return EndpointWithSecret(**out.model_dump(), secret=secret)

    async def all(self, business_id: UUID, mode: str) -> list[EndpointOut]:
        async with self._database.transaction() as session:
            rows = await _all(session, business_id, mode)
            return await self._told(session, business_id, rows)

    async def one(self, business_id: UUID, mode: str, endpoint_id: UUID) -> EndpointOut:
        """Raises EndpointMissing."""
        async with self._database.transaction() as session:
            row = await required(session, business_id, mode, endpoint_id)
            return (await self._told(session, business_id, [row]))[0]

    async def change(self, business_id: UUID, mode: str, endpoint_id: UUID, change: EndpointChange) -> EndpointOut:
        """Raises EndpointMissing or InvalidRequest."""
        url = self._checked(change.url) if change.url is not None else None
        now = self._clock.now()
        async with self._database.transaction() as session:
            row = await required(session, business_id, mode, endpoint_id, lock=True)
            if row.disabled_at is None:
                await catch_up(session, row, now)  # what came until now goes by what was chosen until now
            if url is not None:
                row.url = url
            if "description" in change.model_fields_set:
                row.description = change.description
            if "types" in change.model_fields_set:
                row.types = list(change.types) if change.types is not None else None
            if change.batch_size is not None:
                row.batch_size = change.batch_size
            if change.enabled is True and row.disabled_at is not None:
                await _enable(session, row, now)
            elif change.enabled is False and row.disabled_at is None:
                row.disabled_at, row.disabled_reason = now, "request"
                await repository.park_pending(session, business_id, endpoint_id, now)
            await session.flush()
            await announce(session, CHANNEL, business_id)
            return (await self._told(session, business_id, [row]))[0]

    async def rotate(self, business_id: UUID, mode: str, endpoint_id: UUID, overlap: timedelta) -> EndpointWithSecret:
        """The secret so far stays valid for the overlap; one that was only valid for its own overlap ends now. Raises
        EndpointMissing."""
        secret = new_signing_secret()
        now = self._clock.now()
        async with self._database.transaction() as session:
            row = await required(session, business_id, mode, endpoint_id, lock=True)
            stays = overlap > timedelta(0)
            row.former_secret = row.secret if stays else None
            row.former_secret_until = now + overlap if stays else None
            row.secret = self._secrets.seal(secret)
            out = (await self._told(session, business_id, [row]))[0]
        log.info("callback secret rotated", endpoint=out.id)
        return EndpointWithSecret(**out.model_dump(), secret=secret)

    async def delete(self, business_id: UUID, mode: str, endpoint_id: UUID) -> None:
        """Raises EndpointMissing."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            row = await required(session, business_id, mode, endpoint_id, lock=True)
            row.deleted_at = now
            if row.disabled_at is None:
                row.disabled_at, row.disabled_reason = now, "request"
            row.secret, row.former_secret, row.former_secret_until = b"", None, None
        log.info("callback endpoint deleted", endpoint=public_id(ENDPOINT_PREFIX, endpoint_id))

    async def test(self, business_id: UUID, mode: str, endpoint_id: UUID) -> UUID:
        """Sends it an event of its own, by the way that all go; answers its id. Raises EndpointMissing or
        EndpointDisabled."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            row = await required(session, business_id, mode, endpoint_id, lock=True)
            if row.disabled_at is not None:
                raise EndpointDisabled("Enable it first.")
            told = EndpointTest(endpoint=public_id(ENDPOINT_PREFIX, endpoint_id), note=_NOTE)
            event = CallbackEvent(
                business_id=business_id,
                id=new_id(),
                mode=mode,
                type=ENDPOINT_TEST,
                data=told.model_dump(),
                created_at=now,
            )
            session.add(event)
            await session.flush()
            session.add(
                CallbackDelivery(
                    business_id=business_id,
                    endpoint_id=endpoint_id,
                    event_id=event.id,
                    sequence=event.sequence,
                    status="pending",
                    created_at=now,
                    due_at=now,
                )
            )
            row.retry_at = None  # a person wants to know now
            await announce(session, CHANNEL, business_id)
        return event.id

    async def reseal(self) -> int:
        """Encrypts the secrets with the first of the keys; answers how many. Raises SecretUnreadableError, and then
        nothing has changed."""
        count = 0
        async with self._database.transaction() as session:
            query = select(CallbackEndpoint).where(CallbackEndpoint.deleted_at.is_(None))
            ordered = query.order_by(CallbackEndpoint.business_id, CallbackEndpoint.id)
            for row in await session.scalars(ordered.with_for_update(key_share=True)):
                row.secret = self._secrets.reseal(row.secret)
                count += 1
                if row.former_secret is not None:
                    row.former_secret = self._secrets.reseal(row.former_secret)
                    count += 1
        return count

    def _checked(self, url: str) -> str:
        """As it is kept. Raises InvalidRequest."""
        try:
            target = Target.of(url)
            self._reach.check(target)
        except UrlError as error:
            raise InvalidRequest.at("#/url", "url", str(error)) from error
        return str(target)

    async def _told(
        self, session: AsyncSession, business_id: UUID, rows: Sequence[CallbackEndpoint]
    ) -> list[EndpointOut]:
        ids = [row.id for row in rows]
        pending = await _counts(session, business_id, ids, "pending")
        parked = await _counts(session, business_id, ids, "parked")
        now = self._clock.now()
        return [_out(row, now, pending.get(row.id, 0), parked.get(row.id, 0)) for row in rows]


async def required(
    session: AsyncSession, business_id: UUID, mode: str, endpoint_id: UUID, *, lock: bool = False
) -> CallbackEndpoint:
    """Raises EndpointMissing."""
    query = select(CallbackEndpoint).where(
        CallbackEndpoint.business_id == business_id,
        CallbackEndpoint.id == endpoint_id,
        CallbackEndpoint.mode == mode,
        CallbackEndpoint.deleted_at.is_(None),
    )
    row = await session.scalar(query.with_for_update(key_share=True) if lock else query)
    if row is None:
        raise EndpointMissing
    return row


async def catch_up(session: AsyncSession, row: CallbackEndpoint, now: datetime) -> None:
    """Adds deliveries of all that is new to an endpoint, whose row is held."""
    connection = await driver_of(session)
    while not await fan_out(connection, row.business_id, row.id, now):
        pass
    await session.refresh(row, ["seen_before", "seen_except", "is_behind"])


async def _all(session: AsyncSession, business_id: UUID, mode: str) -> Sequence[CallbackEndpoint]:
    query = select(CallbackEndpoint).where(
        CallbackEndpoint.business_id == business_id,
        CallbackEndpoint.mode == mode,
        CallbackEndpoint.deleted_at.is_(None),
    )
    return (await session.scalars(query.order_by(CallbackEndpoint.id))).all()


async def _snapshot(session: AsyncSession) -> tuple[int, list[int]]:
    """Where an endpoint begins that is to get what is committed from now on, as fan_out keeps it."""
    row = (
        await session.execute(
            text(
                "WITH now AS (SELECT pg_current_snapshot() AS snapshot)"
                " SELECT pg_snapshot_xmax(snapshot)::text::bigint,"
                " ARRAY(SELECT running::text::bigint FROM pg_snapshot_xip(snapshot) AS running) FROM now"
            )
        )
    ).one()
    return row[0], list(row[1])


async def _enable(session: AsyncSession, row: CallbackEndpoint, now: datetime) -> None:
    await repository.park_pending(session, row.business_id, row.id, now)
    row.disabled_at = row.disabled_reason = None
    row.started_at = now
    row.seen_before, row.seen_except = await _snapshot(session)
    row.is_behind = False
    row.failing_since = row.retry_at = None
    row.consecutive_failures = 0


async def _counts(session: AsyncSession, business_id: UUID, ids: Sequence[UUID], status: str) -> Mapping[UUID, int]:
    """The status stands in the text of the query: else no index of this status alone is thought of."""
    query = (
        select(CallbackDelivery.endpoint_id, func.count())
        .where(
            CallbackDelivery.business_id == business_id,
            CallbackDelivery.endpoint_id.in_(ids),
            CallbackDelivery.status == literal_column(f"'{status}'"),
        )
        .group_by(CallbackDelivery.endpoint_id)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


def _out(row: CallbackEndpoint, now: datetime, pending: int, parked: int) -> EndpointOut:
    former_until = row.former_secret_until
    reason: DisabledReason | None = row.disabled_reason  # type: ignore[assignment] # one of these, by a constraint
    return EndpointOut(
        id=public_id(ENDPOINT_PREFIX, row.id),
        url=row.url,
        description=row.description,
        types=row.types,
        batch_size=row.batch_size,
        enabled=row.disabled_at is None,
        disabled_at=row.disabled_at,
        disabled_reason=reason,
        created_at=row.created_at,
        former_secret_until=former_until if former_until is not None and former_until > now else None,
        health=EndpointHealth(
            state=_state(row),
            failing_since=row.failing_since,
            consecutive_failures=row.consecutive_failures,
            retry_at=row.retry_at if row.retry_at is not None and row.retry_at > now else None,
            last_success_at=row.last_success_at,
            last_failure_at=row.last_failure_at,
            last_error=row.last_error,
        ),
        pending=pending,
        parked=parked,
    )


def _state(row: CallbackEndpoint) -> EndpointState:
    if row.disabled_at is not None:
        return "disabled"
    if row.failing_since is not None:
        return "failing"
    return "healthy" if row.last_success_at is not None else "untried"
