"""One PostgreSQL, two doors: SQLAlchemy sessions for everyday work, an asyncpg pool for the hot path.

The hot path (accept, claim, record, receipts) runs few statements on many rows; there asyncpg costs a third of a
session. Its connections are told to keep one plan per statement and to join by index in the order of the input, so
that batches lock rows in the order in which they are sorted and two batches cannot deadlock.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar, cast

import asyncpg
import orjson
import structlog
from asyncpg.protocol import protocol
from sqlalchemy import JSON, MetaData, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential_jitter

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

HOT_PATH_SETTINGS = {
    "application_name": "ulak",
    # Planning a statement over partitioned tables costs more than running it; its shape never depends on the values.
    "plan_cache_mode": "force_generic_plan",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "jit": "off",
}
"""Batches are sorted by key: with nested loops over them rows are locked in that order by every statement."""

SCHEMA_VERSION = "0022"
"""The newest migration: what `ulak migrate` brings the database to."""

WORKER_NAME = "ulak-worker"
"""By which PostgreSQL knows the connection over which a worker hears notifications: while it stands, one runs."""

UNAVAILABLE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # asked on a connection that the server has said goodbye on and not closed yet
    asyncpg.TooManyConnectionsError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    TimeoutError,
)
"""What the database's absence looks like from here; for a caller it means: nothing is known, try again."""


async def _nothing_to_reset(_connection: object) -> None:
    """The hot path changes no session state; asyncpg's four statements at each release would be a tenth of its cost."""


if hasattr(protocol, "IterableABC"):
    # Of every element of an array asyncpg asks two abstract base classes whether it is an array itself. That costs more
    # than to encode it, an eighth of the API's time. Arrays are lists and tuples here, and those are quickly asked for.
    protocol.IterableABC = (list, tuple)


Connection = asyncpg.pool.PoolConnectionProxy
"""Of the hot path's pool."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Database:
    """Connects when first used: a server that is away at the start is no different from one that goes away later."""

    def __init__(self, url: str, *, pool_size: int) -> None:
        self._url = url
        self._pool_size = pool_size
        self._pool: asyncpg.Pool | None = None
        self.engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=2,
            max_overflow=pool_size,
            pool_pre_ping=True,
            hide_parameters=True,  # they hold phone numbers, and errors are logged
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    async def open(self) -> None:
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._pool_size,
            server_settings=HOT_PATH_SETTINGS,
            command_timeout=30,
            timeout=10,
            reset=_nothing_to_reset,
        )

    @property
    def pool(self) -> asyncpg.Pool:
        if self._pool is None:
            raise RuntimeError("the database has not been opened")
        return self._pool

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session that commits at the end of the block, or rolls back when it raises."""
        async with self._sessions() as session, session.begin():
            yield session

    async def is_ready(self) -> bool:
        """Whether it answers, and holds the tables of this version."""
        try:
            async with asyncio.timeout(2):
                return bool(await self.pool.fetchval("SELECT version_num FROM alembic_version") == SCHEMA_VERSION)
        except (*UNAVAILABLE, asyncpg.UndefinedTableError):
            return False

    async def close(self) -> None:
        if self._pool is not None:
            try:
                async with asyncio.timeout(5):
                    await self._pool.close()
            except (TimeoutError, asyncpg.InterfaceError):
                self._pool.terminate()
        await self.engine.dispose()


def is_unavailable(error: BaseException) -> bool:
    """Whether an error, from either door, says that the database is away rather than that we asked wrongly."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error.orig and error.orig.__cause__, UNAVAILABLE)
    return isinstance(error, UNAVAILABLE)


def is_collision(error: DBAPIError) -> bool:
    """Whether two transactions were in each other's way: nothing was written, and the same may be tried again."""
    cause = error.orig and error.orig.__cause__
    return isinstance(cause, (asyncpg.DeadlockDetectedError, asyncpg.SerializationError))


async def despite_collision(attempt: Callable[[], Awaitable[Result]], event: str, **told: object) -> Result:
    """The outcome of an attempt that runs in a transaction of its own, made once more where another was in its way, of
    which the log tells by this event."""
    try:
        return await attempt()
    except DBAPIError as error:
        if not is_collision(error):
            raise
    log.warning(event, **told)
    return await attempt()


async def driver_of(session: AsyncSession) -> Connection:
    """The connection of the session's transaction as asyncpg knows it, for what SQLAlchemy has no word for."""
    await session.execute(text("SELECT 1"))  # begins the transaction, where nothing was asked yet
    raw = await (await session.connection()).get_raw_connection()
    return cast("Connection", raw.driver_connection)


async def copy_rows(session: AsyncSession, table: type[Base], rows: Sequence[Base]) -> None:
    """Inserts by COPY, in the session's transaction: a tenth of the cost of INSERT. The session knows nothing of it."""
    columns = [column.name for column in table.__table__.columns]
    is_json = [isinstance(column.type, JSON) for column in table.__table__.columns]
    records = [
        tuple(
            orjson.dumps(value).decode() if json and value is not None else value
            for value, json in zip((getattr(row, column) for column in columns), is_json, strict=True)
        )
        for row in rows
    ]
    connection = await driver_of(session)
    await connection.copy_records_to_table(table.__tablename__, records=records, columns=columns)


async def announce(session: AsyncSession, channel: str, payload: object) -> None:
    """Tells every process that listens, when the session's transaction commits."""
    await session.execute(text("select pg_notify(:channel, :payload)"), {"channel": channel, "payload": str(payload)})


class Notifications:
    """NOTIFY, heard on a connection of its own. Only ever a hint to look: whoever listens must also look by itself."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._listeners: dict[str, list[Callable[[str | None], None]]] = {}
        self.name = "ulak-notifications"
        """By which PostgreSQL knows the connection."""
        self._task: asyncio.Task[None] | None = None

    def listen(self, channel: str, heard: Callable[[str | None], None]) -> None:
        """`heard` gets the payload, or None after a reconnection, when any number may have been missed.

        To be called before start().
        """
        self._listeners.setdefault(channel, []).append(heard)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="notifications")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(UNAVAILABLE), wait=wait_exponential_jitter(multiplier=0.1, max=5)
        ):
            with attempt:
                await self._hear_until_lost()

    async def _hear_until_lost(self) -> None:
        connection = await asyncpg.connect(self._url, server_settings={"application_name": self.name})
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            for channel in list(self._listeners):
                await connection.add_listener(channel, self._dispatch)
            for heard in [one for listeners in self._listeners.values() for one in listeners]:
                heard(None)
            await lost.wait()
        finally:
            connection.terminate()
        raise ConnectionResetError("the notification connection was lost")

    def _dispatch(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        for heard in self._listeners[channel]:
            heard(str(payload))
