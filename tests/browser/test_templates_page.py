"""The page of templates in a real browser: what it does is done, and what is due is told."""

import httpx
import pytest

from app.sandbox.settings import SandboxSettings
from tests.support.sandbox import body
from tests.support.sandbox_server import sandbox_server

pytestmark = pytest.mark.browser

TEXTS = {
    "parcel_ready": ("UTILITY", "A parcel is waiting at the desk."),
    "summer_sale": ("MARKETING", "Our summer sale begins on Friday at noon."),
}


@pytest.fixture
def sandbox():
    with (
        sandbox_server(SandboxSettings(clock="manual", delay_jitter=0.0)) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        account = client.post("/control/accounts", json={}).json()
        client.headers["Authorization"] = f"Bearer {account['access_token']}"
        for name, (category, text) in TEXTS.items():
            template = {"name": name, "language": "en", "category": category, "components": [body(text, ())]}
            client.post(f"/v25.0/{account['waba_id']}/message_templates", json=template).raise_for_status()
        yield client


@pytest.fixture
def opened(open_page, sandbox):
    def made(lang="en", width=1280):
        page = open_page(locale=lang, viewport={"width": width, "height": 900})
        page.goto(f"{sandbox.base_url}/templates")
        page.locator(".card").first.wait_for()
        return page

    return made


def told(sandbox, name="parcel_ready"):
    found = sandbox.get("/control/templates").json()["data"]
    return next(one for one in found if one["name"] == name)


def card(page, name="parcel_ready"):
    return page.locator(f"[data-template={name}]")


def test_a_template_goes_through_its_life(opened, sandbox):
    page = opened()
    mine = card(page)
    mine.locator(".tags .PENDING").wait_for()
    mine.locator("[data-act=review]").click()
    mine.locator(".tags .APPROVED").wait_for()
    mine.locator("[data-act=to_MARKETING]").click()
    mine.locator(".tags .notice", has_text="will be marketing").wait_for()
    assert mine.locator("[data-due=category] dd").inner_text() == "in 24 hr."
    mine.locator("[data-act=withdraw]").click()
    mine.locator("[data-act=to_MARKETING]").wait_for()
    mine.locator("[data-act=block]").click()
    mine.locator(".tags .PAUSED").wait_for()
    assert mine.locator("[data-due=unpause] dd").inner_text() == "in 3 hr."
    page.click("#advance-quarter")
    mine.locator(".tags .APPROVED").wait_for()
    mine.locator("[data-act=archive]").click()
    mine.locator("[data-act=unarchive]").click()
    mine.locator(".tags .APPROVED").wait_for()
    assert told(sandbox)["status"] == "APPROVED"


def test_a_reason_is_chosen_and_shown(opened, sandbox):
    page = opened(lang="tr")
    mine = card(page)
    mine.get_by_label("Ret nedeni").select_option("SCAM")
    mine.locator("[data-act=reject]").click()
    mine.locator(".why", has_text="Neden: SCAM").wait_for()
    assert told(sandbox)["rejected_reason"] == "SCAM"


def test_messages_are_held_and_dropped(opened, sandbox):
    page = opened()
    mine = card(page, "summer_sale")
    mine.locator("[data-act=review]").click()
    mine.locator("[data-act=hold]").click()
    mine.locator("[data-act=drop]").click()
    mine.locator(".why", has_text="only an unpause lifts it").wait_for()
    assert told(sandbox, "summer_sale")["pause"] == "RATE_LIMITING_PAUSE"
    mine.locator("[data-act=unpause]").click()
    mine.locator(".tags .APPROVED").wait_for()


def test_what_others_do_is_seen_and_the_search_finds(opened, sandbox):
    page = opened()
    sandbox.post("/control/clock/advance", json={"seconds": 2}).raise_for_status()
    card(page).locator(".tags .APPROVED").wait_for()
    page.fill("#search", "summer")
    card(page).wait_for(state="detached")
    assert page.locator(".card").count() == 1
    page.fill("#search", "nothing")
    page.locator(".none", has_text="No template matches.").wait_for()
    page.fill("#search", "")
    card(page).wait_for()


@pytest.mark.parametrize("lang", ["en", "tr"])
def test_everything_fits_a_phone_and_has_a_name(opened, lang, shot):
    page = opened(lang=lang, width=390)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    nameless = page.evaluate(
        "[...document.querySelectorAll('input, select, button')].filter((one) =>"
        " !one.labels?.length && !one.ariaLabel && !one.textContent.trim()).map((one) => one.outerHTML)"
    )
    assert nameless == []
    assert page.evaluate("document.documentElement.lang") == lang
    shot(page, f"templates-{lang}")
