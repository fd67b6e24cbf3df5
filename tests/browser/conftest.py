"""A real Chromium; without one, what asks for it is skipped. And the API with its pages, for it to look at."""

import contextlib
import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.filled import DAYS, fill
from tests.support.pages_server import pages_server, website

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser():
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium is installed")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture
def ulak(clones, tmp_path):
    """The API with a business that is called Demo Mağaza."""
    with pages_server(clones, tmp_path) as server:
        yield server


@pytest.fixture
def shop():
    """A website of somebody else."""
    with website() as one:
        yield one


@pytest.fixture(scope="module")
def console(clones, tmp_path_factory):
    """The API with a business of which there is something to see, for all tests of a module."""
    options = {"console_look_every": timedelta(milliseconds=200)}
    with pages_server(clones, tmp_path_factory.mktemp("console"), **options) as server:
        days = 35 if os.environ.get("ULAK_SCREENSHOTS") else DAYS
        server.run(fill(server.container, server.world, days=days))
        yield server


@pytest.fixture
def open_console(open_page, console):
    """Signed in by a link, at a page of the console. What the page says to its own console as an error, such as that
    its policy was broken, fails the test. `refused`: answers that a page was not to get, which the browser tells of as
    of errors."""

    def opened(path="/console/", *, language="tr", refused=(), **options):
        page = open_page(is_strict=True, refused=refused, locale={"tr": "tr-TR", "en": "en-GB"}[language], **options)
        made = console.api.post("/v1/console-links").raise_for_status().json()
        page.goto(made["url"])
        page.locator("main button").click()
        page.wait_for_url("**/console/")
        if path != "/console/":
            page.goto(f"{console.url}{path}")
        return page

    return opened


@pytest.fixture
def open_page(browser):
    """Opens pages that fail the test when their script does, or when they ask anything of another host."""
    faults = []
    with contextlib.ExitStack() as opened:

        def made(*, is_strict=False, refused=(), **options):
            context = opened.enter_context(browser.new_context(**options))
            page = context.new_page()
            if is_strict:
                page.on("console", lambda said: _is_fault(said, refused) and faults.append(said.text))
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("request", lambda asked: _is_local(asked.url) or faults.append(asked.url))
            return page

        yield made
    assert faults == []


def _is_fault(said, refused):
    """A stream that ended, htmx tells of as of an error, without a word."""
    return (
        said.type == "error"
        and said.text != "[object Event]"
        and not any(f"status of {status} " in said.text for status in refused)
    )


def _is_local(url):
    return url.startswith(("http://127.0.0.1:", "data:"))


@pytest.fixture
def shot():
    """Keeps a picture of a page in the directory that ULAK_SCREENSHOTS names, if it names one."""
    directory = os.environ.get("ULAK_SCREENSHOTS")

    def kept(page, name, *, whole=True):
        if directory:
            page.screenshot(path=Path(directory) / f"{name}.png", full_page=whole)

    return kept
