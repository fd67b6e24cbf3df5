"""One thing of each kind that operations name, so that each operation can be done."""

from typing import Any

import respx

from tests.support.driving import PHONE, Driver, accept_all, sends
from tests.support.walk import TRIED, TRIED_SHOP, call, prepare_endpoint, prepare_template, refuse_reads
from tests.support.world import webhook


async def prepare(driver: Driver, graph: respx.MockRouter) -> dict[str, str]:
    """Their ids, named as `call` takes them; of a message a test makes its own. Meta takes whatever is sent."""

    async def made(operation: str, body: dict[str, Any] | None = None) -> str:
        answer = await call(driver.http, operation, driver.world.headers, message="", phone=PHONE, body=body)
        assert answer.is_success, answer.text
        found: str = answer.json().get("id", "")
        return found

    sends(graph, driver.world).mock(side_effect=accept_all)
    await made("put_test_list")
    endpoint, event = await prepare_endpoint(driver.http, driver.world)
    ids = {
        "phone": PHONE,
        "sender": driver.world.sender,
        "business": f"biz_{driver.world.business_id.hex}",
        "consent_import": await made("import_consents"),
        "link": await made("create_opt_in_link"),
        "media": await made("add_media"),
        "experiment": await made("create_experiment", TRIED),
        "integration": await made("create_integration", TRIED_SHOP),
        "template": await prepare_template(driver.world, graph),
        "reply": await _replied(driver),
        "conversion": await made("record_conversion"),
        "callback_endpoint": endpoint,
        "callback_event": event,
    }
    refuse_reads(graph)
    return ids


async def _replied(driver: Driver) -> str:
    said_at = str(int(driver.world.container.clock.now().timestamp()))
    said = {"from": PHONE.lstrip("+"), "id": "wamid.in.1", "timestamp": said_at}
    wrote = webhook(driver.world, messages=[{**said, "type": "text", "text": {"body": "Kargom nerede?"}}])
    assert (await driver.webhook(wrote)).status_code == 200
    replies = (await driver.request("GET", "/v1/replies")).json()["replies"]
    found: str = replies[0]["id"]
    return found
