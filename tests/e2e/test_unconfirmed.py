"""A request went out and nobody answered: the receipt that echoes our id settles it, or the end of the window does."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.events.catalogue import catalogue
from app.sandbox.faults import share
from tests.support.stack import Stack, running_stack, wait_for

NEVER = 3600.0
WINDOW = timedelta(seconds=3)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    quick = {
        "ULAK_GRAPH_CONNECT_TIMEOUT": "PT1S",
        "ULAK_GRAPH_READ_TIMEOUT": "PT3S",
        "ULAK_LEASE": "PT5S",
        "ULAK_SANDBOX_SENT_DELAY": "0.02",
        "ULAK_SANDBOX_DELIVERED_DELAY": "0.05",
        "ULAK_SANDBOX_READ_DELAY": "0.1",
        "ULAK_SANDBOX_MAGIC_PATTERN": "",
    }
    with running_stack(tmp_path_factory.mktemp("unconfirmed"), **quick) as running:
        running.settle_in()
        yield running


@pytest.fixture(autouse=True)
def calm(stack: Stack) -> Iterator[None]:
    yield
    with stack.sandbox as sandbox:
        sandbox.delete("/control/faults").raise_for_status()


def _turn(stack: Stack, **dial: float) -> None:
    with stack.sandbox as sandbox:
        sandbox.patch("/control/faults", json=dial).raise_for_status()


def _post(stack: Stack, event_type: str, phone: str) -> str:
    body = {**catalogue()[event_type].example, "contact": {"phone": phone, "name": "Ayşe", "language": "tr"}}
    with stack.api as api:
        stack.opt_in(api, phone)
        answer = api.post(f"/v1/events/{event_type}", json=body)
    assert answer.status_code == 202, answer.text
    message_id: str = answer.json()["id"]
    return message_id


def _story(stack: Stack, message_id: str) -> dict[str, Any]:
    with stack.api as api:
        story: dict[str, Any] = api.get(f"/v1/messages/{message_id}").raise_for_status().json()
    return story


def _until(stack: Stack, message_id: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        story = _story(stack, message_id)
        return story if holds(story) else None

    return wait_for(f"the story of {message_id}", look)


def _is(status: str) -> Callable[[dict[str, Any]], bool]:
    return lambda story: story["status"] == status


def _truth(stack: Stack, message_id: str) -> dict[str, Any]:
    with stack.sandbox as sandbox:
        truth: dict[str, Any] = sandbox.get("/control/tally", params={"callback_data": message_id}).json()["data"]
    found: dict[str, Any] = truth[message_id]
    return found


def _report(stack: Stack, wamid: str, *statuses: str) -> None:
    """The webhooks come after all."""
    _turn(stack, webhook_delay=0)
    with stack.sandbox as sandbox:
        for status in statuses:
            sandbox.post(f"/control/messages/{wamid}/status", json={"status": status}).raise_for_status()


def _doubts(story: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(rule["verdict"], rule["input"]) for rule in story["decision"] if rule["rule"] == "unconfirmed"]


def _outcomes(story: dict[str, Any]) -> list[tuple[int, str]]:
    return [(attempt["number"], attempt["outcome"]) for attempt in story["attempts"]]


def test_a_lost_answer_is_settled_by_the_receipt_that_echoes_our_id(stack: Stack) -> None:
    _turn(stack, lost_answers=1, webhook_delay=NEVER)
    message_id = _post(stack, "order-confirmed", "+905321110001")

    story = _until(stack, message_id, _is("unconfirmed"))
    (attempt,) = story["attempts"]
    assert (attempt["number"], attempt["outcome"], attempt["wamid"]) == (1, "unknown", None)
    assert story["reason"] == "answer_lost"
    ((verdict, said),) = _doubts(story)
    assert (verdict, said["because"], said["then"]) == ("wait", "answer_lost", "resend")
    window = datetime.fromisoformat(said["until"]) - datetime.fromisoformat(attempt["ended_at"])
    assert window == catalogue()["order-confirmed"].unconfirmed_window
    assert story["waiting_for"]["what"] == "receipt"
    assert datetime.fromisoformat(story["waiting_for"]["until"]) == datetime.fromisoformat(said["until"])

    truth = _truth(stack, message_id)
    (wamid,) = truth["wamids"]
    _report(stack, wamid, "delivered", "read")
    story = _until(stack, message_id, _is("read"))
    assert story["wamid"] == wamid, "Meta's own id became known by the receipt"
    assert (story["reason"], story["waiting_for"], story["failure"]) == (None, None, None)
    assert {receipt["status"] for receipt in story["receipts"]} >= {"read"}
    assert {receipt["wamid"] for receipt in story["receipts"]} == {wamid}
    assert all(receipt["payload"]["biz_opaque_callback_data"] == message_id for receipt in story["receipts"])
    assert _outcomes(story) == [(1, "unknown")]
    assert [verdict for verdict, _ in _doubts(story)] == ["wait"]
    assert _truth(stack, message_id)["accepted"] == 1


def test_a_worker_that_dies_in_a_call_leaves_a_doubt_and_no_second_call(stack: Stack) -> None:
    _turn(stack, slow_answers=1, slow_answer_seconds=2.5, webhook_delay=NEVER)
    message_id = _post(stack, "appointment-reminder", "+905321110002")
    wait_for("Meta to have it", lambda: message_id in {one["biz_opaque_callback_data"] for one in stack.received()})
    stack.kill("worker")
    assert _story(stack, message_id)["status"] == "sending"
    stack.start("worker")

    story = _until(stack, message_id, _is("unconfirmed"))
    assert story["reason"] == "lease_ended"
    assert _outcomes(story) == [(1, "unknown")]
    ((verdict, said),) = _doubts(story)
    assert (verdict, said["because"], said["then"]) == ("wait", "lease_ended", "fail")

    (wamid,) = _truth(stack, message_id)["wamids"]
    _report(stack, wamid, "read")
    story = _until(stack, message_id, _is("read"))
    assert [verdict for verdict, _ in _doubts(story)] == ["wait"]
    assert _truth(stack, message_id)["accepted"] == 1


def _seed_for(*message_ids: str) -> int:
    """Of a dial at one half by which the first call for each message fails, and the second does not."""
    return next(
        seed
        for seed in range(10_000)
        if all(
            share(seed, "errors_before", one, 0) < 0.5 <= share(seed, "errors_before", one, 1) for one in message_ids
        )
    )


def test_the_end_of_the_window_settles_what_never_reached_meta(stack: Stack) -> None:
    stack.environment["ULAK_UNCONFIRMED_WINDOW"] = f"PT{WINDOW.seconds}S"
    stack.kill("worker")
    order = _post(stack, "order-confirmed", "+905321110003")
    reminder = _post(stack, "appointment-reminder", "+905321110004")
    _turn(stack, errors_before=0.5, seed=_seed_for(order, reminder))
    stack.start("worker")

    sent_again = _until(stack, order, _is("read"))
    assert _outcomes(sent_again) == [(1, "unknown"), (2, "accepted")]
    (wait, until), (verdict, end) = _doubts(sent_again)
    assert (wait, until["because"], until["then"]) == ("wait", "answer_lost", "resend")
    assert (verdict, end["attempts"]) == ("resend", 1)
    first, second = sent_again["attempts"]
    assert datetime.fromisoformat(until["until"]) == datetime.fromisoformat(first["ended_at"]) + WINDOW
    assert datetime.fromisoformat(second["started_at"]) >= datetime.fromisoformat(until["until"])
    assert "without an error envelope" in first["error"]["reason"]
    assert {receipt["status"] for receipt in sent_again["receipts"]} == {"sent", "delivered", "read"}
    assert {receipt["wamid"] for receipt in sent_again["receipts"]} == {second["wamid"]}
    assert _truth(stack, order)["accepted"] == 1

    given_up = _until(stack, reminder, _is("failed"))
    assert given_up["reason"] == "unconfirmed"
    assert _outcomes(given_up) == [(1, "unknown")]
    (wait, until), (verdict, end) = _doubts(given_up)
    assert (wait, until["because"], until["then"]) == ("wait", "answer_lost", "fail")
    assert (verdict, end["attempts"]) == ("fail", 1)
    assert (given_up["failure"]["source"], given_up["failure"]["code"]) == ("ulak", "unconfirmed")
    assert given_up["failure"]["next_step"]
    assert given_up["receipts"] == []
    assert given_up["waiting_for"] is None
    assert _truth(stack, reminder)["accepted"] == 0
