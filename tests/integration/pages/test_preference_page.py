"""The preference centre: who gets in, what is recorded, and what stays as it is."""

import re
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app.container import Container
from app.core.clock import ManualClock
from app.core.ids import parse_id
from tests.support.driving import PHONE, Driver, problem, rows
from tests.support.world import build_world, order_confirmed

LEDGER = ("consent_acts", "consents", "contact_preferences", "contacts", "callback_events")


@pytest.fixture
async def offered(driver: Driver) -> Driver:
    topics = {"offered_topics": {"orders": {}, "appointments": {}, "marketing": {}}}
    answer = await driver.request("PATCH", f"/v1/businesses/biz_{driver.world.business_id.hex}", json=topics)
    assert answer.status_code == 200, answer.text
    await driver.world.opt_in(PHONE)
    return driver


async def link(driver: Driver, contact: str = PHONE, **body: Any) -> str:
    answer = await driver.request("POST", f"/v1/contacts/{contact}/preference-link", json=body)
    assert answer.status_code == 200, answer.text
    url: str = answer.json()["url"]
    assert url.startswith("https://msg.example/p/")
    return url.removeprefix("https://msg.example")


async def show(driver: Driver, path: str, **headers: str) -> httpx.Response:
    return await driver.http.get(path, headers=headers)


async def send(driver: Driver, path: str, **form: Any) -> httpx.Response:
    return await driver.http.post(path, data=form)


def done(answer: httpx.Response) -> str:
    """What the address that the browser is led to says."""
    return answer.headers["location"].removeprefix("?done=").partition(".")[0]


async def acts(driver: Driver, phone: str = PHONE) -> list[tuple[str, str, Any]]:
    answer = await driver.request("GET", f"/v1/contacts/{phone}/consents")
    return [(act["act"], act["topic"], act["value"]) for act in answer.json()["acts"]]


SHOWN = {
    "action": "save",
    "shown_topic": ["orders", "appointments"],
    "shown_cap": "none",
    "shown_channel": "whatsapp",
    "shown_quiet": "business",
    "topic": ["orders", "appointments"],
    "cap": "none",
    "channel": "whatsapp",
    "quiet": "business",
}


async def test_page_is_private_and_asks_nobody_else(offered: Driver) -> None:
    answer = await show(offered, await link(offered))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["content-language"] == "tr"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script" not in answer.text
    assert re.findall(r'(?:src|href)="(https?://[^"]+)', answer.text) == []
    assert PHONE.removeprefix("+90") not in re.sub(r"\D", "", answer.text)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"valid_days": 0}, "#/valid_days"),
        ({"valid_days": 366}, "#/valid_days"),
        ({"valid_days": "30"}, "#/valid_days"),
        ({"language": "de"}, "#/language"),
        ({"colour": "red"}, "#/colour"),
    ],
)
async def test_link_refuses_what_it_does_not_know(driver: Driver, body: dict[str, Any], pointer: str) -> None:
    await driver.world.opt_in(PHONE)
    refused = await driver.request("POST", f"/v1/contacts/{PHONE}/preference-link", json=body)
    assert [one["pointer"] for one in problem(refused, 422, "invalid_request")["errors"]] == [pointer]


async def test_link_needs_a_contact(driver: Driver) -> None:
    problem(await driver.request("POST", f"/v1/contacts/{PHONE}/preference-link", json={}), 404, "not_found")


async def test_only_what_changed_is_recorded(offered: Driver, connection: asyncpg.Connection) -> None:
    path = await link(offered)
    before = await rows(connection, *LEDGER)
    same = await send(offered, path, **SHOWN)
    assert (same.status_code, done(same)) == (303, "unchanged")
    assert await rows(connection, *LEDGER) == before
    changed = await send(offered, path, **{**SHOWN, "topic": ["orders", "marketing"], "cap": "3/7"})
    assert done(changed) == "saved"
    assert (await acts(offered))[1:] == [
        ("opt_out", "appointments", None),
        ("opt_in", "marketing", None),
        ("frequency", "*", {"most": 3, "days": 7}),
    ]
    assert await connection.fetchval("SELECT count(*) FROM callback_events") == len(before["callback_events"]) + 1


async def test_a_page_opened_before_a_stop_does_not_undo_it(offered: Driver) -> None:
    path = await link(offered)
    await offered.world.opt_out(PHONE)
    answer = await send(offered, path, **{**SHOWN, "cap": "1/7"})
    assert done(answer) == "saved"
    assert (await acts(offered))[1:] == [("opt_out", "*", None), ("frequency", "*", {"most": 1, "days": 7})]


@pytest.mark.parametrize(
    "form",
    [
        {**SHOWN, "quiet": "own", "begins": "", "ends": ""},
        {**SHOWN, "quiet": "own", "begins": "25:00", "ends": "09:00"},
        {"action": "pause", "until": ""},
        {"action": "pause", "until": "2001-01-01"},
        {"action": "pause", "until": "2999-01-01"},
    ],
)
async def test_what_cannot_be_read_is_said_at_its_field_and_changes_nothing(
    offered: Driver, connection: asyncpg.Connection, form: dict[str, Any]
) -> None:
    path = await link(offered)
    before = await rows(connection, *LEDGER)
    answer = await send(offered, path, **form)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert await rows(connection, *LEDGER) == before


@pytest.mark.parametrize(
    "form",
    [{}, {"action": "no-such"}, {**SHOWN, "topic": [*SHOWN["topic"], "x"], "cap": "9999/0", "channel": "pigeon"}],
)
async def test_what_our_page_would_not_send_is_left_alone(
    offered: Driver, connection: asyncpg.Connection, form: dict[str, Any]
) -> None:
    path = await link(offered)
    before = await rows(connection, *LEDGER)
    answer = await send(offered, path, **form)
    assert (answer.status_code, done(answer)) == (303, "unchanged")
    assert await rows(connection, *LEDGER) == before


async def test_leaving_silences_at_once_and_is_confirmed_once(offered: Driver) -> None:
    path = await link(offered)
    waiting = await offered.accepted(order_confirmed())
    for _ in range(3):
        assert done(await send(offered, path, action="leave")) == "left"
    assert (await offered.story(waiting))["status"] == "suppressed"
    assert [act for act, *_ in await acts(offered)] == ["opt_in", "opt_out"]
    listed = await offered.request("GET", "/v1/messages", params={"event_type": "opt-out-confirmation"})
    (confirmation,) = listed.json()["messages"]
    assert confirmation["status"] == "queued"


async def test_page_says_what_was_done_only_where_it_was_and_as_long_as_it_holds(
    offered: Driver, clock: ManualClock
) -> None:
    path, said = await link(offered), "Mesajlar durduruldu."
    for made_up in ("left", "left.9999999999.AAAAAAAAAAAAAAAA", "left.ş.ş", "..", ""):
        assert said not in (await offered.http.get(path, params={"done": made_up})).text
    told = path + (await send(offered, path, action="leave")).headers["location"]
    left = await show(offered, told)
    assert f"{said} Demo Mağaza size artık WhatsApp üzerinden mesaj göndermeyecek. Yalnızca bu işlemi" in left.text
    other = re.findall(r'href="(\?lang=en[^"]*)"', left.text)[0].replace("&amp;", "&")
    assert "You will only get one message that confirms this." in (await show(offered, path + other)).text
    again = "+905321112299"
    await offered.world.opt_in(again)
    await send(offered, await link(offered, again), action="leave")
    elsewhere = await link(offered, again) + told.removeprefix(path)
    assert said not in (await show(offered, elsewhere)).text
    await send(offered, path, action="come_back")
    assert said not in (await show(offered, told)).text
    await send(offered, path, action="leave")
    assert said in (await show(offered, told)).text
    clock.advance(timedelta(minutes=30))
    assert said not in (await show(offered, told)).text


async def test_a_pause_of_one_topic_can_be_ended(offered: Driver, clock: ManualClock) -> None:
    until = (clock.now() + timedelta(days=3)).isoformat()
    for topics in (["orders"], ["appointments"]):
        await offered.consent(PHONE, act="pause", topics=topics, source="account_settings", until=until)
    path = await link(offered)
    assert "“Siparişler ve kargo” mesajlarını şimdi başlat" in (await show(offered, path)).text
    assert done(await send(offered, path, action="resume", topic="orders")) == "resumed"
    assert (await acts(offered))[-1] == ("resume", "orders", None)
    shown = (await show(offered, path)).text
    assert "“Siparişler ve kargo” mesajlarını" not in shown
    assert "“Randevular” mesajlarını şimdi başlat" in shown
    before = await acts(offered)
    await send(offered, path, action="resume", topic="no-such")
    assert await acts(offered) == before


async def test_commercial_messages_are_called_so(offered: Driver) -> None:
    path = await link(offered)
    shown = (await show(offered, path)).text
    assert shown.count("<small>ticari elektronik ileti</small>") == 1
    await send(offered, path, **{**SHOWN, "topic": ["orders", "appointments", "marketing"]})
    listed = await offered.request("GET", f"/v1/contacts/{PHONE}/consents")
    assert listed.json()["acts"][-1]["wording"] == (
        "Demo Mağaza işletmesinin bana WhatsApp üzerinden mesaj göndermesine açık rıza verdiğim konular: "
        "Kampanyalar ve fırsatlar (ticari elektronik ileti)"
    )


async def test_who_only_looks_whether_the_page_is_there_is_answered(offered: Driver) -> None:
    assert (await offered.http.head(await link(offered))).status_code == 200


async def test_hints_errors_and_what_was_done_reach_screen_readers(offered: Driver) -> None:
    path = await link(offered)
    shown = (await show(offered, path)).text
    for hint in ("frequency-hint", "quiet-hint"):
        assert f'<fieldset aria-describedby="{hint}">' in shown
        assert f'id="{hint}"' in shown
    assert "<title>Mesaj tercihleriniz · Demo Mağaza</title>" in shown
    wrong = (await send(offered, path, action="pause", until="")).text
    assert "<title>Hata: Mesaj tercihleriniz · Demo Mağaza</title>" in wrong
    assert wrong.count("autofocus") == 1


async def test_coming_back_waits_for_whatsapp_where_the_business_wants_it(offered: Driver) -> None:
    path = await link(offered)
    await send(offered, path, action="leave")
    double = {"double_opt_in": True}
    await offered.request("PATCH", f"/v1/businesses/biz_{offered.world.business_id.hex}", json=double)
    answer = await send(offered, path, action="come_back")
    assert done(answer) == "requested"
    assert (await acts(offered))[-1][:2] == ("opt_in_request", "*")
    listed = await offered.request("GET", "/v1/messages", params={"event_type": "opt-in-request"})
    assert len(listed.json()["messages"]) == 1


async def test_a_pause_ends_where_the_customer_lives(offered: Driver, clock: ManualClock) -> None:
    path = await link(offered)
    day = (clock.now() + timedelta(days=9)).date().isoformat()
    assert done(await send(offered, path, action="pause", until=day)) == "paused"
    assert (await acts(offered))[-1] == ("pause", "*", {"until": f"{day}T00:00:00+03:00"})


async def test_language_is_the_links_then_the_contacts_then_the_browsers(offered: Driver) -> None:
    english = {"Accept-Language": "en-GB,en;q=0.9"}
    assert (await show(offered, await link(offered), **english)).headers["content-language"] == "en"
    assert (await show(offered, await link(offered, language="tr"), **english)).headers["content-language"] == "tr"
    path = await link(offered, language="tr")
    assert (await show(offered, f"{path}?lang=en")).headers["content-language"] == "en"
    kept = await offered.http.post(f"{path}?lang=en", data={"action": "leave"})
    assert (done(kept), kept.headers["location"].endswith("&lang=en")) == ("left", True)


async def test_expired_forged_and_ended_links(
    offered: Driver, container: Container, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    path = await link(offered, valid_days=1)
    lasting = await link(offered)
    before = await rows(connection, *LEDGER)
    clock.advance(timedelta(days=1))
    for answer in (await show(offered, path), await send(offered, path, action="leave")):
        assert answer.status_code == 410
        assert "Demo Mağaza işletmesinden yeni bir bağlantı isteyin" in answer.text
    for forged in ("/p/x", path[:-3] + "AAA", "/p/" + "a" * 3000):
        answer = await send(offered, forged, action="leave")
        assert answer.status_code == 404
        assert "Demo" not in answer.text
    assert await rows(connection, *LEDGER) == before
    await connection.execute("UPDATE contacts SET phone = NULL, ended_at = now(), ended_by = 'erasure'")
    assert (await send(offered, lasting, action="leave")).status_code == 410


async def test_a_merged_contact_is_its_successor(offered: Driver, connection: asyncpg.Connection) -> None:
    path = await link(offered)
    other = "+905321112299"
    await offered.world.opt_in(other, topics=["orders"])
    successor = (await offered.request("GET", f"/v1/contacts/{other}")).json()["id"]
    await connection.execute(
        "UPDATE contacts SET phone = NULL, ended_at = now(), ended_by = 'merge', successor_id = $1 WHERE phone = $2",
        parse_id("con", successor),
        PHONE,
    )
    assert "+90 5•• ••• •• 99" in (await show(offered, path)).text
    await send(offered, path, action="leave")
    assert (await acts(offered, other))[-1][:2] == ("opt_out", "*")


async def test_link_of_another_business_opens_only_its_own(offered: Driver, container: Container, app: FastAPI) -> None:
    other = await build_world(container, name="Öteki", phone_number_id="100000000000002", waba_id="200000000000002")
    await other.opt_in(PHONE)
    theirs = await link(Driver(offered.http, other))
    await send(offered, theirs, action="leave")
    assert [act for act, *_ in await acts(offered)] == ["opt_in"]
    assert [act for act, *_ in await acts(Driver(offered.http, other))] == ["opt_in", "opt_out"]
    assert "Demo" not in (await show(offered, theirs)).text


async def test_without_a_database_the_customer_reads_a_page(
    offered: Driver, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await link(offered)

    async def refused(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("app.pages.preferences.repository.find_contact", refused)
    answer = await show(offered, path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "Bu sayfa şu anda açılamıyor" in answer.text
