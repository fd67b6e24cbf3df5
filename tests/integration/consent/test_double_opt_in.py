"""Double opt-in: asked for elsewhere, confirmed on WhatsApp by the customer, and only then an opt-in."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import respx

from app.consent.topics import label_of
from app.core.clock import ManualClock
from app.messages.dispatch import Dispatcher
from tests.support.driving import PHONE, Driver, accept_all, dispatch, problem, rows, sends, sent_ids
from tests.support.world import WORDING, webhook


async def ask(driver: Driver, *topics: str, **more: Any) -> None:
    body = {"act": "opt_in", "source": "website_form", "wording": WORDING, "double_opt_in": True, **more}
    answer = await driver.consent(PHONE, **body, topics=list(topics or ("orders",)))
    assert answer.status_code == 200, answer.text


async def messages(driver: Driver) -> list[dict[str, Any]]:
    """Oldest first."""
    listed: list[dict[str, Any]] = (await driver.request("GET", "/v1/messages")).json()["messages"]
    return listed[::-1]


async def states(driver: Driver) -> dict[str, str]:
    consents = (await driver.request("GET", f"/v1/contacts/{PHONE}")).json()["consents"]
    return {one["topic"]: one["state"] for one in consents}


async def acts(driver: Driver) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await driver.request("GET", f"/v1/contacts/{PHONE}/consents")).json()["acts"]
    return found


class Customer:
    """Who gets the requests, and taps or writes."""

    def __init__(self, driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter) -> None:
        self.driver = driver
        self.dispatcher = dispatcher
        self.clock = clock
        self.route = sends(graph, driver.world).mock(side_effect=accept_all)
        self.said = 0

    async def gets(self) -> list[str]:
        """Meta's ids of all messages so far."""
        await dispatch(self.dispatcher)
        return [(await self.driver.story(one))["wamid"] for one in sent_ids(self.route)]

    async def says(self, **message: Any) -> None:
        self.said += 1
        at = str(int(self.clock.now().timestamp()))
        body = {"from": PHONE.lstrip("+"), "id": f"wamid.in.{self.said}", "timestamp": at, **message}
        assert (await self.driver.webhook(webhook(self.driver.world, messages=[body]))).status_code == 200

    async def taps(self, payload: str, label: str, wamid: str | None = None) -> None:
        context = {"context": {"from": "908505551010", "id": wamid}} if wamid is not None else {}
        await self.says(type="button", button={"payload": payload, "text": label}, **context)

    async def writes(self, words: str) -> None:
        await self.says(type="text", text={"body": words})


@pytest.fixture
def customer(driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter) -> Customer:
    return Customer(driver, dispatcher, clock, graph)


async def test_a_tap_confirms_what_was_asked_for(driver: Driver, customer: Customer) -> None:
    await ask(driver, "orders", "appointments", place="https://shop.example/whatsapp", wording_version="7")
    assert await states(driver) == {"orders": "pending", "appointments": "pending"}
    refused = await driver.report()
    assert (refused.json()["status"], refused.json()["reason"]) == ("suppressed", "not_confirmed")
    (wamid,) = await customer.gets()
    (request,) = [one for one in await messages(driver) if one["event_type"] == "opt-in-request"]
    parameters = (await driver.story(request["id"]))["parameters"]["texts"]
    assert parameters["business"] == "Demo Mağaza"
    assert parameters["subjects"] == "Siparişler ve kargo; Randevular"
    assert parameters["channel"] == "web sitemiz"
    await customer.taps("consent.confirm", "Onaylıyorum", wamid)
    assert await states(driver) == {"orders": "opted_in", "appointments": "opted_in"}
    confirmed = [one for one in await acts(driver) if one["act"] == "opt_in"]
    assert {one["topic"] for one in confirmed} == {"orders", "appointments"}
    for one in confirmed:
        assert (one["source"], one["actor"], one["wording_version"], one["language"]) == (
            "whatsapp_button",
            "customer",
            None,
            "tr",
        )
        assert "Demo Mağaza tarafından WhatsApp üzerinden bilgilendirilmeniz için" in one["wording"]
        assert one["wording"].endswith("[Onaylıyorum]")
    assert (await driver.report()).json()["status"] == "queued"


async def test_the_ledger_keeps_no_name_of_what_was_shown(
    driver: Driver, customer: Customer, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    await ask(driver, "orders")
    await customer.gets()
    clock.advance(timedelta(seconds=10))
    body = {
        "contact": {"phone": PHONE, "name": "Zeynep Kızılırmak"},
        "data": {
            "business": "Demo Mağaza",
            "subjects": ["Siparişler ve kargo"],
            "channel": "store",
            "requested_at": "2026-11-24T14:30:00+03:00",
        },
    }
    assert (await driver.report(body, event="opt-in-request")).json()["status"] == "queued"
    wamid = (await customer.gets())[-1]
    story = await driver.story(sent_ids(customer.route)[-1])
    assert story["parameters"]["texts"]["customer_name"] == "Zeynep Kızılırmak", "the customer was shown it"
    await customer.taps("consent.confirm", "Onaylıyorum", wamid)
    assert "Merhaba değerli müşterimiz, Demo Mağaza tarafından" in (await acts(driver))[-1]["wording"]
    assert (await driver.request("DELETE", f"/v1/contacts/{PHONE}")).status_code == 200
    kept = await connection.fetchval("SELECT string_agg(a::text, ' ') FROM consent_acts a")
    assert "Onaylıyorum" in kept
    assert "Zeynep" not in kept
    assert "Kızılırmak" not in kept


async def test_a_request_that_is_forgotten_is_confirmed_all_the_same(
    driver: Driver, customer: Customer, connection: asyncpg.Connection
) -> None:
    await ask(driver, "orders")
    (wamid,) = await customer.gets()
    await connection.execute("UPDATE messages SET data = '{}', fill = '{}', metadata = NULL, content_erased_at = now()")
    await customer.taps("consent.confirm", "Onaylıyorum", wamid)
    assert await states(driver) == {"orders": "opted_in"}
    assert (await acts(driver))[-1]["wording"] == f"{WORDING}\n\n[Onaylıyorum]"


TWELVE = [
    "account",
    "aftercare",
    "appointments",
    "bills",
    "bookings",
    "feedback",
    "flight_status",
    "lab_results",
    "orders",
    "outages",
    "renewals",
    "usage",
]


async def test_a_tap_confirms_only_what_that_request_named(
    driver: Driver, customer: Customer, clock: ManualClock
) -> None:
    await ask(driver, *TWELVE)
    await customer.gets()
    clock.advance(timedelta(seconds=10))
    wamids = await customer.gets()
    assert len(wamids) == 2
    first, second = [
        (await driver.story(one))["parameters"]["texts"]["subjects"].split("; ") for one in sent_ids(customer.route)
    ]
    assert len(first) + len(second) == len(TWELVE)
    await customer.taps("consent.confirm", "Onaylıyorum", wamids[0])
    confirmed = {topic for topic, state in (await states(driver)).items() if state == "opted_in"}
    assert {label_of(topic, "tr", {}) for topic in confirmed} == set(first)
    await customer.taps("consent.confirm", "Onaylıyorum", wamids[1])
    assert set((await states(driver)).values()) == {"opted_in"}


async def test_the_business_may_ask_it_of_every_opt_in_from_outside(driver: Driver, customer: Customer) -> None:
    business = f"biz_{driver.world.business_id.hex}"
    changed = await driver.request("PATCH", f"/v1/businesses/{business}", json={"double_opt_in": True})
    assert changed.json()["double_opt_in"] is True
    driver.world.container.directory.forget()
    answer = await driver.consent(PHONE, act="opt_in", source="qr_till", wording=WORDING)
    assert [one["state"] for one in answer.json()["consents"]] == ["pending"]
    assert len(await customer.gets()) == 1


@pytest.mark.parametrize("words", ["Onaylıyorum", "evet, onaylıyorum", "Yes, I confirm"])
async def test_a_written_yes_confirms_too(driver: Driver, customer: Customer, words: str) -> None:
    await ask(driver, wording_version="7", language="tr")
    await customer.writes(words)
    assert await states(driver) == {"orders": "opted_in"}
    last = (await acts(driver))[-1]
    assert (last["source"], last["wording"]) == ("whatsapp_message", f"{WORDING}\n\n[{words}]")
    assert (last["wording_version"], last["language"]) == ("7", "tr"), "of the wording that it belongs to"


@pytest.mark.parametrize("words", ["evet", "tamam", "Onaylıyorum ama reklam istemem", "siparişi onaylıyorum"])
async def test_what_may_mean_anything_confirms_nothing(driver: Driver, customer: Customer, words: str) -> None:
    await ask(driver)
    await customer.writes(words)
    assert await states(driver) == {"orders": "pending"}


async def test_a_no_to_everything_is_not_confirmed_however_often_it_is_told(driver: Driver, customer: Customer) -> None:
    await ask(driver, "*")
    (wamid,) = await customer.gets()
    for _ in range(2):
        await customer.taps("consent.stop", "İstemiyorum", wamid)
        customer.said = 0
    assert await states(driver) == {"*": "opted_out"}
    assert len(await messages(driver)) == 1


async def test_a_no_refuses_what_was_asked_and_leaves_the_rest(driver: Driver, customer: Customer) -> None:
    await driver.world.opt_in(PHONE, topics=["appointments"])
    await ask(driver, "orders")
    (wamid,) = await customer.gets()
    await customer.taps("consent.stop", "İstemiyorum", wamid)
    assert await states(driver) == {"appointments": "opted_in", "orders": "opted_out"}
    assert len(await customer.gets()) == 1, "a refusal of one topic is not confirmed"


@pytest.mark.parametrize("words", ["Hayır", "hayır, istemiyorum", "no thanks"])
async def test_a_written_no_refuses_only_what_waits(driver: Driver, customer: Customer, words: str) -> None:
    await driver.world.opt_in(PHONE, topics=["appointments"])
    await customer.writes(words)
    assert await states(driver) == {"appointments": "opted_in"}
    await ask(driver, "orders")
    await customer.writes(words)
    assert await states(driver) == {"appointments": "opted_in", "orders": "opted_out"}


async def test_a_stop_while_something_waits_is_a_stop(driver: Driver, customer: Customer) -> None:
    await driver.world.opt_in(PHONE, topics=["appointments"])
    await ask(driver, "orders")
    await customer.writes("STOP")
    assert await states(driver) == {"*": "opted_out"}


async def test_a_no_to_a_request_that_was_confirmed_is_a_stop(driver: Driver, customer: Customer) -> None:
    await ask(driver, "orders")
    (wamid,) = await customer.gets()
    await customer.taps("consent.confirm", "Onaylıyorum", wamid)
    await customer.taps("consent.stop", "İstemiyorum", wamid)
    assert await states(driver) == {"*": "opted_out"}


async def test_nobody_confirms_what_was_not_shown(driver: Driver, customer: Customer, clock: ManualClock) -> None:
    await ask(driver, "orders")
    (first,) = await customer.gets()
    clock.advance(timedelta(seconds=1))
    await ask(driver, "marketing")
    await customer.taps("consent.confirm", "Onaylıyorum", first)
    assert await states(driver) == {"orders": "opted_in", "marketing": "pending"}


async def test_a_confirmation_of_nothing_changes_nothing(
    driver: Driver, customer: Customer, connection: asyncpg.Connection
) -> None:
    await customer.taps("consent.confirm", "Onaylıyorum")
    assert (await rows(connection, "consent_acts", "consents")) == {"consent_acts": [], "consents": []}
    await driver.world.opt_in(PHONE)
    before = await rows(connection, "consent_acts", "consents")
    await customer.taps("consent.confirm", "Onaylıyorum")
    assert await rows(connection, "consent_acts", "consents") == before


async def test_what_waited_too_long_is_asked_for_anew(driver: Driver, customer: Customer, clock: ManualClock) -> None:
    await ask(driver)
    (wamid,) = await customer.gets()
    clock.advance(timedelta(days=7))
    await customer.taps("consent.confirm", "Onaylıyorum", wamid)
    assert await states(driver) == {"orders": "pending"}
    await ask(driver)
    again = await customer.gets()
    assert len(again) == 2
    await customer.taps("consent.confirm", "Onaylıyorum", again[-1])
    assert await states(driver) == {"orders": "opted_in"}


async def test_a_number_that_is_typed_again_and_again_is_asked_once(
    driver: Driver, customer: Customer, clock: ManualClock
) -> None:
    for _ in range(3):
        await ask(driver, "orders")
    assert len(await customer.gets()) == 1
    await ask(driver, "marketing")
    clock.advance(timedelta(seconds=1))
    assert len(await customer.gets()) == 2, "about something else"
    clock.advance(timedelta(hours=1, seconds=1))
    await ask(driver, "orders")
    assert len(await customer.gets()) == 3


async def test_who_gets_the_messages_already_is_not_asked(driver: Driver, customer: Customer) -> None:
    await driver.world.opt_in(PHONE, topics=["orders"])
    await ask(driver, "orders")
    assert await states(driver) == {"orders": "opted_in"}
    assert await customer.gets() == []


async def test_a_request_goes_out_only_while_something_waits(driver: Driver) -> None:
    body = {
        "contact": {"phone": PHONE},
        "data": {
            "business": "Demo Mağaza",
            "subjects": ["Siparişler"],
            "channel": "store",
            "requested_at": "2026-11-24T14:30:00+03:00",
        },
    }
    answer = await driver.report(body, event="opt-in-request")
    assert (answer.json()["status"], answer.json()["reason"]) == ("suppressed", "nothing_pending")
    await ask(driver)
    assert (await driver.report(body, event="opt-in-request")).json()["status"] == "queued"
    waiting = [one["id"] for one in await messages(driver) if one["status"] == "queued"]
    await driver.opt_out()
    assert {(await driver.story(one))["reason"] for one in waiting} == {"nothing_pending"}


async def test_without_a_template_the_request_is_recorded_all_the_same(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    await connection.execute("DELETE FROM templates WHERE name = 'opt_in_request'")
    await ask(driver)
    assert await states(driver) == {"orders": "pending"}
    assert await messages(driver) == []


async def test_an_opt_in_by_a_link_counts_once_it_is_confirmed(
    driver: Driver, customer: Customer, connection: asyncpg.Connection
) -> None:
    made = await driver.request("POST", "/v1/opt-in-links", json={"source": "qr_print"})
    link = made.json()["id"]
    await ask(driver, "orders", "appointments")
    # As a form records it.
    await connection.execute("ALTER TABLE consent_acts DISABLE TRIGGER USER")
    await connection.execute("UPDATE consent_acts SET link_id = $1", link.removeprefix("lnk_"))
    await customer.writes("Onaylıyorum")
    counts = (await driver.request("GET", f"/v1/opt-in-links/{link}/counts")).json()
    assert counts["total"] == {"scans": 0, "opt_ins": 1}


@pytest.mark.parametrize(
    ("source", "channel"), [("support_agent", "telefon görüşmesi"), ("account_settings", "web sitemiz")]
)
async def test_an_opt_out_by_the_api_is_confirmed_where_asked(
    driver: Driver, customer: Customer, source: str, channel: str
) -> None:
    await driver.world.opt_in(PHONE)
    body = {"act": "opt_out", "source": source, "actor": "staff:Derya"}
    await driver.consent(PHONE, **body)
    assert await messages(driver) == []
    await driver.consent(PHONE, **body, confirm=True)
    (wamid,) = await customer.gets()
    (confirmation,) = await messages(driver)
    assert confirmation["event_type"] == "opt-out-confirmation"
    assert (await driver.story(confirmation["id"]))["parameters"]["texts"]["channel"] == channel
    assert wamid


@pytest.mark.parametrize(
    "body",
    [
        {"act": "opt_in", "source": "checkout", "wording": WORDING, "confirm": True},
        {"act": "opt_out", "source": "checkout", "topics": ["orders"], "confirm": True},
    ],
)
async def test_only_an_opt_out_of_everything_can_be_confirmed(driver: Driver, body: dict[str, Any]) -> None:
    found = problem(await driver.consent(PHONE, **body), 422, "invalid_request")
    assert [one["pointer"] for one in found["errors"]] == ["#/confirm"]
