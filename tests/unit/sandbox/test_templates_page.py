"""The page of templates as it is served; what it does is tried in a browser."""

import re
from typing import get_args

import pytest

from app.sandbox.control_templates import Category, Reason, Status
from app.sandbox.state import Pause
from app.sandbox.template_quality import Score
from app.sandbox.template_words import WORDS

DUE = ("review", "unpause", "category", "archival", "removal", "deletion")


def test_both_languages_have_the_same_words():
    assert set(WORDS["en"]) == set(WORDS["tr"])
    assert all(word for words in WORDS.values() for word in words.values())


@pytest.mark.parametrize("lang", ["en", "tr"])
def test_whatever_a_template_can_be_has_a_name(lang):
    named = {f"status_{one}" for one in (*get_args(Status), "PENDING_DELETION")}
    named |= {f"category_{one}" for one in get_args(Category)} | {f"notice_{one}" for one in get_args(Category)}
    named |= {f"quality_{one}" for one in get_args(Score)} | {f"pause_{one}" for one in get_args(Pause) if one}
    assert named | {f"due_{one}" for one in DUE} <= set(WORDS[lang])


async def test_every_word_and_reason_of_the_script_is_known(bench):
    script = (await bench.http.get("/phone/files/templates.js")).text
    assert set(re.findall(r"words\.(\w+)", script)) <= set(WORDS["en"])
    offered = set(re.findall(r'(?:offer|button)\("(\w+)"', script))
    assert offered >= {"review", "block", "unpause", "hold", "release", "drop", "effect", "withdraw", "archive"}
    assert {f"act_{name}" for name in offered} <= set(WORDS["en"])
    reasons = re.findall(r'"([A-Z_]+)"', script[script.index("REASONS") : script.index("const MANY")])
    assert set(reasons) == set(get_args(Reason)) - {"NONE"}


@pytest.mark.parametrize(("lang", "title"), [("en", "Templates"), ("tr", "Şablonlar")])
async def test_the_page_loads_nothing_from_elsewhere(bench, lang, title):
    page = await bench.http.get("/templates", params={"lang": lang})
    assert page.status_code == 200
    assert f'<html lang="{lang}">' in page.text
    assert f"<h1>{title}</h1>" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "style=" not in page.text
    files = re.findall(r'(?:src|href)="(/phone/files/[^"]+)"', page.text)
    assert len(files) == 5
    for path in files:
        answer = await bench.http.get(path)
        assert answer.status_code == 200
        assert re.findall(r"url\([\"']?https?:|@import|fetch\([\"'`]https?:", answer.text) == []
