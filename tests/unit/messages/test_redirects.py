"""Who follows a link, and in which language a page tells that it leads nowhere."""

import re

import pytest

from app.core.visitors import is_preview, page_language
from app.messages.link_pages import unavailable_page, unknown_page

CHROME = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36"


@pytest.mark.parametrize(
    "agent",
    [
        "WhatsApp/2.23.20.0 A",
        "WhatsApp/2.24.1 i",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "facebookexternalhit/1.1;kakaotalk-scrap/1.0;",
        "meta-externalfetcher/1.1",
        "TelegramBot (like TwitterBot)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    ],
)
def test_fetchers_of_previews_are_known(agent: str) -> None:
    assert is_preview({"user-agent": agent})


@pytest.mark.parametrize("agent", [CHROME, f"{CHROME} [FBAN/FBIOS;FBAV/400.0]", f"{CHROME} WhatsApp/2.24", "curl/8.5"])
def test_browsers_are_people(agent: str) -> None:
    assert not is_preview({"user-agent": agent})
    assert not is_preview({})


@pytest.mark.parametrize(
    "header", [{"sec-purpose": "prefetch;prerender"}, {"purpose": "prefetch"}, {"x-moz": "prefetch"}]
)
def test_a_browser_that_loads_in_advance_is_nobody_yet(header: dict[str, str]) -> None:
    assert is_preview({"user-agent": CHROME, **header})


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "tr"),
        ("", "tr"),
        ("tr-TR,tr;q=0.9,en;q=0.8", "tr"),
        ("en-GB,en;q=0.9", "en"),
        ("en;q=0.5, tr;q=0.7", "tr"),
        ("de-DE,de;q=0.9,en;q=0.8,tr;q=0.7", "en"),
        ("de", "en"),
        ("*", "tr"),
        ("tr;q=0, *;q=0.5", "tr"),
        ("tr;q=0", "en"),
        ("TR", "tr"),
        ("tr;q=high", "en"),
        ("tr;q=nan, en;q=0.1", "en"),
        (",,;;q,=", "en"),
    ],
)
def test_language_of_a_page_is_the_browsers_choice(accepted: str | None, language: str) -> None:
    assert page_language(accepted) == language


@pytest.mark.parametrize("page", [unknown_page, unavailable_page])
@pytest.mark.parametrize("language", ["tr", "en"])
def test_pages_are_whole_and_ask_for_nothing(page, language) -> None:
    text = page(language).decode()
    assert f'<html lang="{language}">' in text
    assert text.count("<h1>") == text.count("<main>") == text.count("<title>") == 1
    assert 'name="viewport"' in text
    assert not re.search(r"(src|href|url\()|<script|<link|<img", text)
