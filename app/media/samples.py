"""Samples: the files that Meta's review sees in the header of a template, by way of the resumable upload."""

from datetime import datetime, timedelta
from uuid import UUID

from app.core.clock import Clock
from app.core.database import Database
from app.core.ids import parse_id
from app.media import repository
from app.media.kinds import Kind
from app.media.schemas import MEDIA_PREFIX
from app.whatsapp.client import GraphAccess, GraphClient

_HANDLE_LIFE = timedelta(minutes=10)
"""A handle serves to create templates, several at once perhaps; how long is not said."""


class SampleUnusable(Exception):
    """There is no such file, or it is of another kind than the header; the message says which."""


class Samples:
    def __init__(self, database: Database, graph: GraphClient, clock: Clock) -> None:
        self._database = database
        self._graph = graph
        self._clock = clock
        self._apps: dict[GraphAccess, str] = {}
        self._handles: dict[tuple[GraphAccess, UUID, UUID], tuple[datetime, str]] = {}

    async def handle(self, access: GraphAccess, business_id: UUID, sample: str, kind: Kind) -> str:
        """For `example.header_handle`; `sample` is our id of the file. Raises SampleUnusable, GraphError or
        GraphUnreachableError."""
        media_id = parse_id(MEDIA_PREFIX, sample)
        if media_id is None:
            raise SampleUnusable(f"{sample} is no id of a file: give it to /v1/media first")
        now = self._clock.now()
        self._handles = {key: kept for key, kept in self._handles.items() if kept[0] > now}
        key = (access, business_id, media_id)
        if key in self._handles:
            return self._handles[key][1]
        async with self._database.transaction() as session:
            media = await repository.one(session, business_id, media_id)
            data = await repository.content(session, business_id, media_id)
        if media is None or data is None:
            raise SampleUnusable(f"there is no file {sample}")
        if media.kind != kind:
            raise SampleUnusable(f"{sample} is no {kind}, as the header is")
        app_id = await self._app_id(access)
        handle = await self._graph.upload_sample(access, app_id, data, media.mime_type, media.name)
        self._handles[key] = (now + _HANDLE_LIFE, handle)
        return handle

    async def _app_id(self, access: GraphAccess) -> str:
        """Of the app whose token it is: it never becomes another's."""
        if access not in self._apps:
            self._apps[access] = await self._graph.app_id(access)
        return self._apps[access]
