"""The worker killed in the middle of its work: nothing is lost, and every message is accounted for."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import asyncpg
import httpx
import pytest

from tests.support.stack import TLS, Stack, running_stack, wait_for
from tests.support.world import order_confirmed

MESSAGES = 400
THROUGHPUT = 150
"""Messages per second: a worker at full speed is done before anybody sees it in the middle."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    short = {
        "ULAK_GRAPH_CONNECT_TIMEOUT": "PT1S",
        "ULAK_GRAPH_READ_TIMEOUT": "PT3S",
        "ULAK_LEASE": "PT5S",
        "ULAK_UNCONFIRMED_WINDOW": "PT3S",
        "ULAK_SANDBOX_SENT_DELAY": "0.05",
        "ULAK_SANDBOX_DELIVERED_DELAY": "0.1",
        "ULAK_SANDBOX_READ_DELAY": "0.2",
    }
    with running_stack(tmp_path_factory.mktemp("killed"), throughput=THROUGHPUT, **short) as running:
        yield running


async def _rows(url: str, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()


def _counts(stack: Stack) -> Counter[str]:
    rows = asyncio.run(_rows(stack.database_url, "SELECT status, count(*) FROM messages GROUP BY status"))
    return Counter({row["status"]: row["count"] for row in rows})


def _opt_in_all(stack: Stack, phones: list[str]) -> None:
    with stack.api as client:
        for phone in phones:
            stack.opt_in(client, phone)


def test_a_killed_worker_loses_nothing(stack: Stack) -> None:
    phones = [f"+90532{number:04d}999" for number in range(MESSAGES)]  # none ends like an error code
    _opt_in_all(stack, phones)
    events = [{"type": "order-confirmed", **order_confirmed(phone)} for phone in phones]
    with stack.api as client:
        answer = client.post("/v1/events", json={"events": events})
    assert answer.json()["accepted"] == MESSAGES

    def in_the_middle() -> int | None:
        with stack.sandbox as sandbox:
            total: int = sandbox.get("/control/messages", params={"limit": 0}).json()["total"]
        return total if total >= MESSAGES // 5 else None

    total = wait_for("the worker to be in the middle", in_the_middle)
    stack.kill("worker")
    before = _counts(stack)
    assert total < MESSAGES
    assert before["queued"] + before["sending"] > 0, f"the worker was done already: {before}"
    stack.start("worker")

    wait_for("every message to be read", lambda: _counts(stack)["read"] == MESSAGES or None)
    assert _counts(stack) == Counter(read=MESSAGES)
    sent = Counter(one["biz_opaque_callback_data"] for one in stack.received())
    assert len(sent) == MESSAGES, "each was sent at least once"
    _account_for(stack, sent)


def _account_for(stack: Stack, sent: Counter[str]) -> None:
    """What the sandbox received is what the attempts say, or an attempt whose outcome was never known."""
    rows = asyncio.run(
        _rows(
            stack.database_url,
            "SELECT message_id, count(*) AS calls, count(*) FILTER (WHERE outcome = 'accepted') AS accepted "
            "FROM attempts GROUP BY message_id",
        )
    )
    calls = {f"msg_{row['message_id'].hex}": row for row in rows}
    for message_id, received in sent.items():
        row = calls.get(message_id)
        # A receipt may settle a message whose worker died before it could note the attempt.
        assert row is None or row["accepted"] <= received <= max(row["calls"], 1), (message_id, received, row)


def test_the_stack_is_well_afterwards(stack: Stack) -> None:
    for port in (stack.api_port, stack.worker_port):
        assert httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False, verify=TLS).is_success
