"""How a number stands at Meta: what is set wrong shows where Graph is asked, and in sends and webhooks."""

import time
from email.utils import parsedate_to_datetime

from app.sandbox.fault_words import STANDING
from app.sandbox.standing import FAULTS
from tests.support.sandbox import error_of


async def stand(bench, method="PUT", **changes):
    path = f"/control/numbers/{bench.account['phone_number_id']}/standing"
    return await bench.http.request(method, path, json=changes)


async def read(bench, node, fields):
    answer = await bench.graph("GET", node, params={"fields": ",".join(fields)})
    assert answer.status_code == 200, answer.text
    return [answer.json()[name] for name in fields]


async def debug(bench, **how):
    params = {"input_token": bench.account["access_token"]}
    return (await bench.graph("GET", "debug_token", params=params, **how)).json()


async def test_what_is_set_is_told_and_what_is_null_is_well_again(bench):
    assert (await stand(bench, quality="RED", name_status="DECLINED")).json()["standing"] == {
        "quality": "RED",
        "name_status": "DECLINED",
    }
    changed = (await stand(bench, "PATCH", quality=None, account_review="REJECTED", subscribed=False)).json()
    assert changed["standing"] == {"name_status": "DECLINED", "account_review": "REJECTED", "subscribed": False}
    assert await read(bench, "{pnid}", ["quality_rating", "name_status"]) == ["GREEN", "DECLINED"]
    assert await read(bench, "{waba}", ["account_review_status"]) == ["REJECTED"]
    assert (await bench.graph("GET", "{waba}/subscribed_apps")).json() == {"data": []}
    refused = await stand(bench, "PATCH", quality="PURPLE")
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, ["body", "quality"])
    (account,) = (await bench.http.get("/control/accounts")).json()["data"]
    assert account["standing"] == changed["standing"]
    assert (await stand(bench, "DELETE")).json()["standing"] == {}
    assert len((await bench.graph("GET", "{waba}/subscribed_apps")).json()["data"]) == 1


async def test_named_faults_are_offered_in_both_languages_and_each_can_be_set(bench):
    offered = (await bench.http.get("/control/standing-faults")).json()["data"]
    assert offered.keys() == FAULTS.keys() == STANDING["en"].keys() == STANDING["tr"].keys()
    for name, changes in offered.items():
        assert (await stand(bench, **changes)).json()["standing"] == changes, name


async def test_tokens_expire_are_revoked_and_lose_what_they_may(bench):
    now = await bench.now()
    await stand(bench, token_expires_in=600, data_access_expires_in=60, token_type="USER", token_app="9")
    told = (await debug(bench))["data"]
    assert (told["expires_at"], told["data_access_expires_at"]) == (int(now + 600), int(now + 60))
    assert (told["type"], told["app_id"], told["is_valid"]) == ("USER", "9", True)

    await stand(bench, missing_permissions=["whatsapp_business_management"])
    told = (await debug(bench))["data"]
    assert told["scopes"] == ["whatsapp_business_messaging"] == [one["scope"] for one in told["granular_scopes"]]
    assert error_of(await bench.graph("GET", "{waba}"))[1] == 200

    await stand(bench, covers_account=False)
    assert [one["target_ids"] for one in (await debug(bench))["data"]["granular_scopes"]] == [[], []]
    assert (await bench.graph("GET", "{pnid}")).json()["error"]["error_subcode"] == 33

    for token, subcode in (("expired", 463), ("revoked", None)):
        await stand(bench, token=token)
        error = (await debug(bench))["error"]
        assert (error["code"], error.get("error_subcode")) == (190, subcode)


async def test_webhooks_go_where_the_subscription_says_and_nowhere_without_one(bench, receiver):
    await bench.plain_template()
    receiver.posts.clear()

    async def arrived():
        receiver.posts.clear()
        assert (await bench.order()).status_code == 200
        await bench.advance(60)
        return {path for path, *_ in receiver.posts}

    assert await arrived() == {"/webhooks"}
    for changes in ({"subscribed": False}, {"subscription_active": False}, {"missing_fields": ["messages"]}):
        await stand(bench, **changes)
        assert await arrived() == set(), changes
    await stand(bench, callback_url="http://receiver/elsewhere")
    assert await arrived() == {"/elsewhere"}
    await stand(bench, override_url="http://receiver/own")
    assert await arrived() == {"/own"}
    app_token = {"Authorization": f"Bearer {bench.account['app_id']}|{bench.account['app_secret']}"}
    await stand(bench, callback_url="http://receiver/elsewhere", missing_fields=["messages"], subscription_active=False)
    (told,) = (await bench.graph("GET", "{app}/subscriptions", headers=app_token)).json()["data"]
    assert (told["callback_url"], told["active"]) == ("http://receiver/elsewhere", False)
    assert "messages" not in [one["name"] for one in told["fields"]]


async def test_numbers_that_stand_badly_send_nothing_and_health_says_why(bench):
    await bench.plain_template()
    for standing, code in (("DISCONNECTED", 133010), ("RESTRICTED", 131031), ("FLAGGED", None)):
        await stand(bench, status=standing)
        answer = await bench.order()
        assert (error_of(answer)[1] if code else answer.status_code) == (code or 200)
        assert await read(bench, "{pnid}", ["status"]) == [standing]
    await stand(bench, **FAULTS["no_payment"].changed)
    assert error_of(await bench.order())[1] == 131042
    for node, kinds in (
        ("{pnid}", ["PHONE_NUMBER", "WABA", "BUSINESS", "APP"]),
        ("{waba}", ["WABA", "BUSINESS", "APP"]),
    ):
        (health,) = await read(bench, node, ["health_status"])
        assert [one["entity_type"] for one in health["entities"]] == kinds
        (fault,) = next(one["errors"] for one in health["entities"] if one["entity_type"] == "WABA")
        assert (health["can_send_message"], fault["error_code"]) == ("BLOCKED", 141006)
        assert fault["possible_solution"]
    await stand(bench, **FAULTS["business_limited"].changed)
    assert (await read(bench, "{pnid}", ["health_status"]))[0]["can_send_message"] == "LIMITED"
    assert (await bench.order()).status_code == 200


async def test_every_answer_says_what_time_it_is_and_the_clock_may_be_wrong(bench):
    async def ahead(path="{pnid}"):
        date = parsedate_to_datetime((await bench.graph("GET", path)).headers["date"])
        return date.timestamp() - time.time()

    assert abs(await ahead()) < 60
    await bench.advance(86_400)
    assert abs(await ahead("nobody")) < 60, "servers do not live ahead with the world"
    await bench.dial(clock_skew=-3_600)
    assert abs(await ahead() + 3_600) < 60


async def test_standing_outlives_a_restart(make_bench, tmp_path):
    first = await make_bench(data_dir=tmp_path).open()
    await stand(first, quality="YELLOW")
    async with first.app.router.lifespan_context(first.app):
        pass
    again = make_bench(data_dir=tmp_path)
    again.account = first.account
    (account,) = (await again.http.get("/control/accounts")).json()["data"]
    assert account["standing"] == {"quality": "YELLOW"}
    await again.http.post("/control/reset", json={"accounts": True})
    assert (await again.http.get("/control/accounts")).json()["data"] == []
