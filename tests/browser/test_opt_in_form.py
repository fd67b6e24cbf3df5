"""The opt-in form of a link, in a real browser that runs no script."""

import pytest

pytestmark = pytest.mark.browser

NEW = "0533 444 55 66"
E164 = "+905334445566"


@pytest.fixture
def link(ulak):
    ulak.api.patch(
        f"/v1/businesses/biz_{ulak.world.business_id.hex}",
        json={"privacy_url": "https://shop.example/kvkk", "colour": "#ffd400"},
    ).raise_for_status()

    def made(**body):
        told = {"source": "qr_till", "place": "Kadıköy, kasa 3", "leads_to": "page", **body}
        return ulak.api.post("/v1/opt-in-links", json=told).raise_for_status().json()

    return made


def test_a_customer_opts_in(open_page, ulak, link, shot):
    made = link(topics=["orders", "price_alerts"])
    page = open_page(locale="tr-TR", java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.goto(made["url"])
    assert page.locator("h1").inner_text() == "Bilgilendirmeleri WhatsApp’tan alın"
    assert page.locator("html").get_attribute("lang") == "tr"
    agreed = page.locator("input[name=agreed]")
    assert not agreed.is_checked()
    wording = page.locator("#wording").inner_text()
    assert "Demo Mağaza" in wording
    assert "WhatsApp" in wording
    shot(page, "opt-in-tr")

    page.get_by_role("button", name="Kaydol").click()
    shot(page, "opt-in-errors-tr")
    for field in (page.get_by_label("WhatsApp numaranız"), agreed):
        assert field.get_attribute("aria-invalid") == "true"
        described = field.get_attribute("aria-describedby").split()[0]
        assert page.locator(f"#{described}").is_visible()
    assert page.evaluate("document.activeElement.id") == "phone"

    page.get_by_label("WhatsApp numaranız").fill(NEW)
    page.get_by_label("Adınız").fill("Işıl")
    page.get_by_label("Siparişler ve kargo", exact=True).check()
    agreed.check()
    page.get_by_role("button", name="Kaydol").click()
    assert page.locator("h1").inner_text() == "Kaydınız alındı"
    shot(page, "opted-in-tr")
    assert ulak.states(E164) == {"orders": "opted_in"}
    (act,) = ulak.acts(E164)
    told = {key: act[key] for key in ("source", "place", "link", "actor", "language", "address")}
    assert told == {
        "source": "qr_till",
        "place": "Kadıköy, kasa 3",
        "link": made["id"],
        "actor": "customer",
        "language": "tr",
        "address": "127.0.0.1",
    }
    assert act["wording"] == f"Hangi konularda mesaj almak istersiniz? Siparişler ve kargo\n{wording}"
    (day,) = ulak.api.get(f"/v1/opt-in-links/{made['id']}/counts").json()["days"]
    assert (day["scans"], day["opt_ins"]) == (1, 1)


def test_a_double_opt_in_sends_the_customer_to_whatsapp(open_page, ulak, link, shot):
    page = open_page(locale="en-GB", viewport={"width": 320, "height": 640}, java_script_enabled=False)
    page.goto(link(double_opt_in=True)["url"])
    assert page.locator("h1").inner_text() == "Get updates on WhatsApp"
    page.get_by_label("Your WhatsApp number").fill(E164)
    page.locator("input[name=agreed]").check()
    page.get_by_role("button", name="Sign up").click()
    assert page.locator("h1").inner_text() == "Check your WhatsApp"
    shot(page, "check-whatsapp-en")
    assert ulak.states(E164) == {"*": "pending"}


def test_on_a_narrow_phone_nothing_runs_over_the_edge(open_page, link):
    page = open_page(locale="tr-TR", viewport={"width": 320, "height": 640})
    page.goto(link(topics=["orders", "preventive_care"])["url"])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    faint = page.evaluate(
        """() => {
            const light = text => {
                const of = text.match(/[\\d.]+/g).slice(0, 3).map(one => one / 255)
                    .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
                return 0.2126 * of[0] + 0.7152 * of[1] + 0.0722 * of[2]
            }
            const ground = one => {
                for (; one; one = one.parentElement) {
                    const colour = getComputedStyle(one).backgroundColor
                    if (colour !== "rgba(0, 0, 0, 0)") return colour
                }
                return "rgb(255, 255, 255)"
            }
            return [...document.querySelectorAll("main *, header *, footer *")]
                .filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
                .filter(one => {
                    const [text, paper] = [light(getComputedStyle(one).color), light(ground(one))]
                    return (Math.max(text, paper) + 0.05) / (Math.min(text, paper) + 0.05) < 4.5
                }).map(one => one.outerHTML)
        }"""
    )
    assert faint == []


def test_a_disabled_link_says_so(open_page, ulak, link):
    made = link()
    page = open_page(locale="tr-TR")
    page.goto(made["url"])
    form = page.url
    ulak.api.delete(f"/v1/opt-in-links/{made['id']}").raise_for_status()
    assert page.goto(form).status == 410
    assert page.locator("h1").inner_text() == "Bu bağlantı artık kullanılmıyor"
