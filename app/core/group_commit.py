"""Group commit: whatever is waiting while a transaction runs goes together into the next one.

A lone item is written at once (no timer, no added wait); under load the batch grows by itself to what arrived
meanwhile, so that the cost of a commit is shared by all.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar, cast

import asyncpg
import structlog
from prometheus_client import Histogram

log = structlog.get_logger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

BATCH_SIZE = Histogram(
    "ulak_group_commit_batch_size",
    "Items that shared one transaction.",
    ["path"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
)


_OF_THE_ITEMS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    ValueError,
    TypeError,
)
"""Errors that say something of what was to be written, not of the database."""


class GroupCommit(Generic[Item, Result]):
    """Collects items and writes them with `flush`, which gets a list and answers one result (or exception) for each.

    When a whole batch is refused because of what is in it, its items are written one by one, so that one bad item
    costs only itself. A deadlock or serialization failure, after which nothing was written, is tried again.

    `linger` seconds are waited before each transaction, where nobody waits for it who would mind. `busy_linger` seconds
    are waited only before one that follows another at once: what came alone is never held up.
    """

    def __init__(
        self,
        path: str,
        flush: Callable[[list[Item]], Awaitable[list[Result | Exception]]],
        *,
        most: int = 500,
        writers: int = 1,
        linger: float = 0,
        busy_linger: float = 0,
        weigh: Callable[[Item], int] | None = None,
    ) -> None:
        self._path = path
        self._flush = flush
        self._most = most
        self._writers = writers
        self._linger = linger
        self._busy_linger = busy_linger
        self._weigh = weigh
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._size = BATCH_SIZE.labels(path)

    async def submit(self, item: Item) -> Result:
        """Returns after the commit that holds the item; raises what its write raised."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if len(self._running) < self._writers:
            self._running.add(asyncio.create_task(self._write(), name=f"group-commit-{self._path}"))
        return await future

    async def drain(self) -> None:
        """Returns when everything submitted so far has been written."""
        while self._running:
            await asyncio.gather(*self._running)

    async def _write(self) -> None:
        try:
            await self._write_all()
        finally:
            # In the same breath as the last look at what waits: whatever is submitted from now on starts a new writer.
            self._running.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _write_all(self) -> None:
        linger = self._linger
        while self._waiting:
            if linger:
                await asyncio.sleep(linger)
            linger = self._linger or self._busy_linger
            batch = self._take()
            if not batch:  # another writer took it while this one lingered
                return
            items = [item for item, _ in batch]
            self._size.observe(len(items))
            for (_, future), result in zip(batch, await self._flush_safely(items), strict=True):
                if future.done():
                    continue
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)

    def _take(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        batch = []
        weight = 0
        while self._waiting and weight < self._most:
            batch.append(self._waiting.popleft())
            weight += self._weigh(batch[-1][0]) if self._weigh else 1
        return batch

    async def _flush_safely(self, items: list[Item], *, tries: int = 5) -> list[Result | Exception]:
        try:
            return self._matched(await self._flush(items), items)
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
            if tries <= 1:
                return [error] * len(items)
            log.warning("group commit collided", path=self._path, items=len(items))
            return await self._flush_safely(items, tries=tries - 1)
        except _OF_THE_ITEMS as error:
            if len(items) == 1:
                return [error]
            log.exception("group commit split", path=self._path, items=len(items))
            return [result for item in items for result in await self._flush_safely([item])]
        except Exception as error:  # noqa: BLE001 - whoever waits for the commit is told, whatever it was
            return [error] * len(items)

    def _matched(self, results: list[Result | Exception], items: list[Item]) -> list[Result | Exception]:
        """Or somebody would wait for ever."""
        if len(results) != len(items):
            raise RuntimeError(f"{self._path}: {len(results)} results for {len(items)} items")
        return results
