"""`POST /v1/templates/lint`."""

from typing import Any

import httpx
import pytest

from tests.support.driving import Driver

GOOD: dict[str, Any] = {
    "name": "parcel_ready",
    "language": "tr",
    "body": "Merhaba {{customer_name}}, {{order_number}} numaralı siparişiniz şubede sizi bekliyor.",
    "samples": {"customer_name": "Ayşe", "order_number": "A-1"},
}
META: dict[str, Any] = {
    "name": "parcel_ready",
    "language": "en",
    "category": "UTILITY",
    "components": [
        {
            "type": "BODY",
            "text": "Hello {{1}}, your order {{2}} has been shipped and will reach you tomorrow.",
            "example": {"body_text": [["Ada", "A-1"]]},
        }
    ],
}


async def lint(driver: Driver, body: Any) -> httpx.Response:
    return await driver.request("POST", "/v1/templates/lint", json=body)


@pytest.mark.parametrize("body", [GOOD, META])
async def test_nothing_is_said_against_a_good_template(driver: Driver, body: dict[str, Any]) -> None:
    answer = await lint(driver, body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["passes"], found["findings"]) == (True, [])
    assert found["forecast"]["category"] == "UTILITY"


async def test_promotion_is_found_with_its_place_and_tips_the_forecast(driver: Driver) -> None:
    footer = "Sonraki siparişinize özel indirim"
    found = (await lint(driver, GOOD | {"footer": footer})).json()
    assert not found["passes"]
    assert [(one["severity"], one["code"], one["place"]) for one in found["findings"]] == [
        ("error", "promotional", "footer")
    ]
    forecast = found["forecast"]
    assert (forecast["category"], forecast["probability"]) == ("MARKETING", forecast["probabilities"]["marketing"])
    tip = forecast["tipping"][0]
    assert (tip["place"], footer[tip["start"] : tip["end"]]) == ("footer", "indirim")


async def test_a_code_in_a_utility_template_reads_as_authentication(driver: Driver) -> None:
    body = {"name": "code", "language": "tr", "body": "Doğrulama kodunuz {{code}} ile giriş yapabilirsiniz.",
            "samples": {"code": "1234"}}  # fmt: skip
    found = (await lint(driver, body)).json()
    (finding,) = [one for one in found["findings"] if one["code"] == "category"]
    assert finding["severity"] == "error"
    assert finding["message"].startswith("reads as AUTHENTICATION with a probability of 0.")
    assert "AUTHENTICATION" in finding["suggestion"]


async def test_structure_of_metas_own_body_is_judged_whatever_its_types(driver: Driver) -> None:
    wrong = {"name": 7, "language": [], "components": [{"type": "BODY", "text": {}}, {"type": "BUTTONS", "buttons": 3}]}
    answer = await lint(driver, wrong)
    assert answer.status_code == 200, answer.text
    places = {(one["code"], one["place"]) for one in answer.json()["findings"]}
    assert {
        ("name", "name"),
        ("language", "language"),
        ("category", "category"),
        ("length", "components/0/text"),
        ("buttons", "components/1/buttons"),
    } <= places
    assert answer.json()["forecast"]["category"] is None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (GOOD | {"colour": "red"}, "#/colour"),
        (GOOD | {"body": 7}, "#/body"),
        ({"components": {}}, "#/components"),
        ({"components": ["a"]}, "#/components/0"),
        ({"components": [{}] * 11}, "#/components"),
        ({"components": [], "colour": "red"}, "#/colour"),
        ([], "#"),
    ],
)
async def test_a_body_of_neither_form_is_refused_with_its_place(driver: Driver, body: Any, pointer: str) -> None:
    answer = await lint(driver, body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid_request"
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_what_is_no_json_or_too_large_is_refused(driver: Driver) -> None:
    for content, status, code in (("{", 400, "malformed_body"), (" " * 65_537, 413, "body_too_large")):
        answer = await driver.request("POST", "/v1/templates/lint", content=content)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
