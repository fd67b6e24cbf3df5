"""Who wants to be told of messages and clicks: each message has several such events, which nobody pays for unasked."""

from collections.abc import Collection, Mapping
from typing import get_args
from uuid import UUID

from app.accounts.models import FeedType, Mode
from app.core.database import Connection

ON_DEMAND: frozenset[str] = frozenset(get_args(FeedType))
"""All other types are stored whether anybody reads them or not."""

_MODES: tuple[str, ...] = get_args(Mode)

WANTED = """
    SELECT b.business_id, NULL AS mode, b.feed_types AS types
      FROM businesses b
     WHERE b.business_id = ANY($1::uuid[]) AND b.feed_types <> '{}'
    UNION ALL
    SELECT e.business_id, e.mode, e.types
      FROM callback_endpoints e
     WHERE e.business_id = ANY($1::uuid[]) AND e.deleted_at IS NULL AND e.disabled_reason IS DISTINCT FROM 'request'
"""
"""No mode stands for both, no types for all. Endpoints that were disabled for failing count: what they miss can be
replayed."""

Wanted = Mapping[tuple[UUID, str], frozenset[str]]
"""By business and mode, the types on demand that somebody wants; who wants none is not in it."""


async def wanted(connection: Connection, business_ids: Collection[UUID]) -> Wanted:
    """As it stands in the database, not as a process remembers it. Who asks for events while a step is on its way in a
    transaction may not be told of that step."""
    found: dict[tuple[UUID, str], frozenset[str]] = {}
    for row in await connection.fetch(WANTED, list(business_ids)):
        types = ON_DEMAND if row["types"] is None else ON_DEMAND.intersection(row["types"])
        for mode in (row["mode"],) if row["mode"] is not None else _MODES:
            if types:
                found[row["business_id"], mode] = found.get((row["business_id"], mode), frozenset()) | types
    return found
