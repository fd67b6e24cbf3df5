"""A picture or film on its way to the customer's phone: reviewed by its sample, uploaded, sent by Meta's id."""

import copy
from typing import Any

import httpx
import pytest

from app.events.schemas import EXAMPLE
from tests.support.files import MP4, png
from tests.support.stack import Stack, wait_for

NAME = "x-table-with-photo"
WITH_FILM = "x-table-with-film"
PHONE = "+905327009001"
SAMPLE, PHOTO = png(shade=3), png(shade=200)


def _definition(sample: str) -> dict[str, Any]:
    body = copy.deepcopy(EXAMPLE)
    for wording in body["wordings"].values():
        del wording["header"]
    photo = {"type": "object", "additionalProperties": False, "properties": {"media": {"type": "string"}}}
    body["payload_schema"]["properties"]["photo"] = photo
    return {**body, "media": {"format": "IMAGE", "source": "/photo", "sample": sample}}


def _given(api: httpx.Client, content: bytes, name: str, mime_type: str = "image/png") -> str:
    answer = api.post("/v1/media", content=content, params={"name": name}, headers={"Content-Type": mime_type})
    assert answer.is_success, answer.text
    media: str = answer.json()["id"]
    return media


def _event(**data: Any) -> dict[str, Any]:
    body = copy.deepcopy(EXAMPLE["examples"]["tr"])
    body["contact"]["phone"] = PHONE
    body["data"] |= data
    return body


@pytest.fixture(scope="module")
def approved(stack: Stack) -> str:
    """The event type is defined, and its templates are through the sandbox's review; the id of their sample."""
    with stack.api as api:
        sample = _given(api, SAMPLE, "örnek.png")
        _approve(stack, api, NAME, _definition(sample))
    return sample


def _approve(stack: Stack, api: httpx.Client, name: str, definition: dict[str, Any]) -> None:
    answer = api.put(f"/v1/event-types/{name}", json=definition)
    assert answer.status_code == 201, answer.text
    stack.command("templates", "apply", "--business", stack.business, "--mode", "test", "--yes")
    stack.opt_in(api, PHONE)

    def is_approved() -> bool:
        preview = api.post(f"/v1/events/{name}/preview", json=_event())
        return preview.is_success and preview.json()["template"]["status"] == "APPROVED"

    wait_for("the template to be approved", is_approved)


def _read(api: httpx.Client, message_id: str) -> bool:
    story = api.get(f"/v1/messages/{message_id}").json()
    assert story["status"] not in ("suppressed", "failed", "expired", "canceled"), story
    return bool(story["status"] == "read")


def _on_the_phone(stack: Stack, message_id: str, kind: str = "image") -> bytes:
    """The file as the simulator's phone shows it."""
    (shown,) = [one for one in stack.received() if one["biz_opaque_callback_data"] == message_id]
    header = shown["view"]["header"]
    assert header["type"] == kind
    with stack.sandbox as sandbox:
        return sandbox.get(f"/phone/media/{header['media_id']}").raise_for_status().content


def test_picture_of_an_event_reaches_the_phone(stack: Stack, api: httpx.Client, approved: str) -> None:
    photo = _given(api, PHOTO, "masa.png")
    expected = {}
    for data, content in (({"photo": {"media": photo}}, PHOTO), ({}, SAMPLE)):
        answer = api.post(f"/v1/events/{NAME}", json=_event(**data))
        assert answer.status_code == 202, answer.text
        expected[answer.json()["id"]] = content
    for message_id, content in expected.items():
        wait_for(f"{message_id} to be read", lambda message_id=message_id: _read(api, message_id))
        assert _on_the_phone(stack, message_id) == content
    (upload,) = api.get(f"/v1/media/{photo}").json()["uploads"]
    assert upload["state"] == "ready"
    assert api.delete(f"/v1/media/{approved}").status_code == 409
    assert api.delete(f"/v1/media/{photo}").status_code == 204


def test_film_of_a_template_reaches_the_phone(stack: Stack, api: httpx.Client) -> None:
    film = _given(api, MP4, "masa.mp4", "video/mp4")
    definition = {**_definition(film), "media": {"format": "VIDEO", "sample": film}}
    for language, more in (("tr", " Masanızı filmde görebilirsiniz."), ("en", " The film shows your table.")):
        definition["wordings"][language]["body"] += more  # Meta refuses a template that says what another does
    _approve(stack, api, WITH_FILM, definition)
    answer = api.post(f"/v1/events/{WITH_FILM}", json=_event())
    assert answer.status_code == 202, answer.text
    message_id = answer.json()["id"]
    wait_for(f"{message_id} to be read", lambda: _read(api, message_id))
    assert _on_the_phone(stack, message_id, "video") == MP4
