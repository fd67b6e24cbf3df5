"""The check-up in a real browser: red where something is wrong, with what to do, and green once it is mended."""

from datetime import timedelta

import httpx
import pytest

from app.sandbox.settings import SandboxSettings
from tests.support.pages_server import pages_server
from tests.support.sandbox_server import sandbox_server
from tests.support.world import VERIFY_TOKEN

pytestmark = pytest.mark.browser

_A_WHILE = timedelta(minutes=1)
"""After which Meta is asked again."""


@pytest.fixture(scope="module")
def sandbox():
    with sandbox_server(SandboxSettings()) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def console(clones, tmp_path_factory, sandbox):
    """The number of the world stands well at the sandbox."""
    options = {"graph_sandbox_url": str(sandbox.base_url).rstrip("/")}
    with pages_server(clones, tmp_path_factory.mktemp("check-up"), **options) as server:
        world = server.world
        account = {
            "phone_number_id": world.phone_number_id,
            "waba_id": world.waba_id,
            "access_token": "access-token",
            "app_secret": world.app_secret,
            "verify_token": VERIFY_TOKEN,
            "callback_url": f"{server.url}/webhooks/whatsapp",
        }
        sandbox.post("/control/accounts", json=account).raise_for_status()
        yield server


def _stand(console, sandbox, **standing):
    path = f"/control/numbers/{console.world.phone_number_id}/standing"
    sandbox.put(path, json=standing).raise_for_status()


def test_what_is_wrong_is_red_with_what_to_do_and_what_was_mended_is_green(open_console, console, sandbox, shot):
    _stand(console, sandbox, quality="RED", name_status="PENDING_REVIEW", callback_url="https://elsewhere.example/hook")
    page = open_console("/console/doctor")
    red = page.locator("[data-check=quality].bad")
    red.wait_for()
    assert "Düşük (RED)" in red.inner_text()
    assert "Yapılması gereken" in red.inner_text()
    assert "elsewhere.example" in page.locator("[data-check=app_subscription].bad").inner_text()
    assert page.locator("[data-check=display_name].warn").count() == 1
    shot(page, "doctor")
    _stand(console, sandbox)
    console.clock.advance(_A_WHILE)
    page.get_by_role("button", name="Yeniden denetle").click()
    red.wait_for(state="detached")
    page.locator("details", has=page.locator("dt[data-check=quality]")).locator("summary").click()
    assert page.locator("dt[data-check=quality]").is_visible()
    assert "/console/doctor" in page.url


@pytest.mark.parametrize(("language", "scheme"), [("tr", "light"), ("en", "dark")])
def test_it_fits_a_phone_and_says_a_refused_token_once(open_console, console, sandbox, shot, language, scheme):
    _stand(console, sandbox, token="expired")
    console.clock.advance(_A_WHILE)
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": scheme}
    page = open_console("/console/doctor", language=language, **phone)
    page.locator("[data-check=token].bad").wait_for()
    page.locator("summary", has_text={"tr": "bilinmiyor", "en": "not known"}[language]).first.click()
    shot(page, f"doctor-phone-{language}")
    reasons = {"tr": "Meta erişim anahtarını kabul etmiyor", "en": "Meta refuses the access token"}
    assert page.locator("dd", has_text=reasons[language]).count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    _stand(console, sandbox)


def test_without_scripts_a_link_asks_meta(open_console, console, sandbox, browser):
    page = open_console("/console/doctor")
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(page.context.cookies())
    plain = context.new_page()
    plain.goto(f"{console.url}/console/doctor")
    plain.get_by_role("button").last.wait_for()
    plain.locator("noscript a, #found a").first.click()
    plain.locator(".well, .check").first.wait_for()
    context.close()
