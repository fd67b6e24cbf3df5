"""Figures as the API shows them: groups, gaps, costs by the business's rates, tables, and what it refuses."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import respx

from app.cli.figures import figures
from app.cli.run import CommandError
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.messages.dispatch import Dispatcher
from tests.integration.analytics.test_figures import ISTANBUL, shown
from tests.integration.cli.test_businesses import run
from tests.support.driving import Driver, accept_all, dispatch, opt_in_many, pointers, problem, refusal, sends
from tests.support.world import status_item

RATES: list[dict[str, Any]] = [
    {"category": "utility", "country": "TR", "price": "0.0053", "currency": "USD", "from": "2020-01-01"},
    {"category": "utility", "country": "*", "price": "0.1", "currency": "EUR", "from": "2020-01-01"},
]


@pytest.fixture
async def sent(driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock) -> list[str]:
    """Three messages, of which the first was read, the second free, the third refused."""
    await opt_in_many(driver.world.container, driver.world, 3)
    messages = await driver.accepted_many(3)

    def answer(request: httpx.Request) -> httpx.Response:
        refused = orjson.loads(request.content)["biz_opaque_callback_data"] == messages[2]
        return refusal(131026) if refused else accept_all(request)

    sends(graph, driver.world).mock(side_effect=answer)
    for _ in messages:
        await dispatch(dispatcher)
        clock.advance(timedelta(milliseconds=100))
    free = {"pricing": {"billable": False, "type": "free_entry_point", "category": "utility"}}
    first, second, _ = messages
    await driver.receipts(
        status_item(first, "sent", wamid=f"wamid.{first}", at=1795400000),
        status_item(first, "read", wamid=f"wamid.{first}", at=1795400100),
        status_item(second, "delivered", wamid=f"wamid.{second}", at=1795400000, **free),
    )
    assert (await driver.story(second))["price_type"] == "free_entry_point"
    await driver.world.container.figures.refresh()
    return messages


async def test_figures_say_what_became_of_messages_and_what_they_cost(
    driver: Driver, sent: list[str], clock: ManualClock, settings: Settings
) -> None:
    day = clock.now().astimezone(ISTANBUL).date()
    asked: dict[str, Any] = {"from": str(day - timedelta(days=1)), "to": str(day), "by": ["template", "language"]}
    found = await shown(driver, bucket="day", **asked)
    group = {"template": "order_confirmed", "language": "tr", "event_type": None, "variant": None, "sender": None}
    assert [(row["group"], row["counts"]["messages"]) for row in found["rows"]] == [(group, 0), (group, 3)]
    assert found["totals"] == {
        "messages": 3, "waiting": 0, "unconfirmed": 0, "accepted": 2, "sent": 2, "delivered": 2, "read": 1,
        "failed": 1, "suppressed": 0, "canceled": 0, "expired": 0,
    }  # fmt: skip
    assert found["rates"]["failed"]["value"] == 1 / 3
    assert found["rows"][0]["rates"] == {"sent": None, "delivered": None, "read": None, "failed": None}
    (reason,) = found["reasons"]
    assert (reason["status"], reason["code"], reason["messages"]) == ("failed", 131026, 1)
    assert reason["meaning"]
    engagement = await shown(driver, "engagement", **asked)
    times = engagement["time_to_read"]
    assert (times["mean_seconds"], times["median_from_seconds"], times["median_to_seconds"]) == (100, 60, 300)
    assert (await shown(driver, event_type="order-shipped"))["totals"]["messages"] == 0
    assert (await shown(driver, template="order_confirmed", sender=driver.world.sender))["totals"]["messages"] == 3

    unrated = (await shown(driver, "cost"))["totals"]
    assert unrated == {"messages": 2, "paid": 1, "free": 1, "unrated": 1}
    put = await driver.request("PUT", "/v1/analytics/rates", json={"rates": RATES})
    assert put.status_code == 200
    assert (await driver.request("GET", "/v1/analytics/rates")).json() == put.json()
    assert [one["country"] for one in put.json()["rates"]] == ["*", "TR"]
    tomorrow = {**RATES[0], "price": "7", "from": str(day + timedelta(days=1))}
    assert (await driver.request("PUT", "/v1/analytics/rates", json={"rates": [*RATES, tomorrow]})).status_code == 200
    cost = await shown(driver, "cost", bucket="month", to=str(day + timedelta(days=1)))
    assert cost["totals"]["unrated"] == 0
    assert cost["amounts"] == [{"currency": "USD", "amount": "0.0053"}]
    assert [(line["price_type"], line["country"]) for line in cost["lines"]] == [
        ("free_entry_point", "TR"),
        ("regular", "TR"),
    ]

    for what, column in (("delivery", "delivered_rate"), ("engagement", "replied_rate_high"), ("cost", "amount")):
        url = f"/v1/analytics/{what}"
        table = await driver.request("GET", url, params={**asked, "bucket": "day", "format": "csv"})
        same = await driver.request(
            "GET", url, params={**asked, "bucket": "day"}, headers={**driver.world.headers, "Accept": "text/csv"}
        )
        assert table.headers["content-type"].startswith("text/csv")
        assert table.text == same.text
        rows = list(csv.DictReader(io.StringIO(table.text)))
        assert {row["template"] for row in rows} == {"order_confirmed"}
        assert column in rows[-1]

    done = await run(settings, figures, "rebuild", "--from", "2020-01-01")
    assert "1 quarters" in done.output
    assert (await shown(driver))["totals"] == found["totals"]
    nobodys = await run(settings, figures, "rebuild", "--business", f"biz_{'0' * 32}")
    assert isinstance(nobodys.exception, CommandError)


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-02-30"}, "from"),
        ({"to": "2026-11-24T10:01:00Z"}, "to"),
        ({"bucket": "year"}, "bucket"),
        ({"by": "colour"}, "by.0"),
        ({"by": ["sender", "language", "template", "variant"]}, "by"),
        ({"sender": "snd_1"}, "sender"),
        ({"experiment": "exp_1"}, "experiment"),
        ({"template": "a\x00"}, "template.0"),
        ({"untill": "2026-11-24"}, "untill"),
        ({"template": "order\0confirmed"}, "template.0"),
        ({"arm": ["variant", "\0"]}, "arm.1"),
    ],
)
async def test_a_question_that_does_not_fit_is_refused(driver: Driver, params: dict[str, Any], parameter: str) -> None:
    answer = await driver.request("GET", "/v1/analytics/delivery", params=params)
    assert [one["parameter"] for one in problem(answer, 422, "invalid_request")["errors"]] == [parameter]


async def test_a_table_of_rates_that_does_not_fit_changes_nothing(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    assert (await driver.request("PUT", "/v1/analytics/rates", json={"rates": RATES})).status_code == 200
    changes: list[dict[str, Any]] = [
        {"price": "-1"}, {"price": "1e3"}, {"currency": "XXX"}, {"country": "tr"}, {"from": "2026-02-30"},
        {"from": "0001-01-01"}, {"more": 1},
    ]  # fmt: skip
    for number, changed in enumerate(changes):
        answer = await driver.request("PUT", "/v1/analytics/rates", json={"rates": [RATES[1], RATES[0] | changed]})
        assert pointers(problem(answer, 422, "invalid_request")) == [f"#/rates/1/{next(iter(changed))}"], number
    twice = await driver.request("PUT", "/v1/analytics/rates", json={"rates": [*RATES, RATES[0] | {"price": "1"}]})
    assert pointers(problem(twice, 422, "invalid_request")) == ["#/rates/2"]
    assert await connection.fetchval("SELECT sum(price) FROM price_rates") == Decimal("0.1053")
