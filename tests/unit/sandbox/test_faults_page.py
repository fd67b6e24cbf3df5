"""The faults page as it is served; what it does is tried in a browser."""

import json
import re

import pytest

from app.sandbox.fault_words import FIELDS, WORDS
from app.sandbox.faults import FaultDial


def test_both_languages_have_the_same_words():
    assert set(WORDS["en"]) == set(WORDS["tr"])
    assert all(word for words in WORDS.values() for word in words.values())


@pytest.mark.parametrize("lang", ["en", "tr"])
def test_every_field_of_the_dial_is_explained(lang):
    assert set(FIELDS[lang]) == set(FaultDial.model_fields)
    assert all(label and text.endswith(".") for label, text in FIELDS[lang].values())


async def test_every_field_of_the_dial_is_on_the_page(bench):
    script = (await bench.http.get("/phone/files/faults.js")).text
    groups = script[script.index("const GROUPS") : script.index("const PRESETS")]
    assert set(re.findall(r'"(\w+)"', groups)) == set(FaultDial.model_fields) - {"codes"}
    words = set(re.findall(r"words\.(\w+)", script))
    assert words - set(WORDS["en"]) == set()


@pytest.mark.parametrize(("lang", "title"), [("en", "Fault dial"), ("tr", "Arıza paneli")])
async def test_the_page_loads_nothing_from_elsewhere(bench, lang, title):
    page = await bench.http.get("/faults", params={"lang": lang})
    assert page.status_code == 200
    assert f'<html lang="{lang}">' in page.text
    assert f"<h1>{title}</h1>" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "style=" not in page.text
    files = re.findall(r'(?:src|href)="(/phone/files/[^"]+)"', page.text)
    assert len(files) == 4
    for path in files:
        answer = await bench.http.get(path)
        assert answer.status_code == 200
        assert re.findall(r"url\([\"']?https?:|@import|fetch\([\"'`]https?:", answer.text) == []
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.text, re.DOTALL)[1]
    assert "<" not in data
    told = json.loads(data)
    assert told["best"] == FaultDial().model_dump(mode="json", exclude={"seed"})
    assert [131026, "Message undeliverable", "async"] in told["codes"]


@pytest.mark.parametrize(
    ("change", "active"),
    [
        ({}, []),
        ({"seed": 5, "disorder_seconds": 9, "held_dropped": 1, "webhook_batch": 7}, []),
        ({"throughput": None, "pair_interval": 0}, []),
        ({"throughput": 1000, "pair_burst": 50}, []),
        ({"throughput": 20, "pair_burst": 1, "messaging_limit": 0}, ["throughput", "pair_burst", "messaging_limit"]),
        ({"webhook_delay": 1, "codes": {"190": 0.1}}, ["codes", "webhook_delay"]),
    ],
)
async def test_what_is_worse_than_at_meta_is_on(bench, change, active):
    assert (await bench.dial(**change))["active"] == active
