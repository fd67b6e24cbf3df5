"""A conversation through separate processes: the customer writes, and is answered while the window is open."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from tests.support.files import png
from tests.support.stack import Stack, wait_for

PHONE = "+905327009101"
WA_ID = PHONE.removeprefix("+")
REMINDER = "appointment-reminder"


class Phone:
    """The customer's, in the simulator."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def says(self, **said: Any) -> str:
        inbound = {"from": PHONE, "phone_number_id": self._stack.account["phone_number_id"], **said}
        with self._stack.sandbox as sandbox:
            answer = sandbox.post("/control/inbound", json=inbound)
        assert answer.is_success, answer.text
        wamid: str = answer.json()["wamid"]
        return wamid

    def shown(self) -> list[dict[str, Any]]:
        return [one for one in self._stack.received() if one["to"] == WA_ID]

    def of(self, message_id: str) -> dict[str, Any]:
        (one,) = [one for one in self.shown() if one["biz_opaque_callback_data"] == message_id]
        return one


@pytest.fixture
def phone(stack: Stack) -> Phone:
    return Phone(stack)


def _reply_of(api: httpx.Client, wamid: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        replies = api.get("/v1/replies", params={"contact": PHONE}).json().get("replies", [])
        return next((one for one in replies if one["payload"].get("id") == wamid), None)

    return wait_for("the reply to be stored", look)


def _read(api: httpx.Client, message_id: str) -> Callable[[], bool]:
    def look() -> bool:
        story = api.get(f"/v1/messages/{message_id}").json()
        assert story["status"] not in ("suppressed", "failed", "expired", "canceled"), story
        return bool(story["status"] == "read")

    return look


def _close_window(stack: Stack) -> None:
    """As if a day had gone by."""

    async def close() -> None:
        connection = await asyncpg.connect(stack.database_url)
        await connection.execute(
            "UPDATE service_windows w SET opened_at = opened_at - $2::interval, expires_at = expires_at - $2::interval"
            " FROM contacts c WHERE c.business_id = w.business_id AND c.id = w.contact_id AND c.phone = $1",
            PHONE,
            timedelta(days=1),
        )
        await connection.close()

    asyncio.run(close())


def test_a_customer_who_writes_is_answered_in_every_form_until_the_window_closes(
    stack: Stack, api: httpx.Client, phone: Phone
) -> None:
    stack.opt_in(api, PHONE)
    picture = api.post("/v1/media", content=png(shade=77), headers={"Content-Type": "image/png"}).json()["id"]
    reply = _reply_of(api, phone.says(text="Kargom nerede?"))
    to = {"reply": reply["id"]}
    contents: list[dict[str, Any]] = [
        {"text": {"body": "Bugün kapınızda."}, "quote": True, "mark_read": True},
        {"buttons": {"body": "Hangisi?", "buttons": [{"id": "am", "title": "Sabah"}, {"id": "pm", "title": "Akşam"}]}},
        {"list": {"body": "Hangi şube?", "button": "Şubeler", "sections": [{"rows": [{"id": "1", "title": "Lara"}]}]}},
        {"link_button": {"body": "Buradan:", "label": "İzle", "url": "https://shop.example/track/1"}},
        {"media": {"type": "image", "media": picture, "caption": "Paketiniz"}},
        {"location": {"latitude": 36.85, "longitude": 30.78, "name": "Lara"}},
    ]
    sent = {}
    for content in contents:
        answer = api.post("/v1/messages/reply", json={"to": to, **content})
        assert answer.status_code == 202, answer.text
        sent[next(iter(content))] = answer.json()["id"]
    for message_id in sent.values():
        wait_for(f"{message_id} to be read", _read(api, message_id))
    views = {kind: phone.of(message_id)["view"] for kind, message_id in sent.items()}
    assert views["text"]["body"] == "Bugün kapınızda."
    assert [button["text"] for button in views["buttons"]["buttons"]] == ["Sabah", "Akşam"]
    assert views["list"]["list"]["sections"][0]["rows"][0]["title"] == "Lara"
    assert views["link_button"]["buttons"][0]["url"] == "https://shop.example/track/1"
    assert (views["media"]["header"]["type"], views["media"]["body"]) == ("image", "Paketiniz")
    assert views["location"]["location"]["name"] == "Lara"
    assert api.get(f"/v1/replies/{reply['id']}").json()["marked_read_at"] is not None
    tapped = phone.says(kind="button_reply", id="pm", text="Akşam", context=phone.of(sent["buttons"])["wamid"])
    assert _reply_of(api, tapped)["message"]["id"] == sent["buttons"]
    _close_window(stack)
    refused = api.post("/v1/messages/reply", json={"to": to, "text": {"body": "Geç kaldım."}})
    assert (refused.status_code, refused.json()["code"]) == (409, "window_closed")
    assert refused.json()["template_alternatives"][0]["event_type"] == "continue-on-whatsapp"
    again = _reply_of(api, phone.says(text="Hâlâ bekliyorum"))
    assert api.post("/v1/messages/reply", json={"to": {"reply": again["id"]}, "text": {"body": "Yoldayız."}}).is_success


def test_an_answer_goes_back_by_itself_once(stack: Stack, api: httpx.Client, phone: Phone) -> None:
    answers = {"confirmed": {"text": {"tr": "Teşekkürler {customer_name}, sizi bekliyoruz."}}}
    assert api.put(f"/v1/event-types/{REMINDER}/answers", json={"answers": answers}).is_success
    stack.opt_in(api, PHONE)
    contact = {"phone": PHONE, "name": "Ayşe", "language": "tr"}
    data = {"starts_at": "2998-11-24T14:30:00+03:00", "place": "Demo Klinik, Kadıköy"}
    told = api.post(f"/v1/events/{REMINDER}", json={"contact": contact, "data": data})
    assert told.status_code == 202, told.text
    message_id = told.json()["id"]
    wait_for("the reminder to be read", _read(api, message_id))
    context = phone.of(message_id)["wamid"]
    for _ in range(2):
        _reply_of(api, phone.says(kind="button", text="Geleceğim", context=context))
    (back,) = api.get(f"/v1/messages/{message_id}").json()["automatic_answers"]
    assert back["kind"] == "confirmed"
    wait_for("the answer to be read", _read(api, back["message"]))
    assert phone.of(back["message"])["text"] == "Teşekkürler Ayşe, sizi bekliyoruz."
    after = [one for one in phone.shown() if one["at"] >= phone.of(message_id)["at"]]
    assert [one["type"] for one in after] == ["template", "text"]
