"""Proof of one person's consent, over HTTP and on the command line."""

import json
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from typer.testing import CliRunner

from app.cli.application import application
from app.consent.proof import PublicKey, check, read
from app.container import Container
from tests.support.driving import PHONE, Driver, pointers, problem, rows
from tests.support.world import WORDING, World, build_world


@pytest.fixture
async def consented(driver: Driver) -> str:
    for body in (
        {"act": "opt_in", "wording": WORDING, "place": "Kasa 3", "address": "192.0.2.7"},
        {"act": "frequency", "cap": {"most": 3, "days": 7}},
        {"act": "opt_out", "topics": ["orders"]},
    ):
        answer = await driver.consent(PHONE, source="checkout", **body)
        assert answer.status_code == 200
    found: str = answer.json()["contact_id"]
    return found


async def proof(driver: Driver, contact: str = PHONE) -> dict[str, Any]:
    answer = await driver.request("GET", f"/v1/contacts/{contact}/proof")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_proof_tells_all_and_is_signed_by_the_published_key(
    driver: Driver, consented: str, connection: asyncpg.Connection
) -> None:
    signed = await proof(driver)
    published = (await driver.request("GET", "/v1/proof-key")).json()
    assert check(signed, PublicKey.parse(published["key"])).faults == []
    assert published["fingerprint"] == signed["signature"]["fingerprint"]
    told = signed["proof"]
    assert told["contacts"][0]["phone"] == PHONE
    assert {one["topic"]: one["state"] for one in told["consents"]} == {"*": "opted_in", "orders": "opted_out"}
    assert told["preferences"] == {consented: {"caps": {"*": {"most": 3, "days": 7}}}}
    lines = (await rows(connection, "consent_acts"))["consent_acts"]
    assert [(act["number"], act["mac"]) for act in told["acts"]] == sorted(
        (line["number"], line["mac"].hex()) for line in lines
    )
    first = told["acts"][0]
    assert (first["wording"], first["place"]) == (WORDING, "Kasa 3")
    assert first["evidence"]["personal"] == {"phone": PHONE, "address": "192.0.2.7"}
    assert told["ledger"] == {"length": 3, "head": told["acts"][-1]["mac"]}
    assert told["issued"]["key"].startswith("key_")


@pytest.mark.usefixtures("consented")
async def test_a_page_is_asked_for_by_address_or_by_what_is_accepted(driver: Driver) -> None:
    by_address = await driver.request("GET", f"/v1/contacts/{PHONE}/proof.html")
    headers = {**driver.world.headers, "Accept": "text/html,application/xhtml+xml,application/json;q=0.5"}
    by_accept = await driver.request("GET", f"/v1/contacts/{PHONE}/proof", headers=headers)
    for page in (by_address, by_accept):
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["content-language"] == "tr"
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert check(read(page.content)[0]).faults == []
    as_document = await driver.request("GET", f"/v1/contacts/{PHONE}/proof")
    found = await driver.request("POST", "/v1/proofs/find", json={"phone": PHONE})
    for answer in (by_address, by_accept, as_document, found):
        assert (answer.headers["cache-control"], answer.headers["vary"]) == ("no-store", "Accept")
    english = await driver.request("GET", f"/v1/contacts/{PHONE}/proof.html", params={"language": "en"})
    assert english.headers["content-language"] == "en"
    refused = await driver.request("GET", f"/v1/contacts/{PHONE}/proof.html", params={"language": "fr"})
    problem(refused, 422, "invalid_request")


async def test_after_an_erasure_the_number_finds_the_acts_and_nothing_personal(driver: Driver, consented: str) -> None:
    before = (await driver.request("POST", "/v1/proofs/find", json={"phone": "0532 111 22 33"})).json()
    assert before["proof"]["contacts"][0]["phone"] == PHONE
    assert (await driver.request("DELETE", f"/v1/contacts/{consented}")).status_code == 200
    answer = await driver.request("POST", "/v1/proofs/find", json={"phone": PHONE})
    signed = answer.json()
    assert check(signed).faults == []
    assert signed["proof"]["erased"] is True
    assert "5321112233" not in answer.text
    assert "192.0.2.7" not in answer.text
    assert [act["mac"] for act in signed["proof"]["acts"][:3]] == [act["mac"] for act in before["proof"]["acts"]]
    assert [act["act"] for act in signed["proof"]["acts"]] == ["opt_in", "frequency", "opt_out", "erasure"]
    headers = {**driver.world.headers, "Accept": "text/html"}
    page = await driver.request("POST", "/v1/proofs/find", json={"phone": PHONE}, headers=headers)
    assert "Bu kişinin kişisel verileri silinmiştir" in page.text


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#"),
        ({"phone": PHONE, "bsuid": "TR.1"}, "#"),
        ({"phone": "12"}, "#/phone"),
        ({"bsuid": "nonsense"}, "#/bsuid"),
        ({"phone": PHONE, "name": "x"}, "#/name"),
    ],
)
async def test_a_question_that_names_nobody_is_refused(driver: Driver, body: dict[str, str], pointer: str) -> None:
    answer = await driver.request("POST", "/v1/proofs/find", json=body)
    assert pointers(problem(answer, 422, "invalid_request")) == [pointer]


async def test_who_is_in_no_ledger_has_no_proof(driver: Driver) -> None:
    for body in ({"phone": PHONE}, {"bsuid": "TR.1"}):
        problem(await driver.request("POST", "/v1/proofs/find", json=body), 404, "not_found")
    problem(await driver.request("GET", f"/v1/contacts/{PHONE}/proof"), 404, "not_found")


@pytest.mark.usefixtures("consented")
async def test_another_business_finds_nothing_by_the_same_number(
    driver: Driver, http: httpx.AsyncClient, container: Container
) -> None:
    world: World = await build_world(
        container, name="Öteki", phone_number_id="100000000000002", waba_id="200000000000002", app_secret="other"
    )
    other = Driver(http, world)
    problem(await other.request("POST", "/v1/proofs/find", json={"phone": PHONE}), 404, "not_found")
    keys = [(await one.request("GET", "/v1/proof-key")).json()["key"] for one in (driver, other)]
    assert keys[0] != keys[1]


@pytest.mark.usefixtures("consented")
async def test_the_command_checks_files_without_a_database(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ULAK_DATABASE_URL", raising=False)
    signed = await proof(driver)
    page = (await driver.request("GET", f"/v1/contacts/{PHONE}/proof.html")).text
    key = (await driver.request("GET", "/v1/proof-key")).json()["key"]
    wrong = json.dumps(signed).replace("Kasa 3", "Kasa 4")
    files = {"proof.json": json.dumps(signed), "proof.html": page, "wrong.json": wrong}
    files["painted.html"] = page.replace("<dd>Kasa 3</dd>", "<dd>Kasa 4</dd>")
    assert files["painted.html"] != page
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def run(name: str, *more: str) -> tuple[int, str]:
        result = CliRunner().invoke(application(), ["consent", "check-proof", str(tmp_path / name), *more])
        return result.exit_code, result.output

    for name in ("proof.json", "proof.html"):
        code, said = run(name, "--key", key)
        assert code == 0
        assert "genuine: issued by Demo Mağaza" in said
        assert "own" not in said
    code, said = run("proof.json")
    assert (code, "The key is the file's own" in said) == (0, True)
    code, said = run("wrong.json", "--key", key)
    assert (code, "the signature does not fit" in said) == (1, True)
    code, said = run("painted.html", "--key", key)
    assert (code, "does not look as this version makes it" in said) == (0, True)
    code, said = run("proof.json", "--key", PublicKey(b"\x00" * 31 + b"\x01").text)
    assert code == 1
