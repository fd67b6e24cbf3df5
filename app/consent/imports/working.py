"""Working through lists that were taken in: first every row is judged by itself, then they are recorded in order.

Any number of workers share in it. Who works on a chunk holds its row locked in the transaction that keeps the result:
when a worker dies its locks go with it, another takes the chunk up, and no row is recorded twice.
"""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any
from uuid import UUID

import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, Directory
from app.accounts.topics import Topics
from app.callbacks import outbox
from app.consent.imports import repository
from app.consent.imports.columns import Column
from app.consent.imports.judging import Fault, Given, Judge, JudgedRow, claims_of, without_lost
from app.consent.imports.models import ConsentImport, ConsentImportChunk
from app.consent.imports.reading import Row
from app.consent.imports.recording import IMPORT_PREFIX, Batch, Recorder, Result
from app.consent.imports.repository import Chunk, Counts
from app.consent.imports.service import CHANNEL
from app.core.clock import Clock
from app.core.database import UNAVAILABLE, Database, Notifications, is_unavailable
from app.core.ids import public_id

log = structlog.get_logger(__name__)

_AT_A_STRETCH = 25
"""Rows judged before others of this process have their turn."""

_PAUSE = 5
"""Seconds between two looks when nothing says that there is work."""


class Importer:
    def __init__(
        self,
        database: Database,
        directory: Directory,
        recorder: Recorder,
        topics: Topics,
        clock: Clock,
        chance: Random,
    ) -> None:
        self._database = database
        self._directory = directory
        self._recorder = recorder
        self._topics = topics
        self._clock = clock
        self._chance = chance
        self._wake = asyncio.Event()

    def follow(self, notifications: Notifications) -> None:
        notifications.listen(CHANNEL, lambda _: self._wake.set())

    async def run(self, stop: asyncio.Event) -> None:
        """Works until told to stop; a chunk that was begun is finished."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._wake.clear()
                if not await self._step_if_possible():
                    woken = asyncio.create_task(self._wake.wait())
                    await asyncio.wait((stopped, woken), timeout=_PAUSE, return_when=asyncio.FIRST_COMPLETED)
                    woken.cancel()
        finally:
            stopped.cancel()

    async def _step_if_possible(self) -> bool:
        try:
            return await self.step()
        except Exception as error:
            if is_unavailable(error) or isinstance(error, UNAVAILABLE):
                log.warning("imports postponed", error=type(error).__name__)
            else:
                log.exception("import step failed")
            return False

    async def step(self) -> bool:
        """Does a chunk of some import; answers whether there was one. By chance, so that a long list does not keep the
        others waiting."""
        found = await repository.open_imports(self._database.pool)
        self._chance.shuffle(found)
        for business_id, import_id in found:
            if await self.work_on(business_id, import_id):
                return True
        return False

    async def work_on(self, business_id: UUID, import_id: UUID) -> bool:
        """Does a chunk of this import, if there is one that nobody has."""
        await self._database.pool.execute(repository.BEGIN, business_id, import_id, self._clock.now())
        return await self._judge(business_id, import_id) or await self._record(business_id, import_id)

    async def _judge(self, business_id: UUID, import_id: UUID) -> bool:
        business = await self._directory.business(business_id)
        async with self._database.transaction() as session:
            of = await session.get(ConsentImport, (business_id, import_id))
        if business is None or of is None:
            return False
        topics = await self._topics.of(business_id)
        async with self._database.pool.acquire() as connection, connection.transaction():
            chunk = await repository.claim_received(connection, business_id, import_id)
            if chunk is None:
                return False
            columns, given = [Column(one) for one in of.columns], Given.model_validate(of.given)
            judge = Judge(business, columns, given, topics, self._clock.now())
            rows = [Row(*row) for row in orjson.loads(chunk.content)]
            judged = await _judged(judge, rows)
            content = orjson.dumps([_as_json(row, said) for row, said in zip(rows, judged, strict=True)])
            claims = claims_of((one for one in judged if isinstance(one, JudgedRow)), import_id)
            await repository.keep_judged(connection, business_id, import_id, Chunk(chunk.number, content), claims)
        return True

    async def _record(self, business_id: UUID, import_id: UUID) -> bool:
        """The next chunk in the order of the file, once all are judged; after the last one the import is finished."""
        business = await self._directory.business(business_id)
        if business is None:
            return False
        async with self._database.transaction() as session:
            if not await repository.is_judged(session, business_id, import_id):
                return False  # others judge the rest just now
            of = await repository.lock_unless_locked(session, business_id, import_id)
            if of is None:
                return False
            await repository.steady_plans(session)
            chunk = await repository.next_judged(session, business_id, import_id)
            if chunk is not None:
                await self._record_chunk(session, business, of, chunk)
                return True
            await self._finish(session, of)
        await repository.forget_claims(self._database.pool, business_id, import_id)
        return True

    async def _record_chunk(
        self, session: AsyncSession, business: BusinessAccount, of: ConsentImport, chunk: ConsentImportChunk
    ) -> None:
        said = [_from_json(one) for one in orjson.loads(chunk.content or b"[]")]
        judged = [one for _, one in said if isinstance(one, JudgedRow)]
        digests = [digest for row in judged for digest in row.digests(of.id).values()]
        winners = await repository.winners(session, of.business_id, of.id, digests)
        said = [(line, without_lost(one, winners, of.id) if isinstance(one, JudgedRow) else one) for line, one in said]
        rows = [one for _, one in said if isinstance(one, JudgedRow)]
        batch = Batch(business, of, rows, self._clock.now())
        act = self._recorder.try_out if of.dry_run else self._recorder.record
        results = iter(await act(session, batch))
        outcomes = [_outcome(line, one if isinstance(one, Fault) else next(results)) for line, one in said]
        chunk.state, chunk.content = "done", None
        chunk.outcomes = orjson.dumps(outcomes)
        for result in ("recorded", "unchanged", "refused"):
            setattr(chunk, result, sum(outcome[1] == result for outcome in outcomes))

    async def _finish(self, session: AsyncSession, of: ConsentImport) -> None:
        of.status, of.finished_at = "finished", self._clock.now()
        counts = (await repository.counts(session, of.business_id, [of.id])).get(of.id, Counts())
        told = {
            "import": public_id(IMPORT_PREFIX, of.id),
            "dry_run": of.dry_run,
            "rows": {
                "total": of.rows,
                "recorded": counts.recorded,
                "unchanged": counts.unchanged,
                "refused": counts.refused,
            },
        }
        outbox.tell(session, outbox.NewEvent(of.business_id, of.mode, outbox.IMPORT_FINISHED, told, of.finished_at))
        log.info("import finished", id=told["import"], **counts._asdict())


async def _judged(judge: Judge, rows: Sequence[Row]) -> list[JudgedRow | Fault]:
    found = []
    for number, row in enumerate(rows):
        if number % _AT_A_STRETCH == 0:
            await asyncio.sleep(0)
        found.append(judge.judge(row))
    return found


def _as_json(row: Row, said: JudgedRow | Fault) -> list[Any]:
    if isinstance(said, Fault):
        return [row.line, None, [said.column, said.code, said.message]]
    return [row.line, said.as_json(), None]


def _from_json(told: Sequence[Any]) -> tuple[int, JudgedRow | Fault]:
    line, judged, fault = told
    if fault is None:
        return line, JudgedRow.from_json(judged)
    column, code, message = fault
    return line, Fault(Column(column) if column is not None else None, code, message)


def _outcome(line: int, result: Result) -> list[Any]:
    """A line of the report."""
    if isinstance(result, Fault):
        return [line, "refused", result.column or "", result.code, result.message]
    return [line, result, "", "", ""]
