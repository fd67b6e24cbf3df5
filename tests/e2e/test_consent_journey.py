"""A customer comes by a leaflet, leaves in four ways and comes back in three; the simulator is the phone."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.browser.conftest import browser, open_page, shot
from tests.support.stack import Stack, wait_for
from tests.support.world import order_confirmed

__all__ = ["browser", "open_page", "shot"]

pytestmark = pytest.mark.browser

PHONE = "+905344445566"
NATIONAL = "0534 444 55 66"


def _post(api: httpx.Client) -> dict[str, Any]:
    answer = api.post("/v1/events/order-confirmed", json=order_confirmed(PHONE))
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _acts(api: httpx.Client) -> list[dict[str, Any]]:
    answer = api.get(f"/v1/contacts/{PHONE}/consents")
    found: list[dict[str, Any]] = answer.json()["acts"] if answer.is_success else []
    return found


def _last_act(api: httpx.Client, *expected: str) -> None:
    """Of the ledger, once it is there: act and source."""

    def is_there() -> bool:
        acts = _acts(api)
        return bool(acts) and (acts[-1]["act"], acts[-1]["source"]) == expected

    wait_for(f"the act {expected}", is_there)


def _is_silent(api: httpx.Client) -> None:
    told = _post(api)
    assert (told["status"], told["reason"]) == ("suppressed", "opted_out")


class Phone:
    """The simulator's page, with this customer's chat open."""

    def __init__(self, page: Any, stack: Stack) -> None:
        self._page = page
        page.goto(f"http://127.0.0.1:{stack.sandbox_port}/?lang=tr")
        page.fill("#new-customer", PHONE)
        page.click("#new button")
        page.wait_for_selector("#text")

    def writes(self, words: str) -> None:
        self._page.fill("#text", words)
        self._page.press("#text", "Enter")
        self._page.locator(".turn.in .body", has_text=words).last.wait_for()

    def sees(self, words: str) -> None:
        self._page.locator("#log", has_text=words).wait_for()

    def taps(self, label: str) -> None:
        self._page.locator("#log button", has_text=label).last.click()

    @property
    def page(self) -> Any:
        return self._page


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    with stack.api as client:
        business = f"/v1/businesses/{stack.business}"
        asking = {"ask_when_unsure": True, "offered_topics": {"orders": {}, "appointments": {}}}
        client.patch(business, json=asking).raise_for_status()
        yield client
        client.patch(business, json={"ask_when_unsure": False, "offered_topics": {}}).raise_for_status()


def test_a_customer_comes_leaves_by_every_way_and_comes_back(
    stack: Stack, api: httpx.Client, open_page: Any, shot: Any
) -> None:
    door = {"source": "qr_print", "place": "Kadıköy broşürü", "leads_to": "page"}
    link = api.post("/v1/opt-in-links", json=door).raise_for_status().json()
    page = open_page(locale="tr-TR", java_script_enabled=False)
    page.goto(link["url"])
    page.get_by_label("WhatsApp numaranız").fill(NATIONAL)
    page.locator("input[name=agreed]").check()
    wording = page.locator("#wording").inner_text()
    page.get_by_role("button", name="Kaydol").click()
    assert page.locator("h1").inner_text() == "Kaydınız alındı"
    _last_act(api, "opt_in", "qr_print")
    (agreed,) = _acts(api)
    assert (agreed["place"], agreed["wording"], agreed["link"]) == ("Kadıköy broşürü", wording, link["id"])
    assert api.get(f"/v1/opt-in-links/{link['id']}").json()["counts"] == {"scans": 1, "opt_ins": 1}

    phone = Phone(open_page(locale="tr-TR"), stack)
    _post(api)
    phone.sees("A-1001")

    phone.writes("lütfen iptal et 🙏")
    _last_act(api, "opt_out", "whatsapp_message")
    phone.sees("bildirim göndermeyi durdurduk")
    shot(phone.page, "journey-keyword", whole=False)
    _is_silent(api)

    phone.writes("başlat")
    _last_act(api, "opt_in", "whatsapp_message")
    assert _post(api)["status"] == "queued"

    phone.writes("iptal?")
    phone.sees("Mesajları durdur")
    phone.taps("Mesajları durdur")
    _last_act(api, "opt_out", "whatsapp_button")
    shot(phone.page, "journey-button", whole=False)
    _is_silent(api)

    phone.writes("siparişi iptal etmek istiyorum, iade nasıl?")
    address = api.post(f"/v1/contacts/{PHONE}/preference-link", json={"language": "tr"}).raise_for_status().json()
    page.goto(address["url"])
    page.get_by_role("button", name="Onaylıyorum, mesajları başlat").click()
    _last_act(api, "opt_in", "preference_page")
    assert _post(api)["status"] == "queued"
    page.get_by_role("button", name="Tüm mesajları durdur").click()
    _last_act(api, "opt_out", "preference_page")
    _is_silent(api)

    back = {"act": "opt_in", "source": "support_agent", "actor": "staff:Derya", "wording": wording, "language": "tr"}
    api.put(f"/v1/contacts/{PHONE}/consent", json=back).raise_for_status()
    assert _post(api)["status"] == "queued"
    api.put(f"/v1/contacts/{PHONE}/consent", json={"act": "opt_out", "source": "support_agent"}).raise_for_status()
    _is_silent(api)
    assert [act["number"] for act in _acts(api)] == sorted(act["number"] for act in _acts(api))
    assert "seal" in stack.command("consent", "verify", "--business", stack.business), "and it ended without a fault"
