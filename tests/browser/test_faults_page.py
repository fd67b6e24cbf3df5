"""The faults page in a real browser: what it turns is turned, and what is turned elsewhere it shows."""

import httpx
import pytest

from app.sandbox.settings import SandboxSettings
from tests.support.sandbox_server import sandbox_server

pytestmark = pytest.mark.browser


@pytest.fixture
def sandbox():
    settings = SandboxSettings(clock="manual", faults={"slow_answers": 0.25})
    with sandbox_server(settings) as url, httpx.Client(base_url=url, trust_env=False) as client:
        for name in ("Çınar Market", "Deniz Kitabevi"):
            client.post("/control/accounts", json={"verified_name": name}).raise_for_status()
        yield client


@pytest.fixture
def open_page(browser, sandbox):
    """Opens the page; fails when its script does, or when it asks anything of another host."""
    contexts, faults = [], []

    def make(lang="en", width=1280, path="/faults"):
        context = browser.new_context(locale=lang, viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: "127.0.0.1" in request.url or faults.append(request.url))
        page.goto(f"{sandbox.base_url}{path}")
        return page

    yield make
    for context in contexts:
        context.close()
    assert [fault for fault in faults if not fault.startswith("data:") and "422" not in fault] == []


def dial(sandbox):
    return sandbox.get("/control/faults").json()["dial"]


def conditions(sandbox):
    told = sandbox.get("/control/faults").json()["conditions"]
    return sorted(condition["code"] for condition in told.values())


def saved(page):
    page.locator("#toast:not([hidden])").wait_for()


def test_sliders_and_figures_turn_the_dial(open_page, sandbox):
    page = open_page()
    exact = page.get_by_label("Lost answers (%)")
    page.wait_for_function("document.querySelector('[data-field=slow_answers] input[type=number]').value === '25'")
    exact.fill("2.5")
    exact.press("Enter")
    page.locator("[data-field=lost_answers].on").wait_for()
    assert dial(sandbox)["lost_answers"] == 0.025
    page.get_by_label("Duplicates", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.locator("[data-field=duplicate_webhooks].on").wait_for()
    assert dial(sandbox)["duplicate_webhooks"] == 0.01
    page.get_by_label("What a 5xx looks like").select_option("graph")
    page.get_by_label("Messages per second", exact=True).first.fill("")
    page.keyboard.press("Tab")
    page.wait_for_function("document.querySelector('#field-throughput').value === ''")
    page.wait_for_function("async () => (await (await fetch('/control/faults')).json()).dial.throughput === null")
    assert dial(sandbox)["error_shape"] == "graph"
    assert page.locator("#state").inner_text() == "Faults that are on: 3"


def test_what_is_out_of_range_is_explained_and_not_taken(open_page, sandbox):
    page = open_page()
    page.wait_for_function("document.querySelector('#field-webhook_delay').value === '0'")
    page.fill("#field-webhook_delay", "-5")
    page.keyboard.press("Tab")
    alert = page.locator("[data-field=webhook_delay] [role=alert]")
    alert.wait_for()
    assert "greater than or equal to 0" in alert.inner_text()
    assert dial(sandbox)["webhook_delay"] == 0


def test_codes_are_added_turned_and_removed(open_page, sandbox):
    page = open_page()
    page.locator("#new-code").select_option("131049")
    page.click("text=Add a code")
    page.locator("#code-131049").wait_for()
    assert dial(sandbox)["codes"] == {"131049": 0.1}
    page.locator("[aria-label^='131049'][type=number]").fill("40")
    page.keyboard.press("Enter")
    saved(page)
    page.wait_for_function("document.querySelector('#code-131049').value === '40'")
    assert dial(sandbox)["codes"] == {"131049": 0.4}
    page.locator(".codes .remove").click()
    page.locator("#code-131049").wait_for(state="detached")
    assert dial(sandbox)["codes"] == {}


def test_presets_and_the_way_back(open_page, sandbox):
    page = open_page(lang="tr")
    page.click("#preset-bad_day")
    page.locator("#preset-bad_day[aria-pressed=true]").wait_for()
    turned = dial(sandbox)
    assert (turned["lost_answers"], turned["duplicate_webhooks"], turned["disorder"]) == (0.05, 0.2, 0.3)
    assert (turned["missing_delivered"], turned["errors_before"] + turned["errors_after"]) == (0.1, 0.02)
    assert turned["slow_answers"] == 0
    page.click("#preset-token_expired")
    page.locator("#preset-token_expired[aria-pressed=true]").wait_for()
    assert conditions(sandbox) == [190, 190]
    page.click("#preset-paused_account")
    page.locator("#preset-paused_account[aria-pressed=true]").wait_for()
    assert conditions(sandbox) == [131031, 131031]
    page.click("#preset-throttled")
    page.locator("#preset-throttled[aria-pressed=true]").wait_for()
    assert (dial(sandbox)["throughput"], conditions(sandbox)) == (5, [])
    page.click("#preset-calm")
    page.locator("#preset-calm[aria-pressed=true]").wait_for()
    assert page.locator("#state").inner_text() == "Her şey yolunda"
    page.click("#reset")
    page.locator("[data-field=slow_answers].on").wait_for()
    assert dial(sandbox)["slow_answers"] == 0.25


def test_a_number_gets_a_condition_and_is_freed_of_it(open_page, sandbox):
    page = open_page()
    card = page.locator(".sender", has_text="Deniz Kitabevi")
    condition = card.locator(".setting", has=page.get_by_label("Condition: Deniz Kitabevi"))
    condition.get_by_label("Condition: Deniz Kitabevi").select_option("131042")
    condition.get_by_text("Set", exact=True).click()
    card.locator(".condition", has_text="131042").wait_for()
    assert conditions(sandbox) == [131042]
    card.get_by_label("Messages per second").select_option("1000")
    page.wait_for_function(
        "async () => (await (await fetch('/control/accounts')).json()).data.some((one) => one.throughput === 1000)"
    )
    card.get_by_text("Lift", exact=True).click()
    condition.wait_for()
    assert conditions(sandbox) == []


def test_counts_and_what_others_turn_are_seen(open_page, sandbox):
    page = open_page()
    page.locator(".counts", has_text="Nothing yet.").wait_for()
    account = sandbox.get("/control/accounts").json()["data"][0]
    sandbox.patch("/control/faults", json={"codes": {"131016": 1}}).raise_for_status()
    body = {"messaging_product": "whatsapp", "to": "+905321112233", "type": "text", "text": {"body": "Hello"}}
    bearer = {"Authorization": f"Bearer {account['access_token']}"}
    sandbox.post(f"/v25.0/{account['phone_number_id']}/messages", json=body, headers=bearer)
    counted = page.locator("[data-count=code_131016]")
    counted.wait_for()
    assert counted.inner_text().split() == ["131016", "Service", "unavailable", "1"]
    assert page.locator("#code-131016").input_value() == "100"


@pytest.mark.parametrize("lang", ["en", "tr"])
def test_everything_fits_a_phone_and_has_a_name(open_page, lang):
    page = open_page(lang=lang, width=390)
    page.locator(".sender").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    nameless = page.evaluate(
        "[...document.querySelectorAll('input, select, button')].filter((one) =>"
        " !one.labels?.length && !one.ariaLabel && !one.textContent.trim()).map((one) => one.outerHTML)"
    )
    assert nameless == []
    assert page.evaluate("document.documentElement.lang") == lang


def test_the_phone_page_leads_there_and_says_when_something_is_on(open_page, sandbox):
    page = open_page(path="/?lang=tr")
    link = page.locator("#faults.on")
    link.wait_for()
    link.click()
    page.wait_for_url("**/faults?lang=tr")
    assert page.inner_text("h1") == "Arıza paneli"
    page.click("text=Telefon")
    sandbox.patch("/control/faults", json={"slow_answers": 0})
    page.locator("#faults:not(.on)").wait_for()
