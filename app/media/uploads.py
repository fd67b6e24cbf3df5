"""Files at Meta: uploaded for a number when a message needs them, renewed while they are used, deleted at the end.

Meta's id of a file is good for one number and 30 days. Any number of processes may want the same upload: a lease on its
row lets one of them make it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Literal
from uuid import UUID

import structlog
from prometheus_client import Counter

from app.accounts import health
from app.accounts.directory import Directory, SenderAccount
from app.accounts.health import Trouble
from app.core.cache import LoadingCache
from app.core.clock import Clock
from app.core.database import Database, Notifications, announce
from app.core.ids import public_id
from app.media import repository
from app.media.repository import Media, MediaUpload
from app.media.schemas import MEDIA_PREFIX
from app.media.states import LIFE, MARGIN, Known, State, rest_after
from app.whatsapp.client import GraphClient, GraphUnreachableError, upload_time
from app.whatsapp.errors import ErrorClass, GraphError

log = structlog.get_logger(__name__)

CHANNEL = "ulak_media"
"""Notified with a business's id when something of its files changed."""

UPLOADS = Counter("ulak_media_uploads_total", "Uploads of files to Meta.", ["outcome"])

_LEASE = timedelta(minutes=1)
"""Beside the time that the bytes take."""

_NOTED_FOR = timedelta(hours=12)
"""A use is written down once in so much time, by each process."""

_ANOTHER_REFUSAL = timedelta(hours=1)
"""Within it a file that was uploaded anew and is not known again is not uploaded a third time."""

_ABOUT_MEDIA = frozenset({100, 131053})
"""Codes by which Meta refuses a message whose file it does not know or cannot use."""
_UNUSABLE = 131053

_FINAL = frozenset({ErrorClass.PERMANENT, ErrorClass.RECIPIENT, ErrorClass.TEMPLATE})

Refusal = Literal["other", "anew", "again"]
"""What a refused message says of its file: nothing; that it must be uploaded anew; that even that did not help."""

_Key = tuple[UUID, UUID, str]


@dataclass(frozen=True, slots=True)
class UploadPolicy:
    renew_before: timedelta
    """How long before its end an upload is renewed."""
    used_within: timedelta
    """Of files with which a message left so lately."""
    probe_interval: timedelta


class Uploads:
    def __init__(
        self,
        database: Database,
        directory: Directory,
        graph: GraphClient,
        clock: Clock,
        random: Random,
        policy: UploadPolicy,
    ) -> None:
        self._database = database
        self._directory = directory
        self._graph = graph
        self._clock = clock
        self._random = random
        self._policy = policy
        self._known: LoadingCache[_Key, Known] = LoadingCache(self._load)
        self._noted: dict[tuple[UUID, UUID], datetime] = {}

    def follow(self, notifications: Notifications) -> None:
        notifications.listen(CHANNEL, lambda _: self._known.clear())

    async def state(self, business_id: UUID, media_id: UUID, phone_number_id: str) -> State:
        """From this process's memory."""
        key = (business_id, media_id, phone_number_id)
        known = self._known.peek(key) or await self._known.get(key)
        return known.state(self._clock.now())

    async def _load(self, key: _Key) -> Known:
        business_id, media_id, _ = key
        async with self._database.transaction() as session:
            if await repository.one(session, business_id, media_id) is None:
                return Known(exists=False)
            row = await repository.upload(session, *key)
        return known_of(row) if row is not None else Known(exists=True)

    async def note_use(self, business_id: UUID, media_id: UUID) -> None:
        now = self._clock.now()
        noted = self._noted.get((business_id, media_id))
        if noted is not None and now - noted < _NOTED_FOR:
            return
        async with self._database.transaction() as session:
            await repository.note_use(session, business_id, media_id, now)
        if len(self._noted) > 10_000:  # noqa: PLR2004 - forgotten, not unbounded
            self._noted.clear()
        self._noted[business_id, media_id] = now

    async def make(self, sender: SenderAccount, media_id: UUID, *, fresh_for: timedelta = MARGIN) -> None:
        """Uploads the file for the number, unless what lies there lasts `fresh_for`, another process is at it, or the
        last failure is too fresh. What comes of it is kept; raises nothing that Meta says."""
        business_id, now = sender.business_id, self._clock.now()
        key = (business_id, media_id, sender.phone_number_id)
        async with self._database.transaction() as session:
            media = await repository.one(session, business_id, media_id)
            is_ours = media is not None and await repository.lease(
                session, *key, now=now, until=now + _LEASE + upload_time(media.size), fresh_until=now + fresh_for
            )
            data = await repository.content(session, business_id, media_id) if is_ours else None
        if media is not None and data is not None:
            outcome = await self._upload(sender, media, data)
            await self._record(key, outcome)
            if isinstance(outcome, GraphError) and outcome.entry.pauses_sender:
                await self._pause(sender, outcome, now)
        self._known.invalidate(key)

    async def _upload(
        self, sender: SenderAccount, media: Media, data: bytes
    ) -> str | GraphError | GraphUnreachableError:
        told = {"media": public_id(MEDIA_PREFIX, media.id), "sender": sender.public_id}
        try:
            found = await self._graph.upload_media(
                sender.access, sender.phone_number_id, data, media.mime_type, media.name
            )
        except GraphError as error:
            log.warning("media not uploaded", code=error.code, **told)
            UPLOADS.labels("refused").inc()
            return error
        except GraphUnreachableError as error:
            log.warning("media not uploaded", error=str(error), **told)
            UPLOADS.labels("unreachable").inc()
            return error
        log.info("media uploaded", size=media.size, **told)
        UPLOADS.labels("made").inc()
        return found

    async def _record(self, key: _Key, outcome: str | GraphError | GraphUnreachableError) -> None:
        now = self._clock.now()
        async with self._database.transaction() as session:
            row = await repository.upload(session, *key, lock=True)
            if row is None:
                return
            row.lease_until = None
            if isinstance(outcome, str):
                row.meta_id, row.uploaded_at, row.expires_at = outcome, now, now + LIFE
                row.failures, row.is_refused, row.error, row.retry_at = 0, False, None, None
            else:
                self._note_failure(row, outcome, now)
            await announce(session, CHANNEL, row.business_id)

    def _note_failure(self, row: MediaUpload, error: GraphError | GraphUnreachableError, now: datetime) -> None:
        """What lies at Meta already stays good."""
        refused = error if isinstance(error, GraphError) else None
        row.failures += 1
        row.is_refused = refused is not None and _is_final(refused)
        row.error = (
            {"code": refused.code, "details": refused.details or refused.message}
            if refused is not None
            else {"code": None, "details": "Meta could not be reached."}
        )
        asked = refused.retry_after if refused is not None else None
        row.retry_at = now + rest_after(row.failures, self._random, is_refused=row.is_refused, asked=asked)

    async def _pause(self, sender: SenderAccount, error: GraphError, at: datetime) -> None:
        """As a refused message does: what is wrong with the sender is wrong with whatever it sends."""
        trouble = Trouble(sender.business_id, sender.id, error.entry.code, error.details or error.message, at)
        async with self._database.pool.acquire() as connection, connection.transaction():
            await health.pause(connection, trouble, now=self._clock.now(), probe_interval=self._policy.probe_interval)

    async def refused(self, sender: SenderAccount, media_id: UUID, meta_id: str, error: GraphError) -> Refusal:
        """What Meta's refusal of a message says of the file in it. Code 100 says it of much else, so Meta is asked
        whether it has the file."""
        if error.code not in _ABOUT_MEDIA or (error.code != _UNUSABLE and await self._is_there(sender, meta_id)):
            return "other"
        now = self._clock.now()
        key = (sender.business_id, media_id, sender.phone_number_id)
        async with self._database.transaction() as session:
            forgotten = await repository.forget_id(
                session, *key, meta_id=meta_id, now=now, unless_since=now - _ANOTHER_REFUSAL
            )
            row = None if forgotten else await repository.upload(session, *key)
            await announce(session, CHANNEL, sender.business_id)
        self._known.invalidate(key)
        log.warning("media unknown to Meta", media=public_id(MEDIA_PREFIX, media_id), sender=sender.public_id)
        # Of messages that were under way together the first has it forgotten, and perhaps renewed, for the others.
        return "again" if row is not None and row.meta_id == meta_id else "anew"

    async def _is_there(self, sender: SenderAccount, meta_id: str) -> bool:
        try:
            await self._graph.media(sender.access, meta_id, sender.phone_number_id)
        except (GraphError, GraphUnreachableError):
            return False
        return True

    async def renew(self) -> None:
        """Before they end, the uploads of files that are used or that templates show; those that ended are forgotten.
        A file that nobody used for long ends at Meta, and is uploaded again should a message need it."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            ending = await repository.to_renew(
                session, ending=now + self._policy.renew_before, used_since=now - self._policy.used_within
            )
        for upload in ending:
            sender = await self._sender(upload)
            if sender is not None:
                await self.make(sender, upload.media_id, fresh_for=self._policy.renew_before)
        async with self._database.transaction() as session:
            await repository.forget_expired(session, now)

    async def sweep(self) -> None:
        """What was deleted here and may still lie at Meta."""
        async with self._database.transaction() as session:
            deleted = await repository.deleted(session)
        for media in deleted:
            await self.clear(media.business_id, media.id)

    async def clear(self, business_id: UUID, media_id: UUID) -> None:
        """Deletes a file at Meta that is deleted here, and then forgets it. What Meta does not answer for stays, for
        the next time."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            uploads = await repository.uploads(session, business_id, media_id)
        cleared = [one for one in uploads if await self._is_cleared(one, now)]
        async with self._database.transaction() as session:
            for one in cleared:
                await repository.forget_upload(session, one)
            if len(cleared) == len(uploads):
                await repository.forget(session, business_id, media_id)

    async def _is_cleared(self, upload: MediaUpload, now: datetime) -> bool:
        if upload.lease_until is not None and upload.lease_until > now:
            return False
        sender = await self._sender(upload)
        if upload.meta_id is None or sender is None:
            return True
        try:
            await self._graph.delete_media(sender.access, upload.meta_id, upload.phone_number_id)
        except GraphError as error:
            # One that Meta does not have is deleted; whatever else it says, the file ends there by itself.
            is_over = upload.expires_at is not None and upload.expires_at <= now
            return is_over or _is_final(error) or error.entry.code == _GONE
        except GraphUnreachableError as error:
            log.warning("media not deleted at Meta", error=str(error))
            return upload.expires_at is not None and upload.expires_at <= now
        return True

    async def _sender(self, upload: MediaUpload) -> SenderAccount | None:
        business = await self._directory.business(upload.business_id)
        senders = business.senders if business is not None else ()
        return next((one for one in senders if one.phone_number_id == upload.phone_number_id), None)


_GONE = 33
"""What the table makes of "object does not exist"."""


def _is_final(error: GraphError) -> bool:
    """Whether the same file would be refused again."""
    return error.entry.error_class in _FINAL and not error.is_transient


def known_of(row: MediaUpload) -> Known:
    error = row.error or {}
    return Known(
        exists=True,
        meta_id=row.meta_id,
        expires_at=row.expires_at,
        is_refused=row.is_refused,
        code=error.get("code"),
        details=error.get("details", ""),
        retry_at=row.retry_at,
    )
