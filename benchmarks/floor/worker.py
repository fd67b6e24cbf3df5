"""The floor's worker: claims batches, posts each message to the counterpart, records the outcomes in batches."""

import asyncio
import contextlib
import os
import signal
import time
from collections import deque
from uuid import UUID

import aiohttp
import asyncpg
import orjson
import uvloop
from yarl import URL

from benchmarks.floor.database import connect
from benchmarks.floor.states import ACCEPTED, SENDING
from benchmarks.workload import GRAPH_VERSION, PHONE_NUMBER_ID

BATCH = 200
FIRST = UUID(int=0)
CONCURRENCY = 64
PAUSE = 0.01
"""Seconds between two looks at an empty queue, and between two records: nobody waits there, small batches are dear."""
FROM_THE_START = 1.0
"""Seconds between two claims that look at the whole queue. The others look behind what was claimed last: the index
keeps the entries of what was claimed before until the table is vacuumed, and walking over them is dear."""

_CLAIM = f"""
with next as materialized (
    select id from messages where waiting and id > $1 order by id limit {BATCH} for update skip locked
)
update messages set waiting = false, status = {SENDING} from next
where messages.id = next.id
returning messages.id, messages.payload
"""
# A receipt may have come before the answer that is recorded here.
_RECORD = f"""
update messages set wamid = new.wamid, status = greatest(messages.status, {ACCEPTED}::int2)
from unnest($1::uuid[], $2::text[]) as new (id, wamid)
where messages.id = new.id
"""


class Worker:
    def __init__(
        self, claiming: asyncpg.Connection, recording: asyncpg.Connection, http: aiohttp.ClientSession
    ) -> None:
        self._claiming = claiming
        self._recording = recording
        self._http = http
        self._url = URL(f"{os.environ['FLOOR_GRAPH_URL']}/{GRAPH_VERSION}/{PHONE_NUMBER_ID}/messages")
        self._claimed: deque[asyncpg.Record] = deque()
        self._room = asyncio.Event()
        self._work = asyncio.Semaphore(0)
        self._results: list[tuple[UUID, str]] = []
        self._answered = asyncio.Event()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._claim())
            tasks.create_task(self._record())
            for _ in range(CONCURRENCY):
                tasks.create_task(self._send())

    async def _claim(self) -> None:
        """Keep about one batch ahead of the senders."""
        statement = await self._claiming.prepare(_CLAIM)
        since, looked_from_the_start = FIRST, time.monotonic()
        while True:
            if time.monotonic() - looked_from_the_start > FROM_THE_START:
                since, looked_from_the_start = FIRST, time.monotonic()
            rows = await statement.fetch(since)
            self._claimed.extend(rows)
            for _ in rows:
                self._work.release()
            if rows:
                since = max(since, *(row["id"] for row in rows))
            if len(rows) < BATCH:
                await asyncio.sleep(PAUSE)
            while len(self._claimed) >= BATCH:
                self._room.clear()
                await self._room.wait()

    async def _send(self) -> None:
        while True:
            await self._work.acquire()
            row = self._claimed.popleft()
            if len(self._claimed) < BATCH:
                self._room.set()
            async with self._http.post(self._url, data=row["payload"]) as answer:
                body = await answer.read()
                answer.raise_for_status()
            self._results.append((row["id"], orjson.loads(body)["messages"][0]["id"]))
            self._answered.set()

    async def _record(self) -> None:
        """Whatever was answered since the last record goes into the next."""
        statement = await self._recording.prepare(_RECORD)
        while True:
            await self._answered.wait()
            await asyncio.sleep(PAUSE)
            self._answered.clear()
            results, self._results = sorted(self._results), []
            await statement.fetch([result[0] for result in results], [result[1] for result in results])


async def main() -> None:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - we are in it
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONCURRENCY),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=20),
        headers={"Authorization": "Bearer benchmark", "Content-Type": "application/json"},
    )
    async with session as http:
        await Worker(await connect(), await connect(), http).run()


if __name__ == "__main__":
    with contextlib.suppress(asyncio.CancelledError):
        uvloop.run(main())
