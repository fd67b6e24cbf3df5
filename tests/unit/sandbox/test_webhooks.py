import hashlib
import hmac
import json

import pytest

from tests.support.sandbox import CALLBACK, error_of


def expected_signature(secret, raw):
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


async def test_posts_are_signed_over_escaped_bytes(bench):
    await bench.write(text="Çok teşekkürler 🙏", profile_name="Ayşe")
    ((path, headers, raw),) = bench.receiver.accepted
    assert path == "/webhooks"
    assert headers["content-type"] == "application/json"
    assert headers["x-hub-signature-256"] == expected_signature(bench.account["app_secret"], raw)
    assert raw.isascii()
    assert b"te\\u015fekk\\u00fcrler" in raw
    assert bench.receiver.messages()[0]["text"]["body"] == "Çok teşekkürler 🙏"
    assert "time" not in json.loads(raw)["entry"][0]


async def test_updates_share_posts_up_to_the_batch_size(make_bench):
    bench = await make_bench(webhook_batch=4).open()
    for number in range(10):
        await bench.send(to=f"+3361234560{number}")
    await bench.advance(3)
    sizes = [len(json.loads(body)["entry"][0]["changes"]) for _, _, body in bench.receiver.accepted]
    assert sizes == [4, 4, 2]
    assert len(bench.receiver.statuses()) == 10


@pytest.mark.parametrize(("shape", "counts"), [("entries", (3, 1, 1)), ("changes", (1, 3, 1)), ("statuses", (1, 1, 3))])
async def test_a_batch_has_the_shape_that_is_set(make_bench, shape, counts):
    bench = await make_bench(webhook_shape=shape).open()
    for number in range(3):
        await bench.send(to=f"+3361234560{number}")
    await bench.advance(3)
    ((_, _, body),) = bench.receiver.accepted
    entries = json.loads(body)["entry"]
    changes = entries[0]["changes"]
    assert (len(entries), len(changes), len(changes[0]["value"]["statuses"])) == counts
    assert len(bench.receiver.statuses()) == 3


async def test_merged_statuses_keep_their_contacts(make_bench):
    bench = await make_bench(webhook_shape="statuses").open()
    await bench.write("33612345678")
    await bench.write("33612345679")
    for number in ("8", "9", "9"):
        await bench.send(to=f"+3361234567{number}")
    await bench.advance(0.4)
    value = bench.receiver.changes()[-1][2]
    assert len(value["statuses"]) == 3
    assert [contact["wa_id"] for contact in value["contacts"]] == ["33612345678", "33612345679"]


@pytest.mark.parametrize("status", [500, 404, 204, 301, 0])
async def test_only_200_counts_and_delays_grow(bench, status):
    bench.receiver.planned.extend([status] * 3)
    await bench.write()
    assert bench.receiver.accepted == []
    sizes = []
    for seconds in (0.9, 3, 9.2):
        await bench.advance(seconds)
        sizes.append(len(bench.receiver.posts))
    assert sizes == [2, 3, 4]
    assert len(bench.receiver.messages()) == 1
    bodies = {body for _, _, body, _ in bench.receiver.posts}
    assert len(bodies) == 1
    health = (await bench.http.get("/healthz")).json()["webhooks"]
    assert health == {"pending": 0, "delivered": 1, "failed": 3, "dropped": 0}


async def test_retries_end_after_their_time(make_bench, receiver):
    bench = await make_bench(webhook_retry_for=60).open()
    receiver.planned.extend([500] * 100)
    await bench.write()
    await bench.advance(3600)
    assert len(receiver.posts) == 5
    assert (await bench.http.get("/healthz")).json()["webhooks"]["dropped"] == 1


async def test_the_backlog_is_bounded(make_bench, receiver):
    bench = await make_bench(webhook_backlog=3, webhook_retry_first=100).open()
    receiver.planned.extend([500] * 5)
    for _ in range(5):
        await bench.write()
    health = (await bench.http.get("/healthz")).json()["webhooks"]
    assert (health["pending"], health["dropped"]) == (3, 2)
    await bench.advance(200)
    assert len(receiver.messages()) == 3


async def test_the_app_is_subscribed_only_where_the_challenge_comes_back(bench):
    app_token = f"{bench.account['app_id']}|{bench.account['app_secret']}"
    wanted = {
        "object": "whatsapp_business_account",
        "callback_url": "http://receiver/elsewhere",
        "verify_token": "right",
        "fields": "messages,account_update",
        "access_token": app_token,
    }
    bench.receiver.verify_token = "wrong"
    refused = await bench.graph("POST", "{app}/subscriptions", params=wanted)
    assert error_of(refused)[:2] == (400, 2200)
    bench.receiver.verify_token = "right"
    bench.receiver.echo = False
    assert error_of(await bench.graph("POST", "{app}/subscriptions", params=wanted))[1] == 2200
    bench.receiver.echo = True
    assert (await bench.graph("POST", "{app}/subscriptions", params=wanted)).json() == {"success": True}
    found = await bench.graph("GET", "{app}/subscriptions", params={"access_token": app_token})
    assert found.json()["data"][0]["callback_url"] == "http://receiver/elsewhere"
    unknown = await bench.graph("POST", "{app}/subscriptions", params=wanted | {"fields": "gossip"})
    assert error_of(unknown)[1] == 100

    await bench.write()
    await bench.create()  # its field is not subscribed
    assert [path for path, _, _ in bench.receiver.accepted] == ["/elsewhere"]
    assert [field for _, field, _ in bench.receiver.changes()] == ["messages"]


async def test_app_level_calls_take_the_app_token_only(bench):
    wanted = {"object": "whatsapp_business_account", "callback_url": CALLBACK, "fields": "messages"}
    assert error_of(await bench.graph("POST", "{app}/subscriptions", params=wanted))[:2] == (400, 15)
    bad = await bench.graph(
        "POST", "{app}/subscriptions", params=wanted | {"access_token": f"{bench.account['app_id']}|no"}
    )
    assert error_of(bad)[:2] == (401, 190)


async def test_without_subscribed_apps_nothing_arrives(bench):
    app_id = bench.account["app_id"]
    found = (await bench.graph("GET", "{waba}/subscribed_apps")).json()["data"]
    assert [entry["whatsapp_business_api_data"]["id"] for entry in found] == [app_id]
    assert (await bench.graph("DELETE", "{waba}/subscribed_apps")).json() == {"success": True}
    await bench.write()
    assert bench.receiver.posts == []
    assert (await bench.graph("POST", "{waba}/subscribed_apps")).json() == {"success": True}
    await bench.write()
    assert len(bench.receiver.messages()) == 1


async def test_overrides_go_number_then_account_then_app_for_messages_only(bench):
    async def override(path, uri):
        return {"override_callback_uri": uri, "verify_token": "x"} if uri else {}

    account = await override("", "http://receiver/account")
    assert (await bench.graph("POST", "{waba}/subscribed_apps", json=account)).json() == {"success": True}
    await bench.write()
    number = {"webhook_configuration": await override("", "http://receiver/number")}
    assert (await bench.graph("POST", "{pnid}/", json=number)).json() == {"success": True}
    await bench.write()
    await bench.create()
    configuration = (await bench.graph("GET", "{pnid}", params={"fields": "webhook_configuration"})).json()
    assert configuration["webhook_configuration"] == {
        "phone_number": "http://receiver/number",
        "whatsapp_business_account": "http://receiver/account",
        "application": CALLBACK,
    }
    await bench.graph("POST", "{pnid}", json={"webhook_configuration": {"override_callback_uri": ""}})
    await bench.graph("POST", "{waba}/subscribed_apps")
    await bench.write()
    paths = [path for path, _, _ in bench.receiver.accepted]
    assert paths == ["/account", "/number", "/webhooks", "/webhooks"]
    long = {"override_callback_uri": "http://receiver/" + "x" * 200, "verify_token": "x"}
    assert error_of(await bench.graph("POST", "{waba}/subscribed_apps", json=long))[1] == 100
    bench.receiver.echo = False
    assert error_of(await bench.graph("POST", "{waba}/subscribed_apps", json=account))[1] == 2200
