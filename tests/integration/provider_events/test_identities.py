"""Who customers are by Meta's word: names learnt, contacts joined, numbers changed."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import respx

from app.consent import verify
from app.core.clock import ManualClock
from app.messages.accept import Acceptor
from app.messages.dispatch import Dispatcher
from tests.support.driving import PHONE, Driver, accept_all, dispatch, rows, sends
from tests.support.world import World, build_world, order_confirmed, status_item, webhook

WA_ID = PHONE.lstrip("+")
BSUID = "TR.88123"
NEW_PHONE = "+905339998877"
NEW_WA_ID = NEW_PHONE.lstrip("+")
NEW_BSUID = "TR.90001"


def now_of(clock: ManualClock) -> str:
    return str(int(clock.now().timestamp()))


def inbound(
    clock: ManualClock, wamid: str = "wamid.in.1", words: str = "Kargom nerede?", **names: Any
) -> dict[str, Any]:
    return {"id": wamid, "timestamp": now_of(clock), "type": "text", "text": {"body": words}, **names}


def changed(clock: ManualClock, wamid: str = "wamid.system.1", **system: Any) -> dict[str, Any]:
    """Meta's word that the customer has another number."""
    told = {"type": "user_changed_number", "wa_id": NEW_WA_ID, "user_id": NEW_BSUID, "previous_user_id": BSUID}
    told = {name: value for name, value in {**told, **system}.items() if value is not None}
    return {"from": WA_ID, "id": wamid, "timestamp": now_of(clock), "type": "system", "system": told}


async def hears(driver: Driver, *messages: dict[str, Any], secret: World | None = None) -> httpx.Response:
    body = webhook(driver.world, messages=list(messages))
    del body["entry"][0]["changes"][0]["value"]["contacts"]
    return await driver.webhook(body, secret=secret)


async def contact(driver: Driver, named: str) -> dict[str, Any]:
    answer = await driver.request("GET", f"/v1/contacts/{named}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def states(driver: Driver, named: str) -> dict[str, str]:
    return {one["topic"]: one["state"] for one in (await contact(driver, named))["consents"]}


async def acts(driver: Driver, named: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await driver.request("GET", f"/v1/contacts/{named}/consents")).json()["acts"]
    return found


async def verified(driver: Driver) -> None:
    """The chain holds, and what holds is what follows from it."""
    container = driver.world.container
    business = await container.directory.business(driver.world.business_id)
    assert business is not None
    async with container.database.transaction() as session:
        assert (await verify.verify(session, business)).faults == []


async def opt_in_by_id(driver: Driver, bsuid: str = BSUID) -> None:
    wording = "Demo Mağaza'nın bana WhatsApp ile haber vermesini kabul ediyorum."
    answer = await driver.consent(bsuid, act="opt_in", source="checkout", wording=wording)
    assert answer.status_code == 200, answer.text


async def test_a_receipt_teaches_the_user_id_once(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)
    message = await driver.accepted()
    at = int(now_of(clock))
    await driver.receipts(status_item(message, "sent", recipient_user_id=BSUID, at=at))
    before = await rows(connection, "contacts")
    assert (await contact(driver, BSUID))["phone"] == PHONE
    clock.advance(timedelta(seconds=60))
    await driver.receipts(status_item(message, "delivered", recipient_user_id=BSUID, at=at + 60))
    assert await rows(connection, "contacts") == before


async def test_an_answer_teaches_the_digits_that_meta_dials_and_no_second_contact_comes_of_them(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    phone, wa_id = "+5491123456789", "541123456789"
    await driver.world.opt_in(phone)
    await driver.accepted(order_confirmed(phone))
    answer = {"contacts": [{"input": phone, "wa_id": wa_id}], "messages": [{"id": "wamid.1"}]}
    sends(graph, driver.world).mock(return_value=httpx.Response(200, json=answer))
    await dispatch(dispatcher)
    assert (await contact(driver, phone))["wa_id"] == wa_id
    await hears(driver, inbound(clock, **{"from": wa_id}))
    await hears(driver, inbound(clock, "wamid.in.2", "STOP", **{"from": wa_id}))
    assert len((await rows(connection, "contacts"))["contacts"]) == 1
    assert await states(driver, phone) == {"*": "opted_out"}


@pytest.mark.parametrize(
    ("wa_id", "phone"),
    [("551161234567", "+5511961234567"), ("5215512345678", "+525512345678"), ("5491123456789", "+541123456789")],
)
async def test_a_customer_who_wrote_first_is_known_by_the_phone_that_people_write(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock, wa_id: str, phone: str
) -> None:
    await hears(driver, inbound(clock, words="STOP", **{"from": wa_id}))
    suppressed = await driver.report(order_confirmed(phone))
    assert (suppressed.json()["status"], suppressed.json()["reason"]) == ("suppressed", "opted_out")
    assert len((await rows(connection, "contacts"))["contacts"]) == 1


async def test_two_contacts_that_meta_names_in_one_breath_become_one(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await opt_in_by_id(driver)
    gone = (await contact(driver, BSUID))["id"]
    waiting = (await driver.report({**order_confirmed(), "contact": {"bsuid": BSUID}})).json()["id"]
    members = {"contacts": [{"bsuid": BSUID}]}
    assert (await driver.request("PUT", "/v1/test-lists/staff", json=members)).status_code == 200
    clock.advance(timedelta(seconds=10))
    await driver.world.opt_in(PHONE, topics=["bills"])
    kept = (await contact(driver, PHONE))["id"]
    for _ in range(2):
        await hears(driver, inbound(clock, **{"from": WA_ID, "from_user_id": BSUID}))
    for name in (PHONE, BSUID, gone, kept):
        found = await contact(driver, name)
        assert (found["id"], found["phone"], found["bsuid"]) == (kept, PHONE, BSUID)
    assert await states(driver, kept) == {"*": "opted_in", "bills": "opted_in"}
    story = await driver.story(waiting)
    assert (story["status"], story["contact"], story["to"]) == ("queued", kept, BSUID)
    listed = (await driver.request("GET", "/v1/test-lists/staff")).json()["contacts"]
    assert [one["id"] for one in listed] == [kept]
    told = await acts(driver, gone)
    assert [(one["act"], one["source"]) for one in told] == [
        ("opt_in", "checkout"),
        ("opt_in", "checkout"),
        ("merge", "meta"),
        ("merge", "meta"),
    ]
    assert (told[2]["value"]["into"], told[3]["value"]["from"]) == (kept, gone)
    assert "wamid" not in str(told[3]["value"])
    await verified(driver)
    assert (await driver.opt_out())["canceled_messages"] == 1


async def test_of_two_that_are_one_the_newer_word_counts_and_a_refusal_stands_over_what_was_before(
    driver: Driver, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)
    waiting = await driver.accepted()
    clock.advance(timedelta(seconds=10))
    assert (await driver.consent(BSUID, act="opt_out", source="checkout")).status_code == 200
    pause = {"act": "pause", "source": "account_settings", "until": "2100-01-01T00:00:00Z", "topics": ["orders"]}
    assert (await driver.consent(BSUID, **pause)).status_code == 200
    await hears(driver, inbound(clock, **{"from": WA_ID, "from_user_id": BSUID}))
    assert await states(driver, PHONE) == {"*": "opted_out"}
    assert list((await contact(driver, PHONE))["preferences"]["paused_until"]) == ["orders"]
    assert (await driver.story(waiting))["reason"] == "opted_out"
    await verified(driver)


async def test_a_changed_number_keeps_the_contact_and_takes_along_what_waits(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)
    await hears(driver, inbound(clock, **{"from": WA_ID, "from_user_id": BSUID}))
    before = await contact(driver, PHONE)
    waiting = await driver.accepted()
    clock.advance(timedelta(seconds=10))
    for _ in range(2):
        assert (await hears(driver, changed(clock))).status_code == 200
    found = await contact(driver, NEW_PHONE)
    assert (found["id"], found["bsuid"], found["consents"]) == (before["id"], NEW_BSUID, before["consents"])
    told = await acts(driver, NEW_PHONE)
    assert [(one["act"], one["source"], one["value"]) for one in told[1:]] == [("number_change", "meta", None)]
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    assert NEW_PHONE in route.calls.last.request.content.decode()
    assert (await driver.story(waiting))["to"] == NEW_PHONE
    assert (await driver.request("GET", f"/v1/contacts/{PHONE}")).status_code == 404
    stranger = await driver.report()
    assert (stranger.json()["status"], stranger.json()["reason"]) == ("suppressed", "no_consent")
    await verified(driver)


async def test_whoever_had_the_new_number_is_ended_and_only_their_refusals_are_taken_over(
    driver: Driver, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE, topics=["orders", "bills"])
    await hears(driver, inbound(clock, **{"from": WA_ID, "from_user_id": BSUID}))
    await driver.world.opt_in(NEW_PHONE, topics=["*", "marketing"])
    await driver.world.opt_out(NEW_PHONE, topics=["bills"])
    former = (await contact(driver, NEW_PHONE))["id"]
    theirs = await driver.accepted(order_confirmed(NEW_PHONE))
    clock.advance(timedelta(seconds=10))
    await hears(driver, changed(clock))
    assert await states(driver, NEW_PHONE) == {"orders": "opted_in", "bills": "opted_out"}
    ended = await contact(driver, former)
    assert (ended["phone"], ended["consents"]) == (None, [])
    story = await driver.story(theirs)
    assert (story["status"], story["reason"]) == ("suppressed", "no_consent")
    await verified(driver)


async def test_a_number_that_may_not_be_shared_leaves_the_user_id_alone_to_write_to(
    driver: Driver, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)
    await hears(driver, inbound(clock, **{"from": WA_ID, "from_user_id": BSUID}))
    waiting = await driver.accepted()
    message = changed(clock, type="user_changed_user_id", wa_id=None)
    del message["from"]
    await hears(driver, message)
    found = await contact(driver, NEW_BSUID)
    assert (found["phone"], found["wa_id"], await states(driver, NEW_BSUID)) == (None, None, {"*": "opted_in"})
    assert (await driver.story(waiting))["to"] == NEW_BSUID


async def test_whoever_wrote_under_the_new_user_id_before_is_the_same_person(
    driver: Driver, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)
    await hears(driver, inbound(clock, **{"from": WA_ID, "from_user_id": BSUID}))
    kept = (await contact(driver, PHONE))["id"]
    clock.advance(timedelta(seconds=10))
    await hears(driver, inbound(clock, "wamid.in.2", "STOP", **{"from": NEW_WA_ID, "from_user_id": NEW_BSUID}))
    other = (await contact(driver, NEW_PHONE))["id"]
    await hears(driver, changed(clock))
    assert {(await contact(driver, one))["id"] for one in (NEW_PHONE, NEW_BSUID, other, kept)} == {kept}
    assert await states(driver, kept) == {"*": "opted_out"}
    await verified(driver)


async def test_a_change_says_that_number_and_user_id_were_one_person(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(PHONE, topics=["orders"])
    await opt_in_by_id(driver)
    gone = (await contact(driver, PHONE))["id"]
    await hears(driver, changed(clock))
    found = await contact(driver, gone)
    assert (found["phone"], found["bsuid"]) == (NEW_PHONE, NEW_BSUID)
    assert await states(driver, NEW_PHONE) == {"*": "opted_in", "orders": "opted_in"}
    assert (await driver.request("GET", f"/v1/contacts/{PHONE}")).status_code == 404
    await verified(driver)


async def test_an_opt_out_from_a_number_that_meta_writes_otherwise_is_confirmed(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    await driver.world.opt_in("+5511961234567")
    await hears(driver, inbound(clock, words="STOP", **{"from": "551161234567"}))
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    assert '"to":"+5511961234567"' in route.calls.last.request.content.decode()


async def test_what_is_older_forged_or_about_nobody_changes_nothing(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    stranger = await build_world(
        driver.world.container, name="Başka Mağaza", phone_number_id="900", waba_id="901", app_secret="another"
    )
    await driver.world.opt_in(PHONE)
    first = inbound(clock, **{"from": WA_ID, "from_user_id": BSUID})
    await hears(driver, first)
    clock.advance(timedelta(seconds=10))
    change = changed(clock)
    await hears(driver, change)
    before = await rows(connection, "contacts", "consent_acts", "consents", "messages")
    late = {**changed(clock, "wamid.system.0", wa_id="905550000000"), "timestamp": first["timestamp"]}
    for message in (first, change, late, {**changed(clock, "wamid.system.9"), "from": "905001112233"}):
        assert (await hears(driver, message)).status_code == 200
    clock.advance(timedelta(seconds=10))
    forged = changed(clock, "wamid.system.2", wa_id="905550000000", previous_user_id=NEW_BSUID)
    forged["from"] = NEW_WA_ID
    assert (await hears(driver, forged, secret=stranger)).status_code == 200  # kept, as about a number not of that app
    unsigned = await driver.request(
        "POST",
        "/webhooks/whatsapp",
        json=webhook(driver.world, messages=[forged]),
        headers={"X-Hub-Signature-256": "sha256=00"},
    )
    assert unsigned.status_code in (401, 403)
    assert await rows(connection, "contacts", "consent_acts", "consents", "messages") == before


async def test_a_user_id_that_meta_gives_to_another_number_takes_no_consent_along(
    driver: Driver, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)
    await hears(driver, inbound(clock, **{"from": WA_ID, "from_user_id": BSUID}))
    clock.advance(timedelta(seconds=10))
    await driver.world.opt_out(NEW_PHONE)
    await hears(driver, inbound(clock, "wamid.in.2", **{"from": NEW_WA_ID, "from_user_id": BSUID}))
    assert (await contact(driver, BSUID))["phone"] == NEW_PHONE
    assert await states(driver, PHONE) == {"*": "opted_in"}
    assert await states(driver, NEW_PHONE) == {"*": "opted_out"}
    assert [one["act"] for one in await acts(driver, PHONE)] == ["opt_in"]


async def test_a_parent_id_finds_the_contact_that_was_named_by_it(driver: Driver, clock: ManualClock) -> None:
    parent = "TR.ENT.700"
    await opt_in_by_id(driver, parent)
    named = {"from_user_id": BSUID, "from_parent_user_id": parent}
    await hears(driver, inbound(clock, **named))
    found = await contact(driver, parent)
    assert (found["id"], found["bsuid"]) == ((await contact(driver, BSUID))["id"], BSUID)
    assert (await driver.report({**order_confirmed(), "contact": {"bsuid": parent}})).json()["status"] == "queued"


STRANGER = "TR.77001"


async def test_a_number_that_is_anothers_now_hands_on_no_consent(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(PHONE, topics=["*", "marketing"])
    await driver.world.opt_out(PHONE, topics=["billing"])
    await hears(driver, inbound(clock, **{"from": WA_ID, "from_user_id": BSUID}))
    former = (await contact(driver, PHONE))["id"]
    waiting = await driver.accepted()
    start = inbound(clock, "wamid.in.2", "START", **{"from": WA_ID, "from_user_id": BSUID})
    clock.advance(timedelta(days=400))
    await hears(driver, inbound(clock, "wamid.in.3", **{"from": WA_ID, "from_user_id": STRANGER}))
    found = await contact(driver, STRANGER)
    assert (found["phone"], found["id"] != former) == (PHONE, True)
    assert await states(driver, PHONE) == {"billing": "opted_out"}
    assert (await driver.story(waiting))["reason"] == "no_consent"
    assert (await driver.report()).json()["status"] == "suppressed"
    assert (await contact(driver, former))["phone"] is None
    await hears(driver, start)  # which Meta delivers at last, is not the stranger's
    assert await states(driver, PHONE) == {"billing": "opted_out"}
    assert (await contact(driver, BSUID))["phone"] is None
    await verified(driver)


async def test_a_change_that_comes_late_takes_no_number_from_whoever_has_it_since(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)
    await hears(driver, inbound(clock, **{"from": WA_ID, "from_user_id": BSUID}))
    change = changed(clock)
    clock.advance(timedelta(days=3))
    await driver.world.opt_in(NEW_PHONE)
    await hears(driver, inbound(clock, "wamid.in.2", **{"from": NEW_WA_ID, "from_user_id": STRANGER}))
    before = await rows(connection, "contacts", "consent_acts", "consents", "messages")
    assert (await hears(driver, change)).status_code == 200
    assert await rows(connection, "contacts", "consent_acts", "consents", "messages") == before


@pytest.fixture
def stored_late(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Awaitable[object]]], None]:
    """Lets something happen once between the look-up of a contact and the storing of an event about it."""

    def arrange(meanwhile: Callable[[], Awaitable[object]]) -> None:
        store = Acceptor._store

        async def late(self: Acceptor, *told: Any) -> Any:
            monkeypatch.setattr(Acceptor, "_store", store)
            await meanwhile()
            return await store(self, *told)

        monkeypatch.setattr(Acceptor, "_store", late)

    return arrange


async def test_an_event_stored_while_the_number_changed_goes_to_the_new_one(
    driver: Driver,
    dispatcher: Dispatcher,
    clock: ManualClock,
    graph: respx.MockRouter,
    stored_late: Callable[[Callable[[], Awaitable[object]]], None],
) -> None:
    await driver.world.opt_in(PHONE)
    await hears(driver, inbound(clock, "wamid.a", **{"from": WA_ID, "from_user_id": BSUID}))
    clock.advance(timedelta(seconds=5))
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    stored_late(lambda: hears(driver, changed(clock)))
    await driver.accepted()
    clock.advance(timedelta(seconds=1))
    for _ in range(2):
        await dispatch(dispatcher)
        clock.advance(timedelta(seconds=1))
    assert [orjson.loads(call.request.content)["to"] for call in route.calls] == [NEW_PHONE]


async def test_an_event_stored_while_two_contacts_became_one_is_sent_by_what_holds_for_that_one(
    driver: Driver,
    dispatcher: Dispatcher,
    clock: ManualClock,
    graph: respx.MockRouter,
    stored_late: Callable[[Callable[[], Awaitable[object]]], None],
) -> None:
    await opt_in_by_id(driver)
    clock.advance(timedelta(seconds=1))
    await driver.world.opt_in(PHONE)
    clock.advance(timedelta(seconds=5))
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    stored_late(lambda: hears(driver, inbound(clock, "wamid.a", **{"from": WA_ID, "from_user_id": BSUID})))
    message = await driver.accepted({**order_confirmed(), "contact": {"bsuid": BSUID}})
    clock.advance(timedelta(seconds=1))
    for _ in range(2):
        await dispatch(dispatcher)
        clock.advance(timedelta(seconds=1))
    assert len(route.calls) == 1
    assert (await driver.story(message))["status"] == "accepted"
