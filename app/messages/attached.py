"""Files in the headers of messages, which must lie at Meta before their messages leave.

The claim looks in memory for Meta's id of a file. Where there is none, the message waits while a task of this process
uploads the file, outside of any transaction, and brings the messages that waited forward. A process that dies over it
costs them some seconds: they fall due by themselves.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from app.accounts.directory import Caller, SenderAccount
from app.core.clock import Clock
from app.core.database import Database
from app.core.ids import parse_id, public_id
from app.core.problems import InvalidRequest
from app.events.event_type import EventType
from app.media.schemas import MEDIA_PREFIX
from app.media.service import MediaLibrary
from app.media.states import Gone, Missing, Ready, RefusedFile, State
from app.media.uploads import Uploads
from app.messages import failures
from app.messages.claimed import Claimed, SentFile, given_up, held_back
from app.messages.statements import claims
from app.messages.statements.claims import Settled
from app.templates.compiled import own_file

log = structlog.get_logger(__name__)

_HOLD = timedelta(seconds=10)
"""How soon a message is looked at again whose file another process may be uploading."""

_AT_ONCE = 4
"""Files that one process uploads beside each other: they are held in memory."""

Awaited = dict[UUID, list[UUID]]
"""Messages by the file that they wait for."""


async def check_file(library: MediaLibrary, caller: Caller, event_type: EventType[Any], data: Any) -> None:
    """Whether the file that an event names is the caller's, and what the header shows. Raises InvalidRequest."""
    attachment = event_type.attachment
    header = attachment.take(data) if attachment is not None else None
    named = own_file(header)
    if attachment is None or header is None or named is None:
        return
    media_id = parse_id(MEDIA_PREFIX, named)
    file = await library.head(caller.business_id, media_id) if media_id is not None else None
    place = f"{attachment.source}/media"
    if file is None or file.mode != caller.mode:
        raise InvalidRequest.at(place, "unknown_media", "is not a file of this business and kind of key")
    if file.kind != header["type"]:
        raise InvalidRequest.at(place, "media_kind", f"is no {header['type']}, but a {file.kind}")


class Attached:
    def __init__(self, database: Database, uploads: Uploads, clock: Clock, wake: Callable[[], None]) -> None:
        """`wake`: told when messages can go on."""
        self._database = database
        self._uploads = uploads
        self._clock = clock
        self._wake = wake
        self._few = asyncio.Semaphore(_AT_ONCE)
        self._waiting: dict[tuple[UUID, UUID], list[UUID]] = {}
        """By sender and file."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def within(
        self, sender: SenderAccount, ready: list[Claimed], settled: list[Settled], awaited: Awaited, now: datetime
    ) -> list[Claimed]:
        """Those whose file lies at Meta, and those that have none; the others are added to what is settled, and to what
        is awaited where the file can be uploaded now."""
        if all(own_file(message.said.header) is None for message in ready):
            return ready
        going = []
        for message in ready:
            named = own_file(message.said.header)
            if named is None:
                going.append(message)
                continue
            media_id = parse_id(MEDIA_PREFIX, named)
            found: State = Gone()
            if media_id is not None:
                found = await self._uploads.state(sender.business_id, media_id, sender.phone_number_id)
            match found:
                case Ready(meta_id=meta_id) if media_id is not None:
                    said = message.said.with_file(meta_id)
                    going.append(replace(message, said=said, file=SentFile(media_id, meta_id)))
                case Missing(retry_at=retry_at) if media_id is not None:
                    due_at = retry_at or now + _HOLD
                    settled.append(held_back(message, reason="media_upload", waiting_for="media", due_at=due_at))
                    if retry_at is None:
                        awaited.setdefault(media_id, []).append(message.id)
                case _:
                    settled.append(_in_vain(message, found, now))
        return going

    def fetch(self, sender: SenderAccount, awaited: Awaited) -> None:
        """Begins to upload what is awaited. To be called when it is committed that the messages wait."""
        for media_id, messages in awaited.items():
            key = (sender.id, media_id)
            if key in self._waiting:
                self._waiting[key] += messages
                continue
            self._waiting[key] = messages
            task = asyncio.create_task(self._upload(sender, media_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def drain(self) -> None:
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _upload(self, sender: SenderAccount, media_id: UUID) -> None:
        try:
            async with self._few:
                await self._uploads.make(sender, media_id)
        except Exception:
            log.exception("media upload failed", media=public_id(MEDIA_PREFIX, media_id))
        messages = self._waiting.pop((sender.id, media_id))
        try:
            await self._release(sender, media_id, messages)
        except Exception:
            log.exception("messages not brought forward", media=public_id(MEDIA_PREFIX, media_id))

    async def _release(self, sender: SenderAccount, media_id: UUID, messages: Sequence[UUID]) -> None:
        found = await self._uploads.state(sender.business_id, media_id, sender.phone_number_id)
        if isinstance(found, Missing):
            return  # they fall due when it is tried again
        async with self._database.pool.acquire() as connection:
            await claims.bring_forward(connection, sender.business_id, messages, self._clock.now())
        self._wake()

    async def note_use(self, message: Claimed, file: SentFile) -> None:
        """By which is known what to renew. It may go wrong: other messages use the file, too."""
        try:
            await self._uploads.note_use(message.sender.business_id, file.media_id)
        except Exception:
            log.exception("use of media not noted", media=public_id(MEDIA_PREFIX, file.media_id))


def _in_vain(message: Claimed, found: State, now: datetime) -> Settled:
    if isinstance(found, RefusedFile):
        failure = failures.media_refused(found.code, found.details)
        return given_up(message, reason="media_refused", failure=failure, now=now)
    failure = failures.ours(
        "media_deleted",
        "The file in the header of the message was deleted before the message left.",
        "Give the file to /v1/media again, and report the event with it.",
    )
    return given_up(message, reason="media_deleted", failure=failure, now=now)
