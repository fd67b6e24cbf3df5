"""The working pages: what they show, what may be done there and by whom, and nothing of anybody else's."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest
import respx

from app.accounts.keys import Scope
from app.console import message_pages
from app.container import Container
from app.core.clock import ManualClock
from app.messages.dispatch import Dispatcher
from tests.integration.console.conftest import Person
from tests.support.driving import PHONE, Driver, accept_all, refusal, rows, sends
from tests.support.graph_server import REFUSED
from tests.support.working import NAME, REFERENCE, Work, put_to_work
from tests.support.world import build_world

CALLBACKS = "https://crm.example/callbacks"
_HIDDEN = "+90 5•• ••• •• 33"
_ACTIONS = re.compile(r'<form[^>]*method="post"[^>]*action="([^"]+)"')


def _takes_most(request: httpx.Request) -> httpx.Response:
    return refusal(131026) if REFUSED.encode() in request.content else accept_all(request)


@pytest.fixture
async def work(
    driver: Driver, container: Container, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter
) -> Work:
    graph.route(host="msg.example").pass_through()
    sends(graph, driver.world).mock(side_effect=_takes_most)
    return await put_to_work(driver, container, dispatcher, clock, CALLBACKS)


async def _shown(person: Person, path: str) -> str:
    page = await person.get(f"/console/{path}")
    assert page.status_code == 200, path
    return page.text


async def test_pages_say_what_happened_in_the_language_of_whoever_looks(signed_in: Person, work: Work) -> None:
    read = await _shown(signed_in, f"messages/{work.read}")
    assert "<strong>A-1001</strong>" in read, "the bubble has WhatsApp's bold"
    for said in (
        "Okundu",
        "izni var.",
        "1. deneme: Meta mesajı kabul etti",
        "Telefona ulaştı",
        "Müşteri yanıtladı: yazdı",
        "Meta bu mesajın yanıtı olduğunu bildirdi.",
        f"message.read → {CALLBACKS}: yolda",
        REFERENCE,
        PHONE,
    ):
        assert said in read, said
    order = [read.index(said) for said in ("Ulak olayı kabul etti", "1. deneme", "Gönderildi</p>", "Okundu</p>")]
    assert order == sorted(order)
    failed = await _shown(signed_in, f"messages/{work.failed}")
    assert "Numara WhatsApp’ta yok" in failed
    assert "Meta hatası 131026: Message undeliverable" in failed
    assert "Bu müşteriye başka bir kanaldan ulaşın." in failed
    assert "Müşterinin izni yok." in await _shown(signed_in, f"messages/{work.suppressed}")
    contact = await _shown(signed_in, f"contacts/{work.contact}")
    for said in (NAME, "Moda mağazası, 2. kasa", "Onay verildi", "Merhaba Demo Mağaza", "Defter satırı"):
        assert said in contact, said
    template = await _shown(signed_in, f"templates/{work.template}")
    for said in ("Duraklatıldı", "“Pazarlama” yapacağını bildirdi", "Kategoriyi kabul edin", "Kategori değişikliği"):
        assert said in template, said
    assert "Ödeme yöntemi yok ya da kredi sınırı aşılmış." in await _shown(signed_in, "senders")
    link = await _shown(signed_in, f"consents/{work.link}")
    assert "%25" in link, "four scans, one opt-in"
    assert (await signed_in.get(f"/console/consents/{work.link}/qr.png?download=1")).content[:4] == b"\x89PNG"
    assert "1" in await _shown(signed_in, "consents/holders")
    everything = [await _shown(signed_in, path) for path in work.paths()]
    await signed_in.send("/console/language", page="/console/messages", language="en")
    assert "The customer answered: wrote" in await _shown(signed_in, f"messages/{work.read}")
    for path, turkish in zip(work.paths(), everything, strict=True):
        assert await _shown(signed_in, path) != turkish, path
    for path in ("messages", "replies"):
        assert PHONE not in await _shown(signed_in, path), "lists hide numbers"
    assert _HIDDEN in await _shown(signed_in, "messages")


async def test_whatever_is_at_hand_finds_a_message(
    signed_in: Person, work: Work, subtests: pytest.Subtests, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = {"contact": [work.contact]}
    wanted: dict[str, Any] = {
        "0532 111 22 33": mine,
        "+90 (532) 111-22-33": mine,
        "905321112233": mine,
        REFERENCE: {"reference": [REFERENCE]},
        "order-confirmed": {"event_type": ["order-confirmed"]},
        "order_shipped": {"template": ["order_shipped"]},
        "131026": {"reason": ["error_131026"]},
        "0532 999 88 77": {"not_found": ["phone"]},
        "wamid.HBgMOTA1MzI5OTk4ODc3": {"not_found": ["wamid"]},
        f"wamid.{work.read}": f"/console/messages/{work.read}",
        "wamid.in.2": f"/console/replies/{work.reply}",
        work.read: f"/console/messages/{work.read}",
        work.contact: f"/console/contacts/{work.contact}",
        work.reply: f"/console/replies/{work.reply}",
    }
    for typed, expected in wanted.items():
        with subtests.test(typed=typed):
            led = urlsplit(
                (await signed_in.send("/console/messages/search", page="/console/messages", q=typed)).headers[
                    "location"
                ]
            )
            assert (led.path if isinstance(expected, str) else parse_qs(led.query)) == expected
            page = await signed_in.get(f"{led.path}?{led.query}")
            assert page.status_code == 200
            if expected == mine or "reference" in expected:
                assert work.read in page.text
                assert work.failed not in page.text
            if "reason" in expected:
                assert work.failed in page.text
                assert work.read not in page.text
    kept = await signed_in.send(
        "/console/messages/search", page="/console/messages", q="0532 111 22 33", status="read", since="2026-01-01"
    )
    assert parse_qs(urlsplit(kept.headers["location"]).query) == mine | {"status": ["read"], "since": ["2026-01-01"]}
    for wrong in ("status=x", "since=gestern", "until=0001-01-01", "cursor=?", "reference=%00"):
        assert (await signed_in.get(f"/console/messages?{wrong}")).status_code == 422
    # What no index finds is looked for among so many messages at once, and the next page goes on from there.
    monkeypatch.setattr(message_pages, "LOOKED_THROUGH", 2)
    path, seen = "/console/messages?status=read", []
    while path:
        page = await signed_in.get(path)
        seen += [one for one in (work.read, work.failed, work.suppressed) if f"messages/{one}" in page.text]
        onward = re.search(r'rel="next" href="([^"]+)"', page.text)
        path = onward[1].replace("&amp;", "&") if onward else ""
    assert seen == [work.read]


async def _json(driver: Driver, path: str) -> Any:
    return (await driver.request("GET", path)).json()


async def test_buttons_do_what_they_say_once_and_tell_the_log_who(
    signed_in: Person,
    work: Work,
    driver: Driver,
    connection: asyncpg.Connection,
    told: Sequence[Mapping[str, Any]],
) -> None:
    event = (await _json(driver, f"/v1/callback-endpoints/{work.endpoint}/deliveries"))["deliveries"][-1]["event"]
    nobody = await signed_in.send(
        f"/console/contacts/{work.contact}/opt-out", page=f"/console/contacts/{work.contact}", staff="\u200b"
    )
    assert nobody.headers["location"].endswith("?staff=missing#opt-out")
    for path, page, fields in (
        (f"messages/{work.scheduled}/cancel", f"messages/{work.scheduled}", {}),
        (f"replies/{work.reply}/read", f"replies/{work.reply}", {}),
        (f"senders/{work.sender}/resume", "senders", {}),
        (f"senders/{driver.world.sender}/pause", "senders", {"reason": "Sayım"}),
        (f"templates/{work.template}/accept-category", f"templates/{work.template}", {"category": "MARKETING"}),
        (f"callbacks/{work.endpoint}/{event}/replay", f"callbacks/{work.endpoint}/{event}", {}),
        (f"callbacks/{work.endpoint}/test", f"callbacks/{work.endpoint}", {}),
        (
            f"callbacks/{work.endpoint}/replay",
            f"callbacks/{work.endpoint}",
            {"since": "2026-01-01T00:00", "until": "2036-01-01T00:00", "only": "all"},
        ),
        (f"callbacks/{work.endpoint}/disable", f"callbacks/{work.endpoint}", {}),
        (f"callbacks/{work.endpoint}/enable", f"callbacks/{work.endpoint}", {}),
        (f"consents/{work.link}/disable", f"consents/{work.link}", {}),
        (f"contacts/{work.contact}/opt-out", f"contacts/{work.contact}", {"staff": "Derya"}),
    ):
        sent = await signed_in.send(f"/console/{path}", page=f"/console/{page}", **fields)
        assert sent.status_code == 303, (path, told[-1])
        after = await signed_in.get(sent.headers["location"])
        assert 'class="note ok"' in after.text, path
    assert (await driver.story(work.scheduled))["status"] == "canceled"
    assert (await _json(driver, f"/v1/replies/{work.reply}"))["marked_read_at"] is not None
    states = {one["id"]: one["state"] for one in (await _json(driver, "/v1/senders"))["senders"]}
    assert states == {work.sender: "active", driver.world.sender: "paused"}
    assert (await _json(driver, f"/v1/templates/{work.template}"))["accepted_category"] == "MARKETING"
    assert (await _json(driver, f"/v1/callback-endpoints/{work.endpoint}"))["enabled"]
    assert (await _json(driver, f"/v1/opt-in-links/{work.link}"))["disabled_at"] is not None
    act = (await _json(driver, f"/v1/contacts/{PHONE}/consents"))["acts"][-1]
    assert (act["act"], act["actor"], act["source"]) == ("opt_out", "staff:Derya", "support_agent")
    acts = [one for one in told if one["event"] == "console act"]
    assert len(acts) == 12
    assert all(one["session"].startswith("ses_") and one["key"].startswith("key_") for one in acts)
    assert not any(secret in str(told) for secret in (PHONE, PHONE[1:], NAME, "Derya", "Sayım"))
    late = await signed_in.send(f"/console/messages/{work.read}/cancel", page="/console/messages")
    assert late.status_code == 409
    assert "Mesaj artık durdurulamaz." in late.text
    made = await signed_in.send("/console/consents", source="qr_print", place="Broşür", topic="orders", leads_to="page")
    assert made.status_code == 303
    assert "Broşür" in (await signed_in.get(made.headers["location"])).text
    unmade = await signed_in.send("/console/consents", source="qr_print", place="a\x07b")
    assert (unmade.status_code, "aria-invalid" in unmade.text) == (422, True)
    link = await signed_in.send(f"/console/contacts/{work.contact}/preference-link", page="/console/messages")
    assert "https://msg.example/p/" in link.text


async def test_an_answer_goes_out_once_and_only_in_its_window(
    signed_in: Person, work: Work, driver: Driver, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    page = f"/console/replies/{work.reply}"
    shown = (await signed_in.get(page)).text
    once = re.search(r'name="once" value="([^"]+)"', shown)
    assert once is not None, shown[shown.index("<main") :][:3000]
    sent = [
        await signed_in.send(f"{page}/answer", page=page, text="Bugün 18.00’e kadar.", once=once[1], quote="yes")
        for _ in range(2)
    ]
    assert sent[0].headers["location"] == sent[1].headers["location"]
    story = await driver.story(sent[0].headers["location"].rpartition("/")[2])
    assert story["content"] == {"text": {"body": "Bugün 18.00’e kadar.", "preview_url": False}}
    shown = await _shown(signed_in, f"messages/{work.read}")
    assert "Yanıt yazıldı" in shown, "the story of what was answered leads on to the answer"
    assert "Bugün 18.00’e kadar." in await _shown(signed_in, f"messages/{story['id']}")
    clock.advance(timedelta(hours=25))
    await signed_in.sign_in(driver.world.token)
    assert "24 saatlik yanıt süresi dolmuş" in (await signed_in.get(page)).text
    late = await signed_in.send(f"{page}/answer", page="/console/messages", text="Geç kaldı", once="0" * 32)
    assert late.status_code == 409
    assert "24 saatlik yanıt süresi dolmuş" in late.text
    assert await connection.fetchval("SELECT count(*) FROM messages WHERE template_name IS NULL") == 1


def _acts_of(work: Work) -> list[str]:
    return [
        f"messages/{work.scheduled}/cancel",
        f"contacts/{work.contact}/opt-out",
        f"contacts/{work.contact}/preference-link",
        f"replies/{work.reply}/answer",
        f"replies/{work.reply}/read",
        f"templates/{work.template}/submit",
        f"templates/{work.template}/unpause",
        f"templates/{work.template}/accept-category",
        "templates/sync",
        f"senders/{work.sender}/pause",
        f"senders/{work.sender}/resume",
        "consents",
        f"consents/{work.link}/disable",
        *(f"callbacks/{work.endpoint}/{act}" for act in ("replay", "test", "enable", "disable")),
    ]


_FIELDS = {
    "staff": "Can",
    "text": "Merhaba",
    "category": "MARKETING",
    "since": "2026-01-01T00:00",
    "until": "2036-01-01T00:00",
    "source": "other",
}


async def test_a_period_that_no_calendar_has_is_refused(signed_in: Person, work: Work) -> None:
    path = f"/console/callbacks/{work.endpoint}"
    for since in ("0001-01-01T00:00", "9999-12-31T23:59:59-23:59", "yesterday"):
        answer = await signed_in.send(f"{path}/replay", page=path, since=since, until="2036-01-01T00:00")
        assert answer.status_code == 422, since


async def test_who_may_only_write_is_shown_no_contact(
    person: Person, work: Work, driver: Driver, container: Container
) -> None:
    scopes = [Scope.CONTACTS_WRITE, Scope.SENDERS_READ]
    await person.sign_in(
        await container.accounts.create_key(driver.world.business_id, "writes", mode="test", scopes=scopes)
    )
    for act in (f"contacts/{work.contact}/preference-link", "consents"):
        answer = await person.send(f"/console/{act}", page="/console/senders", source="x")
        assert answer.status_code == 403, act
        assert not any(secret in answer.text for secret in (PHONE, NAME))


async def test_who_may_not_read_contacts_sees_no_number_as_it_came(
    person: Person, work: Work, driver: Driver, container: Container
) -> None:
    token = await container.accounts.create_key(
        driver.world.business_id, "reads", mode="test", scopes=[Scope.MESSAGES_READ]
    )
    await person.sign_in(token)
    for path in (f"messages/{work.read}", f"messages/{work.read}/story", f"replies/{work.reply}"):
        assert PHONE[1:] not in await _shown(person, path), path


async def test_nothing_is_seen_or_done_by_who_may_not(
    person: Person, work: Work, driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    before = await rows(connection)
    for path in [*work.paths(), f"consents/{work.link}/qr.svg", f"messages/{work.read}/story", "consents/holders"]:
        turned_away = await person.get(f"/console/{path}")
        assert turned_away.headers["location"].startswith("/console/login?back="), path
    reading = [scope for scope in Scope if scope.value.endswith(":read")]
    token = await container.accounts.create_key(driver.world.business_id, "reads", mode="test", scopes=reading)
    await person.sign_in(token)
    kept = ("api_keys", "console_sessions")
    for path in work.paths():
        actions = set(_ACTIONS.findall(await _shown(person, path)))
        assert actions <= {"/console/language", "/console/logout", "/console/messages/search"}, path
    for act in _acts_of(work):
        assert (await person.send(f"/console/{act}", page="/console/messages", **_FIELDS)).status_code == 403, act
    thief = await build_world(container, name="Hırsız")
    person.browser.cookies.clear()
    await person.sign_in(thief.token)
    theirs = await rows(connection)
    for path in work.paths():
        answer = await person.get(f"/console/{path}")
        assert answer.status_code == (404 if "_" in path else 200), path
        assert not any(mark in answer.text for mark in (NAME, REFERENCE, PHONE, "Moda", CALLBACKS)), path
    for query in (f"messages?contact={work.contact}", f"replies?contact={work.contact}"):
        assert (await person.get(f"/console/{query}")).status_code == 404
    found = await person.send("/console/messages/search", page="/console/messages", q=PHONE)
    assert found.headers["location"].endswith("not_found=phone")
    for act in _acts_of(work):
        if "_" in act:
            assert (await person.send(f"/console/{act}", page="/console/messages", **_FIELDS)).status_code == 404, act
    unproven = await person.browser.post("/console/consents", data={"source": "other"})
    assert unproven.status_code == 403
    after = await rows(connection)
    assert {table: after[table] for table in after if table not in kept} == {
        table: theirs[table] for table in theirs if table not in kept
    }
    of_business = driver.world.business_id
    for table in before:
        mine = [row for row in before[table] if row.get("business_id") == of_business]
        now = [row for row in after[table] if row.get("business_id") == of_business]
        assert table in kept or now == mine, table
    live = await container.accounts.create_key(driver.world.business_id, "live", mode="live")
    person.browser.cookies.clear()
    await person.sign_in(live)
    for path in work.paths():
        assert (await person.get(f"/console/{path}")).status_code == (404 if "_" in path else 200), path
