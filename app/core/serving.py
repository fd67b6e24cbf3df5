"""The server of a process, which tells answers that never end by themselves when it is about to stop."""

import asyncio
import socket
import weakref
from asyncio import AbstractEventLoop

import uvicorn

_waiting: weakref.WeakKeyDictionary[AbstractEventLoop, weakref.WeakSet[asyncio.Event]] = weakref.WeakKeyDictionary()


def stopping() -> asyncio.Event:
    """Set when the server in this event loop begins to stop. To be held by whoever waits for it."""
    event = asyncio.Event()
    _waiting.setdefault(asyncio.get_running_loop(), weakref.WeakSet()).add(event)
    return event


class Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Before it waits for answers that are on their way: a stream of events would keep it for as long as it may.
        for event in list(_waiting.get(asyncio.get_running_loop(), ())):
            event.set()
        await super().shutdown(sockets)
