"""Each fault in turn at a sandbox: the check that is about it names it, and only what follows from it does so too."""

from datetime import UTC, timedelta
from typing import Any

import asyncpg
from cryptography.fernet import Fernet
from pydantic import SecretStr

from app.container import Container, build_container
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.doctor.outcomes import OF_INSTALLATION, Check, Outcome
from app.doctor.words import tell_all
from app.sandbox.standing import FAULTS
from tests.integration.doctor.conftest import Meta
from tests.support.driving import Driver, problem
from tests.support.walk import call

NOTHING_SENT = {"webhooks_arrive": "unknown"}
"""Of a number that has sent nothing yet, nobody can say whether webhooks of it arrive."""

_NUMBER = {
    "number_status", "number_verification", "quality", "platform", "display_name", "payment", "health",
    "messaging_limit", "webhook_override",
}  # fmt: skip
_ACCOUNT = {"subscribed_apps", "account_review", "business_verification", "template_coverage", "templates"}
_TOKEN = {"token_expiry", "permissions", "app", "app_subscription", "webhook_fields"}


def _unknown(*checks: str) -> dict[str, str]:
    return dict.fromkeys(checks, "unknown")


EXPECTED: dict[str, dict[str, str]] = {
    "token_expired": {"token": "failed", **_unknown(*_TOKEN, *_NUMBER, *_ACCOUNT)},
    "token_revoked": {"token": "failed", **_unknown(*_TOKEN, *_NUMBER, *_ACCOUNT)},
    "token_expiring": {"token_expiry": "warning"},
    "data_access_expiring": {"token_expiry": "warning"},
    "token_of_person": {"token": "warning"},
    "other_app": {"app": "failed", **_unknown("app_subscription", "webhook_fields", "subscribed_apps")},
    "no_messaging": {"permissions": "failed"},
    "no_management": {"permissions": "failed", **_unknown(*_ACCOUNT)},
    "other_account": {"permissions": "failed", **_unknown(*_NUMBER, *_ACCOUNT)},
    "not_subscribed": {"subscribed_apps": "failed"},
    "subscription_inactive": {"app_subscription": "failed"},
    "wrong_callback": {"app_subscription": "failed"},
    "no_messages_field": {"webhook_fields": "failed"},
    "no_template_fields": {"webhook_fields": "warning"},
    "override_elsewhere": {"webhook_override": "failed"},
    "disconnected": {"number_status": "failed"},
    "flagged": {"number_status": "warning"},
    "restricted": {"number_status": "failed"},
    "unverified_number": {"number_status": "failed", "number_verification": "failed"},
    "quality_yellow": {"quality": "warning"},
    "quality_red": {"quality": "failed"},
    "business_app": {"platform": "warning"},
    "name_declined": {"display_name": "failed"},
    "name_pending": {"display_name": "warning"},
    "business_unverified": {"business_verification": "warning"},
    "verification_rejected": {"business_verification": "failed"},
    "account_rejected": {"account_review": "failed"},
    "account_in_review": {"account_review": "warning"},
    "no_payment": {"payment": "failed", "health": "failed"},
    "account_banned": {"health": "failed"},
    "business_limited": {"health": "warning"},
}


async def test_each_fault_of_standing_is_named_and_nothing_else_is(meta: Meta) -> None:
    assert await meta.faults() == NOTHING_SENT
    assert EXPECTED.keys() == FAULTS.keys()
    for name, standing in FAULTS.items():
        await meta.stands(**standing.changed)
        found = {one.check.value: one for one in (await meta.check()).findings if one.outcome != "ok"}
        assert {check: one.outcome for check, one in found.items()} == NOTHING_SENT | EXPECTED[name], name
        for check, outcome in EXPECTED[name].items():
            assert found[check].found, (name, check)
            assert bool(found[check].advice) == (outcome != "unknown"), (name, check)
    await meta.stands()
    assert await meta.faults() == NOTHING_SENT


async def test_faults_of_templates_are_named_by_the_template(meta: Meta) -> None:
    async def told(check: Check) -> tuple[str, str]:
        found = next(one for one in (await meta.check()).findings if one.check is check)
        return found.outcome.value, " ".join(tell_all(found.found, "en", UTC))

    await meta.template("order_confirmed", "en", status="PAUSED")
    assert await told(Check.TEMPLATES) == ("warning", "order_confirmed (en): paused.")
    assert await told(Check.TEMPLATE_COVERAGE) == ("warning", "order-confirmed (en): paused.")
    await meta.template("order_confirmed", "tr", status="REJECTED", rejected_reason="INVALID_FORMAT")
    assert (await told(Check.TEMPLATE_COVERAGE))[0] == "failed", "in no language is it told any more"
    assert "order_confirmed (tr): rejected, INVALID_FORMAT." in (await told(Check.TEMPLATES))[1]
    await meta.template("order_confirmed", "tr", status="APPROVED", correct_category="MARKETING")
    await meta.template("order_confirmed", "en", status="APPROVED")
    assert await told(Check.TEMPLATES) == ("warning", "order_confirmed (tr): Meta will file it as MARKETING.")
    assert (await told(Check.TEMPLATE_COVERAGE))[0] == "ok", "until then it may be sent"
    await meta.template("order_confirmed", "tr", category="MARKETING", correct_category=None)
    assert await told(Check.TEMPLATE_COVERAGE) == ("warning", "order-confirmed (tr): made marketing of by Meta.")


async def test_clocks_quotas_and_silence_are_told_apart(meta: Meta, clock: ManualClock, database_url: str) -> None:
    for skew, outcome in ((90, "warning"), (-3600, "failed")):
        await meta.control("PATCH", "faults", {"clock_skew": skew})
        assert (await meta.faults()).pop("clock") == outcome
    await meta.control("PATCH", "faults", {"clock_skew": 0, "management_quota": 0})
    throttled = await meta.faults()
    assert throttled["graph"] == "warning"
    assert {throttled["number_status"], throttled["account_review"]} == {"unknown"}
    assert "token" not in throttled
    await meta.control("DELETE", "faults")
    clock.advance(timedelta(hours=1))
    # Graph is an hour behind, and so is the database; of nothing else this is a fault.
    assert await meta.faults() == NOTHING_SENT | {"clock": "failed", "database_clock": "failed"}


async def test_what_is_wrong_with_ulak_itself_is_named(
    meta: Meta, driver: Driver, settings: Settings, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    world = meta.world
    business = world.business_id
    await connection.execute("UPDATE senders SET paused_at = now(), paused_by = 'person'")
    assert await meta.faults() == NOTHING_SENT | {"pause": "warning"}
    await connection.execute("UPDATE senders SET paused_at = NULL, paused_by = NULL")

    await connection.execute(
        "INSERT INTO portfolio_slots (business_id, mode, starts_at, counted) VALUES ($1, 'test', $2, 210)",
        business,
        clock.now() - timedelta(hours=2),
    )
    await meta.control("PATCH", f"numbers/{world.phone_number_id}", {"messaging_limit": 250})
    assert await meta.faults() == NOTHING_SENT | {"messaging_limit": "warning"}
    await connection.execute("UPDATE portfolio_slots SET counted = 250")
    assert await meta.faults() == NOTHING_SENT | {"messaging_limit": "failed"}
    await connection.execute("DELETE FROM portfolio_slots")

    await world.opt_in("+905321112233")
    await driver.accepted()
    clock.advance(timedelta(minutes=6))
    ours = {one.check.value: one.outcome.value for one in (await meta.check()).findings}
    assert (ours["queue"], ours["webhooks_arrive"]) == ("warning", "unknown")
    await connection.execute(
        "UPDATE messages SET status = 'accepted', due_at = NULL, accepted_at = $1", clock.now() - timedelta(minutes=6)
    )
    assert (await meta.faults())["webhooks_arrive"] == "warning", "one may be held back by Meta"
    await connection.execute("UPDATE messages SET status = 'sent', sent_at = accepted_at")
    await connection.execute(
        """
        INSERT INTO receipts (business_id, message_id, status, wamid, occurred_at, received_at, payload)
        SELECT business_id, id, 'sent', 'wamid.1', accepted_at, accepted_at, '{}' FROM messages
        """
    )
    assert "webhooks_arrive" not in await meta.faults()


async def test_an_installation_says_what_is_wrong_with_itself(
    container: Container, meta: Meta, settings: Settings, connection: asyncpg.Connection
) -> None:
    async def told(of: Container) -> dict[str, str]:
        return {one.check.value: one.outcome.value for one in await of.check_ups.of_installation()}

    assert await told(container) == dict.fromkeys([one.value for one in OF_INSTALLATION], "ok")
    stranger = build_container(settings.model_copy(update={"secret_keys": [SecretStr(Fernet.generate_key().decode())]}))
    async with stranger.running():
        assert (await told(stranger))["secret_keys"] == "failed"
        world = meta.world
        up = await stranger.check_ups.of_sender(world.business_id, world.mode, world.sender_id)
        outcomes = {one.check: one.outcome for one in up.findings}
        assert outcomes[Check.SECRET_KEYS] is Outcome.FAILED
        assert (outcomes[Check.TOKEN], outcomes[Check.GRAPH]) == (Outcome.UNKNOWN, Outcome.UNKNOWN)
    await connection.execute("UPDATE alembic_version SET version_num = '0001'")
    assert (await told(container))["database"] == "failed"
    away = build_container(settings.model_copy(update={"database_url": "postgresql://127.0.0.1:1/ulak"}))
    async with away.running():
        assert (await told(away))["database"] == "failed"


async def test_the_api_answers_a_check_up_and_keeps_it_for_half_a_minute(
    meta: Meta, driver: Driver, clock: ManualClock
) -> None:
    async def asked(language: str = "en") -> dict[str, Any]:
        path = f"/v1/senders/{meta.world.sender}/checkup"
        answer = await driver.request("GET", path, params={"language": language})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    first = await asked()
    assert (first["sender"], first["outcome"]) == (meta.world.sender, "ok")
    assert {one["check"] for one in first["checks"]} == {one.value for one in Check}
    await meta.stands(quality="RED")
    assert await asked() == first
    clock.advance(timedelta(seconds=30))
    again = await asked()
    worst = again["checks"][0]
    assert (again["outcome"], worst["check"], worst["outcome"]) == ("failed", "quality", "failed")
    assert [worst["title"], (await asked("tr"))["checks"][0]["title"]] == ["Quality", "Kalite"]
    assert "access-token" not in str(again)
    assert meta.world.app_secret not in str(again)
    refused = await driver.request("GET", f"/v1/senders/{meta.world.sender}/checkup", params={"language": "de"})
    assert problem(refused, 422, "invalid_request")["errors"][0]["parameter"] == "language"
    unknown = await call(
        driver.http, "check_sender", meta.world.headers, message="", phone="", sender="snd_" + "0" * 32
    )
    problem(unknown, 404, "not_found")
