"""A person is erased: nothing of them is left, and what must stay is theirs no more."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import respx

from app.consent.verify import verify
from app.container import Container
from app.core.clock import ManualClock
from app.core.ids import new_id
from app.messages.dispatch import Dispatcher
from app.messages.erasing import forgotten_wamid
from app.provider_events.models import KeptItem
from tests.integration.privacy.person import (
    BSUID,
    DIGITS,
    MARKS,
    NAME,
    PHONE,
    event,
    left_of,
    reply,
    wamid_of,
    well_known,
)
from tests.support.driving import Driver, dispatch, problem, rows, sends
from tests.support.world import WORDING, World, order_confirmed, status_item, webhook


async def erased(driver: Driver, contact: str = PHONE, **params: str) -> dict[str, Any]:
    answer = await driver.request("DELETE", f"/v1/contacts/{contact}", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_nothing_of_an_erased_person_is_left(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    person = await well_known(driver, dispatcher, graph, clock)
    before = await left_of(connection)
    assert set(before) >= {
        "attempts",
        "callback_events",
        "consent_evidence",
        "contacts",
        "idempotency_keys",
        "kept_webhook_items",
        "messages",
        "receipts",
        "replies",
    }
    answer = await erased(driver)
    assert answer["contact_id"] == person.contact
    assert answer["canceled_messages"] == 1
    assert answer["erased"] == {
        "messages": 3,
        "attempts": 2,
        "receipts": 2,
        "links": 0,
        "replies": 1,
        "evidence": 3,
        "callback_events": 4,
        "shop_orders": 0,
        "conversions": 0,
        "windows": 0,
        "test_lists": 1,
        "stored_answers": 2,
        "webhook_items": 1,
    }
    assert await left_of(connection) == {}


async def test_what_became_of_messages_stays(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    person = await well_known(driver, dispatcher, graph, clock)
    before = {one: await driver.story(one) for one in (person.sent, person.waiting, person.failed)}
    await erased(driver)
    after = {one: await driver.story(one) for one in before}
    for told in after.values():
        assert (told["to"], told["data"], told["parameters"], told["metadata"], told["reference"]) == (
            None,
            {},
            {},
            None,
            None,
        )
        assert told["content_erased_at"] is not None
    sent = after[person.sent]
    kept = (
        "status",
        "event_type",
        "price_category",
        "created_at",
        "accepted_at",
        "delivered_at",
        "template",
        "contact",
    )
    assert [sent[name] for name in kept] == [before[person.sent][name] for name in kept]
    assert [(one["status"], one["payload"]) for one in sent["receipts"]] == [("delivered", {})]
    assert sent["wamid"] == forgotten_wamid(person.wamid)
    assert (after[person.waiting]["status"], after[person.waiting]["reason"]) == ("canceled", "erased")
    failure = after[person.failed]["failure"]
    assert (failure["code"], failure["details"]) == (131026, None)


async def test_the_ledger_keeps_the_acts_under_a_pseudonym(
    driver: Driver,
    container: Container,
    world: World,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
) -> None:
    await well_known(driver, dispatcher, graph, clock)
    await erased(driver, reason="consent_withdrawn", requested_by="staff:Derya")
    business = await container.directory.business(world.business_id)
    assert business is not None
    async with container.database.transaction() as session:
        report = await verify(session, business)
    assert (report.lines, report.erased, report.faults) == (3, 3, [])
    found = (await driver.request("POST", "/v1/proofs/find", json={"phone": PHONE})).json()["proof"]
    assert [act["act"] for act in found["acts"]] == ["opt_in", "frequency", "erasure"]
    last = found["acts"][2]
    assert (last["actor"], last["value"]) == ("staff:Derya", {"reason": "consent_withdrawn"})
    assert (last["source"], last["place"]) == ("ulak", None)


async def test_a_second_erasure_finds_nobody(driver: Driver) -> None:
    agreed = await driver.consent(PHONE, act="opt_in", source="checkout", wording=WORDING)
    await erased(driver)
    for named in (PHONE, agreed.json()["contact_id"]):
        for method, path in (("DELETE", ""), ("GET", ""), ("GET", "/consents"), ("GET", "/proof"), ("GET", "/export")):
            problem(await driver.request(method, f"/v1/contacts/{named}{path}"), 404, "not_found")
    body = {"act": "opt_out", "source": "checkout"}
    answer = await driver.request("PUT", f"/v1/contacts/{agreed.json()['contact_id']}/consent", json=body)
    problem(answer, 404, "not_found")


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({"reason": "because"}, "reason"),
        ({"requested_by": "Derya"}, "requested_by"),
        ({"requested_by": "staff: "}, "requested_by"),
        ({"requested_by": "staff:a\nb"}, "requested_by"),
        ({"requestedby": "customer"}, "requestedby"),
    ],
)
async def test_a_bad_request_erases_nothing(
    driver: Driver, connection: asyncpg.Connection, params: dict[str, str], parameter: str
) -> None:
    await driver.consent(PHONE, act="opt_in", source="checkout", wording=WORDING)
    before = await rows(connection)
    answer = await driver.request("DELETE", f"/v1/contacts/{PHONE}", params=params)
    assert [one["parameter"] for one in problem(answer, 422, "invalid_request")["errors"]] == [parameter]
    assert await rows(connection) == before


async def test_the_same_number_is_a_stranger_afterwards(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    person = await well_known(driver, dispatcher, graph, clock)
    await erased(driver)
    told = (await driver.report(event())).json()
    assert (told["status"], told["reason"]) == ("suppressed", "no_consent")
    assert told["contact"] != person.contact


async def test_the_id_that_a_parent_company_knows_is_erased_with_the_others(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    parent = "TR.ENT.88123"
    agreed = await driver.consent(PHONE, act="opt_in", source="checkout", wording=WORDING)
    named = webhook(driver.world, messages=[reply(1, from_parent_user_id=parent)])
    assert (await driver.webhook(named)).status_code == 200
    assert (await driver.request("GET", f"/v1/contacts/{parent}")).status_code == 200
    await erased(driver, parent)
    assert parent not in str(await rows(connection, "contacts", "consent_evidence", "replies"))
    assert (await driver.request("GET", f"/v1/contacts/{parent}")).status_code == 404
    clock.advance(timedelta(days=1))
    anew = await driver.consent(parent, act="opt_in", source="checkout", wording=WORDING)
    assert anew.json()["contact_id"] != agreed.json()["contact_id"]
    told = (await driver.report({**order_confirmed(), "contact": {"bsuid": parent}})).json()
    assert told["contact"] == anew.json()["contact_id"]


async def test_an_ended_contact_is_found_by_no_name(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    """Whatever its row still says."""
    parent = "TR.ENT.88123"
    await driver.consent(PHONE, act="opt_in", source="checkout", wording=WORDING)
    await erased(driver)
    await connection.execute("UPDATE contacts SET parent_bsuid = $1", parent)
    assert (await driver.request("GET", f"/v1/contacts/{parent}")).status_code == 404
    told = (await driver.report({**order_confirmed(), "contact": {"bsuid": parent}})).json()
    assert (told["status"], told["reason"]) == ("suppressed", "no_consent")
    assert len((await rows(connection, "contacts"))["contacts"]) == 2


async def test_webhooks_of_before_do_not_bring_a_person_back(
    driver: Driver,
    container: Container,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    connection: asyncpg.Connection,
) -> None:
    """Meta repeats for days what it believes was not taken."""
    person = await well_known(driver, dispatcher, graph, clock)
    stop = webhook(driver.world, messages=[reply(7, "DUR")])
    assert (await driver.webhook(stop)).status_code == 200
    await connection.execute("DELETE FROM idempotency_keys")  # as if more than a day had passed
    await erased(driver)
    for document in (
        stop,
        webhook(driver.world, messages=[reply(1)]),
        webhook(
            driver.world, statuses=[status_item(person.sent, "delivered", wamid=person.wamid, recipient_id=DIGITS)]
        ),
        webhook(driver.world, statuses=[status_item(None, "read", wamid=person.wamid, recipient_id=DIGITS)]),
    ):
        assert (await driver.webhook(document)).status_code == 200
    await container.provider_events.replay(await container.directory.webhook_apps())
    assert await left_of(connection) == {}
    assert (await driver.story(person.sent))["status"] == "read", "known by the hash of Meta's id"


async def test_a_send_on_the_wire_leaves_nothing_behind(
    driver: Driver,
    container: Container,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
    clock: ManualClock,
) -> None:
    await driver.consent(PHONE, act="opt_in", source="checkout", wording=WORDING)
    message = await driver.accepted(event())
    on_the_wire, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_request: Any) -> Any:
        on_the_wire.set()
        await go_on.wait()
        refused = {"message": f"{PHONE} {NAME}", "code": 131026, "error_data": {"details": f"{PHONE} {NAME}"}}
        return httpx.Response(400, json={"error": refused})

    sends(graph, driver.world).mock(side_effect=slow)
    await dispatcher.step()
    async with asyncio.timeout(20):
        await on_the_wire.wait()
        await erased(driver)
        go_on.set()
        await dispatcher.drain()
    late = status_item(message, "sent", wamid=wamid_of(5), recipient_id=DIGITS)
    assert (await driver.webhook(webhook(driver.world, statuses=[late]))).status_code == 200
    assert (await container.erasures.sweep()) == 1
    assert await left_of(connection) == {}
    clock.advance(timedelta(hours=2))
    assert (await container.erasures.sweep(), await container.erasures.sweep()) == (1, 0)


async def test_what_came_just_then_is_swept(
    driver: Driver, container: Container, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    """An event whose contact was found before the erasure, and stored after it."""
    agreed = await driver.consent(PHONE, act="opt_in", source="checkout", wording=WORDING)
    message = await driver.accepted(event(send_at="2998-01-01T00:00:00Z"))
    late = await connection.fetchrow("SELECT * FROM messages")
    assert late is not None
    await erased(driver)
    columns = ", ".join(f"{name} = ${number}" for number, name in enumerate(late.keys(), 1))
    await connection.execute(f"UPDATE messages SET {columns}", *late.values())  # noqa: S608
    assert "messages" in await left_of(connection)
    await container.erasures.sweep()
    assert await left_of(connection) == {}
    told = await driver.story(message)
    assert (told["status"], told["reason"], told["contact"]) == ("canceled", "erased", agreed.json()["contact_id"])


async def test_what_a_webhook_stored_just_then_is_swept_and_what_came_later_stays(
    driver: Driver, container: Container, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    """As if its transaction had begun before the erasure, and ended after it."""
    await driver.consent(PHONE, act="opt_in", source="checkout", wording=WORDING)
    said = reply(1, timestamp=str(int(clock.now().timestamp())))
    assert (await driver.webhook(webhook(driver.world, messages=[said]))).status_code == 200
    unknown = webhook(driver.world, messages=[])
    unknown["entry"][0]["changes"] = [{"field": "never_heard_of", "value": {"who": DIGITS}}]
    assert (await driver.webhook(unknown)).status_code == 200
    tables = ("replies", "kept_webhook_items", "consent_evidence")
    late = {table: await connection.fetch(f"SELECT * FROM {table}") for table in tables}  # noqa: S608
    assert all(late.values())
    await erased(driver)
    assert await left_of(connection) == {}
    await connection.execute("DELETE FROM replies")
    for table, found in late.items():
        for row in found:
            places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
            await connection.execute(f"INSERT INTO {table} VALUES ({places})", *row.values())  # noqa: S608
    assert set(await left_of(connection)) == set(tables)
    await container.erasures.sweep()
    assert await left_of(connection) == {}
    clock.advance(timedelta(minutes=5))
    again = reply(2, timestamp=str(int(clock.now().timestamp())))
    assert (await driver.webhook(webhook(driver.world, messages=[again]))).status_code == 200
    clock.advance(timedelta(hours=2))
    await container.erasures.sweep()
    assert "replies" in await left_of(connection), "who writes again is somebody new"
    assert await connection.fetchval("SELECT count(*) FROM contacts WHERE sealed_names IS NOT NULL") == 0


async def test_a_stop_of_before_does_not_make_a_contact_of_an_erased_person(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await driver.consent(PHONE, act="opt_in", source="checkout", wording=WORDING)
    await driver.webhook(webhook(driver.world, messages=[reply(1)]))

    def stop(**who: str) -> dict[str, Any]:
        body = webhook(driver.world)
        (change,) = body["entry"][0]["changes"]
        change["field"] = "user_preferences"
        told = {**who, "category": "marketing_messages", "value": "stop", "timestamp": int(clock.now().timestamp())}
        change["value"]["user_preferences"] = [told]
        return body

    before = stop(wa_id=DIGITS), stop(user_id=BSUID)
    clock.advance(timedelta(seconds=10))
    await erased(driver)
    for body in before:
        assert (await driver.webhook(body)).status_code == 200
    assert await left_of(connection) == {}
    clock.advance(timedelta(seconds=10))
    assert (await driver.webhook(stop(wa_id=DIGITS))).status_code == 200
    assert "contacts" in await left_of(connection)


async def test_kept_items_of_others_stay(driver: Driver, container: Container, connection: asyncpg.Connection) -> None:
    await driver.consent(PHONE, act="opt_in", source="checkout", wording=WORDING)
    (app,) = await container.directory.webhook_apps()
    now = container.clock.now()
    raws = [f'{{"from": "{DIGITS}"}}'.encode(), b'{"from": "905330000000"}']
    async with container.database.transaction() as session:
        for signer in (app.fingerprint, b"another's"):
            for raw in raws:
                session.add(
                    KeptItem(
                        id=new_id(),
                        received_at=now,
                        signer=signer,
                        part="message",
                        why="unmatched",
                        raw=raw,
                    )
                )
    assert (await erased(driver))["erased"]["webhook_items"] == 1
    left = await connection.fetch("SELECT raw FROM kept_webhook_items WHERE signer = $1", app.fingerprint)
    assert [row["raw"] for row in left] == raws[1:]
    assert await connection.fetchval("SELECT count(*) FROM kept_webhook_items") == 3


async def test_others_in_the_same_batch_keep_their_answer(driver: Driver, container: Container) -> None:
    other = "+905339998877"
    await driver.world.opt_in(PHONE, other)
    events = [{"type": "order-confirmed", **event(contact={"phone": one})} for one in (PHONE, other)]
    first = (await driver.report_many(events, key="batch")).json()
    await erased(driver)
    again = await driver.report_many(events, key="batch")
    assert again.headers["idempotency-replayed"] == "true"
    mine, theirs = (result["message"] for result in again.json()["results"])
    assert (mine["id"], mine["to"], mine["metadata"]) == (first["results"][0]["message"]["id"], None, None)
    assert theirs == first["results"][1]["message"]


async def test_those_merged_into_a_person_go_with_them(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    person = await well_known(driver, dispatcher, graph, clock)
    merged = await driver.consent("+905339998877", act="opt_in", source="checkout", wording=WORDING)
    await connection.execute(
        "UPDATE contacts SET bsuid = phone, phone = NULL, ended_at = now(), ended_by = 'merge', successor_id = n.id"
        " FROM (SELECT id FROM contacts WHERE phone = $1) n WHERE contacts.phone <> $1",
        PHONE,
    )
    answer = await erased(driver, merged.json()["contact_id"])
    assert answer["contact_id"] == person.contact
    assert await left_of(connection, (*MARKS, "5339998877")) == {}


async def test_another_person_is_left_alone(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    await well_known(driver, dispatcher, graph, clock)
    await driver.consent("+905339998877", act="opt_in", source="checkout", wording=WORDING)
    before = [row for found in (await rows(connection)).values() for row in found]
    await erased(driver, "+905339998877")
    after = [row for found in (await rows(connection)).values() for row in found]
    assert (await left_of(connection))["contacts"]
    mine = [row for row in before if PHONE in str(row) or DIGITS in str(row) or BSUID in str(row)]
    assert mine
    assert all(row in after for row in mine)


async def test_an_opt_out_at_the_same_time_and_an_erasure_wait_for_each_other(driver: Driver) -> None:
    await driver.consent(PHONE, act="opt_in", source="checkout", wording=WORDING)
    opted_out, gone = await asyncio.gather(
        driver.consent(PHONE, act="opt_out", source="checkout"), driver.request("DELETE", f"/v1/contacts/{PHONE}")
    )
    assert (opted_out.status_code, gone.status_code) == (200, 200)


async def test_nothing_is_sent_after_an_erasure(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    for _ in range(5):
        await driver.accepted(event())
    route = sends(graph, driver.world)
    await erased(driver)
    await dispatch(dispatcher)
    assert route.call_count == 0
