"""PostgreSQL goes away under load and comes back: Ulak says so meanwhile, and recovers by itself."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.chaos import accounts
from tests.chaos.exhaustion import exhaust
from tests.chaos.plan import PlannedEvent, draw
from tests.chaos.traffic import Told, Traffic
from tests.chaos.verdict import judge
from tests.support.stack import TLS, Stack, running_stack, wait_for

EVENTS = 200
SERVICES = ("api", "worker")


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    quick = {
        "ULAK_GRAPH_CONNECT_TIMEOUT": "PT1S",
        "ULAK_GRAPH_READ_TIMEOUT": "PT3S",
        "ULAK_LEASE": "PT5S",
        "ULAK_UNCONFIRMED_WINDOW": "PT30S",
        "ULAK_SANDBOX_SENT_DELAY": "0.1",
        "ULAK_SANDBOX_DELIVERED_DELAY": "0.2",
        "ULAK_SANDBOX_READ_DELAY": "0.4",
        "ULAK_SANDBOX_WEBHOOK_RETRY_FIRST": "0.2",
        "ULAK_SANDBOX_WEBHOOK_RETRY_LONGEST": "1",
        "ULAK_SANDBOX_MAGIC_PATTERN": "",
    }
    with running_stack(tmp_path_factory.mktemp("restart"), **quick) as running:
        running.settle_in()
        yield running


def _readiness(stack: Stack, name: str) -> httpx.Response:
    return httpx.get(stack.health_url(name), timeout=10, trust_env=False, verify=TLS)


def _webhooks(stack: Stack) -> dict[str, int]:
    with stack.sandbox as sandbox:
        counts: dict[str, int] = sandbox.get("/healthz").json()["webhooks"]
    return counts


def _post(stack: Stack, event: PlannedEvent) -> httpx.Response:
    with stack.api as api:
        return api.post(f"/v1/events/{event.event_type}", json=event.body, headers={"Idempotency-Key": event.key})


def _says_that_it_is_away(stack: Stack) -> None:
    for name in SERVICES:

        def not_ready(name: str = name) -> httpx.Response | None:
            answer = _readiness(stack, name)
            return None if answer.is_success else answer

        answer = wait_for(f"{name} to say that it is not ready", not_ready)
        assert answer.status_code == 503
        told: dict[str, Any] = answer.json()
        assert (told["status"], told["checks"]["database"]) == ("not ready", False)


def _refuses(stack: Stack, event: PlannedEvent) -> None:
    refused = _post(stack, event)
    assert refused.status_code == 503
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"]
    assert refused.json()["code"] == "unavailable"


def test_ulak_recovers_by_itself_when_postgresql_comes_back(stack: Stack) -> None:
    *events, late = draw(1, messages=EVENTS, kills=0, workers=1).events
    processes = {name: stack.processes[name].pid for name in SERVICES}
    with stack.api as api:
        stack.opt_in(api, late.phone)
    with Traffic(stack, iter(events), posters=4, ahead=40) as traffic:
        wait_for("events to be on their way", lambda: len(traffic.told) >= EVENTS // 4)
        stack.postgres.stop()
        _says_that_it_is_away(stack)
        _refuses(stack, late)
        failed = _webhooks(stack)["failed"]
        wait_for("a webhook to be refused", lambda: _webhooks(stack)["failed"] > failed)

        stack.start_postgres()
        stack.wait_until_ready(SERVICES)
        repeated = _post(stack, late)
        assert repeated.status_code == 202
        traffic.told.append(Told(late, repeated.json()["id"], posts=2, replayed=False))
        wait_for("every event to be accepted", lambda: not traffic.missing(EVENTS))
    assert not exhaust(lambda: accounts.unsettled(stack))

    verdict = judge(EVENTS, traffic.told, accounts.ask_ulak(stack), accounts.ask_sandbox(stack))
    assert verdict.findings == []
    assert verdict.accounted_for == EVENTS
    assert {name: stack.processes[name].pid for name in SERVICES} == processes
    assert all(stack.processes[name].poll() is None for name in SERVICES)
