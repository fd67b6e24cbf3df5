"""Tracked links: stored with their messages, found by their code, counted with others that were tapped meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from app.core.marks import marking
from app.messages.statements.batch import Connection, columns_of, unnest


@dataclass(frozen=True, slots=True)
class NewLink:
    """A row to insert; the fields are the columns."""

    business_id: UUID
    message_id: UUID
    position: int
    code: str
    url: str


_FIELDS = [field.name for field in fields(NewLink)]

STORE_LINKS = f"""
    INSERT INTO links ({", ".join(_FIELDS)})
    SELECT {", ".join(f"i.{name}" for name in _FIELDS)} FROM {unnest(_FIELDS)}
    ON CONFLICT (business_id, message_id, position) DO UPDATE SET url = EXCLUDED.url
"""  # noqa: S608 - constants
"""A link that a message has already keeps its code, which may have left in an attempt that is in doubt."""

STORED_CODES = """
    SELECT l.message_id, l.position, l.code
      FROM unnest($2::uuid[]) AS i(id),
           LATERAL (SELECT * FROM links l WHERE l.business_id = $1 AND l.message_id = i.id) AS l
"""

FOLLOW_LINKS = f"""
    WITH found AS (
        SELECT i.n, i.id, i.clicked_at, l.business_id, l.message_id, l.position, l.url
          FROM unnest($1::text[], $2::uuid[], $3::timestamptz[]) WITH ORDINALITY AS i(code, id, clicked_at, n),
               LATERAL (SELECT * FROM links l WHERE l.code = i.code LIMIT 1) AS l),
    counted AS (
        INSERT INTO link_clicks (business_id, message_id, position, id, clicked_at)
        SELECT f.business_id, f.message_id, f.position, f.id, f.clicked_at FROM found f WHERE f.id IS NOT NULL),
    clicked AS (
        SELECT m.business_id, m.id, m.send_at
          FROM found f, LATERAL (SELECT * FROM messages m
                                  WHERE m.business_id = f.business_id AND m.id = f.message_id LIMIT 1) AS m
         WHERE f.id IS NOT NULL),
    marked AS ({marking("clicked")})
    SELECT f.n, f.business_id, f.message_id, f.position, f.url FROM found f
"""  # noqa: S608 - constants
"""Where each code leads, and a click for each that has an id: one statement, so one transaction and one journey. The
one statement that knows no business: the code is all that the customer's browser brings."""


@dataclass(frozen=True, slots=True)
class Following:
    """A link that somebody, or something, follows."""

    code: str
    click_id: UUID | None
    """Nothing where it is no click."""
    at: datetime


async def store_links(connection: Connection, rows: Sequence[NewLink]) -> None:
    await connection.execute(STORE_LINKS, *columns_of(rows, _FIELDS))


async def stored_codes(connection: Connection, business_id: UUID, ids: Sequence[UUID]) -> dict[UUID, dict[int, str]]:
    """By message and position."""
    found: dict[UUID, dict[int, str]] = {}
    for row in await connection.fetch(STORED_CODES, business_id, ids):
        found.setdefault(row["message_id"], {})[row["position"]] = row["code"]
    return found


@dataclass(frozen=True, slots=True)
class FollowedLink:
    business_id: UUID
    message_id: UUID
    position: int
    url: str


async def follow_links(connection: Connection, rows: Sequence[Following]) -> list[FollowedLink | None]:
    """Where each leads, in the order of `rows`; nothing for a code that is not known."""
    found = await connection.fetch(FOLLOW_LINKS, *columns_of(rows, ["code", "click_id", "at"]))
    links = {
        row["n"]: FollowedLink(row["business_id"], row["message_id"], row["position"], row["url"]) for row in found
    }
    return [links.get(number) for number in range(1, len(rows) + 1)]
