"""Customers who change and hide their numbers and stop marketing at Meta, as the simulator tells of it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.stack import Stack, running_stack, wait_for
from tests.support.world import order_confirmed

OLD, NEW = "+905321112233", "+905339998877"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    quick = {
        "ULAK_SANDBOX_SENT_DELAY": "0.02",
        "ULAK_SANDBOX_DELIVERED_DELAY": "0.05",
        "ULAK_SANDBOX_READ_DELAY": "0.1",
        "ULAK_SANDBOX_MAGIC_PATTERN": "",
    }
    with running_stack(tmp_path_factory.mktemp("identity"), **quick) as running:
        running.settle_in()
        yield running


def _contact(api: httpx.Client, named: str) -> dict[str, Any] | None:
    answer = api.get(f"/v1/contacts/{named}")
    return answer.json() if answer.status_code == 200 else None


def _post(api: httpx.Client, phone: str) -> dict[str, Any]:
    answer = api.post("/v1/events/order-confirmed", json=order_confirmed(phone))
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _is_read(api: httpx.Client, message: dict[str, Any]) -> bool:
    status: str = api.get(f"/v1/messages/{message['id']}").raise_for_status().json()["status"]
    return status == "read"


def _do(stack: Stack, method: str, phone: str, what: str, body: dict[str, Any]) -> None:
    with stack.sandbox as sandbox:
        sandbox.request(method, f"/control/customers/{phone.lstrip('+')}/{what}", json=body).raise_for_status()


def _known(api: httpx.Client, phone: str) -> dict[str, Any] | None:
    """Once the user id has been learnt."""
    found = _contact(api, phone)
    return found if found is not None and found["bsuid"] else None


def test_a_customer_keeps_their_contact_and_their_wishes_from_number_to_number(stack: Stack) -> None:
    with stack.api as api:
        stack.opt_in(api, OLD)
        first = _post(api, OLD)
        wait_for("the message to be read", lambda: _is_read(api, first))
        before = wait_for("the user id to be learnt", lambda: _known(api, OLD))

        _do(stack, "POST", OLD, "marketing", {"phone_number_id": stack.account["phone_number_id"], "value": "stop"})
        stopped = wait_for(
            "the stop to be recorded",
            lambda: [one for one in (_contact(api, OLD) or {})["consents"] if one["topic"] == "meta:marketing"],
        )
        assert [one["state"] for one in stopped] == ["stopped_at_meta"]

        _do(stack, "POST", OLD, "number", {"to": NEW})
        moved = wait_for("the number to be changed", lambda: _contact(api, NEW))
        assert moved["id"] == before["id"]
        assert moved["bsuid"] != before["bsuid"]
        assert {one["topic"] for one in moved["consents"]} == {"*", "meta:marketing"}
        assert _post(api, OLD)["reason"] == "no_consent"
        second = _post(api, NEW)
        wait_for("the message to the new number to be read", lambda: _is_read(api, second))

        _do(stack, "PUT", NEW, "privacy", {"hidden": True})
        third = api.post(
            "/v1/events/order-confirmed", json={**order_confirmed(), "contact": {"bsuid": moved["bsuid"]}}
        ).json()
        assert third["contact"] == moved["id"]
        wait_for("the message to the user id to be read", lambda: _is_read(api, third))
        acts = [one["act"] for one in api.get(f"/v1/contacts/{moved['id']}/consents").json()["acts"]]
        assert acts == ["opt_in", "marketing_stop", "number_change"]
