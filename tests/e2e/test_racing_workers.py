"""Several workers on one queue: each message leaves once, and together they keep the pace of one number."""

from collections import Counter
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.chaos import accounts
from tests.chaos.exhaustion import exhaust
from tests.chaos.plan import draw
from tests.chaos.traffic import Traffic
from tests.chaos.verdict import judge
from tests.support.stack import TLS, Stack, running_stack, wait_for

MESSAGES = 700
THROUGHPUT = 80
PATIENCE_OF_META = 3.0
"""Seconds of its throughput that the sandbox lets go at once: a busy machine stops whole processes now and then. Did
each worker keep the pace for itself, two would send 700 messages in 4.4 s, and the sandbox would take 590 of them."""


def _sends(stack: Stack, worker: str) -> float:
    text = httpx.get(stack.health_url(worker).replace("/readyz", "/metrics"), trust_env=False, verify=TLS).text
    families = text_string_to_metric_families(text)
    return sum(sample.value for family in families for sample in family.samples if sample.name == "ulak_sends_total")


def _pause(stack: Stack) -> str:
    with stack.api as api:
        (sender,) = api.get("/v1/senders").raise_for_status().json()["senders"]
        api.post(f"/v1/senders/{sender['id']}/pause").raise_for_status()
    found: str = sender["id"]
    return found


WORKERS = 4


def test_racing_workers_send_each_message_once_at_the_pace_of_the_number(tmp_path: Path) -> None:
    quick = {
        "ULAK_SANDBOX_SENT_DELAY": "0.1",
        "ULAK_SANDBOX_DELIVERED_DELAY": "0.2",
        "ULAK_SANDBOX_READ_DELAY": "0.4",
        "ULAK_SANDBOX_MAGIC_PATTERN": "",
        "ULAK_SANDBOX_FAULTS__THROUGHPUT": str(THROUGHPUT),
        "ULAK_SANDBOX_FAULTS__THROUGHPUT_BURST": str(PATIENCE_OF_META),
    }
    events = draw(WORKERS, messages=MESSAGES, kills=0, workers=WORKERS).events
    with running_stack(tmp_path, throughput=THROUGHPUT, workers=WORKERS, **quick) as stack:
        stack.settle_in()
        sender = _pause(stack)
        with Traffic(stack, iter(events), posters=8, ahead=MESSAGES + 1) as traffic:
            wait_for("a full queue", lambda: not traffic.missing(MESSAGES))
        with stack.api as api:
            api.post(f"/v1/senders/{sender}/resume").raise_for_status()
        assert not exhaust(lambda: accounts.unsettled(stack))

        sandbox = accounts.ask_sandbox(stack)
        assert judge(MESSAGES, traffic.told, accounts.ask_ulak(stack), sandbox).findings == []
        assert Counter(one.accepted for one in sandbox.taken.values()) == {1: MESSAGES}
        assert sandbox.injected.get("throughput", 0) == 0
        shares = {worker: _sends(stack, worker) for worker in stack.workers}
        # At the edge of a burst, Meta's clock and ours may differ on whether a customer may get another message yet.
        assert sum(shares.values()) == MESSAGES + sandbox.injected.get("pair", 0)
        assert all(shares.values()), f"one had it all to itself: {shares}"
