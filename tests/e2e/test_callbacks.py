"""Callbacks from real processes to a receiver that knows only the public library, while workers are killed."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx
import pytest

from tests.support.receiver import TAKEN, Received, Receiver, Reply, receiver
from tests.support.stack import WORDING, Stack, running_stack, wait_for

CONTACTS = 12
ROUNDS = 10
KILLS = 4
TYPES = ["consent.changed"]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    short = {
        "ULAK_CALLBACK_NETWORKS": "127.0.0.0/8",
        "ULAK_CALLBACK_TIMEOUT": "PT2S",
        "ULAK_CALLBACK_LEASE": "PT4S",
        "ULAK_WORKER_POLL_INTERVAL": "PT0.1S",
    }
    with running_stack(tmp_path_factory.mktemp("callbacks"), workers=2, **short) as running:
        yield running


def _register(api: httpx.Client, url: str, **more: Any) -> dict[str, Any]:
    answer = api.post("/v1/callback-endpoints", json={"url": url, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def _phones() -> list[str]:
    return [f"+9053255512{number:02d}" for number in range(CONTACTS)]


def _change_all(api: httpx.Client, act: str) -> None:
    for phone in _phones():
        body = {"act": act, "source": "checkout"} | ({"wording": WORDING} if act == "opt_in" else {})
        api.put(f"/v1/contacts/{phone}/consent", json=body).raise_for_status()


def _told(stack: Stack) -> dict[str, list[str]]:
    """What each contact's endpoints must get, in order: as they were written, which was one after the other."""

    async def read() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(stack.database_url)
        try:
            return await connection.fetch(
                "SELECT id, contact_id FROM callback_events WHERE type = $1 ORDER BY sequence", TYPES[0]
            )
        finally:
            await connection.close()

    found = defaultdict(list)
    for row in asyncio.run(read()):
        found[f"con_{row['contact_id'].hex}"].append(f"evt_{row['id'].hex}")
    return dict(found)


def _taken(shop: Receiver) -> dict[str, list[str]]:
    found = defaultdict(list)
    for event in shop.events:
        found[event["data"]["contact"]["id"]].append(event["id"])
    return dict(found)


def test_killed_workers_lose_no_callback_and_keep_each_contacts_order(stack: Stack) -> None:
    """One by one and in batches; some answers are lost with the worker that waited for them, some are refusals."""
    with receiver() as single, receiver() as batched, stack.api as api:
        secrets = {
            id(single): _register(api, single.url, types=TYPES)["secret"],
            id(batched): _register(api, batched.url, types=TYPES, batch_size=10)["secret"],
        }

        def refuse_now_and_then(shop: Receiver) -> None:
            def answer(_: Received) -> Reply:
                return (500, {}, b"") if len(shop.calls) % 17 == 0 else TAKEN

            shop.answer = answer

        refuse_now_and_then(single)
        refuse_now_and_then(batched)
        for number in range(ROUNDS):
            _change_all(api, "opt_in" if number % 2 == 0 else "opt_out")
            if number < KILLS:
                seen = len(single.calls)
                wait_for("a worker to be in the middle", lambda seen=seen: len(single.calls) > seen)
                name = stack.workers[number % 2]
                stack.kill(name)
                stack.launch(name)
        told = _told(stack)
        assert sum(map(len, told.values())) == CONTACTS * ROUNDS
        for shop in (single, batched):
            wait_for("all to be taken", lambda shop=shop: len(shop.events) == CONTACTS * ROUNDS, patience=180)
            assert _taken(shop) == told
            assert all(call.is_signed_with(secrets[id(shop)]) for call in shop.calls)
        assert all(call.document["type"] == "events.batch" for call in batched.calls)
        assert len(batched.calls) < len(single.calls)
        with httpx.Client(trust_env=False) as client:
            metrics = client.get(f"http://127.0.0.1:{stack.worker_port}/metrics").text
        assert "ulak_callback_call_seconds_count" in metrics
        assert not any(phone.lstrip("+") in metrics for phone in _phones())
