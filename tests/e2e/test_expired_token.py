"""A number that may not send: its messages are held, a person is told why, and all leaves once it may again."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.stack import TLS, Stack, running_stack, wait_for
from tests.support.world import order_confirmed

MESSAGES = 5


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    quick = {
        "ULAK_PROBE_INTERVAL": "PT1S",
        "ULAK_SANDBOX_SENT_DELAY": "0.02",
        "ULAK_SANDBOX_DELIVERED_DELAY": "0.05",
        "ULAK_SANDBOX_READ_DELAY": "0.1",
        "ULAK_SANDBOX_MAGIC_PATTERN": "",
    }
    with running_stack(tmp_path_factory.mktemp("token"), **quick) as running:
        running.settle_in()
        yield running


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    with stack.api as client:
        yield client


def _condition(stack: Stack, code: int | None) -> None:
    address = f"/control/numbers/{stack.account['phone_number_id']}/condition"
    with stack.sandbox as sandbox:
        answer = sandbox.put(address, json={"code": code}) if code is not None else sandbox.delete(address)
    answer.raise_for_status()


def _post_some(stack: Stack, api: httpx.Client, prefix: str) -> list[str]:
    phones = [f"+90532{prefix}{number:04d}" for number in range(MESSAGES)]
    for phone in phones:
        stack.opt_in(api, phone)
    answer = api.post(
        "/v1/events", json={"events": [{"type": "order-confirmed", **order_confirmed(p)} for p in phones]}
    )
    assert answer.json()["accepted"] == MESSAGES, answer.text
    return [result["message"]["id"] for result in answer.json()["results"]]


def _sender(api: httpx.Client) -> dict[str, Any]:
    (sender,) = api.get("/v1/senders").raise_for_status().json()["senders"]
    found: dict[str, Any] = sender
    return found


def _alerts(api: httpx.Client, *, resolved: bool = False) -> list[dict[str, Any]]:
    answer = api.get("/v1/alerts", params={"all": resolved}).raise_for_status()
    found: list[dict[str, Any]] = answer.json()["alerts"]
    return found


def _stories(api: httpx.Client, ids: list[str]) -> list[dict[str, Any]]:
    return [api.get(f"/v1/messages/{one}").raise_for_status().json() for one in ids]


def _until_paused(api: httpx.Client) -> None:
    wait_for("the sender to be paused", lambda: _sender(api)["state"] == "paused")


def _is_held(api: httpx.Client, ids: list[str]) -> bool:
    """None is being sent any more, and each says what it waits for."""
    return all(story["status"] == "queued" for story in _stories(api, ids))


def _pauses(stack: Stack, code: int) -> float:
    text = httpx.get(f"http://127.0.0.1:{stack.worker_port}/metrics", trust_env=False, verify=TLS).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "ulak_sender_pauses_total" and sample.labels["code"] == str(code)
    )


def _was_sent_once(stack: Stack, api: httpx.Client, ids: list[str]) -> None:
    wait_for("all to be read", lambda: all(story["status"] == "read" for story in _stories(api, ids)))
    with stack.sandbox as sandbox:
        tally = sandbox.get("/control/tally").json()["data"]
    assert Counter(tally[one]["accepted"] for one in ids) == {1: len(ids)}


def _holds(stack: Stack, api: httpx.Client, ids: list[str], code: int, error_class: str) -> None:
    """What a person sees while it lasts."""
    sender = _sender(api)
    assert (sender["paused_by"], sender["alerts"][0]["code"]) == ("meta", code)
    (alert,) = _alerts(api)
    assert (alert["code"], alert["error_class"], alert["sender"]) == (code, error_class, sender["id"])
    assert alert["meaning"]
    assert alert["next_step"]
    wait_for("no message to be under way", lambda: _is_held(api, ids))
    for story in _stories(api, ids):
        assert story["waiting_for"]["what"] == "sender"
        assert all(attempt["error"]["code"] == code for attempt in story["attempts"])
    assert _pauses(stack, code) >= 1


def test_an_expired_token_holds_everything_until_it_is_renewed(stack: Stack, api: httpx.Client) -> None:
    _condition(stack, 190)
    ids = _post_some(stack, api, "100")
    _until_paused(api)
    _holds(stack, api, ids, 190, "auth")
    assert _sender(api)["probe_at"] is None, "only a person can help"
    assert all(story["waiting_for"]["until"] is None for story in _stories(api, ids))
    assert "expired" in _alerts(api)[0]["meaning"]

    _condition(stack, None)
    stack.add_sender()
    _was_sent_once(stack, api, ids)
    assert _sender(api)["state"] == "active"
    assert _alerts(api) == []
    assert _alerts(api, resolved=True)[0]["resolution"] == "credentials"


def test_a_person_resumes_a_sender_and_is_told_again_when_nothing_has_changed(stack: Stack, api: httpx.Client) -> None:
    _condition(stack, 190)
    ids = _post_some(stack, api, "200")
    _until_paused(api)
    _holds(stack, api, ids, 190, "auth")
    sender, (first,) = _sender(api)["id"], _alerts(api)
    api.post(f"/v1/senders/{sender}/resume").raise_for_status()
    wait_for("another alert", lambda: [one["id"] for one in _alerts(api)] not in ([], [first["id"]]))
    _holds(stack, api, ids, 190, "auth")

    _condition(stack, None)
    api.post(f"/v1/senders/{sender}/resume").raise_for_status()
    _was_sent_once(stack, api, ids)
    assert _alerts(api) == []
    assert {one["resolution"] for one in _alerts(api, resolved=True)[:2]} == {"person"}


def test_an_unpaid_bill_ends_by_a_probe(stack: Stack, api: httpx.Client) -> None:
    _condition(stack, 131042)
    ids = _post_some(stack, api, "300")
    _until_paused(api)
    _holds(stack, api, ids, 131042, "billing")
    wait_for("a probe to find it as it was", lambda: _alerts(api)[0]["occurrences"] > MESSAGES)
    assert _sender(api)["probe_at"] is not None
    assert _sender(api)["state"] == "paused"

    _condition(stack, None)
    _was_sent_once(stack, api, ids)
    assert _sender(api)["state"] == "active"
    assert _alerts(api) == []
    assert _alerts(api, resolved=True)[0]["resolution"] == "probe"
