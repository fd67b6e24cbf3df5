"""What we rely on in the database's driver beyond its documented interface."""

from uuid import UUID

import asyncpg
import pytest

from app.core import database
from app.core.ids import new_id, parse_id


def test_elements_of_arrays_are_asked_for_lists_and_tuples_only() -> None:
    """When this fails the driver has changed: measure whether the shortcut in core.database still has a purpose."""
    assert database.protocol.IterableABC == (list, tuple)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text[]", ["a", None, "", "[]", "{}"]),
        ("text[]", []),
        ("text[]", [["a", "b"], ["c", None]]),
        ("bytea[]", [b"a", None]),
        ("int[]", [1, None]),
        ("text", "plain"),
    ],
)
async def test_values_come_back_as_they_were_bound(connection: asyncpg.Connection, kind: str, value: object) -> None:
    assert await connection.fetchval(f"SELECT $1::{kind}", value) == value
    if isinstance(value, list):
        assert await connection.fetchval(f"SELECT $1::{kind}", tuple(value)) == value


async def test_what_is_no_array_is_refused(connection: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.DataError):
        await connection.fetchval("SELECT $1::text[]", "text")
    with pytest.raises(asyncpg.DataError):
        await connection.fetchval("SELECT $1::text[]", ["a", ["b"]])


def test_ids_are_uuids_like_any_other() -> None:
    made = new_id()
    plain = UUID(str(made))
    assert (made, hash(made), made.version) == (plain, hash(plain), 7)
    assert parse_id("msg", f"msg_{plain.hex}") == plain
