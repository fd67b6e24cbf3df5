"""A lost answer on a real socket: the connection is reset, and not one byte of an answer came."""

import contextlib
import json
import socket

import httpx
import pytest

from app.sandbox.settings import SandboxSettings
from tests.support.sandbox import body
from tests.support.sandbox_server import sandbox_server
from tests.support.stack import wait_for


@pytest.fixture(scope="module")
def sandbox():
    settings = SandboxSettings(clock="manual", delay_jitter=0.0)
    with sandbox_server(settings) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.fixture
def account(sandbox):
    made = sandbox.post("/control/accounts", json={"callback_url": None}).json()
    sandbox.headers["Authorization"] = f"Bearer {made['access_token']}"
    template = {"name": "plain", "language": "en", "category": "UTILITY", "components": [body("A parcel is here.", ())]}
    sandbox.post(f"/v25.0/{made['waba_id']}/message_templates", json=template).raise_for_status()
    sandbox.post("/control/clock/advance", json={"seconds": 2}).raise_for_status()
    yield made
    sandbox.delete("/control/faults").raise_for_status()


def request(sandbox, account, callback_data):
    content = {
        "messaging_product": "whatsapp",
        "to": "+33612345678",
        "type": "template",
        "template": {"name": "plain", "language": {"code": "en"}},
        "biz_opaque_callback_data": callback_data,
    }
    payload = json.dumps(content).encode()
    head = (
        f"POST /v25.0/{account['phone_number_id']}/messages HTTP/1.1\r\n"
        f"Host: {sandbox.base_url.host}\r\n"
        f"Authorization: Bearer {account['access_token']}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
    )
    return head.encode() + payload


@contextlib.contextmanager
def connection(sandbox):
    with socket.create_connection((sandbox.base_url.host, sandbox.base_url.port), timeout=20) as opened:
        yield opened


def accepted(sandbox, callback_data):
    tally = sandbox.get("/control/tally", params={"callback_data": callback_data}).json()["data"]
    return tally[callback_data]["accepted"]


@pytest.mark.parametrize("slow", [0, 1])
def test_the_connection_is_reset_and_the_message_is_there(sandbox, account, slow):
    sandbox.patch("/control/faults", json={"lost_answers": 1, "slow_answers": slow, "slow_answer_seconds": 5})
    with connection(sandbox) as opened:
        opened.sendall(request(sandbox, account, f"lost {slow}"))
        if slow:
            wait_for("the send", lambda: accepted(sandbox, f"lost {slow}"))
            sandbox.post("/control/clock/advance", json={"seconds": 5})
        with pytest.raises(ConnectionResetError):
            opened.recv(1)
    assert accepted(sandbox, f"lost {slow}") == 1


def test_an_earlier_answer_on_the_connection_is_not_lost_with_it(sandbox, account):
    with connection(sandbox) as opened:
        opened.sendall(request(sandbox, account, "kept"))
        answer = b""
        while b"wamid" not in answer:
            answer += opened.recv(65_536)
        sandbox.patch("/control/faults", json={"lost_answers": 1})
        opened.sendall(request(sandbox, account, "lost"))
        with pytest.raises(ConnectionResetError):
            opened.recv(1)
    assert (accepted(sandbox, "kept"), accepted(sandbox, "lost")) == (1, 1)


def test_a_caller_who_left_is_not_reset_again(sandbox, account):
    sandbox.patch("/control/faults", json={"lost_answers": 1, "slow_answers": 1, "slow_answer_seconds": 5})
    with connection(sandbox) as opened:
        opened.sendall(request(sandbox, account, "left"))
        wait_for("the send", lambda: accepted(sandbox, "left"))
    sandbox.post("/control/clock/advance", json={"seconds": 5}).raise_for_status()
    assert accepted(sandbox, "left") == 1


def test_a_client_sees_a_transport_error(sandbox, account):
    sandbox.patch("/control/faults", json={"lost_answers": 1})
    content = {"messaging_product": "whatsapp", "to": "+33612345678", "type": "text", "text": {"body": "Hello"}}
    path = f"/v25.0/{account['phone_number_id']}/messages"
    with pytest.raises(httpx.ReadError):
        sandbox.post(path, json=content | {"biz_opaque_callback_data": "client"})
    assert accepted(sandbox, "client") == 1
    sandbox.delete("/control/faults")
    assert sandbox.post(path, json=content).status_code == 200
