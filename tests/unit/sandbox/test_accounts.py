import json

import pytest

from tests.support.sandbox import CALLBACK, error_of

WANTED = {
    "app_id": "501",
    "app_secret": "s3cret",
    "waba_id": "1022",
    "phone_number_id": "1065",
    "access_token": "EAAtoken",
    "verify_token": "verify-me",
    "display_phone_number": "+15550001111",
    "verified_name": "Shop",
    "callback_url": CALLBACK,
}


async def test_an_account_is_made_as_asked_or_made_up(make_bench):
    bench = make_bench()
    first = await bench.http.post("/control/accounts", json=WANTED)
    assert first.status_code == 201
    business = first.json()["business_id"]
    assert first.json() == WANTED | {"business_id": business}
    again = await bench.http.post("/control/accounts", json={"phone_number_id": "1065"})
    assert (again.status_code, again.json()) == (200, first.json())
    other = (await bench.http.post("/control/accounts", json={})).json()
    assert other["callback_url"] is None
    assert all(other[key] for key in WANTED if key != "callback_url")
    assert len((await bench.http.get("/control/accounts")).json()["data"]) == 2


async def test_a_second_number_joins_an_account(make_bench):
    bench = make_bench()
    await bench.http.post("/control/accounts", json=WANTED)
    joined = {"waba_id": "1022", "phone_number_id": "1066"}
    second = (await bench.http.post("/control/accounts", json=joined)).json()
    assert (second["access_token"], second["app_secret"]) == ("EAAtoken", "s3cret")
    for moved in ({"waba_id": "9", "phone_number_id": "1066"}, {"waba_id": "1022", "app_id": "502"}):
        answer = await bench.http.post("/control/accounts", json=moved)
        assert (answer.status_code, answer.json()["code"]) == (409, "account_taken")


async def test_a_failed_handshake_is_a_problem_and_can_be_tried_again(make_bench, receiver):
    bench = make_bench()
    receiver.verify_token = "another"
    answer = await bench.http.post("/control/accounts", json=WANTED)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "handshake_failed"
    assert "403" in answer.json()["detail"]
    assert answer.json()["account"]["callback_url"] is None
    receiver.verify_token = "verify-me"
    assert (await bench.http.post("/control/accounts", json=WANTED)).json()["callback_url"] == CALLBACK


async def test_a_bad_request_to_the_control_api_is_a_problem(bench):
    answer = await bench.http.post("/control/accounts", json={"phone_number_id": "x", "colour": "red"})
    assert answer.status_code == 422
    assert {tuple(fault["path"]) for fault in answer.json()["errors"]} == {
        ("body", "phone_number_id"),
        ("body", "colour"),
    }


@pytest.mark.parametrize("header", [None, "Bearer nobody", "Basic x", "Bearer "])
async def test_missing_and_unknown_tokens_are_190(bench, header):
    bench.http.headers.pop("Authorization")
    answer = await bench.graph("GET", "{pnid}", headers={"Authorization": header} if header else {})
    assert error_of(answer) == (401, 190, None)


async def test_the_token_may_stand_in_the_query(bench):
    token = bench.http.headers.pop("Authorization").split()[1]
    assert (await bench.graph("GET", "{pnid}", params={"access_token": token})).status_code == 200


async def test_an_expired_token_has_its_subcode(make_bench):
    bench = await make_bench().open(token_expires_in=60)
    assert (await bench.graph("GET", "{pnid}")).status_code == 200
    await bench.advance(61)
    assert error_of(await bench.graph("GET", "{pnid}")) == (401, 190, 463)


async def test_permissions_are_asked_for(make_bench):
    sender = await make_bench().open(permissions=["whatsapp_business_messaging"])
    assert error_of(await sender.graph("GET", "{waba}/message_templates"))[:2] == (403, 200)
    assert error_of(await sender.graph("DELETE", "{waba}/message_templates", params={"name": "x"}))[:2] == (403, 200)
    assert (await sender.send()).status_code == 200
    manager = await make_bench().open(permissions=["whatsapp_business_management"])
    assert error_of(await manager.send())[:2] == (403, 131005)
    assert (await manager.graph("GET", "{waba}")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "404"),
        ("POST", "404/messages"),
        ("GET", "{pnid}/nothing"),
        ("DELETE", "{pnid}"),
        ("GET", "404/message_templates"),
    ],
)
async def test_unknown_objects_and_edges_are_400(bench, method, path):
    answer = await bench.graph(method, path, json={} if method == "POST" else None)
    assert error_of(answer) == (400, 100, 33)
    assert answer.json()["error"]["message"].startswith(f"Unsupported {method.lower()} request. Object with ID '")


async def test_another_business_s_objects_do_not_exist(bench):
    other = (await bench.http.post("/control/accounts", json={})).json()
    assert error_of(await bench.graph("GET", other["phone_number_id"])) == (400, 100, 33)
    assert error_of(await bench.graph("GET", other["waba_id"])) == (400, 100, 33)
    assert error_of(await bench.graph("POST", f"{other['phone_number_id']}/messages", json={})) == (400, 100, 33)


async def test_any_version_is_served_and_named(bench):
    for version in ("v22.0", "v26.0"):
        answer = await bench.graph("GET", "{pnid}", version)
        assert answer.headers["facebook-api-version"] == version
        assert answer.headers["x-fb-trace-id"]
        assert answer.headers["x-fb-request-id"]
    assert error_of(await bench.graph("GET", "{pnid}", "latest"))[:2] == (400, 2500)


async def test_number_account_and_phone_number_reads(bench):
    number = (await bench.graph("GET", "{pnid}")).json()
    assert number["display_phone_number"] == "+908505550100"
    assert number["verified_name"] == "Desk"
    asked = "status,quality_rating,throughput,name_status,whatsapp_business_manager_messaging_limit,health_status"
    chosen = (await bench.graph("GET", "{pnid}", params={"fields": asked})).json()
    assert set(chosen) == {*asked.split(","), "id"}
    assert error_of(await bench.graph("GET", "{pnid}", params={"fields": "shoe_size"}))[1] == 100
    account = (await bench.graph("GET", "{waba}")).json()
    assert account["id"] == bench.account["waba_id"]
    (listed,) = (await bench.graph("GET", "{waba}/phone_numbers")).json()["data"]
    assert listed["id"] == bench.account["phone_number_id"]


async def test_management_calls_tell_their_usage(bench):
    answer = await bench.graph("GET", "{waba}")
    (usage,) = json.loads(answer.headers["x-business-use-case-usage"])[bench.account["waba_id"]]
    assert usage["type"] == "whatsapp_business_management"
    assert set(json.loads(answer.headers["x-app-usage"])) == {"call_count", "total_cputime", "total_time"}


async def test_tokens_can_be_looked_into(bench):
    app_token = f"{bench.account['app_id']}|{bench.account['app_secret']}"

    async def look(token):
        params = {"input_token": token, "access_token": app_token}
        return (await bench.graph("GET", "debug_token", params=params)).json()["data"]

    data = await look(bench.account["access_token"])
    assert data["is_valid"] is True
    assert data["app_id"] == bench.account["app_id"]
    assert data["expires_at"] == 0
    assert data["granular_scopes"][0]["target_ids"] == [bench.account["waba_id"]]
    assert (await look("nobody"))["error"]["code"] == 190
    params = {"client_id": bench.account["app_id"], "client_secret": bench.account["app_secret"]}
    assert (await bench.graph("GET", "oauth/access_token", params=params)).json()["access_token"] == app_token


@pytest.mark.parametrize("content", [b"{", b"[1]", b'"x"'])
async def test_a_body_that_is_no_json_object_is_refused(bench, content):
    answer = await bench.graph("POST", "{pnid}/messages", content=content, headers={"content-type": "application/json"})
    assert error_of(answer)[:2] == (400, 100)
