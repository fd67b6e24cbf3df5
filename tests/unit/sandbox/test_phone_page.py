import json
import re

import pytest

from app.sandbox.pages import choose_language
from app.sandbox.phone_words import WORDS


@pytest.mark.parametrize(
    ("asked", "accept", "language"),
    [
        ("tr", "en", "tr"),
        (None, "tr-TR,tr;q=0.9,en;q=0.8", "tr"),
        (None, "en-GB,tr;q=0.5", "en"),
        (None, "de;q=0.9, tr;q=0.8, en;q=0.1", "tr"),
        (None, "de", "en"),
        (None, "", "en"),
        ("de", "tr", "tr"),
        (None, "tr;q=x, en;q=0.2", "en"),
    ],
)
def test_the_language_is_chosen(asked, accept, language):
    assert choose_language(asked, accept) == language


def test_both_languages_have_the_same_words():
    assert set(WORDS["en"]) == set(WORDS["tr"])
    assert all(word for words in WORDS.values() for word in words.values())


async def test_the_page_loads_nothing_from_elsewhere(bench):
    page = await bench.http.get("/", headers={"accept-language": "tr"})
    assert page.status_code == 200
    assert '<html lang="tr">' in page.text
    assert "Deneme telefonu" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    files = re.findall(r'(?:src|href)="(/phone/files/[^"]+)"', page.text)
    assert len(files) == 6
    for text in [page.text, *[(await bench.http.get(path)).text for path in files]]:
        loaded = re.findall(r"(?:src|href)=[\"']https?:|url\([\"']?https?:|@import|fetch\([\"'`]https?:", text)
        assert loaded == []
    assert (await bench.http.get("/phone/files/main.py")).status_code == 404


async def test_the_data_of_the_page_cannot_end_its_script(bench):
    page = (await bench.http.get("/?lang=en")).text
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1]
    assert json.loads(data)["words"]["title"] == "Sandbox phone"
    assert "<" not in data


async def test_the_state_is_told_once(bench):
    await bench.write(text="<b>Hi</b>", profile_name="Ana")
    key = f"{bench.account['phone_number_id']}:33612345678"
    state = (await bench.http.get("/phone/state", params={"chat": key})).json()
    (row,) = state["chats"]
    assert (row["name"], row["phone"], row["text"]) == ("Ana", "+33 6 12 34 56 78", "<b>Hi</b>")
    assert state["chat"]["window_until"] > state["now"]
    assert [message["direction"] for message in state["chat"]["messages"]] == ["in"]
    same = (await bench.http.get("/phone/state", params={"since": state["version"]})).json()
    assert same == {"version": state["version"]}


async def test_the_page_says_whether_something_is_set_to_go_wrong(bench):
    async def told():
        return (await bench.http.get("/phone/state")).json()["faults"]

    assert await told() is False
    await bench.dial(disorder=0.1)
    assert await told() is True
    await bench.http.delete("/control/faults")
    assert await told() is False
    path = f"/control/numbers/{bench.account['phone_number_id']}/condition"
    await bench.http.put(path, json={"code": 131042})
    assert await told() is True


async def test_bubbles_tell_status_failure_and_quote(bench):
    wamid = (await bench.send()).json()["messages"][0]["id"]
    await bench.advance(3)
    await bench.write(context=wamid)
    key = f"{bench.account['phone_number_id']}:33612345678"
    sent, answer = (await bench.http.get("/phone/state", params={"chat": key})).json()["chat"]["messages"]
    assert (sent["status"], sent["failure"]["code"]) == ("failed", 131047)
    assert answer["quote"] == {"wamid": wamid, "direction": "out", "text": "Hello", "type": "text"}


async def test_typing_shows_until_the_answer(bench):
    wamid = (await bench.write()).json()["wamid"]
    read = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": wamid,
        "typing_indicator": {"type": "text"},
    }
    key = f"{bench.account['phone_number_id']}:33612345678"

    async def typing():
        state = (await bench.http.get("/phone/state", params={"chat": key})).json()
        return state["chat"]["typing_until"] > state["now"]

    await bench.graph("POST", "{pnid}/messages", json=read)
    assert await typing()
    await bench.send()
    assert not await typing()
    await bench.graph("POST", "{pnid}/messages", json=read)
    await bench.advance(26)
    assert not await typing()
