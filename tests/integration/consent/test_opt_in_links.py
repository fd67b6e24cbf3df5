"""Opt-in links: put up, scanned, counted, sent back, changed and closed."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from tests.support.driving import PHONE, Driver, another_container, pointers, problem, rows
from tests.support.world import PUBLIC_URL, WORDING, build_world, webhook

CHROME = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36"


async def make(driver: Driver, **body: Any) -> dict[str, Any]:
    answer = await driver.request("POST", "/v1/opt-in-links", json={"source": "qr_till", **body})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/opt-in-links/{answer.json()['id']}"
    made: dict[str, Any] = answer.json()
    return made


async def counts(driver: Driver, link: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await driver.request("GET", f"/v1/opt-in-links/{link['id']}/counts")).json()
    return found


async def sends(driver: Driver, text: str, clock: ManualClock, wamid: str = "wamid.in.1") -> None:
    at = str(int(clock.now().timestamp()))
    message = {
        "from": PHONE.lstrip("+"),
        "id": wamid,
        "timestamp": at,
        "type": "text",
        "text": {"body": text},
    }
    assert (await driver.webhook(webhook(driver.world, messages=[message]))).status_code == 200


async def acts(driver: Driver) -> list[dict[str, Any]]:
    answer = await driver.request("GET", f"/v1/contacts/{PHONE}/consents")
    found: list[dict[str, Any]] = answer.json().get("acts", [])
    return found


async def test_a_door_comes_with_all_that_is_put_up(driver: Driver) -> None:
    link = await make(driver, place="Kadıköy, 3. kasa", topics=["orders", "orders", "marketing"])
    assert link["url"] == f"{PUBLIC_URL}/o/{link['code']}"
    assert link["topics"] == ["orders", "marketing"]
    chat = urlsplit(link["whatsapp_url"])
    assert (chat.netloc, chat.path) == ("wa.me", "/908505551010")
    assert parse_qs(chat.query) == {"text": [link["prefilled_text"]]}
    assert link["prefilled_text"] == (
        "Merhaba Demo Mağaza, WhatsApp’tan bilgilendirme ve kampanya mesajları (ticari elektronik ileti) almak "
        f"istiyorum. Konular: Siparişler ve kargo; Kampanyalar ve fırsatlar. (Kod: {link['code']})"
    )
    assert link["url"] in link["invitations"]["sms"]["text"]
    assert link["invitations"]["sms"]["encoding"] == "UCS-2"
    assert link["invitations"]["sms_gsm7"]["segments"] == 2
    assert "Konular: Siparişler ve kargo; Kampanyalar ve fırsatlar." in link["invitations"]["sms"]["text"]
    assert link["warnings"] == []
    assert link["url"] in link["invitations"]["email"]["text"]
    assert link["snippet"] == f'<script src="{PUBLIC_URL}/embed/{link["code"]}.js" async></script>'
    assert link["counts"] == {"scans": 0, "opt_ins": 0}
    english = await make(driver, language="en")
    assert english["prefilled_text"].startswith("Hello Demo Mağaza")


async def test_what_a_door_ought_to_have_is_said(driver: Driver) -> None:
    body = {"source": "website_form", "leads_to": "page", "wordings": {"tr": WORDING}}
    made = await make(driver, **body)
    assert [one["code"] for one in made["warnings"]] == ["privacy_url_missing", "wording_version_missing"]
    assert "formu doldurun" in made["invitations"]["email"]["text"]
    business = f"biz_{driver.world.business_id.hex}"
    url = {"privacy_url": "https://shop.example/kvkk"}
    assert (await driver.request("PATCH", f"/v1/businesses/{business}", json=url)).status_code == 200
    driver.world.container.directory.forget()
    changed = await driver.request("PATCH", f"/v1/opt-in-links/{made['id']}", json={"wording_version": "2026-11"})
    assert changed.json()["warnings"] == []


async def test_a_scan_by_a_person_is_counted_and_led_to_the_chat(driver: Driver) -> None:
    link = await make(driver)
    for path in (f"/o/{link['code']}", f"/o/{link['code'].lower()}", f"/O/{link['code']}"):
        answer = await driver.http.get(path, headers={"user-agent": CHROME})
        assert (answer.status_code, answer.headers["location"]) == (302, link["whatsapp_url"])
        assert answer.headers["cache-control"] == "no-store"
    await driver.http.head(f"/o/{link['code']}")
    await driver.http.get(f"/o/{link['code']}", headers={"user-agent": "WhatsApp/2.24.1 i"})
    await driver.http.get(f"/o/{link['code']}", headers={"sec-purpose": "prefetch"})
    shown = await driver.request("GET", f"/v1/opt-in-links/{link['id']}")
    assert shown.json()["counts"] == {"scans": 3, "opt_ins": 0}


async def test_the_text_as_it_was_made_ready_is_an_opt_in_with_the_links_place(
    driver: Driver, clock: ManualClock
) -> None:
    link = await make(driver, place="Kadıköy, 3. kasa", topics=["orders", "appointments"], wording_version="7")
    text = link["prefilled_text"].lower()
    for _ in range(2):
        await sends(driver, text, clock)
    found = await acts(driver)
    assert [(one["act"], one["topic"]) for one in found] == [("opt_in", "orders"), ("opt_in", "appointments")]
    for one in found:
        assert (one["source"], one["place"], one["link"]) == ("qr_till", "Kadıköy, 3. kasa", link["id"])
        assert (one["wording"], one["wording_version"], one["actor"]) == (text, None, "customer")
        assert one["language"] == "tr"
    assert (await counts(driver, link))["total"] == {"scans": 0, "opt_ins": 1}
    assert (await driver.report()).json()["status"] == "queued"


async def test_counts_are_kept_day_by_day(driver: Driver, clock: ManualClock) -> None:
    link = await make(driver)
    await driver.http.get(f"/o/{link['code']}")
    first = clock.now().date().isoformat()
    clock.advance(timedelta(days=1))
    await driver.http.get(f"/o/{link['code']}")
    await driver.http.get(f"/o/{link['code']}")
    await sends(driver, link["prefilled_text"], clock)
    second = clock.now().date().isoformat()
    assert (await counts(driver, link)) == {
        "total": {"scans": 3, "opt_ins": 1},
        "days": [{"scans": 2, "opt_ins": 1, "day": second}, {"scans": 1, "opt_ins": 0, "day": first}],
    }


@pytest.mark.parametrize("change", ["istemiyorum", "Başka", "word", "stranger"])
async def test_any_other_text_is_a_reply(
    driver: Driver, container: Container, connection: asyncpg.Connection, clock: ManualClock, change: str
) -> None:
    link = await make(driver)
    text = link["prefilled_text"]
    if change == "stranger":
        other = await build_world(
            container, name="Kurban", phone_number_id="100000000000002", waba_id="200000000000002", app_secret="o"
        )
        text = (await make(Driver(driver.http, other)))["prefilled_text"]
    else:
        text = {
            "istemiyorum": text.replace("istiyorum", "istemiyorum"),
            "Başka": text.replace("Demo", "Başka"),
            "word": text.replace("almak", "belki almak"),
        }[change]
    await sends(driver, text, clock)
    assert (await rows(connection, "consent_acts"))["consent_acts"] == []
    assert len((await rows(connection, "replies"))["replies"]) == 1


async def test_a_closed_door_says_so_and_its_text_is_a_reply(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    link = await make(driver)
    path = f"/o/{link['code']}"
    assert (await driver.http.get(path)).status_code == 302
    for _ in range(2):
        assert (await driver.request("DELETE", f"/v1/opt-in-links/{link['id']}")).status_code == 204
    for language, said in (("tr", "Bu bağlantı artık kullanılmıyor"), ("en", "This link is no longer in use")):
        answer = await driver.http.get(path, headers={"accept-language": language})
        assert answer.status_code == 410
        assert said in answer.text
        assert "Demo Mağaza" in answer.text
    await sends(driver, link["prefilled_text"], clock)
    assert (await rows(connection, "consent_acts"))["consent_acts"] == []
    shown = (await driver.request("GET", f"/v1/opt-in-links/{link['id']}")).json()
    assert shown["disabled_at"] is not None
    assert shown["counts"] == {"scans": 1, "opt_ins": 0}


@pytest.mark.parametrize("code", ["K7Q2M9X4T", "nonsense", "K7Q2M9X4T' OR 1=1", "%00"])
async def test_an_unknown_code_is_told_so(driver: Driver, code: str) -> None:
    answer = await driver.http.get(f"/o/{code}", headers={"accept-language": "en"})
    assert answer.status_code == 404
    assert "This link was not found" in answer.text


async def test_what_changes_is_heard_by_other_processes(
    driver: Driver, settings: Settings, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    link = await make(driver)
    async with another_container(settings, clock) as other:
        known = await other.opt_in_links.by_code(link["code"])
        assert known is not None
        assert known.place is None
        changed = await driver.request(
            "PATCH",
            f"/v1/opt-in-links/{link['id']}",
            json={"place": "4. kasa", "topics": ["orders"], "double_opt_in": True, "language": "en"},
        )
        assert changed.status_code == 200, changed.text
        while (known := await other.opt_in_links.by_code(link["code"])) is None or known.place is None:
            await connection.fetchval("SELECT 1")
        assert (known.place, known.topics, known.double_opt_in) == ("4. kasa", ("orders",), True)
    assert (changed.json()["code"], changed.json()["language"]) == (link["code"], "en")
    assert (await driver.request("GET", f"/v1/opt-in-links/{link['id']}")).json() == changed.json()


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"source": "service_desk"}, "literal_error", "#/source"),
        ({"source": None}, "literal_error", "#/source"),
        ({"wordings": {"tr": "WhatsApp'tan yazın"}}, "wording_without_business", "#/wordings/tr"),
        ({"wordings": {"en": "Demo Mağaza may write"}}, "wording_without_whatsapp", "#/wordings/en"),
        ({"wordings": {"de": WORDING}}, "literal_error", "#/wordings/de"),
        ({"topics": []}, "too_short", "#/topics"),
        ({"topics": ["orders", "invented"]}, "unknown_topic", "#/topics/1"),
        ({"topics": ["Orders"]}, "string_pattern_mismatch", "#/topics/0"),
        ({"origins": ["https://shop.example/path"]}, "value_error", "#/origins/0"),
        ({"origins": ["shop.example"]}, "value_error", "#/origins/0"),
        ({"origins": ["https://mağaza.example"]}, "value_error", "#/origins/0"),
        ({"sender": "snd_" + "0" * 32}, "unknown_sender", "#/sender"),
        ({"leads_to": "shop"}, "literal_error", "#/leads_to"),
        ({"place": " "}, "string_too_short", "#/place"),
        ({"double_opt_in": "yes"}, "bool_type", "#/double_opt_in"),
        ({"colour": "red"}, "extra_forbidden", "#/colour"),
        ({"language": "de"}, "literal_error", "#/language"),
    ],
)
async def test_what_does_not_fit_is_refused_with_its_place(
    driver: Driver, connection: asyncpg.Connection, change: dict[str, Any], code: str, pointer: str
) -> None:
    answer = await driver.request("POST", "/v1/opt-in-links", json={"source": "qr_till", **change})
    body = problem(answer, 422, "invalid_request")
    assert pointers(body) == [pointer]
    assert body["errors"][0]["code"] == code
    assert (await rows(connection, "opt_in_links"))["opt_in_links"] == []


async def test_a_change_is_checked_as_the_making_is(driver: Driver) -> None:
    link = await make(driver, origins=["HTTPS://Shop.Example:443", "http://localhost:3000/"])
    assert link["origins"] == ["https://shop.example", "http://localhost:3000"]
    path = f"/v1/opt-in-links/{link['id']}"
    for change, pointer in (
        ({"wordings": {"tr": "Evet"}}, "#/wordings/tr"),
        ({"topics": None}, "#/topics"),
        ({"topics": ["*", "order"]}, "#/topics/1"),
        ({"source": "shop_sign"}, "#/source"),
        ({"sender": "me"}, "#/sender"),
    ):
        body = problem(await driver.request("PATCH", path, json=change), 422, "invalid_request")
        assert pointers(body) == [pointer]
    unchanged = {**link, "counts": {"scans": 0, "opt_ins": 0}}
    assert (await driver.request("GET", path)).json() == unchanged
    for missing in ("/v1/opt-in-links/lnk_" + "0" * 32, "/v1/opt-in-links/nonsense"):
        problem(await driver.request("GET", missing), 404, "not_found")


async def test_they_are_listed_newest_first(driver: Driver) -> None:
    made = [await make(driver, source=source) for source in ("qr_till", "shop_sign", "qr_till")]
    first = (await driver.request("GET", "/v1/opt-in-links", params={"limit": 2})).json()
    rest = (await driver.request("GET", "/v1/opt-in-links", params={"cursor": first["next_cursor"]})).json()
    listed = [one["id"] for one in first["opt_in_links"] + rest["opt_in_links"]]
    assert listed == [one["id"] for one in reversed(made)]
    assert rest["next_cursor"] is None
    signs = (await driver.request("GET", "/v1/opt-in-links", params={"source": "shop_sign"})).json()
    assert [one["id"] for one in signs["opt_in_links"]] == [made[1]["id"]]
    problem(await driver.request("GET", "/v1/opt-in-links", params={"sorce": "x"}), 422, "invalid_request")


async def test_the_pictures_are_of_the_size_asked_for(driver: Driver) -> None:
    link = await make(driver)
    svg = await driver.request("GET", f"/v1/opt-in-links/{link['id']}/qr.svg", params={"size_mm": 50})
    assert svg.headers["content-type"] == "image/svg+xml"
    sizes = re.findall(r'(?:width|height)="([0-9.]+)mm"', svg.text)
    assert [float(size) for size in sizes] == pytest.approx([50, 50])
    png = await driver.request("GET", f"/v1/opt-in-links/{link['id']}/qr.png", params={"size_mm": 50, "dpi": 300})
    assert png.headers["content-type"] == "image/png"
    width = int.from_bytes(png.content[16:20], "big")
    assert 590 - 41 < width <= 590
    small = await driver.request("GET", f"/v1/opt-in-links/{link['id']}/qr.png", params={"size_mm": 10})
    assert problem(small, 422, "invalid_request")["errors"][0] | {"message": ""} == {
        "parameter": "size_mm",
        "code": "too_small",
        "message": "",
    }
    large = await driver.request("GET", f"/v1/opt-in-links/{link['id']}/qr.png", params={"size_mm": 1000, "dpi": 1200})
    assert problem(large, 422, "invalid_request")["errors"][0]["parameter"] == "dpi"
