"""The opt-in form on our page and the public endpoint: what is taken, what is refused, and what is told of a number."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from app.core.clock import ManualClock
from app.core.settings import Settings
from app.main import create_app
from tests.support.driving import PHONE, Driver, another_api, problem, rows
from tests.support.world import WORDING

SHOP = "https://shop.example"
LEDGER = ("consent_acts", "consents", "contacts", "opt_in_link_counts", "callback_events", "messages")


async def link(driver: Driver, **body: Any) -> dict[str, Any]:
    told = {"source": "website_form", "leads_to": "page", "origins": [SHOP], **body}
    answer = await driver.request("POST", "/v1/opt-in-links", json=told)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def door(code: str) -> str:
    return f"/public/v1/opt-in/{code}"


async def form(driver: Driver, code: str, origin: str = SHOP) -> httpx.Response:
    return await driver.http.get(door(code), headers={"Origin": origin, "Accept-Language": "tr"})


async def filled(driver: Driver, clock: ManualClock, code: str, **changes: Any) -> dict[str, Any]:
    token = (await form(driver, code)).json()["token"]
    clock.advance(timedelta(seconds=3))
    return {"token": token, "language": "tr", "phone": "0533 444 55 66", "agreed": True, **changes}


async def send(driver: Driver, code: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    return await driver.http.post(door(code), json=body, headers={"Origin": SHOP, **headers})


async def contact(driver: Driver, phone: str = "+905334445566") -> dict[str, Any]:
    answer = await driver.request("GET", f"/v1/contacts/{phone}")
    found: dict[str, Any] = answer.json()
    return found


async def acts(driver: Driver, phone: str = "+905334445566") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await driver.request("GET", f"/v1/contacts/{phone}/consents")).json()["acts"]
    return found


class Ticking(ManualClock):
    """Never says the same time twice."""

    def now(self) -> datetime:
        self.advance(timedelta(milliseconds=1))
        return super().now()


async def test_nothing_is_recorded_before_it_was_said(
    driver: Driver, settings: Settings, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    code = (await link(driver))["code"]
    ticking = Ticking(clock.now())
    async with another_api(settings, ticking) as api:
        token = (await api.get(door(code), headers={"Origin": SHOP})).json()["token"]
        ticking.advance(timedelta(seconds=3))
        body = {"token": token, "language": "tr", "phone": "0533 444 55 66", "agreed": True}
        answer = await api.post(door(code), json=body, headers={"Origin": SHOP})
    assert answer.status_code == 200, answer.text
    (act,) = (await rows(connection, "consent_acts"))["consent_acts"]
    assert act["occurred_at"] == act["recorded_at"]


async def test_form_tells_what_a_website_needs(driver: Driver) -> None:
    made = await link(driver, topics=["orders", "loyalty"])
    answer = await form(driver, made["code"])
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert answer.headers["vary"] == "Origin"
    told = answer.json()
    assert [topic["name"] for topic in told["topics"]] == ["orders", "loyalty"]
    assert "Demo Mağaza" in told["wording"]
    assert "WhatsApp" in told["wording"]
    assert (await driver.http.get(f"{door(made['code'])}?lang=en", headers={"Origin": SHOP})).json()["language"] == "en"


@pytest.mark.parametrize(
    ("own", "version"), [({"wordings": {"tr": WORDING}}, None), ({"wording_version": "7"}, "link-1")]
)
async def test_a_version_is_that_of_the_wording(
    driver: Driver, clock: ManualClock, own: dict[str, Any], version: str | None
) -> None:
    made = await link(driver, **own)
    await send(driver, made["code"], await filled(driver, clock, made["code"]))
    assert {act["wording_version"] for act in await acts(driver)} == {version}


async def test_opt_in_is_recorded_with_what_was_shown(driver: Driver, clock: ManualClock) -> None:
    made = await link(driver, wordings={"tr": WORDING}, wording_version="2026-11")
    body = await filled(driver, clock, made["code"], name=" Işıl ", mode="modal", page=f"{SHOP}/urun")
    answer = await send(driver, made["code"], body)
    assert (answer.status_code, answer.json()) == (200, {"state": "opted_in"})
    assert answer.headers["access-control-allow-origin"] == SHOP
    (act,) = await acts(driver)
    told = {key: act[key] for key in ("source", "place", "link", "wording", "wording_version", "language", "address")}
    assert told == {
        "source": "website_modal",
        "place": SHOP,
        "link": made["id"],
        "wording": WORDING,
        "wording_version": "2026-11",
        "language": "tr",
        "address": "127.0.0.1",
    }
    exported = (await driver.request("GET", "/v1/contacts/+905334445566/export")).json()
    assert exported["acts"][0]["personal"]["page"] == f"{SHOP}/urun"
    assert ((await contact(driver))["name"], (await contact(driver))["language"]) == ("Işıl", "tr")


async def test_of_a_number_that_is_known_nothing_is_told_or_changed_but_the_consent(
    driver: Driver, clock: ManualClock
) -> None:
    made = await link(driver)
    details = {"name": "Ayşe Yılmaz", "language": "en"}
    await driver.consent(PHONE, act="opt_in", source="checkout", wording=WORDING, contact=details)
    known = await send(driver, made["code"], await filled(driver, clock, made["code"], phone=PHONE, name="Hırsız"))
    new = await send(driver, made["code"], await filled(driver, clock, made["code"]))
    assert known.json() == new.json() == {"state": "opted_in"}
    assert {name: value for name, value in known.headers.items() if name != "date"} == dict(new.headers)
    shown = await contact(driver, PHONE)
    assert (shown["name"], shown["language"]) == ("Ayşe Yılmaz", "en")


@pytest.mark.parametrize("refused", [["*"], ["orders"]])
async def test_what_the_owner_of_a_number_refused_no_form_takes_back(
    driver: Driver, clock: ManualClock, connection: asyncpg.Connection, refused: list[str]
) -> None:
    made = await link(driver, topics=["orders"])
    await driver.world.opt_in(PHONE)
    await driver.world.opt_out(PHONE, refused)
    known = await send(driver, made["code"], await filled(driver, clock, made["code"], phone=PHONE))
    new = await send(driver, made["code"], await filled(driver, clock, made["code"]))
    assert known.json() == new.json() == {"state": "opted_in"}, "whoever typed it learns nothing"
    assert [act["act"] for act in await acts(driver, PHONE)][-1] == "opt_in_request"
    later = await driver.report()
    assert (later.json()["status"], later.json()["reason"]) == ("suppressed", "not_confirmed")
    asked = "SELECT count(*) FROM messages WHERE event_type = 'opt-in-request' AND status <> 'suppressed'"
    assert await connection.fetchval(asked) == 1, "the owner is asked on WhatsApp"
    assert await connection.fetchval("SELECT sum(opt_ins) FROM opt_in_link_counts") == 1


async def test_a_door_to_the_chat_is_no_form(driver: Driver) -> None:
    made = await link(driver, source="qr_till", leads_to="whatsapp", origins=[])
    answer = await driver.http.get(f"/opt-in/{made['code']}")
    assert (answer.status_code, answer.headers["location"]) == (302, f"../o/{made['code']}")


@pytest.mark.parametrize("asked_by", ["link", "business"])
async def test_double_opt_in_waits_for_whatsapp(
    driver: Driver, clock: ManualClock, connection: asyncpg.Connection, asked_by: str
) -> None:
    if asked_by == "business":
        path = f"/v1/businesses/biz_{driver.world.business_id.hex}"
        await driver.request("PATCH", path, json={"double_opt_in": True})
    made = await link(driver, double_opt_in=asked_by == "link")
    answer = await send(driver, made["code"], await filled(driver, clock, made["code"]))
    assert answer.json() == {"state": "to_be_confirmed"}
    assert [act["act"] for act in await acts(driver)] == ["opt_in_request"]
    assert await connection.fetchval("SELECT count(*) FROM messages WHERE event_type = 'opt-in-request'") == 1
    assert await connection.fetchval("SELECT coalesce(sum(opt_ins), 0) FROM opt_in_link_counts") == 0


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"phone": "12"}, ["#/phone"]),
        ({"phone": ""}, ["#/phone"]),
        ({"phone": "0533 444 CAFE"}, ["#/phone"]),
        ({"agreed": False}, ["#/agreed"]),
        ({"name": "x" * 101}, ["#/name"]),
        ({"name": "a\x00b"}, ["#/name"]),
        ({"topics": []}, ["#/topics"]),
        ({"topics": ["marketing"]}, ["#/topics"]),
        ({"phone": "1", "agreed": False, "topics": []}, ["#/phone", "#/topics", "#/agreed"]),
        ({"language": "de"}, ["#/language"]),
        ({"extra": 1}, ["#/extra"]),
        ({"agreed": "yes"}, ["#/agreed"]),
        ({"page": "https://evil.example/urun"}, ["#/page"]),
        ({"page": f"{SHOP}.evil.example/"}, ["#/page"]),
        ({"page": "https://shop.example@evil.example/"}, ["#/page"]),
        ({"page": f"{SHOP}/urun?q=1"}, ["#/page"]),
    ],
)
async def test_bad_forms_say_what_is_wrong_and_change_nothing(
    driver: Driver, clock: ManualClock, connection: asyncpg.Connection, changes: dict[str, Any], pointers: list[str]
) -> None:
    made = await link(driver, topics=["orders", "loyalty"])
    body = await filled(driver, clock, made["code"], **{"topics": ["orders"], **changes})
    before = await rows(connection, *LEDGER)
    answer = await send(driver, made["code"], body)
    refused = problem(answer, 422, "invalid_request")
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert [one["pointer"] for one in refused["errors"]] == pointers
    assert await rows(connection, *LEDGER) == before


async def test_token_serves_once_and_in_time_and_survives_a_slip(driver: Driver, clock: ManualClock) -> None:
    made, other = await link(driver), await link(driver)
    body = await filled(driver, clock, made["code"])
    problem(await send(driver, made["code"], {**body, "phone": "1"}), 422, "invalid_request")
    problem(await send(driver, other["code"], body), 409, "form_token_invalid")
    problem(await send(driver, made["code"], {**body, "token": "x"}), 409, "form_token_invalid")
    problem(await send(driver, made["code"], {**body, "website": "https://spam.example"}), 409, "form_trapped")
    assert (await send(driver, made["code"], body)).status_code == 200
    problem(await send(driver, made["code"], body), 409, "form_token_used")
    quick = {**body, "token": (await form(driver, made["code"])).json()["token"]}
    problem(await send(driver, made["code"], quick), 409, "form_too_fast")
    clock.advance(timedelta(hours=4))
    problem(await send(driver, made["code"], quick), 409, "form_token_expired")


async def test_a_form_sent_twice_at_once_is_one(driver: Driver, clock: ManualClock) -> None:
    made = await link(driver)
    body = await filled(driver, clock, made["code"])
    answers = await asyncio.gather(*(send(driver, made["code"], body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(await acts(driver)) == 1


async def test_only_the_links_own_websites_are_answered(
    driver: Driver, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    made = await link(driver)
    body = await filled(driver, clock, made["code"])
    before = await rows(connection, *LEDGER)
    for origin in ("https://evil.example", "http://shop.example", "null", f"{SHOP}.evil.example"):
        for answer in (
            await form(driver, made["code"], origin),
            await send(driver, made["code"], body, Origin=origin),
            await driver.http.options(door(made["code"]), headers={"Origin": origin}),
        ):
            problem(answer, 403, "origin_not_allowed")
            assert "access-control-allow-origin" not in answer.headers
        assert (await send(driver, made["code"], {"phone": 1}, Origin=origin)).status_code == 403
    problem(await driver.http.post(door(made["code"]), json=body), 403, "origin_not_allowed")
    problem(await driver.http.get(door(made["code"])), 403, "origin_not_allowed")
    problem(
        await driver.http.get(door(made["code"]), headers={"Sec-Fetch-Site": "cross-site"}), 403, "origin_not_allowed"
    )
    assert await rows(connection, *LEDGER) == before
    asked = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}
    allowed = await driver.http.options(door(made["code"]), headers=asked)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (204, SHOP)
    assert "POST" in allowed.headers["access-control-allow-methods"]
    assert (await form(driver, made["code"], "https://msg.example")).status_code == 200
    own = {"Sec-Fetch-Site": "same-origin"}  # of which browsers name no origin
    assert (await driver.http.get(door(made["code"]), headers=own)).status_code == 200


async def test_unknown_and_disabled_links(driver: Driver, clock: ManualClock) -> None:
    made = await link(driver)
    body = await filled(driver, clock, made["code"])
    unknown = await form(driver, "K7Q2M9XBC")
    problem(unknown, 404, "not_found")
    assert unknown.headers["access-control-allow-origin"] == "*"
    problem(await form(driver, "x"), 404, "not_found")
    assert (await driver.http.get("/opt-in/x")).status_code == 404
    assert (await driver.request("DELETE", f"/v1/opt-in-links/{made['id']}")).is_success
    asked = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}
    for code, allowed, status, name in (
        ("K7Q2M9XBC", "*", 404, "not_found"),
        (made["code"], SHOP, 410, "link_disabled"),
    ):
        preflight = await driver.http.options(door(code), headers=asked)
        for answer in (preflight, await form(driver, code), await send(driver, code, body)):
            assert answer.headers["access-control-allow-origin"] == allowed
            assert answer is preflight or problem(answer, status, name)
        assert preflight.status_code == 204
    problem(await form(driver, made["code"], "https://evil.example"), 403, "origin_not_allowed")
    page = await driver.http.get(f"/opt-in/{made['code']}", headers={"Accept-Language": "en"})
    assert page.status_code == 410
    assert "no longer in use" in page.text


async def test_page_takes_the_same_form(driver: Driver, clock: ManualClock) -> None:
    made = await link(driver, source="qr_print")
    counted = await driver.http.get(f"/o/{made['code']}?lang=en")
    assert (counted.status_code, counted.headers["location"]) == (302, f"../opt-in/{made['code']}?lang=en")
    path = f"/opt-in/{made['code']}"
    page = await driver.http.get(path)
    token = page.text.split('name="token" value="')[1].split('"')[0]
    sent = {"token": token, "phone": "0533 444 55 66", "agreed": "yes"}
    quick = await driver.http.post(path, data=sent)
    assert quick.status_code == 409
    assert "çok hızlı" in quick.text
    clock.advance(timedelta(seconds=3))
    wrong = await driver.http.post(path, data={**sent, "phone": "<b>12</b>"})
    assert wrong.status_code == 422
    assert "<b>" not in wrong.text
    assert 'id="phone-error"' in wrong.text
    assert "<title>Hata: Bilgilendirmeleri WhatsApp’tan alın · Demo Mağaza</title>" in wrong.text
    trapped = await driver.http.post(path, data={**sent, "leave_empty": "https://spam.example"})
    assert trapped.status_code == 409
    assert 'name="website"' not in page.text, "which password managers fill"
    taken = await driver.http.post(path, data=sent)
    assert taken.status_code == 303
    done = await driver.http.get(path + taken.headers["location"])
    assert "Kaydınız alındı" in done.text
    other = done.text.split('<a href="')[1].split('"')[0].replace("&amp;", "&")
    assert "You are signed up" in (await driver.http.get(path + other)).text
    second = await link(driver)
    for made_up in (f"{path}?done=opted_in", f"/opt-in/{second['code']}{taken.headers['location']}"):
        assert "Kaydınız alındı" not in (await driver.http.get(made_up)).text
    again = await driver.http.post(path, data=sent)
    assert again.status_code == 409
    assert f'value="{token}"' not in again.text
    (act,) = await acts(driver)
    assert (act["source"], act["place"]) == ("qr_print", None)


async def test_who_only_looks_whether_a_page_is_there_is_answered(driver: Driver) -> None:
    made = await link(driver)
    for path in (f"/opt-in/{made['code']}", f"/embed/{made['code']}.js"):
        assert (await driver.http.head(path)).status_code == 200


async def test_dead_ends_of_links_are_the_businesss_own_and_say_the_same(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    business = f"/v1/businesses/biz_{driver.world.business_id.hex}"
    assert (await driver.request("PATCH", business, json={"colour": "#7a1fa2"})).is_success
    made = await link(driver, leads_to="whatsapp")
    await driver.request("DELETE", f"/v1/opt-in-links/{made['id']}")
    pages = [await driver.http.get(f"/{way}/{made['code']}") for way in ("o", "opt-in")]
    for page in pages:
        assert page.status_code == 410
        assert "--brand:#7a1fa2" in page.text
        assert page.headers["cache-control"] == "no-store"
    assert pages[0].text == pages[1].text
    unused = await link(driver, leads_to="whatsapp")
    other_mode = "UPDATE opt_in_links SET mode = CASE mode WHEN 'live' THEN 'test' ELSE 'live' END WHERE code = $1"
    await connection.execute(other_mode, unused["code"])  # in which the business has no number
    page = await driver.http.get(f"/o/{unused['code']}", headers={"Accept-Language": "en"})
    assert (page.status_code, page.headers["retry-after"]) == (503, "3600")
    assert "The WhatsApp number of Demo Mağaza is not available at the moment." in page.text
    assert "--brand:#7a1fa2" in page.text


async def test_snippet_is_small_and_cached(driver: Driver) -> None:
    made = await link(driver)
    answer = await driver.http.get(f"/embed/{made['code']}.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert len(answer.content) < 12_000
    again = await driver.http.get(f"/embed/{made['code']}.js", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert (await driver.http.get("/embed/x.js")).status_code == 404


@pytest.fixture
async def strict(settings: Settings, clock: ManualClock) -> AsyncIterator[httpx.AsyncClient]:
    """The API with the tightest of limits, behind a proxy of ours."""
    tight = {
        "opt_in_limit_address": "2/hour",
        "opt_in_limit_phone": "1/hour",
        "preference_limit": "1/hour",
        "trusted_proxies": "127.0.0.1",
    }
    application = create_app(Settings(**{**settings.model_dump(), **tight}), clock)
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://ulak.test") as client:
            yield client


async def test_attempts_are_counted_by_address_and_by_number(
    driver: Driver, strict: httpx.AsyncClient, clock: ManualClock
) -> None:
    made, one = await link(driver), Driver(strict, driver.world)
    first = await filled(one, clock, made["code"])
    assert (await send(one, made["code"], first, **{"X-Forwarded-For": "198.51.100.1"})).status_code == 200
    assert (await acts(driver))[0]["address"] == "198.51.100.1"
    same_number = await filled(one, clock, made["code"])
    refused = await send(one, made["code"], same_number, **{"X-Forwarded-For": "198.51.100.2"})
    problem(refused, 429, "rate_limited")
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert refused.headers["access-control-allow-origin"] == SHOP
    other_number = {**same_number, "phone": "0533 444 55 67"}
    assert (await send(one, made["code"], other_number, **{"X-Forwarded-For": "198.51.100.2"})).status_code == 200
    third = await filled(one, clock, made["code"], phone="0533 444 55 68")
    problem(await send(one, made["code"], third, **{"X-Forwarded-For": "198.51.100.2"}), 429, "rate_limited")
    page = await strict.post(
        f"/opt-in/{made['code']}",
        data={"token": third["token"], "phone": "0533 444 55 68", "name": "Işıl", "agreed": "yes"},
        headers={"X-Forwarded-For": "198.51.100.2"},
    )
    assert page.status_code == 429
    assert int(page.headers["retry-after"]) > 0
    for kept in ('value="0533 444 55 68"', 'value="Işıl"', 'value="yes" required checked', third["token"]):
        assert kept in page.text
    assert "Kısa sürede" in page.text


async def test_changes_on_the_preference_page_are_counted(
    driver: Driver, strict: httpx.AsyncClient, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)
    url = (await driver.request("POST", f"/v1/contacts/{PHONE}/preference-link", json={})).json()["url"]
    path = url.removeprefix("https://msg.example")
    assert (await strict.post(path, data={"action": "come_back"})).status_code == 303
    until = (clock.now() + timedelta(days=40)).date().isoformat()
    refused = await strict.post(path, data={"action": "pause", "until": until})
    assert refused.status_code == 429
    assert "Kısa sürede" in refused.text
    refused = await strict.post(path, data={"action": "save", "cap": "3/7"})
    assert 'value="3/7" checked' in refused.text
    assert int(refused.headers["retry-after"]) > 0
    assert (await strict.post(path, data={"action": "leave"})).status_code == 303, "nobody is kept from leaving"
    assert [act["act"] for act in await acts(driver, PHONE)][-1] == "opt_out"
