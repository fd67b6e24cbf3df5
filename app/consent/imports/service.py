"""Taking lists in, and telling how far they are."""

import csv
import hashlib
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.topics import UNKNOWN_TOPIC, UNKNOWN_TOPIC_TOLD, Topics
from app.consent.imports import repository
from app.consent.imports.columns import Column, HeaderFault, columns_of
from app.consent.imports.errors import ImportFinished, KeyReused
from app.consent.imports.judging import Given
from app.consent.imports.models import ConsentImport
from app.consent.imports.reading import ListReader, MalformedListError, Row, Unpacking
from app.consent.imports.recording import IMPORT_PREFIX
from app.consent.imports.repository import Chunk, Counts
from app.consent.imports.schemas import ConsentImportOut, ConsentImportPage, ImportRows
from app.core.clock import Clock
from app.core.cursors import page_of, read_cursor
from app.core.database import Database, announce, despite_collision
from app.core.ids import new_id, public_id
from app.core.problems import BodyTooLarge, FieldError, InvalidRequest, NotFound

log = structlog.get_logger(__name__)

CHANNEL = "ulak_imports"
"""Notified when a list was taken in: a hint for workers to look."""

CHUNK_ROWS = 500
"""As many are recorded at once: so long, at most, an opt-out by another door waits for the ledger."""

_REPORTED_AT_ONCE = 20
"""Chunks of a report that are in memory."""

REPORT_COLUMNS = ("line", "result", "column", "code", "message")


@dataclass(frozen=True, slots=True)
class Upload:
    """A list that somebody sends, and what is said of all of it."""

    business_id: UUID
    mode: str
    given: Given = field(default_factory=Given)
    dry_run: bool = False
    key_id: UUID | None = None
    idempotency_key: str | None = None
    charset: str = "utf-8"
    is_packed: bool = False

    def beginning(self) -> bytes:
        """What makes two uploads of the same bytes different lists."""
        said = {"given": self.given.model_dump(), "dry_run": self.dry_run, "charset": self.charset}
        return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


class ConsentImports:
    def __init__(self, database: Database, topics: Topics, clock: Clock, *, most: int) -> None:
        self._database = database
        self._topics = topics
        self._clock = clock
        self._most = most

    async def receive(self, upload: Upload, pieces: AsyncIterator[bytes]) -> tuple[ConsentImportOut, bool]:
        """Takes a list in as it comes; whatever is wrong with it as a whole, nothing of it is kept. Also answers
        whether it is one that was taken in before.

        Raises InvalidRequest, BodyTooLarge or KeyReused.
        """
        known = await self._topics.of(upload.business_id)
        if not set(upload.given.topics).issubset(known):
            fault = FieldError(parameter="topics", code=UNKNOWN_TOPIC, message=UNKNOWN_TOPIC_TOLD)
            raise InvalidRequest.from_faults([fault])
        intake = _Intake(self._database.pool, self._clock, upload, self._most)
        try:
            async for piece in _unpacked(pieces, is_packed=upload.is_packed):
                await intake.take(piece)
            await intake.take(b"", last=True)
            kept, is_replayed = await self._end(upload, intake)
        except BaseException as error:
            await self._give_up(upload, intake)
            if isinstance(error, MalformedListError):
                raise InvalidRequest.at("#", error.code, str(error)) from error
            raise
        return await self.one(upload.business_id, upload.mode, kept), is_replayed

    async def _end(self, upload: Upload, intake: "_Intake") -> tuple[UUID, bool]:
        content = intake.content_hash
        async with self._database.transaction() as session:
            await repository.lock_intake(session, upload.business_id)
            earlier = await _earlier(session, upload, content)
            if earlier is not None:
                await repository.drop(session, upload.business_id, intake.id)
                return earlier.id, True
            mine = await repository.lock(session, upload.business_id, intake.id)
            if mine is None:
                raise NotFound("The import was dropped while it was received: too little of it came in.")
            mine.status, mine.touched_at = "waiting", self._clock.now()
            mine.content_hash, mine.idempotency_key = content, upload.idempotency_key
            mine.size, mine.rows = intake.size, intake.rows
            await announce(session, CHANNEL, mine.id)
        return intake.id, False

    async def _give_up(self, upload: Upload, intake: "_Intake") -> None:
        if not intake.began:
            return
        try:
            async with self._database.transaction() as session:
                await repository.drop(session, upload.business_id, intake.id)
        except Exception:
            log.exception("import not dropped, it will be later", id=public_id(IMPORT_PREFIX, intake.id))

    async def one(self, business_id: UUID, mode: str, import_id: UUID) -> ConsentImportOut:
        """Raises NotFound."""
        async with self._database.transaction() as session:
            found = await _required(session, business_id, mode, import_id)
            counts = await repository.counts(session, business_id, [import_id])
        return self._out(found, counts.get(import_id, Counts()))

    async def page(self, business_id: UUID, mode: str, *, cursor: str | None, size: int) -> ConsentImportPage:
        before = read_cursor(cursor) if cursor else None
        async with self._database.transaction() as session:
            rows = await repository.page(session, business_id, mode, before=before, size=size + 1)
            shown, next_cursor = page_of(rows, size, lambda one: one.id)
            counts = await repository.counts(session, business_id, [row.id for row in shown])
        return ConsentImportPage(
            imports=[self._out(row, counts.get(row.id, Counts())) for row in shown],
            next_cursor=next_cursor,
        )

    async def cancel(self, business_id: UUID, mode: str, import_id: UUID) -> ConsentImportOut:
        """What is recorded stays. Raises NotFound or ImportFinished."""
        await despite_collision(
            lambda: self._cancel(business_id, mode, import_id),
            "canceling an import collided",
            id=public_id(IMPORT_PREFIX, import_id),
        )
        await repository.forget_claims(self._database.pool, business_id, import_id)
        return await self.one(business_id, mode, import_id)

    async def _cancel(self, business_id: UUID, mode: str, import_id: UUID) -> None:
        async with self._database.transaction() as session:
            await _required(session, business_id, mode, import_id)
            found = await repository.lock(session, business_id, import_id)
            if found is None:
                raise _no_such_import()
            if found.status == "finished":
                raise ImportFinished("The import is finished; what it recorded can be undone by opt-outs only.")
            if found.status != "canceled":
                found.status, found.finished_at = "canceled", self._clock.now()
            await repository.drop_chunks(session, business_id, import_id)

    async def report(self, business_id: UUID, mode: str, import_id: UUID, *, all_rows: bool) -> AsyncIterator[bytes]:
        """A CSV in pieces: what became of each row that is done, or of those that were refused. Raises NotFound."""
        async with self._database.transaction() as session:
            await _required(session, business_id, mode, import_id)
        return self._report(business_id, import_id, all_rows=all_rows)

    async def _report(self, business_id: UUID, import_id: UUID, *, all_rows: bool) -> AsyncIterator[bytes]:
        yield _csv([REPORT_COLUMNS])
        after = -1
        while True:
            found = await repository.outcomes(
                self._database.pool, business_id, import_id, after=after, most=_REPORTED_AT_ONCE
            )
            if not found:
                return
            after = found[-1][0]
            told = [row for _, outcomes in found for row in orjson.loads(outcomes)]
            yield _csv(row for row in told if all_rows or row[1] == "refused")

    async def drop_abandoned(self, before: datetime) -> None:
        """Tidies up after receivers and workers that died."""
        if dropped := await repository.drop_abandoned(self._database.pool, before):
            log.warning("imports dropped of which nothing came in any more", count=dropped)
        await repository.forget_left_claims(self._database.pool)

    def _out(self, row: ConsentImport, counts: Counts) -> ConsentImportOut:
        spent = ((row.finished_at or self._clock.now()) - row.started_at).total_seconds() if row.started_at else 0
        return ConsentImportOut(
            id=public_id(IMPORT_PREFIX, row.id),
            status=row.status,
            dry_run=row.dry_run,
            columns=[Column(column) for column in row.columns],
            given=Given.model_validate(row.given),
            size=row.size,
            rows=ImportRows(
                total=row.rows,
                judged=counts.judged,
                done=counts.done,
                recorded=counts.recorded,
                unchanged=counts.unchanged,
                refused=counts.refused,
            ),
            rate=round(counts.done / spent, 1) if spent > 0 else None,
            key=public_id("key", row.key_id) if row.key_id is not None else None,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )


class _Intake:
    """One list on its way into the database."""

    def __init__(self, pool: asyncpg.Pool, clock: Clock, upload: Upload, most: int) -> None:
        self.id = new_id()
        self.began = False
        self.size = 0
        self.rows = 0
        self._pool = pool
        self._clock = clock
        self._upload = upload
        self._most = most
        self._reader = ListReader(upload.charset)
        self._hash = hashlib.sha256(upload.beginning())
        self._waiting: list[Row] = []
        self._chunks = 0

    @property
    def content_hash(self) -> bytes:
        return self._hash.digest()

    async def take(self, piece: bytes, *, last: bool = False) -> None:
        self.size += len(piece)
        if self.size > self._most:
            raise BodyTooLarge(f"At most {self._most} bytes are taken, unpacked.")
        self._hash.update(piece)
        self._waiting += self._reader.feed(piece, last=last)
        if self._waiting and not self.began:
            await self._begin(self._waiting.pop(0))
        if last and not self.began:
            raise InvalidRequest.at("#", "no_header", "is empty: its first line must say what the columns are")
        while len(self._waiting) >= CHUNK_ROWS or (last and self._waiting):
            await self._add(self._waiting[:CHUNK_ROWS])
            del self._waiting[:CHUNK_ROWS]

    async def _begin(self, header: Row) -> None:
        """Raises InvalidRequest where it names a column that we would not read."""
        columns = _columns(header.cells)
        self.began = True
        now = self._clock.now()
        await self._pool.execute(
            BEGIN,
            self._upload.business_id,
            self.id,
            self._upload.mode,
            self._upload.dry_run,
            self._upload.key_id,
            orjson.dumps(self._upload.given.model_dump()).decode(),
            [column.value for column in columns],
            now,
        )

    async def _add(self, rows: Sequence[Row]) -> None:
        chunk = Chunk(self._chunks, orjson.dumps([tuple(row) for row in rows]))
        upload, now = self._upload, self._clock.now()
        added = await repository.add_chunk(self._pool, upload.business_id, self.id, chunk, size=len(rows), now=now)
        if not added:
            raise ImportFinished("The import was canceled while it was received.")
        self._chunks += 1
        self.rows += len(rows)


BEGIN = """
    INSERT INTO consent_imports
        (business_id, id, mode, status, dry_run, key_id, given, columns, created_at, touched_at)
    VALUES ($1, $2, $3, 'receiving', $4, $5, $6::text::jsonb, $7::text[], $8, $8)
"""


def _columns(header: Sequence[str]) -> list[Column]:
    try:
        return columns_of(header)
    except ExceptionGroup as group:
        faults = [fault for fault in group.exceptions if isinstance(fault, HeaderFault)]
        raise InvalidRequest.from_faults(
            [
                FieldError(
                    pointer=f"#/header/{fault.place}" if fault.place is not None else "#/header",
                    code=fault.code,
                    message=str(fault),
                )
                for fault in faults
            ]
        ) from group


async def _unpacked(pieces: AsyncIterator[bytes], *, is_packed: bool) -> AsyncIterator[bytes]:
    if not is_packed:
        async for piece in pieces:
            if piece:
                yield piece
        return
    unpacking = Unpacking()
    async for packed in pieces:
        for piece in unpacking.feed(packed):
            yield piece
    for piece in unpacking.finish():
        yield piece


async def _earlier(session: AsyncSession, upload: Upload, content: bytes) -> ConsentImport | None:
    """Raises KeyReused."""
    if upload.idempotency_key is not None:
        found = await repository.with_key(session, upload.business_id, upload.mode, upload.idempotency_key)
        if found is not None and found.content_hash != content:
            raise KeyReused("This Idempotency-Key belongs to an earlier import of another list.")
        if found is not None:
            return found
    return await repository.with_content(session, upload.business_id, upload.mode, content)


async def _required(session: AsyncSession, business_id: UUID, mode: str, import_id: UUID) -> ConsentImport:
    found = await repository.one(session, business_id, mode, import_id)
    if found is None:
        raise _no_such_import()
    return found


def _no_such_import() -> NotFound:
    return NotFound("The business has no such import for this kind of key.")


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()
