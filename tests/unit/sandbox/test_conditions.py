"""What is the matter with a number until it is lifted, and what Meta lets it do."""

import pytest

from app.sandbox.errors import CATALOGUE
from tests.support.sandbox import CALLBACK, error_of


async def condition(bench, method="PUT", **body):
    path = f"/control/numbers/{bench.account['phone_number_id']}/condition"
    return await bench.http.request(method, path, json=body or None)


async def change(bench, **body):
    return await bench.http.patch(f"/control/numbers/{bench.account['phone_number_id']}", json=body)


async def field(bench, name):
    return (await bench.graph("GET", "{pnid}", params={"fields": name})).json()[name]


@pytest.mark.parametrize("code", [368, 131031, 131042, 131048, 131057, 131037, 133010])
async def test_every_send_fails_until_the_condition_is_lifted(bench, code):
    await bench.plain_template()
    put = (await condition(bench, code=code, details="Look into Business Manager.")).json()
    assert put["condition"] == {
        "code": code,
        "title": CATALOGUE[code].title,
        "details": "Look into Business Manager.",
        "since": await bench.now(),
        "until": None,
    }
    for to in ("+33612345678", "+33612345679"):
        answer = await bench.order(to=to)
        assert error_of(answer)[:2] == (CATALOGUE[code].status, code)
        assert answer.json()["error"]["error_data"]["details"] == "Look into Business Manager."
    assert (await bench.graph("GET", "{pnid}")).status_code == 200
    health = await field(bench, "health_status")
    assert health["can_send_message"] == "BLOCKED"
    assert health["entities"][0]["errors"][0]["error_code"] == code
    (account,) = (await bench.http.get("/control/accounts")).json()["data"]
    told = (await bench.http.get("/control/faults")).json()
    assert account["condition"] == told["conditions"][account["phone_number_id"]] == put["condition"]
    assert told["counts"] == {"condition": 2}
    assert (await condition(bench, "DELETE")).json()["condition"] is None
    assert (await condition(bench, "DELETE")).status_code == 200
    assert (await bench.order()).status_code == 200
    assert (await field(bench, "health_status"))["can_send_message"] == "AVAILABLE"


async def test_a_condition_may_lift_by_itself(bench):
    await bench.plain_template()
    until = (await condition(bench, code=131048, seconds=60)).json()["condition"]["until"]
    assert until == await bench.now() + 60
    assert error_of(await bench.order())[1] == 131048
    await bench.advance(60)
    assert (await bench.order()).status_code == 200
    assert (await bench.http.get("/control/faults")).json()["conditions"] == {}


async def test_another_number_is_not_affected(bench):
    await bench.plain_template()
    await condition(bench, code=131031)
    joined = {"waba_id": bench.account["waba_id"], "app_id": bench.account["app_id"]}
    bench.account = (await bench.http.post("/control/accounts", json=joined)).json()
    assert (await bench.order()).status_code == 200


async def test_an_expired_token_opens_nothing(bench):
    other = (await bench.http.post("/control/accounts", json={"callback_url": CALLBACK})).json()
    await bench.plain_template()
    await condition(bench, code=190)
    calls = [("GET", "{pnid}"), ("GET", "{waba}/message_templates"), ("POST", "{pnid}/messages")]
    for method, path in calls:
        assert error_of(await bench.graph(method, path)) == (401, 190, 463)
    bearer = {"Authorization": f"Bearer {other['access_token']}"}
    assert (await bench.graph("GET", other["phone_number_id"], headers=bearer)).status_code == 200
    app_token = f"{bench.account['app_id']}|{bench.account['app_secret']}"
    params = {"input_token": bench.account["access_token"], "access_token": app_token}
    assert (await bench.graph("GET", "debug_token", params=params)).json()["data"]["is_valid"] is False
    await condition(bench, "DELETE")
    assert (await bench.order()).status_code == 200


@pytest.mark.parametrize("body", [{"code": 7}, {"code": 131026}, {"code": 190, "seconds": 0}, {"cod": 190}, {}])
async def test_a_condition_needs_a_code_that_is_answered(bench, body):
    path = f"/control/numbers/{bench.account['phone_number_id']}/condition"
    answer = await bench.http.put(path, json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_unknown_numbers_have_no_conditions(bench):
    for method, path in (("PUT", "/condition"), ("DELETE", "/condition"), ("PATCH", "")):
        answer = await bench.http.request(method, f"/control/numbers/404{path}", json={"code": 190} if path else {})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_number")


async def test_conditions_and_capabilities_survive_a_restart(make_bench, tmp_path):
    first = make_bench(data_dir=tmp_path)
    async with first.app.router.lifespan_context(first.app):
        await first.open()
        await condition(first, code=131042)
        await change(first, throughput=20, messaging_limit=250)
        told = (await first.http.get("/control/accounts")).json()
    second = make_bench(data_dir=tmp_path)
    assert (await second.http.get("/control/accounts")).json() == told
    (account,) = told["data"]
    assert (account["throughput"], account["messaging_limit"], account["condition"]["code"]) == (20, 250, 131042)


async def test_an_upgrade_takes_its_time_and_is_announced(bench):
    await bench.plain_template()
    await bench.dial(maintenance_seconds=60)
    assert await field(bench, "throughput") == {"level": "STANDARD"}
    changed = (await change(bench, throughput=1000)).json()
    assert (changed["throughput"], changed["maintenance_until"]) == (80, await bench.now() + 60)
    assert error_of(await bench.order())[:2] == (500, 131057)
    assert bench.receiver.changes("phone_number_quality_update") == []
    await bench.advance(61)
    assert await field(bench, "throughput") == {"level": "HIGH"}
    ((waba, _, value),) = bench.receiver.changes("phone_number_quality_update")
    assert waba == bench.account["waba_id"]
    assert value == {
        "display_phone_number": "908505550100",
        "event": "THROUGHPUT_UPGRADE",
        "current_limit": "TIER_UNLIMITED",
        "max_daily_conversations_per_business": "TIER_UNLIMITED",
    }
    await bench.dial(pair_burst=1000)
    assert [(await bench.order()).status_code for _ in range(300)] == [200] * 300


async def test_the_way_down_is_silent_and_null_goes_back_to_the_dial(bench):
    assert (await change(bench, throughput=20)).json()["throughput"] == 20
    assert await field(bench, "throughput") == {"level": "STANDARD"}
    await bench.advance(1)
    assert bench.receiver.changes("phone_number_quality_update") == []
    await bench.dial(throughput=200)
    assert (await change(bench, throughput=None)).json()["throughput"] == 200


async def test_the_last_of_two_changes_counts(bench):
    await bench.dial(maintenance_seconds=60)
    await change(bench, throughput=1000)
    await bench.advance(30)
    await change(bench, throughput=20)
    await bench.advance(31)
    assert (await change(bench)).json()["throughput"] == 80
    await bench.advance(30)
    assert (await change(bench)).json()["throughput"] == 20


@pytest.mark.parametrize(
    ("limit", "tier", "numbers"),
    [
        (250, "TIER_250", {"max_phone_numbers_per_business": 2}),
        (2_000, "TIER_2K", {"max_phone_numbers_per_waba": 25}),
        (10_000, "TIER_10K", {"max_phone_numbers_per_waba": 25}),
        (100_000, "TIER_100K", {"max_phone_numbers_per_waba": 25}),
        (None, "TIER_UNLIMITED", {"max_phone_numbers_per_waba": 25}),
    ],
)
async def test_the_messaging_limit_of_a_portfolio_is_read_and_announced(bench, limit, tier, numbers):
    await bench.dial(messaging_limit=7)
    assert await field(bench, "whatsapp_business_manager_messaging_limit") == "TIER_50"
    assert (await change(bench, messaging_limit=limit)).json()["messaging_limit"] == limit
    await bench.advance(1)
    assert await field(bench, "whatsapp_business_manager_messaging_limit") == tier
    ((_, _, value),) = bench.receiver.changes("business_capability_update")
    assert value == {"max_daily_conversations_per_business": tier} | numbers


@pytest.mark.parametrize("body", [{"messaging_limit": 300}, {"throughput": 0}, {"throughput": "fast"}, {"pace": 1}])
async def test_a_number_is_not_changed_to_just_anything(bench, body):
    assert (await change(bench, **body)).status_code == 422
