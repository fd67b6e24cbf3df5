"""Coming in, going out, and who is kept out."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from app.accounts.keys import Scope
from app.console.rendering import HEADERS
from app.container import Container
from app.core.clock import ManualClock
from tests.integration.console.conftest import Person
from tests.support.driving import problem
from tests.support.world import PUBLIC_URL, World

COOKIE = "__Secure-ulak_console"


async def test_a_key_opens_the_console_and_leads_back_to_what_was_asked_for(
    person: Person, world: World, told: Sequence[Mapping[str, Any]]
) -> None:
    asked = await person.get("/console/figures?kind=cost")
    assert asked.status_code == 303
    login = asked.headers["location"]
    assert login == "/console/login?back=%2Fconsole%2Ffigures%3Fkind%3Dcost"
    entered = await person.send(
        "/console/login", page=login, key=f"  {world.token} ", back="/console/figures?kind=cost"
    )
    assert (entered.status_code, entered.headers["location"]) == (303, "/console/figures?kind=cost")
    (cookie,) = [one for one in entered.headers.get_list("set-cookie") if one.startswith(f"{COOKIE}=")]
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly", "path=/console", "samesite=lax", "secure",
    }  # fmt: skip
    secret = cookie.partition("=")[2].partition(";")[0]
    assert [one["event"] for one in told] == ["console session begun"]
    assert world.token not in str(told)
    assert secret not in str(told)
    page = await person.get("/console/figures?kind=cost")
    assert page.status_code == 200
    assert {name: page.headers[name] for name in HEADERS} == dict(HEADERS)
    assert "unsafe" not in page.headers["content-security-policy"]
    assert (await person.get("/console/login?back=/console/figures")).headers["location"] == "/console/figures"
    assert (await person.get("/console")).headers["location"] == "/console/"


async def test_who_has_no_usable_key_stays_outside(person: Person, world: World, container: Container) -> None:
    unknown = world.token[:-4] + "aaaa"
    for key in (unknown, "", "ulak_test_x", "ü" * 200, "x" * 1000, "\x00"):
        refused = await person.sign_in(key)
        assert refused.status_code == 403, key
        assert "bilinmiyor" in refused.text
        assert f"{COOKIE}=" not in refused.headers.get("set-cookie", "")
    mended = await person.browser.post("/console/login", data={"key": world.token})
    assert (mended.status_code, "doğrulanamadı" in mended.text) == (403, True), "a form of another page"
    for path in ("/console/", "/console/figures", "/console/live", "/console/nonsense", "/console/logout"):
        outside = await person.get(path)
        assert (outside.status_code, outside.headers["location"][:14]) == (303, "/console/login"), path
    by_itself = await person.get(
        "/console/glance/today",
        headers={"HX-Request": "true", "HX-Current-URL": f"{PUBLIC_URL}/console/figures?kind=cost"},
    )
    assert (by_itself.status_code, by_itself.headers["hx-redirect"]) == (
        204,
        "/console/login?back=%2Fconsole%2Ffigures%3Fkind%3Dcost&ended=1",
    )
    sent = await person.browser.post("/console/logout", data={"csrf": "x"})
    assert sent.headers["location"] == "/console/login?back=%2Fconsole%2F&ended=1"
    english = await person.get("/console/login", headers={"Accept-Language": "en"})
    assert "Sign in to the console" in english.text


async def test_one_address_may_not_try_for_ever(person: Person, world: World) -> None:
    answers = [(await person.sign_in("ulak_test_x")).status_code for _ in range(11)]
    assert answers == [403] * 10 + [429]
    refused = await person.sign_in(world.token)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0


async def test_a_link_opens_once_and_not_for_the_curious(
    person: Person, http: httpx.AsyncClient, world: World, clock: ManualClock, container: Container
) -> None:
    made = await http.post("/v1/console-links", headers=world.headers)
    assert made.status_code == 201
    url = made.json()["url"]
    assert url.startswith(f"{PUBLIC_URL}/console/link/")
    for headers in ({}, {"Sec-Purpose": "prefetch"}, {"User-Agent": "WhatsApp/2.24"}):
        looked = await person.get(url, headers=headers)
        assert looked.status_code == (410 if headers else 200), "to look uses nothing up"
    assert (await person.browser.post(url)).status_code == 403
    entered = await person.send(url)
    assert (entered.status_code, entered.headers["location"]) == (303, "/console/")
    assert (await person.get("/console/")).status_code == 200
    again = await person.get(url)
    assert (again.status_code, "artık geçerli değil" in again.text) == (410, True)
    with pytest.raises(AssertionError):
        await person.send(url)

    late = (await http.post("/v1/console-links", headers=world.headers)).json()["url"]
    clock.advance(timedelta(minutes=15))
    for dead in (late, f"{PUBLIC_URL}/console/link/nonsense", late[:-4] + "AAAA"):
        assert (await person.get(dead)).status_code == 410

    by_hand = await container.console_sessions.link_by_hand(world.business_id, "live", None)
    assert by_hand is not None
    assert (await person.send(by_hand.url)).status_code == 303
    page = await person.get("/console/")
    assert "mode_live" not in page.text
    assert "Canlı anahtar" in page.text


async def test_links_are_made_by_keys_that_may(http: httpx.AsyncClient, world: World, container: Container) -> None:
    token = await container.accounts.create_key(world.business_id, "reads", mode="test", scopes=[Scope.MESSAGES_READ])
    problem(await http.post("/v1/console-links", headers={"Authorization": f"Bearer {token}"}), 403, "forbidden")
    assert await container.console_sessions.link_by_hand(world.business_id, "test", world.sender_id) is None


async def test_a_session_ends_in_many_ways(
    person: Person, world: World, container: Container, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    async def is_in() -> bool:
        return (await person.get("/console/")).status_code == 200

    assert (await person.sign_in(world.token)).status_code == 303
    clock.advance(timedelta(hours=1, minutes=59))
    assert await is_in()
    clock.advance(timedelta(hours=1, minutes=59))
    await person.get("/console/glance/today", headers={"HX-Request": "true"})
    clock.advance(timedelta(minutes=2))
    assert not await is_in(), "what a page fetches by itself keeps nobody"
    assert "Oturumunuz sona erdi" in (await person.get("/console/login?ended=1")).text

    await person.sign_in(world.token)
    for _ in range(12):
        assert await is_in()
        clock.advance(timedelta(hours=1))
    assert not await is_in(), "however busy"

    await person.sign_in(world.token)
    out = await person.send("/console/logout", page="/console/")
    assert (out.status_code, out.headers["location"]) == (303, "/console/login?out=1")
    assert not await is_in()

    await person.sign_in(world.token)
    held = dict(person.browser.cookies)
    person.browser.cookies.clear()
    await person.sign_in(world.token)
    await person.send("/console/logout", page="/console/", all="yes")
    person.browser.cookies.update(held)
    assert not await is_in(), "all of the key's"

    person.browser.cookies.clear()
    await person.sign_in(world.token)
    assert await is_in()
    (key_id,) = await connection.fetchrow("SELECT id FROM api_keys WHERE business_id = $1", world.business_id)
    await container.accounts.revoke_key(world.business_id, key_id)
    assert not await is_in(), "nor does anybody wait for a notification"

    soon = clock.now() + timedelta(minutes=30)
    await person.sign_in(await container.accounts.create_key(world.business_id, "ends", mode="test", expires_at=soon))
    clock.advance(timedelta(minutes=29))
    assert await is_in()
    clock.advance(timedelta(minutes=1))
    assert not await is_in(), "its key has expired"
    stored = await connection.fetch("SELECT secret_hash FROM console_sessions")
    assert all(len(row["secret_hash"]) == 32 for row in stored)
    clock.advance(timedelta(days=31))
    await container.console_sessions.forget()
    assert await connection.fetchval("SELECT count(*) FROM console_sessions") == 0


async def test_only_its_own_pages_change_anything(signed_in: Person, connection: asyncpg.Connection) -> None:
    async def language() -> str | None:
        found: str | None = await connection.fetchval("SELECT language FROM console_sessions")
        return found

    page = await signed_in.get("/console/")
    proof = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    ours = {"Sec-Fetch-Site": "same-origin", "Origin": PUBLIC_URL}
    for data, headers in (
        ({}, ours),
        ({"csrf": proof[:-1] + "0" if proof[-1] != "0" else proof[:-1] + "1"}, ours),
        ({"csrf": proof}, {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}),
        ({"csrf": proof}, {"Origin": "https://evil.example"}),
        ({"csrf": proof}, {"Sec-Fetch-Site": "same-site"}),
    ):
        refused = await signed_in.browser.post("/console/language", data={"language": "en", **data}, headers=headers)
        assert (refused.status_code, "doğrulanamadı" in refused.text) == (403, True)
        assert await language() is None
    spoken = await signed_in.send("/console/language", page="/console/", language="en", back="/console/figures")
    assert spoken.headers["location"] == "/console/figures"
    assert await language() == "en"
    assert 'lang="en"' in (await signed_in.get("/console/", headers={"Accept-Language": "tr"})).text
    by_header = await signed_in.browser.post(
        "/console/language", data={"language": "tr", "back": "//evil.example"}, headers={**ours, "X-CSRF-Token": proof}
    )
    assert by_header.headers["location"] == "/console/"
    assert await language() == "tr"
    assert (await signed_in.get("/console/logout")).status_code == 404


async def test_a_session_may_do_what_its_key_may(person: Person, world: World, container: Container) -> None:
    token = await container.accounts.create_key(world.business_id, "reads", mode="test", scopes=[Scope.MESSAGES_READ])
    await person.sign_in(token)
    page = await person.get("/console/")
    assert "Yalnızca görüntüleme" in page.text
    assert "analytics:read" in page.text, "what it lacks is said"
    assert "/console/senders" not in page.text
    for path in ("/console/figures", "/console/figures.csv"):
        refused = await person.get(path)
        assert (refused.status_code, "analytics:read" in refused.text) == (403, True)
        assert refused.headers["content-type"].startswith("text/html")


async def test_dead_ends_are_pages(signed_in: Person, app: object) -> None:
    missing = await signed_in.get("/console/nonsense")
    assert (missing.status_code, "Bu sayfa bulunamadı" in missing.text) == (404, True)
    assert missing.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


async def test_what_pages_are_made_of_is_kept_for_ever_and_nothing_else_is_served(person: Person) -> None:
    sheet = (await person.get("/console/login")).text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    answer = await person.get(sheet)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text.startswith("/* One visual language")
    plain = await person.get(sheet, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == answer.text
    digest = sheet.split("/")[3]
    for path in (f"{digest}/console.js", "0/console.css", f"{digest}/../desk.py", f"{digest}/vendor/README.md"):
        assert (await person.get(f"/console/static/{path}")).status_code in (303, 404), path
