"""The preference centre in a real browser, without JavaScript: what holds, changing it, leaving, coming back."""

from datetime import timedelta

import pytest

from tests.support.driving import PHONE

pytestmark = pytest.mark.browser

TOPICS = {"orders": {}, "appointments": {}, "marketing": {}, "price_alerts": {"tr": "Fiyat alarmları"}}


@pytest.fixture
def link(ulak):
    ulak.api.patch(
        f"/v1/businesses/biz_{ulak.world.business_id.hex}",
        json={"offered_topics": TOPICS, "privacy_url": "https://shop.example/kvkk"},
    ).raise_for_status()
    ulak.run(ulak.world.opt_in(PHONE))

    def made(**body):
        answer = ulak.api.post(f"/v1/contacts/{PHONE}/preference-link", json=body).raise_for_status()
        return answer.json()["url"]

    return made


def narrow_enough(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_customer_sees_what_holds_and_changes_it(open_page, ulak, link, shot):
    page = open_page(locale="tr-TR", java_script_enabled=False)
    page.goto(link())
    assert page.locator("h1").inner_text() == "Mesaj tercihleriniz"
    assert page.locator("html").get_attribute("lang") == "tr"
    assert "+90 532 111 22 33" not in page.content()
    page.get_by_text("+90 5•• ••• •• 33").wait_for()
    page.get_by_text("Demo Mağaza size WhatsApp üzerinden mesaj gönderebilir.").wait_for()
    assert page.get_by_label("Siparişler ve kargo").is_checked()
    assert not page.get_by_label("Fiyat alarmları").is_checked()
    shot(page, "preferences-tr")

    page.get_by_label("Siparişler ve kargo").uncheck()
    page.get_by_label("Fiyat alarmları").check()
    page.get_by_label("Haftada en fazla 3").check()
    page.get_by_label("SMS").check()
    page.get_by_label("Saatleri ben seçeyim").check()
    page.get_by_label("Başlangıç").fill("21:30")
    page.get_by_label("Bitiş").fill("09:00")
    page.get_by_role("button", name="Tercihleri kaydet").click()
    assert page.get_by_role("status").inner_text() == "Tercihleriniz kaydedildi."
    assert not page.get_by_label("Siparişler ve kargo").is_checked()
    assert page.get_by_label("Haftada en fazla 3").is_checked()
    assert page.get_by_label("Başlangıç").input_value() == "21:30"
    assert ulak.states(PHONE) == {"*": "opted_in", "orders": "opted_out", "price_alerts": "opted_in"}
    made = ulak.acts(PHONE)[1:]
    assert [(act["act"], act["topic"]) for act in made] == [
        ("opt_out", "orders"),
        ("opt_in", "price_alerts"),
        ("frequency", "*"),
        ("channel", "*"),
        ("quiet_hours", "*"),
    ]
    assert {(act["source"], act["actor"], act["language"], act["address"]) for act in made} == {
        ("preference_page", "customer", "tr", "127.0.0.1")
    }
    assert made[1]["wording"] == (
        "Demo Mağaza işletmesinin bana WhatsApp üzerinden mesaj göndermesine açık rıza verdiğim konular: "
        "Fiyat alarmları (ticari elektronik ileti)"
    )


def test_leaving_is_one_step_and_so_is_the_way_back(open_page, ulak, link, shot):
    page = open_page(locale="tr-TR", java_script_enabled=False)
    page.goto(link())
    waiting = ulak.api.post("/v1/events/order-confirmed", json=ulak.order()).json()
    assert waiting["status"] == "queued"
    page.get_by_role("button", name="Tüm mesajları durdur").click()
    assert "Mesajlar durduruldu." in page.get_by_role("status").inner_text()
    assert page.evaluate("document.activeElement.getAttribute('role')") == "status", "so that it is read out"
    shot(page, "left-tr")
    assert ulak.states(PHONE) == {"*": "opted_out"}
    assert ulak.api.get(f"/v1/messages/{waiting['id']}").json()["status"] == "suppressed"
    confirmations = ulak.api.get("/v1/messages", params={"event_type": "opt-out-confirmation"}).json()["messages"]
    assert len(confirmations) == 1

    page.get_by_role("button", name="Onaylıyorum, mesajları başlat").click()
    assert "Tekrar hoş geldiniz." in page.get_by_role("status").inner_text()
    assert ulak.states(PHONE) == {"*": "opted_in"}
    back = ulak.acts(PHONE)[-1]
    assert back["act"] == "opt_in"
    assert back["wording"].startswith("Demo Mağaza işletmesinin aldığım ürün ve hizmetler hakkında")


def test_a_break_ends_on_the_chosen_day_or_at_once(open_page, ulak, link):
    page = open_page(locale="tr-TR", java_script_enabled=False)
    page.goto(link())
    page.get_by_label("Mesajlar hangi gün yeniden başlasın?").fill("2001-01-01")
    page.get_by_role("button", name="Ara ver").click()
    field = page.get_by_label("Mesajlar hangi gün yeniden başlasın?")
    assert field.get_attribute("aria-invalid") == "true"
    assert page.locator(f"#{field.get_attribute('aria-describedby').split()[0]}").inner_text().startswith("Yarın ile")
    day = (ulak.clock.now() + timedelta(days=10)).date().isoformat()
    field.fill(day)
    page.get_by_role("button", name="Ara ver").click()
    page.get_by_text("Mesajlara ara verdiniz. Yeniden başlayacağı zaman").wait_for()
    page.get_by_role("button", name="Mesajları şimdi başlat").click()
    assert page.get_by_role("status").inner_text() == "Mesajlar yeniden başladı."
    assert [act["act"] for act in ulak.acts(PHONE)] == ["opt_in", "pause", "resume"]


def test_in_english_on_a_narrow_phone(open_page, ulak, link, shot):
    page = open_page(locale="en-GB", viewport={"width": 320, "height": 640}, java_script_enabled=True)
    page.goto(link(language="en"))
    assert page.locator("h1").inner_text() == "Your message preferences"
    assert narrow_enough(page)
    shot(page, "preferences-en-320")
    small = page.evaluate(
        "[...document.querySelectorAll('button, a:not(.skip), label.pick, input[type=time], input[type=date]')]"
        ".filter(one => one.getBoundingClientRect().height < 44).map(one => one.outerHTML)"
    )
    assert small == []
    page.get_by_role("link", name="Türkçe").click()
    assert page.locator("h1").inner_text() == "Mesaj tercihleriniz"
    assert narrow_enough(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"


def test_an_expired_link_says_how_to_get_another(open_page, ulak, link, shot):
    page = open_page(locale="tr-TR")
    url = link(valid_days=1)
    ulak.clock.advance(timedelta(days=1))
    assert page.goto(url).status == 410
    assert page.locator("h1").inner_text() == "Bu bağlantının süresi doldu"
    assert "Demo Mağaza işletmesinden" in page.locator("main").inner_text()
    assert page.get_by_role("link", name="WhatsApp sohbetini aç").get_attribute("href") == "https://wa.me/908505551010"
    shot(page, "expired-tr")
    assert page.goto(url[:-4] + "AAAA").status == 404
    assert "Demo" not in page.content()
