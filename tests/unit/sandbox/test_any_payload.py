"""Whatever stands where in a payload, the answer is Graph's: a result or a refusal, never a crash."""

import copy
import json

import httpx
from fastapi.exceptions import RequestValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sandbox.accounts import AccountRequest
from app.sandbox.bubbles import opened
from app.sandbox.chats import ActError
from app.sandbox.engine import Sandbox
from app.sandbox.errors import GraphError
from app.sandbox.inbound_kinds import read_inbound
from app.sandbox.settings import SandboxSettings
from tests.unit.sandbox.test_inbound import cases
from tests.unit.sandbox.test_messages import BODY, FREE, HEADER, NAMED, QUICK, URL

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["{{1}}", "{{a}}"])
)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
CREATION = {"name": "parcel_ready", "language": "fr", "category": "UTILITY", **NAMED}
ENVELOPE = {
    "messaging_product": "whatsapp",
    "to": "+33612345678",
    "biz_opaque_callback_data": "x",
    "context": {"message_id": "wamid.X"},
}
TEMPLATE = {"name": "parcel_ready", "language": {"code": "fr"}, "components": [HEADER, BODY, URL, QUICK]}
SENDS = [ENVELOPE | {"type": kind, kind: content} for kind, content in [("template", TEMPLATE), *FREE]]


WAMIDS = dict.fromkeys(("choice", "list", "number", "mine"), "wamid.X")
ACTS = [asked for asked, *_ in cases(WAMIDS)]

HTTP = httpx.AsyncClient()


def sandbox():
    made = Sandbox(SandboxSettings(clock="manual", unknown_context="drop"), HTTP)
    number, _ = made.accounts.ensure(AccountRequest())
    template = made.templates.create(made.world.waba_of(number), copy.deepcopy(CREATION))
    made.templates.set_status(template, "APPROVED")
    return made, number


def places(value, path=()):
    """Every path in a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


@st.composite
def damaged(draw, payloads):
    payload = copy.deepcopy(draw(st.sampled_from(payloads)))
    *path, last = draw(st.sampled_from([path for path in places(payload) if path]))
    target = payload
    for key in path:
        target = target[key]
    target[last] = draw(JSON)
    return payload


def outcome(function, *arguments, **named):
    """What came of it: a result, or the refusal."""
    try:
        return function(*arguments, **named)
    except (GraphError, ActError, RequestValidationError) as refusal:
        return refusal


@settings(max_examples=300, deadline=None)
@given(damaged(SENDS))
def test_no_send_crashes(payload):
    made, number = sandbox()
    answer = outcome(made.sending.post, number, payload, version=25)
    if isinstance(answer, GraphError):
        assert answer.envelope()["error"]["code"] == answer.code
    else:
        assert answer.body["messages"][0]["id"] in made.world.state.messages


@settings(max_examples=150, deadline=None)
@given(damaged(ACTS))
def test_nothing_that_a_customer_does_crashes(payload):
    made, number = sandbox()
    chat = {"from": "33612345678", "phone_number_id": number.number_id}
    made.customers.send(number, read_inbound(chat | {"text": "Hi"}))
    (first,) = made.world.state.messages
    payload = json.loads(json.dumps(payload).replace("wamid.X", first))
    inbound = outcome(read_inbound, chat | payload)
    done = inbound if isinstance(inbound, Exception) else outcome(made.customers.send, number, inbound)
    key = f"{number.number_id}:33612345678"
    if isinstance(done, Exception):
        assert list(made.world.state.messages) == [first]
        return
    assert done.wamid in made.world.state.chats[key].wamids
    assert opened(made, made.world.state.chats[key])["messages"][-1]["wamid"] == done.wamid


@settings(max_examples=300, deadline=None)
@given(damaged([CREATION, CREATION | {"components": [{"type": "BODY", "text": "A parcel is here."}]}]))
def test_no_template_crashes(payload):
    made, number = sandbox()
    payload = payload | {"language": payload["language"] if payload["language"] != "fr" else "en"}
    template = outcome(made.templates.create, made.world.waba_of(number), payload)
    if isinstance(template, GraphError):
        assert template.code == 100
        return
    made.world.clock.advance_to(made.world.clock.now() + 2)
    made.world.scheduler.run_due()
    assert template.status in {"APPROVED", "REJECTED"}
