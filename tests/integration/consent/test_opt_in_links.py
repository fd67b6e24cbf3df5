"""Opt-in links: put up, scanned, counted, closed."""

from typing import Any

from tests.support.driving import Driver


async def make(driver: Driver, **body: Any) -> dict[str, Any]:
    answer = await driver.request("POST", "/v1/opt-in-links", json={"source": "qr_till", **body})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_scan_is_counted_and_led_to_the_chat(driver: Driver) -> None:
    link = await make(driver, place="Kadıköy, 3. kasa")
    answer = await driver.http.get(f"/o/{link['code']}")
    assert (answer.status_code, answer.headers["location"]) == (302, link["whatsapp_url"])
    shown = await driver.request("GET", f"/v1/opt-in-links/{link['id']}")
    assert shown.json()["counts"] == {"scans": 1, "opt_ins": 0}
