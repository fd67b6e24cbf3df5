"""Webhooks that say how fast and how far a sender may send, and whether at all."""

import json
import time
from typing import Any

import asyncpg
import pytest

from app.accounts.senders import NUMBERS_CHANNEL
from app.core.clock import ManualClock
from app.core.settings import Settings
from tests.support.driving import Driver, hearing_container
from tests.support.world import World

PORTFOLIO = "SELECT messaging_limit FROM portfolios"


def change(world: World, field: str, **value: Any) -> dict[str, Any]:
    entry = {"id": world.waba_id, "time": int(time.time()), "changes": [{"field": field, "value": value}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


async def told(driver: Driver, field: str, **value: Any) -> None:
    answer = await driver.webhook(change(driver.world, field, **value))
    assert answer.status_code == 200, answer.text


async def sender_of(driver: Driver) -> dict[str, Any]:
    found: dict[str, Any] = (await driver.request("GET", f"/v1/senders/{driver.world.sender}")).json()
    return found


@pytest.mark.parametrize("written", ["908505551010", "+90 850 555 10 10"])
async def test_throughput_upgrade_holds_at_once(driver: Driver, written: str) -> None:
    await told(
        driver,
        "phone_number_quality_update",
        display_phone_number=written,
        event="THROUGHPUT_UPGRADE",
        current_limit="TIER_UNLIMITED",
        max_daily_conversations_per_business="TIER_UNLIMITED",
    )
    shown = await sender_of(driver)
    assert (shown["throughput"], shown["throughput_at_meta"]) == (1000, 1000)


async def test_upgrade_of_another_number_changes_nothing(driver: Driver) -> None:
    await told(driver, "phone_number_quality_update", display_phone_number="905550000000", event="THROUGHPUT_UPGRADE")
    assert (await sender_of(driver))["throughput"] == 80


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone_number_quality_update", {"display_phone_number": "905550000000", "event": "THROUGHPUT_UPGRADE"}),
        ("business_capability_update", {"max_daily_conversations_per_business": "TIER_2K"}),
        ("account_update", {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}),
    ],
)
async def test_news_of_a_stranger_is_kept(
    driver: Driver, connection: asyncpg.Connection, field: str, value: dict[str, Any]
) -> None:
    document = change(driver.world, field, **value)
    document["entry"][0]["id"] = "299999999999999"
    assert (await driver.webhook(document)).status_code == 200
    kept = await connection.fetch("SELECT field, why FROM kept_webhook_items")
    assert [tuple(row) for row in kept] == [(field, "unmatched")]
    assert (await sender_of(driver))["state"] == "active"


async def test_ban_of_long_ago_pauses_nothing(driver: Driver, clock: ManualClock) -> None:
    document = change(driver.world, "account_update", event="DISABLED_UPDATE", ban_info={"waba_ban_state": "DISABLE"})
    document["entry"][0]["time"] = int(clock.now().timestamp()) - 3 * 86_400
    assert (await driver.webhook(document)).status_code == 200
    assert (await sender_of(driver))["state"] == "active"


async def test_other_news_of_a_number_makes_workers_ask_graph(
    driver: Driver, settings: Settings, clock: ManualClock
) -> None:
    async with hearing_container(settings, clock, NUMBERS_CHANNEL) as (_, hear):
        await told(driver, "phone_number_quality_update", display_phone_number="908505551010", event="DOWNGRADE")
        assert await hear() == str(driver.world.business_id)
    assert (await sender_of(driver))["throughput"] == 80


@pytest.mark.parametrize(
    ("tier", "limit"), [("TIER_250", 250), ("TIER_2K", 2000), (2000, 2000), (-1, None), ("TIER_UNLIMITED", None)]
)
async def test_limit_of_the_portfolio_is_taken_over(
    driver: Driver, connection: asyncpg.Connection, tier: str | int, limit: int | None
) -> None:
    await told(driver, "business_capability_update", max_daily_conversations_per_business=tier)
    assert await connection.fetchval(PORTFOLIO) == limit
    assert await connection.fetchval("SELECT count(*) FROM portfolios") == 1
    path = f"/v1/businesses/biz_{driver.world.business_id.hex}"
    shown = (await driver.request("GET", path)).json()["portfolio"]
    assert (shown["messaging_limit"], shown["used"], shown["known_at"] is not None) == (limit, 0, True)


async def test_limit_that_nobody_understands_changes_nothing(driver: Driver, connection: asyncpg.Connection) -> None:
    await told(driver, "business_capability_update", max_daily_conversations_per_business="TIER_2K")
    odd = ("TIER_NOT_SET", "", None, 99_999_999_999, "99999999999", int("9" * 60), "9" * 5000)
    for one in odd:
        document = change(driver.world, "business_capability_update", max_daily_conversations_per_business=one)
        assert (await driver.webhook(json.dumps(document).encode())).status_code == 200, one
    assert await connection.fetchval(PORTFOLIO) == 2000
    assert await connection.fetchval("SELECT count(*) FROM kept_webhook_items") == len(odd)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "2026"}}, 131031),
        (
            {
                "event": "ACCOUNT_RESTRICTION",
                "violation_info": {"violation_type": "UTILITY_TEMPLATE_ABUSE"},
                "restriction_info": [
                    {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1796000000}
                ],
            },
            368,
        ),
    ],
)
async def test_ban_of_the_account_pauses_its_senders(driver: Driver, value: dict[str, Any], code: int) -> None:
    await told(driver, "account_update", **value)
    shown = await sender_of(driver)
    assert shown["state"] == "paused"
    (alert,) = shown["alerts"]
    assert (alert["code"], alert["details"] is not None) == (code, True)


@pytest.mark.parametrize(
    "value",
    [
        {"event": "PARTNER_ADDED", "waba_info": {"waba_id": "1"}},
        {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}},
        {
            "event": "ACCOUNT_RESTRICTION",
            "restriction_info": [{"restriction_type": "RESTRICTED_ADD_PHONE_NUMBER_ACTION"}],
        },
    ],
)
async def test_other_news_of_an_account_is_kept_and_pauses_nothing(
    driver: Driver, connection: asyncpg.Connection, value: dict[str, Any]
) -> None:
    await told(driver, "account_update", **value)
    assert (await sender_of(driver))["state"] == "active"
    assert [row["field"] for row in await connection.fetch("SELECT field FROM kept_webhook_items")] == [
        "account_update"
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone_number_quality_update", {"event": 7}),
        ("business_capability_update", {"max_daily_conversations_per_business": []}),
        ("account_update", {"restriction_info": "all"}),
        ("account_update", {"event": "ACCOUNT_RESTRICTION", "violation_info": {"violation_type": "a\x00b"}}),
    ],
)
async def test_what_cannot_be_read_is_kept(
    driver: Driver, connection: asyncpg.Connection, field: str, value: dict[str, Any]
) -> None:
    await told(driver, field, **value)
    assert [row["why"] for row in await connection.fetch("SELECT why FROM kept_webhook_items")] == ["unreadable"]
