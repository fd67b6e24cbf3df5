"""How the statements of the hot path take a whole batch: one array for each column, sorted by key."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

import orjson

from app.core.database import Connection
from app.messages.states import Event, moves

__all__ = ["Connection", "as_json"]


def as_json(value: object) -> str:
    """JSON travels as text."""
    return orjson.dumps(value).decode()


def case_of(events: Sequence[Event], status: str, event: str) -> str:
    """SQL for `states.after`: the status that a row gets when one of these events happens to it."""
    arms = "".join(f" WHEN '{one}' THEN {_case_of_one(one, status)}" for one in events)
    return f"CASE {event}{arms} ELSE {status} END"


def _case_of_one(event: Event, status: str) -> str:
    """A case within a case: beside each other, the database would try every event with every status."""
    by_target: dict[str, list[str]] = {}
    for origin, target in moves(event).items():
        by_target.setdefault(target, []).append(f"'{origin}'")
    arms = "".join(f" WHEN {status} IN ({', '.join(origins)}) THEN '{target}'" for target, origins in by_target.items())
    return f"CASE{arms} ELSE {status} END"


TYPES = {
    "business_id": "uuid", "id": "uuid", "sender_id": "uuid", "contact_id": "uuid", "created_at": "timestamptz",
    "due_at": "timestamptz", "expires_at": "timestamptz", "send_at": "timestamptz", "priority": "smallint",
    "data": "json", "fill": "json", "metadata": "json", "decision": "jsonb", "fingerprint": "bytea", "answer": "bytea",
    "number": "smallint", "started_at": "timestamptz", "ended_at": "timestamptz", "error": "json",
    "sent_at": "timestamptz", "delivered_at": "timestamptz", "read_at": "timestamptz", "failed_at": "timestamptz",
    "message_id": "uuid", "occurred_at": "timestamptz", "received_at": "timestamptz", "payload": "json",
    "position": "smallint", "template_version": "smallint",
    "before": "uuid", "act_id": "uuid", "only_scheduled": "boolean",
    "event_id": "uuid", "implied": "boolean", "clicked_at": "timestamptz",
}  # fmt: skip


def unnest(names: Sequence[str], *, first: int = 1) -> str:
    """JSON travels as text: an array of json cannot be bound without parsing it once more."""
    arrays = ", ".join(f"${place}::{_bound(name)}[]" for place, name in enumerate(names, first))
    return f"unnest({arrays}) AS i({', '.join(names)})"


def _bound(name: str) -> str:
    kind = TYPES.get(name, "text")
    return "text" if kind.startswith("json") else kind


def cast(name: str) -> str:
    kind = TYPES.get(name, "text")
    return f"i.{name}::{kind}" if kind.startswith("json") else f"i.{name}"


ONLY_THESE = """m.business_id = ANY($1::uuid[]) AND m.id = ANY($2::uuid[])
       AND m.id BETWEEN ($2::uuid[])[1] AND ($2::uuid[])[cardinality($2::uuid[])]"""
"""Says of the row to update what the join says already, in a way that leaves the planner no way but the index, and no
partition but those of the batch, whatever sizes it believes in. Ids are in $2, in order."""


def by_business(rows: Sequence[Any]) -> Iterator[tuple[UUID, list[Any]]]:
    """What locks rows of messages or consents asks for one business at a time: on a cluster that is one shard."""
    ordered = sorted(rows, key=attrgetter("business_id"))
    for business_id, found in groupby(ordered, key=attrgetter("business_id")):
        yield business_id, list(found)


def columns_of(rows: Sequence[Any], names: Sequence[str]) -> list[tuple[Any, ...]]:
    return list(zip(*map(_values(tuple(names)), rows), strict=True)) if rows else [()] * len(names)


_values: Callable[[tuple[str, ...]], Callable[[Any], tuple[Any, ...]]] = cache(lambda names: attrgetter(*names))
"""All values of a row at once, which is quicker than one after another."""
