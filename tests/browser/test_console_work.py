"""The console's working pages in a real browser: finding a message, reading its story, and sending a callback again."""

from datetime import timedelta
from ipaddress import ip_network

import pytest

from app.worker import build_dispatcher
from tests.support.filled import fill
from tests.support.graph_server import graph_server
from tests.support.pages_server import pages_server
from tests.support.receiver import TAKEN, receiver
from tests.support.working import NAME, REFERENCE, at_work

pytestmark = pytest.mark.browser

FAILING = (503, {}, "Veritabanı bakımda".encode())


@pytest.fixture(scope="module")
def shop_system():
    with receiver() as running:
        running.answer = lambda _: FAILING
        yield running


@pytest.fixture(scope="module")
def console(clones, tmp_path_factory, shop_system):
    """As for the other pages, with Graph and the business's own system beside it."""
    with graph_server() as graph:
        options = {
            "graph_transport": "httpx",
            "graph_sandbox_url": graph,
            "callback_networks": (ip_network("127.0.0.0/8"),),
            "console_look_every": timedelta(milliseconds=200),
        }
        with pages_server(clones, tmp_path_factory.mktemp("work"), **options) as server:
            container = server.container
            dispatcher = build_dispatcher(container)
            server.work = server.run(at_work(server, dispatcher, shop_system.url))
            server.run(fill(container, server.world))
            server.run(container.deliverer.step())
            yield server


@pytest.mark.parametrize(("language", "width"), [("tr", 1280), ("en", 390)])
def test_pages_fit_and_break_no_policy(open_console, console, shot, language, width):
    page = open_console(language=language, viewport={"width": width, "height": 800})
    for number, path in enumerate(console.work.paths()):
        answer = page.goto(f"{console.url}/console/{path}")
        assert answer.status == 200, path
        page.locator(".pulse:not(.off)").wait_for()
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, path
        shot(page, f"{number:02}-{path.replace('/', '-').partition('_')[0]}-{language}-{width}")


def test_somebody_finds_a_message_reads_its_story_and_sends_a_callback_again(open_console, console, shop_system):
    page = open_console("/console/messages")
    page.get_by_role("searchbox").fill("0532 111 22 33")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/messages?contact=con_*")
    row = page.get_by_role("row").filter(has_text=REFERENCE)
    row.get_by_role("link").click()
    page.get_by_role("heading", name="Ne oldu?").wait_for()
    story = page.locator("#story .timeline > li")
    said = " ".join(story.all_inner_texts())
    for step in ("Ulak olayı kabul etti", "Meta mesajı kabul etti", "Telefona ulaştı", "Okundu", "Müşteri yanıtladı"):
        assert step in said
    assert page.locator(".bubble-body strong").inner_text() == "A-1001"
    page.get_by_role("link", name=NAME).click()
    page.get_by_role("heading", name="İzin defteri").wait_for()
    page.get_by_role("link", name="Geri çağrılar").first.click()
    page.locator("#endpoints h2 a").click()
    tried = page.get_by_role("row").filter(has_text="Sonraki deneme").first
    event_type = tried.locator("code").inner_text()
    tried.get_by_role("link").first.click()
    page.get_by_text("adres hata yanıtı verdi (503)").first.wait_for()
    assert "Veritabanı bakımda" in page.locator(".timeline .code").first.inner_text()
    shop_system.answer = lambda _: TAKEN
    page.get_by_role("button", name="Yeniden gönder").click()
    page.get_by_text("Olay yeniden gönderiliyor.").wait_for()
    console.run(console.container.deliverer.step())
    page.locator("#calls .badge.ok", has_text="İletildi").wait_for()  # the page sees it by itself
    assert shop_system.taken[0].document["type"] == event_type


def test_asking_first_takes_no_script(open_console, console):
    page = open_console(f"/console/messages/{console.work.scheduled}", java_script_enabled=False)
    page.get_by_text("Mesajı durdur").click()
    page.get_by_role("button", name="Evet, durdur").click()
    page.get_by_text("Mesaj durduruldu.").wait_for()
    assert page.locator("#story h2 .badge").first.inner_text() == "İptal edildi"
