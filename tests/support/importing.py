"""Sending lists of consent, and working through them, from a test."""

import csv
import io
from typing import Any

import httpx

from app.consent.imports.working import Importer
from app.consent.verify import Report, verify
from app.container import Container
from tests.support.driving import Driver
from tests.support.world import WORDING, World

PATH = "/v1/consent-imports"
SAID: dict[str, str] = {"wording": WORDING, "original_source": "checkout"}
"""Enough for any row that has a date."""


async def send(
    driver: Driver, text: str | bytes, *, headers: dict[str, str] | None = None, **params: Any
) -> httpx.Response:
    """`params`: what is said of the whole list; by default enough for rows with a date."""
    return await driver.request(
        "POST",
        PATH,
        content=text.encode() if isinstance(text, str) else text,
        params=params or SAID,
        headers={**driver.world.headers, "Content-Type": "text/csv", **(headers or {})},
    )


async def work(importer: Importer) -> None:
    """To the end of all that waits."""
    while await importer.step():
        pass


async def status(driver: Driver, import_id: str) -> dict[str, Any]:
    answer = await driver.request("GET", f"{PATH}/{import_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def report(driver: Driver, import_id: str, **params: str) -> list[dict[str, str]]:
    answer = await driver.request("GET", f"{PATH}/{import_id}/report.csv", params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


async def imported(
    driver: Driver, container: Container, text: str | bytes, **options: Any
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """A list that was worked through: how it stands, and what became of every row."""
    sent = await send(driver, text, **options)
    assert sent.status_code == 202, sent.text
    await work(container.importer)
    import_id = sent.json()["id"]
    return await status(driver, import_id), await report(driver, import_id, all="true")


async def verified(container: Container, world: World) -> Report:
    business = await container.directory.business(world.business_id)
    assert business is not None
    async with container.database.transaction() as session:
        return await verify(session, business)
