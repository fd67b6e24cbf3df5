"""The snippet on a website of another origin: modal, form, chat button, and a website that the link does not name."""

import re

import pytest

pytestmark = pytest.mark.browser

PHONE, E164 = "0533 444 55 66", "+905334445566"
HOSTILE = "<style>* { color: red !important; font-size: 40px !important } input { display: none !important }</style>"


@pytest.fixture
def put_up(ulak, shop):
    """Makes a link, and a page of the shop with its snippet; tells the page's address and the link."""

    def made(attributes, *, origins=None, body="", path="/", **more):
        told = {"source": "website_modal", "leads_to": "page", "origins": [shop.url] if origins is None else origins}
        link = ulak.api.post("/v1/opt-in-links", json={**told, **more}).raise_for_status().json()
        shop.pages[path] = (
            f'<!doctype html><html lang="tr"><title>Dükkân</title>{HOSTILE}<h1>Dükkân</h1>'
            f'<button id="before">Sepet</button>{body}'
            f'<script src="{ulak.url}/embed/{link["code"]}.js" async {attributes}></script>'
        )
        return shop.url + path, link

    return made


def fill(page):
    page.get_by_label("WhatsApp numaranız").fill(PHONE)
    page.locator("#agreed").check()
    page.get_by_role("button", name="Kaydol").click()


def test_modal_is_a_dialog_that_gives_the_focus_back(open_page, ulak, put_up, shot):
    url, link = put_up('data-mode="modal" data-delay="1" data-pages="/urun/*"', path="/urun/1")
    page = open_page(locale="tr-TR")
    page.clock.install()
    page.goto(url)
    page.locator("#before").focus()
    page.wait_for_function("document.readyState === 'complete'")
    page.clock.run_for(1000)
    dialog = page.get_by_role("dialog", name="Bilgilendirmeleri WhatsApp’tan alın")
    dialog.wait_for()
    shot(page, "snippet-modal", whole=False)
    assert page.evaluate("document.activeElement.dataset.ulak") == "modal"
    colour = dialog.locator("h2").evaluate("one => getComputedStyle(one).color")
    assert colour == "rgb(22, 33, 28)", "the shop's style does not reach it"
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert page.evaluate("document.activeElement.id") == "before"
    page.reload()
    page.wait_for_function("document.readyState === 'complete'")
    page.clock.run_for(2000)
    assert page.locator("[data-ulak]").count() == 0, "a dismissal is remembered"

    page.evaluate("localStorage.clear()")
    page.reload()
    page.wait_for_function("document.readyState === 'complete'")
    page.clock.run_for(1000)
    page.get_by_role("button", name="Kaydol").click()
    page.locator("#phone[aria-invalid=true]").wait_for()
    assert page.locator("#phone-error").is_visible()
    fill(page)
    page.get_by_role("heading", name="Kaydınız alındı").wait_for()
    (act,) = ulak.acts(E164)
    assert (act["source"], act["place"], act["link"]) == ("website_modal", url.removesuffix("/urun/1"), link["id"])


def test_inline_form_stands_where_the_page_wants_it(open_page, ulak, put_up, shot):
    url, _ = put_up(
        'data-mode="inline" data-target="#here"', body='<div id="here"></div>', topics=["orders", "loyalty"]
    )
    page = open_page(locale="tr-TR", viewport={"width": 360, "height": 900})
    page.goto(url)
    page.locator("#here").get_by_label("Siparişler ve kargo", exact=True).check()
    shot(page, "snippet-inline")
    fill(page)
    page.get_by_role("heading", name="Kaydınız alındı").wait_for()
    assert ulak.states(E164) == {"orders": "opted_in"}
    assert ulak.acts(E164)[0]["source"] == "website_form"


def test_chat_button_opens_the_chat(open_page, ulak, put_up, shot):
    url, link = put_up('data-mode="button"', source="chat_widget", leads_to="whatsapp")
    page = open_page(locale="tr-TR", viewport={"width": 390, "height": 500})
    page.goto(url)
    button = page.get_by_role("link", name="WhatsApp’tan yazın")
    button.wait_for()
    shot(page, "snippet-button", whole=False)
    assert button.get_attribute("href") == link["url"]
    assert re.fullmatch(r"noopener noreferrer", button.get_attribute("rel"))
    led = ulak.api.get(link["url"], follow_redirects=False)
    assert led.headers["location"].startswith("https://wa.me/908505551010?text=")


def test_in_english_where_the_page_says_so(open_page, put_up):
    url, _ = put_up('data-mode="inline" data-lang="en"')
    page = open_page(locale="tr-TR")
    page.goto(url)
    page.get_by_label("Your WhatsApp number").wait_for()


def test_exit_intent_and_other_pages(open_page, put_up):
    url, _ = put_up('data-mode="modal" data-exit')
    page = open_page(locale="tr-TR")
    page.goto(url)
    page.wait_for_function("document.readyState === 'complete'")
    assert page.locator("[data-ulak]").count() == 0
    page.evaluate("document.documentElement.dispatchEvent(new MouseEvent('mouseleave', {clientY: -1}))")
    page.get_by_role("dialog").wait_for()


def test_a_website_that_the_link_does_not_name_shows_nothing(open_page, put_up):
    url, _ = put_up('data-mode="inline"', origins=["https://shop.example"])
    page = open_page(locale="tr-TR")
    with page.expect_event("requestfailed", lambda asked: "/public/v1/" in asked.url):
        page.goto(url)
    assert page.locator("[data-ulak]").count() == 0
