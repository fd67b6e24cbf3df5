"""What `ulak consent import` does: the list in from a file, and with `--watch` through to the end."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.cli.run import CommandError
from app.consent.imports.recording import IMPORT_PREFIX
from app.consent.imports.schemas import ConsentImportOut
from app.consent.imports.service import Upload
from app.container import Container
from app.core.ids import parse_id
from app.core.problems import Problem

_PIECE = 256 * 1024
_LOOK = 0.5
"""Seconds between two looks at what others do of it."""


async def run(container: Container, upload: Upload, file: Path, *, watch: bool, report: Path | None) -> None:
    """Raises CommandError where the list as a whole is refused."""
    if await container.directory.business(upload.business_id) is None:
        raise CommandError("there is no such business")
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<10}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        try:
            taken, is_replayed = await container.imports.receive(upload, _pieces(file, progress))
        except Problem as problem:
            raise CommandError("; ".join(fault.message for fault in problem.errors) or problem.detail) from problem
        import_id = parse_id(IMPORT_PREFIX, taken.id)
        if watch and import_id is not None:
            taken = await _watch(container, upload, import_id, progress)
    print(f"{taken.id}  {taken.status}{' (the same list as before)' if is_replayed else ''}")
    if not watch or import_id is None:
        print(f"{taken.rows.total} rows: a worker records them; GET /v1/consent-imports/{taken.id} says how far it is")
        return
    rows = taken.rows
    print(
        f"{rows.done} of {rows.total} rows: {rows.recorded} recorded, {rows.unchanged} unchanged, "
        f"{rows.refused} refused"
        f"{'; a dry run: nothing was recorded' if taken.dry_run else ''}"
    )
    if report is not None:
        pieces = await container.imports.report(upload.business_id, upload.mode, import_id, all_rows=False)
        await asyncio.to_thread(report.write_bytes, b"")
        async for piece in pieces:
            await asyncio.to_thread(_append, report, piece)


async def _pieces(file: Path, progress: Progress) -> AsyncIterator[bytes]:
    bar = progress.add_task("taken in", total=(await asyncio.to_thread(file.stat)).st_size)
    opened = await asyncio.to_thread(file.open, "rb")
    with opened:
        while piece := await asyncio.to_thread(opened.read, _PIECE):
            yield piece
            progress.advance(bar, len(piece))


async def _watch(container: Container, upload: Upload, import_id: UUID, progress: Progress) -> ConsentImportOut:
    """Each row is judged, and then recorded: two steps to go."""
    bar = progress.add_task("recorded", total=None)
    loop = asyncio.get_running_loop()
    looked = loop.time() - _LOOK
    while True:
        worked = await container.importer.work_on(upload.business_id, import_id)
        if not worked or loop.time() - looked >= _LOOK:
            seen = await container.imports.one(upload.business_id, upload.mode, import_id)
            looked = loop.time()
            progress.update(bar, total=2 * seen.rows.total, completed=seen.rows.judged + seen.rows.done)
            if seen.status in ("finished", "canceled"):
                return seen
        if not worked:
            await asyncio.sleep(_LOOK)


def _append(file: Path, piece: bytes) -> None:
    with file.open("ab") as opened:
        opened.write(piece)
