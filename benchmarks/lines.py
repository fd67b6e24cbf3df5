"""How the runner talks to the load generator and the counterpart: JSON lines over their standard input and output."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import orjson

LINE_LIMIT = 64 * 1024 * 1024
"""A report carries the id of every message."""


async def orders() -> AsyncIterator[dict[str, Any]]:
    """Orders from the runner, until it closes the pipe or ends."""
    reader = asyncio.StreamReader(limit=LINE_LIMIT)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield orjson.loads(line)


def tell(**facts: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(facts) + b"\n")
    sys.stdout.buffer.flush()
