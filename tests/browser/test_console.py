"""The console in a real browser: coming in, looking, seeing it change, going out. What a page says to the browser's
console as an error, as of anything that its policy lets through, fails the test."""

import orjson
import pytest

from tests.support.driving import numbered_phone
from tests.support.world import status_item, webhook

pytestmark = pytest.mark.browser

LOOKS = [("tr", 1280, "light"), ("en", 1280, "dark"), ("tr", 390, "dark"), ("en", 360, "light")]
PAGES = {
    "console-overview": "",
    "console-figures": "figures?period=30",
    "console-engagement": "figures?kind=engagement&by=language",
    "console-cost": "figures?kind=cost&period=90",
    "console-conversion": "figures?kind=conversion&by=event_type",
    "console-consent": "figures?kind=consent&by=place",
}


def test_a_key_opens_the_page_that_was_asked_for(open_page, console, shot):
    page = open_page(is_strict=True, refused=(403,), locale="tr-TR", viewport={"width": 1280, "height": 720})
    page.goto(f"{console.url}/console/figures?kind=cost")
    assert page.locator("h1").inner_text() == "Konsolda oturum açın"
    page.get_by_label("API anahtarı").fill("ulak_test_yanlis")
    page.get_by_role("button", name="Oturum aç").click()
    assert "bilinmiyor" in page.get_by_role("alert").inner_text()
    page.get_by_label("API anahtarı").fill(console.world.token)
    shot(page, "console-login-tr")
    page.get_by_role("button", name="Oturum aç").click()
    page.wait_for_url("**/console/figures?kind=cost")
    assert page.get_by_role("link", name="Maliyet").get_attribute("aria-current") == "page"
    assert page.evaluate("document.cookie") == "", "nothing that a script could read"

    page.get_by_text("Oturum", exact=True).click()
    page.get_by_role("button", name="English").click()
    assert page.locator("h1").inner_text() == "Figures"
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_text("Session", exact=True).click()
    page.get_by_role("button", name="Log out", exact=True).click()
    assert "Oturumunuz kapatıldı" in page.get_by_role("status").inner_text()
    page.goto(f"{console.url}/console/")
    assert page.locator("h1").inner_text() == "Konsolda oturum açın"


def test_the_funnel_changes_while_one_looks(open_console, console):
    page = open_console()
    page.locator(".pulse:not(.off)").wait_for()
    messages = page.locator(".tile .value").first
    before = int(messages.inner_text())
    funnel = page.locator("#funnel-table")
    funnel.locator("summary").click()
    delivered = funnel.get_by_role("row", name="Ulaştı").locator("td").first
    was = int(delivered.inner_text())

    phone = numbered_phone(1)
    sent = console.api.post("/v1/events/order-confirmed", json=console.order(phone)).raise_for_status().json()["id"]
    console.run(console.container.figures.refresh())
    page.wait_for_function("was => +document.querySelector('.tile .value').textContent === was + 1", arg=before)

    told = webhook(console.world, statuses=[status_item(sent, "delivered", wamid="wamid.live")])
    body = orjson.dumps(told)
    console.api.post("/webhooks/whatsapp", content=body, headers=console.world.signed(body)).raise_for_status()
    console.run(console.container.figures.refresh())
    page.get_by_role("row", name="Ulaştı").locator("td", has_text=str(was + 1)).wait_for()
    assert funnel.get_attribute("open") is not None, "what one has opened stays open"
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1, "without loading the page anew"


def test_figures_are_narrowed_by_what_one_sees(open_console, console):
    page = open_console("/console/figures", language="en")
    page.get_by_label("Broken down by").select_option("sender")
    page.get_by_label("From").fill("2026-01-01")
    page.get_by_role("button", name="Show").click()
    assert page.get_by_label("Period", exact=True).input_value() == "custom"
    page.get_by_role("link", name="+90 850 555 10 10").click()
    page.get_by_text("Sender: +90 850 555 10 10").wait_for()
    with page.expect_download() as kept:
        page.get_by_role("link", name="Download CSV").click()
    assert kept.value.suggested_filename.startswith("ulak-delivery-2026-01-01-")
    page.get_by_role("link", name="Remove: Sender").click()
    assert page.get_by_text("Sender: +90 850 555 10 10").count() == 0


def test_a_session_that_ends_leads_out_by_itself(open_console, console):
    page = open_console()
    page.locator(".pulse:not(.off)").wait_for()
    console.run(console.container.console_sessions.end_all(console.world.business_id, None))
    page.wait_for_url("**/console/login?**")
    assert "Oturumunuz sona erdi" in page.get_by_role("status").inner_text()


def test_pages_fit_every_screen(open_console, shot):
    """In both languages, on a desk and in a hand, by day and by night."""
    for language, width, scheme in LOOKS:
        page = open_console(language=language, viewport={"width": width, "height": 760}, color_scheme=scheme)
        for name, path in PAGES.items():
            page.goto(f"{page.url.partition('/console/')[0]}/console/{path}")
            page.locator(".chart svg").first.wait_for()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
            shot(page, f"{name}-{language}-{width}")
        if width < 400:
            page.get_by_text({"tr": "Menü", "en": "Menu"}[language], exact=True).click()
            page.get_by_role("link", name={"tr": "Genel bakış", "en": "Overview"}[language]).click()
            page.wait_for_url("**/console/")


def test_pages_work_without_scripts(open_console):
    page = open_console(java_script_enabled=False, viewport={"width": 390, "height": 760})
    page.get_by_text("Menü", exact=True).click()
    page.get_by_role("link", name="Rakamlar").click()
    page.get_by_text("Tablo olarak göster").first.click()
    assert page.get_by_role("table").first.get_by_role("row").count() > 30
