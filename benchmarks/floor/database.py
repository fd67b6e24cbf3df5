"""Connections of the floor's processes, set up so that batches lock their rows in the order of the ids."""

import os

import asyncpg

_SETTINGS = {
    # Two batches that touch the same rows must lock them in one order, or they deadlock: with nested loops over a
    # sorted array they do. A generic plan saves planning, which here costs more than the join order could gain.
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
}


async def connect() -> asyncpg.Connection:
    return await asyncpg.connect(os.environ["FLOOR_DATABASE_URL"], server_settings=_SETTINGS)
