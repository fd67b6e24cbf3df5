"""The phone page in a real browser: a bubble appears, its ticks turn blue, a tap is reported."""

import httpx
import pytest

from app.sandbox.settings import SandboxSettings
from tests.support.files import png
from tests.support.sandbox import NO_LIMITS
from tests.support.sandbox_server import sandbox_server

pytestmark = pytest.mark.browser

CUSTOMER = "905321112233"
TIMES = {
    "type": "list",
    "body": {"text": "Siparişinizi ne zaman getirelim?"},
    "footer": {"text": "Saatler yereldir"},
    "action": {
        "button": "Saat seçin",
        "sections": [
            {
                "title": "Yarın",
                "rows": [
                    {"id": "am", "title": "Sabah", "description": "09.00–12.00"},
                    {"id": "pm", "title": "Öğleden sonra", "description": "13.00–17.00"},
                ],
            }
        ],
    },
}
ASKED_PLACE = {
    "type": "location_request_message",
    "body": {"text": "Nereye getirelim?"},
    "action": {"name": "send_location"},
}
ASKED_NUMBER = {
    "type": "request_contact_info",
    "body": {"text": "Sizi hangi numaradan arayalım?"},
    "action": {"name": "request_contact_info"},
}
LINK = {
    "type": "cta_url",
    "body": {"text": "Kuryeyi haritada izleyin."},
    "action": {"name": "cta_url", "parameters": {"display_text": "Haritayı aç", "url": "https://ex.org/m"}},
}

TEMPLATE = {
    "name": "order_shipped",
    "language": "tr",
    "category": "UTILITY",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "Siparişiniz yolda"},
        {
            "type": "BODY",
            "text": "Merhaba {{1}}, *{{2}}* numaralı siparişiniz bugün kargoya verildi.",
            "example": {"body_text": [["Ayşe", "TR-1"]]},
        },
        {"type": "FOOTER", "text": "Durdurmak için DUR yazın"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "URL", "text": "Kargoyu izle", "url": "https://ex.org/t/1"},
                {"type": "QUICK_REPLY", "text": "Durdur"},
            ],
        },
    ],
}


@pytest.fixture
def sandbox():
    settings = SandboxSettings(clock="manual", delay_jitter=0.0, faults=NO_LIMITS)
    with sandbox_server(settings) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.fixture
def account(sandbox):
    made = sandbox.post("/control/accounts", json={"verified_name": "Çınar Market"}).json()
    sandbox.headers["Authorization"] = f"Bearer {made['access_token']}"
    sandbox.post(f"/v25.0/{made['waba_id']}/message_templates", json=TEMPLATE).raise_for_status()
    advance(sandbox, 2)
    return made


@pytest.fixture
def page(browser, sandbox):
    """Fails the test when the page's script does, or when it asks anything of another host.

    Closed before the sandbox, or its last question would find nobody.
    """
    context = browser.new_context(locale="tr-TR", viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    faults = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    opened.on("request", lambda request: "127.0.0.1" in request.url or faults.append(request.url))
    yield opened
    context.close()
    assert [fault for fault in faults if not fault.startswith("data:")] == []


def advance(sandbox, seconds):
    sandbox.post("/control/clock/advance", json={"seconds": seconds}).raise_for_status()


def say(sandbox, account, kind, content, **more):
    """The business sends something free-form."""
    body = {"messaging_product": "whatsapp", "to": f"+{CUSTOMER}", "type": kind, kind: content} | more
    answer = sandbox.post(f"/v25.0/{account['phone_number_id']}/messages", json=body)
    answer.raise_for_status()
    advance(sandbox, 2)
    return answer.json()["messages"][0]["id"]


def read(sandbox, account, wamid):
    """The business marks as read, and is writing."""
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    body["typing_indicator"] = {"type": "text"}
    sandbox.post(f"/v25.0/{account['phone_number_id']}/messages", json=body).raise_for_status()


def heard(sandbox):
    """What the business was told of, oldest first."""
    return sandbox.get("/control/messages", params={"direction": "in"}).json()["messages"]


def send(sandbox, account, name="Ayşe", number="TR-20418"):
    values = [{"type": "text", "text": name}, {"type": "text", "text": number}]
    template = {
        "name": "order_shipped",
        "language": {"code": "tr"},
        "components": [{"type": "body", "parameters": values}],
    }
    body = {"messaging_product": "whatsapp", "to": "+905321112233", "type": "template", "template": template}
    answer = sandbox.post(f"/v25.0/{account['phone_number_id']}/messages", json=body)
    return answer.json()["messages"][0]["id"]


def test_a_bubble_appears_and_its_ticks_turn_blue(page, sandbox, account):
    page.goto(str(sandbox.base_url))
    assert page.inner_text("h1") == "Deneme telefonu"
    wamid = send(sandbox, account)
    bubble = page.locator(f"[data-wamid='{wamid}']")
    bubble.wait_for()
    assert page.inner_text("#name") == "Çınar Market"
    assert bubble.locator("h3").inner_text() == "Siparişiniz yolda"
    assert bubble.locator(".body strong").inner_text() == "TR-20418"
    assert bubble.locator(".footer").inner_text() == "Durdurmak için DUR yazın"
    link = bubble.locator("a.URL")
    assert link.get_attribute("href") == "https://ex.org/t/1"

    for seconds, status in ((0.4, "sent"), (0.5, "delivered"), (1, "read")):
        advance(sandbox, seconds)
        bubble.locator(f".ticks.{status}").wait_for()
    page.wait_for_function(
        "wamid => getComputedStyle(document.querySelector(`[data-wamid='${wamid}'] .ticks`)).backgroundColor"
        " === 'rgb(53, 168, 238)'",
        arg=wamid,
    )


def test_a_tapped_quick_reply_is_reported(page, sandbox, account):
    wamid = send(sandbox, account)
    advance(sandbox, 3)
    page.goto(str(sandbox.base_url))
    button = page.locator(f"[data-wamid='{wamid}'] button.QUICK_REPLY")
    button.click()
    page.locator(".turn.in .body", has_text="Durdur").wait_for()
    assert page.locator(".turn.in .quote b").inner_text() == "Çınar Market"
    page.locator(f"[data-wamid='{wamid}'] button.QUICK_REPLY[disabled]").wait_for()
    (message,) = sandbox.get("/control/messages", params={"direction": "in"}).json()["messages"]
    assert message["content"] == {"button": {"payload": "Durdur", "text": "Durdur"}}


def test_a_customer_writes_first_and_text_stays_text(page, sandbox, account):
    page.goto(f"{sandbox.base_url}?lang=en")
    page.fill("#new-customer", "12")
    page.click(".new button")
    assert "country code" in page.inner_text("#hint")
    page.fill("#new-customer", "+90 532 111 22 33")
    page.click(".new button")
    page.fill("#text", "<img src=x onerror=alert(1)> *JOIN* مرحبا")
    page.press("#text", "Enter")
    sent = page.locator(".turn.in .body")
    sent.wait_for()
    assert sent.inner_text() == "<img src=x onerror=alert(1)> JOIN مرحبا"
    assert sent.locator("strong").inner_text() == "JOIN"
    assert page.locator("#log img").count() == 0
    assert "open until" in page.inner_text("#window")


def test_on_a_narrow_screen_list_and_chat_take_turns(browser, sandbox, account):
    wamid = send(sandbox, account)
    context = browser.new_context(locale="en-US", viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(str(sandbox.base_url))
    page.locator(".row").click()
    page.locator(f"[data-wamid='{wamid}']").wait_for()
    assert not page.locator(".side").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click("#back")
    page.locator(".row").wait_for()
    assert not page.locator("#chat").is_visible()
    context.close()


def test_a_customer_stops_marketing_hides_the_number_and_takes_another(page, sandbox, account):
    wamid = send(sandbox, account)
    page.goto(f"{sandbox.base_url}?lang=tr")
    page.locator(f"[data-wamid='{wamid}']").wait_for()
    for choice, after in (("marketing", "Pazarlama mesajlarına yeniden izin ver"), ("hide", "Numarayı göster")):
        page.click("#settings")
        page.click(f"[data-act={choice}]")
        page.locator("#sheet").wait_for(state="hidden")
        page.wait_for_function("name => shown && shown[name]", arg={"marketing": "stopped", "hide": "hidden"}[choice])
        page.click("#settings")
        assert page.inner_text(f"[data-act={choice}]") == after
        page.click("#sheet .close")
    page.click("#settings")
    page.fill("#new-phone", "12")
    page.click("#sheet form button")
    assert "ülke koduyla" in page.inner_text("#toast")
    page.fill("#new-phone", "+90 533 999 88 77")
    page.click("#sheet form button")
    page.locator(f".row[data-key='{account['phone_number_id']}:905339998877'][aria-current='true']").wait_for()
    (message,) = sandbox.get("/control/messages", params={"direction": "in"}).json()["messages"]
    assert message["content"]["system"]["type"] == "user_changed_user_id"


class Phone:
    """The page at the width of one, open at the customer's chat."""

    def __init__(self, page, sandbox):
        self.page = page
        self.sandbox = sandbox

    def turn(self, wamid, inside=""):
        return self.page.locator(f"[data-wamid='{wamid}'] {inside}")

    def act(self, wamid, what):
        self.turn(wamid, ".more").click()
        self.page.click(f"#sheet {what}")

    def write(self, text):
        self.page.fill("#text", text)
        self.page.press("#text", "Enter")
        self.page.locator(".turn.in .body", has_text=text).wait_for()
        return heard(self.sandbox)[-1]


@pytest.fixture
def phone(open_page, sandbox, account):
    page = open_page(locale="tr-TR", viewport={"width": 390, "height": 844}, has_touch=True)
    page.goto(f"{sandbox.base_url}#{account['phone_number_id']}:{CUSTOMER}")
    yield Phone(page, sandbox)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


def test_a_customer_chooses_quotes_changes_reacts_and_deletes(phone, sandbox, account, shot):
    page = phone.page
    first = phone.write("Merhaba, siparişim yarın gelebilir mi?")["wamid"]
    read(sandbox, account, first)
    phone.turn(first, ".ticks.read").wait_for()
    page.locator("#subtitle.typing").wait_for()
    asked = say(sandbox, account, "interactive", TIMES, context={"message_id": first})
    phone.turn(asked, ".quote").wait_for()
    phone.turn(asked, "button.LIST").click()
    shot(page, "phone-list", whole=False)
    page.click("#sheet button:has-text('Öğleden sonra')")
    page.locator(".turn.in .footer", has_text="13.00–17.00").wait_for()
    row = {"id": "pm", "title": "Öğleden sonra", "description": "13.00–17.00"}
    assert heard(sandbox)[-1]["content"] == {"interactive": {"type": "list_reply", "list_reply": row}}

    phone.act(asked, "[data-act=reply]")
    answer = phone.write("Kapıcıya da bırakabilirsiniz")
    assert answer["context"] == asked
    phone.act(answer["wamid"], "[data-act=edit]")
    assert page.input_value("#text") == "Kapıcıya da bırakabilirsiniz"
    shot(page, "phone-edit", whole=False)
    edit = phone.write("Kapıcıya bırakmayın")
    assert edit["content"]["edit"]["original_message_id"] == answer["wamid"]
    phone.turn(answer["wamid"], ".edited").wait_for()

    phone.act(asked, ".emoji button:has-text('👍')")
    phone.turn(asked, ".reaction").wait_for()
    phone.act(asked, ".emoji button[aria-pressed=true]")
    phone.turn(asked, ".reaction").wait_for(state="detached")
    assert heard(sandbox)[-1]["content"] == {"reaction": {"message_id": asked}}
    say(sandbox, account, "reaction", {"message_id": answer["wamid"], "emoji": "🙏"})
    phone.turn(answer["wamid"], ".reaction").wait_for()

    mistaken = phone.write("Yanlış yazdım")["wamid"]
    phone.turn(mistaken, ".more").click()
    shot(page, "phone-menu", whole=False)
    page.click("#sheet [data-act=delete]")
    phone.turn(mistaken, ".event").wait_for()
    assert phone.turn(mistaken, ".event").inner_text() == "Bu mesajı sildiniz"
    assert phone.turn(mistaken, ".more").count() == 0
    shot(page, "phone-chat", whole=False)


def test_a_customer_sends_a_place_a_card_and_a_picture_until_the_window_closes(phone, sandbox, account, shot):
    page = phone.page
    assert "yalnız şablonlar" in page.inner_text("#window")
    phone.write("Merhaba")
    page.locator("#window.open").wait_for()
    long_link = phone.write("https://shop.example/siparis/" + "a" * 200)["wamid"]
    answer = say(sandbox, account, "text", {"body": "Hangisi?"}, context={"message_id": long_link})
    quote = phone.turn(answer, ".quote").bounding_box()
    assert quote["x"] + quote["width"] <= page.viewport_size["width"]
    assert "24 sa kaldı" in page.inner_text("#window")
    place = say(sandbox, account, "interactive", ASKED_PLACE)
    phone.turn(place, "button.SEND_LOCATION").click()
    page.fill("#sheet [name=latitude]", "120")
    page.click("#sheet form button")
    assert "Enlem" in page.inner_text("#toast")
    page.fill("#sheet [name=latitude]", "41,0256")
    shot(page, "phone-place", whole=False)
    page.click("#sheet form button")
    page.locator(".turn.in .location").wait_for()
    located = heard(sandbox)[-1]
    assert (located["content"]["location"]["latitude"], located["context"]) == (41.0256, place)
    number = say(sandbox, account, "interactive", ASKED_NUMBER)
    phone.turn(number, "button.REQUEST_CONTACT_INFO").click()
    page.locator(".turn.in .card").wait_for()
    (card,) = heard(sandbox)[-1]["content"]["contacts"]
    assert (card["origin"], card["phones"][0]["wa_id"]) == ("contact_request", CUSTOMER)

    page.click("#attach")
    with page.expect_file_chooser() as chooser:
        page.click("#sheet [data-act=file]")
    page.fill("#text", "Kapının fotoğrafı")
    chooser.value.set_files({"name": "kapi.png", "mimeType": "image/png", "buffer": png(shade=150)})
    page.locator(".turn.in img").wait_for()
    assert heard(sandbox)[-1]["content"]["image"]["caption"] == "Kapının fotoğrafı"
    link = say(sandbox, account, "interactive", LINK)
    assert phone.turn(link, "a.URL").get_attribute("href") == "https://ex.org/m"
    shot(page, "phone-things", whole=False)

    page.click("#settings")
    page.click("#sheet [data-act=day]")
    page.locator("#window:not(.open)").wait_for()
    late = say(sandbox, account, "text", {"body": "Kuryeniz yola çıktı."})
    phone.turn(late, ".ticks.failed").wait_for()
    assert "131047" in phone.turn(late, ".failure").inner_text()
    shot(page, "phone-closed", whole=False)
