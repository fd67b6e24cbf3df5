"""The floor's group commit: what gathers while one statement runs goes together into the next."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class GroupCommit(Generic[Item]):
    """One writer, no timer: a lone item is written at once."""

    def __init__(self, write: Callable[[list[Item]], Awaitable[object]], *, most: int) -> None:
        self._write = write
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    def submit(self, item: Item) -> asyncio.Future[None]:
        """A future that is done after the commit which holds the item."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._writer is None:
            self._writer = asyncio.create_task(self._run())
        return future

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                await self._write([item for item, _ in batch])
            except Exception as error:  # noqa: BLE001 - whoever waits for the commit is told
                for _, future in batch:
                    future.set_exception(error)
            else:
                for _, future in batch:
                    if not future.cancelled():
                        future.set_result(None)
        self._writer = None
