"""A real Chromium; without one, what asks for it is skipped. And the API with its pages, for it to look at."""

import contextlib
import os
import shutil
from pathlib import Path

import pytest

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


@pytest.fixture
def open_page(browser):
    """Opens pages that fail the test when their script does, or when they ask anything of another host."""
    faults = []
    with contextlib.ExitStack() as opened:

        def made(**options):
            context = opened.enter_context(browser.new_context(**options))
            page = context.new_page()
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("request", lambda asked: _is_local(asked.url) or faults.append(asked.url))
            return page

        yield made
    assert faults == []


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
