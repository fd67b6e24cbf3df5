"""A person who came by a list, turned out to be two contacts, and moved to another number: exported, and erased."""

import base64
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import respx

from app.container import Container
from app.core.clock import ManualClock
from app.messages.dispatch import Dispatcher
from app.privacy.schemas import ContactExport
from tests.integration.privacy.person import (
    ADDRESS,
    BSUID,
    DIGITS,
    MARKS,
    NAME,
    PHONE,
    WAMID_PART,
    event,
    left_of,
    well_known,
)
from tests.support.driving import Driver, dispatch
from tests.support.importing import imported, send, status, verified, work
from tests.support.world import WORDING, webhook

LISTED = "Zeynep K. Listeden"
PARENT = "TR.ENT.5501ZEYNEP"
NEW_PHONE = "+905449900177"
NEW_DIGITS = NEW_PHONE.removeprefix("+")
NEW_BSUID = "TR.90177ZEYNEP"
NEW_PARENT = "TR.ENT.5502ZEYNEP"
NEW_WAMID_PART = base64.b64encode(NEW_DIGITS.encode()).decode()
SAID_BEFORE = "Eski numaramdan yazıyorum"
SAID_LATER = "Yeni numaramdan yazıyorum"
SAID_BY_ANOTHER = "Ben başkasıyım"

ALL_MARKS = (
    *MARKS,
    LISTED,
    PARENT,
    NEW_DIGITS,
    NEW_DIGITS.removeprefix("90"),
    NEW_BSUID,
    NEW_PARENT,
    NEW_WAMID_PART,
    SAID_BEFORE,
    SAID_LATER,
)


def list_of(*phones: str, day: str = "2025-03-01") -> str:
    return "phone,occurred_at,name,wording,original_source\n" + "".join(
        f'{one},{day},{LISTED},"{WORDING}",checkout\n' for one in phones
    )


def inbound(clock: ManualClock, wamid: str, words: str, **names: str) -> dict[str, Any]:
    at = str(int(clock.now().timestamp()))
    return {"id": wamid, "timestamp": at, "type": "text", "text": {"body": words}, **names}


async def hears(driver: Driver, message: dict[str, Any]) -> None:
    body = webhook(driver.world, messages=[message])
    del body["entry"][0]["changes"][0]["value"]["contacts"]
    assert (await driver.webhook(body)).status_code == 200


async def person_with(
    driver: Driver,
    container: Container,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
) -> str:
    """Answers its id."""
    assert (await imported(driver, container, list_of(PHONE)))[0]["rows"]["recorded"] == 1
    for named in (BSUID, PARENT):
        opted_in = await driver.consent(named, act="opt_in", source="checkout", wording=WORDING)
        assert opted_in.status_code == 200
        await driver.accepted(event(contact={"bsuid": named, "name": NAME}, send_at="2998-01-01T00:00:00Z"))
    found = await well_known(driver, dispatcher, graph, clock)
    clock.advance(timedelta(days=7))
    old = {"from": DIGITS, "from_user_id": BSUID, "from_parent_user_id": PARENT}
    await hears(driver, inbound(clock, f"wamid.HBgM{WAMID_PART}B1", SAID_BEFORE, **old))
    clock.advance(timedelta(minutes=1))
    told = {"type": "user_changed_number", "wa_id": NEW_DIGITS, "user_id": NEW_BSUID, "previous_user_id": BSUID}
    at = str(int(clock.now().timestamp()))
    body = f"{NAME} changed from {DIGITS} to {NEW_DIGITS}"
    await hears(
        driver,
        {
            "from": DIGITS,
            "id": f"wamid.HBgM{WAMID_PART}S1",
            "timestamp": at,
            "type": "system",
            "system": {**told, "body": body},
        },
    )
    clock.advance(timedelta(minutes=1))
    new = {"from": NEW_DIGITS, "from_user_id": NEW_BSUID, "from_parent_user_id": NEW_PARENT}
    await hears(driver, inbound(clock, f"wamid.HBgM{NEW_WAMID_PART}B2", SAID_LATER, **new))
    await driver.accepted(event(contact={"phone": NEW_PHONE}))
    await dispatch(dispatcher)
    await driver.consent(NEW_PHONE, act="channel", source="other", channel="sms")
    await driver.accepted(event(contact={"phone": NEW_PHONE}))
    await dispatch(dispatcher)
    return found.contact


@pytest.fixture
async def person(
    driver: Driver, container: Container, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> str:
    return await person_with(driver, container, dispatcher, graph, clock)


async def test_nothing_of_a_whole_life_is_left(
    driver: Driver, container: Container, connection: asyncpg.Connection, person: str
) -> None:
    before = await left_of(connection, ALL_MARKS)
    assert {NEW_DIGITS, NEW_BSUID, NEW_PARENT} <= set(before["contacts"])
    assert {DIGITS, PARENT, NEW_DIGITS} <= set(before["consent_evidence"])
    acts = [row["act"] for row in await connection.fetch("SELECT act FROM consent_acts ORDER BY number")]
    assert acts.count("merge") == 4
    assert "number_change" in acts
    erased = await driver.request("DELETE", f"/v1/contacts/{person}")
    assert erased.status_code == 200, erased.text
    assert await left_of(connection, ALL_MARKS) == {}
    assert (await verified(container, driver.world)).faults == []


@pytest.mark.parametrize("is_contact", [True, False])
async def test_an_old_number_that_is_anothers_now_hides_nothing(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock, person: str, *, is_contact: bool
) -> None:
    """What the person wrote from it goes; what the other wrote from it stays."""
    clock.advance(timedelta(days=30))
    if is_contact:
        opted_in = await driver.consent(PHONE, act="opt_in", source="checkout", wording=WORDING)
        assert opted_in.json()["contact_id"] != person
    await hears(driver, inbound(clock, "wamid.of.another", "Numara artık benim", **{"from": DIGITS}))
    assert (await driver.request("DELETE", f"/v1/contacts/{person}")).status_code == 200
    left = await left_of(connection, (NAME, NEW_DIGITS, NEW_BSUID, BSUID, PARENT, SAID_BEFORE, WAMID_PART))
    assert left == {}
    kept = await left_of(connection, (DIGITS, "Numara artık benim"))
    assert kept["replies"] == [DIGITS, "Numara artık benim"]
    assert "contacts" in kept, "who writes is a contact, whether they opted in or not"


async def test_who_had_the_number_before_is_another_person(
    driver: Driver,
    container: Container,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    connection: asyncpg.Connection,
) -> None:
    opted_in = await driver.consent(NEW_PHONE, act="opt_in", source="checkout", wording=WORDING)
    former = opted_in.json()["contact_id"]
    await hears(driver, inbound(clock, "wamid.of.another", SAID_BY_ANOTHER, **{"from": NEW_DIGITS}))
    person = await person_with(driver, container, dispatcher, graph, clock)
    told = await driver.request("GET", f"/v1/contacts/{person}/export")
    assert SAID_LATER in told.text
    assert SAID_BY_ANOTHER not in told.text
    assert SAID_BY_ANOTHER in (await driver.request("GET", f"/v1/contacts/{former}/export")).text
    assert (await driver.request("DELETE", f"/v1/contacts/{person}")).status_code == 200
    left = await left_of(connection, (*ALL_MARKS, SAID_BY_ANOTHER))
    assert set(left) == {"callback_events", "consent_evidence", "replies"}
    assert SAID_BY_ANOTHER in left["replies"]
    assert SAID_LATER not in left["replies"]
    assert (await driver.request("DELETE", f"/v1/contacts/{former}")).status_code == 200
    assert await left_of(connection, (*ALL_MARKS, SAID_BY_ANOTHER)) == {}


async def test_a_list_that_is_worked_through_meanwhile_brings_nobody_back(
    driver: Driver, container: Container, connection: asyncpg.Connection, person: str
) -> None:
    sent = await send(driver, list_of(NEW_PHONE, PHONE, day="2025-04-01"))
    assert sent.status_code == 202
    await container.importer.step()
    assert (await driver.request("DELETE", f"/v1/contacts/{person}")).status_code == 200
    await work(container.importer)
    assert await left_of(connection, ALL_MARKS) == {}


async def test_an_export_tells_of_a_whole_life(driver: Driver, person: str) -> None:
    answer = await driver.request("GET", f"/v1/contacts/{person}/export")
    told = ContactExport.model_validate_json(answer.content)
    assert len(told.contacts) == 3
    assert {one.parent_bsuid for one in told.contacts} >= {NEW_PARENT}
    words = [one.payload.get("text", {}).get("body") for one in told.replies]
    assert SAID_BEFORE in words
    assert SAID_LATER in words
    imports = [act.value for act in told.acts if act.source == "import"]
    assert [one["line"] for one in imports if one] == [2]


@pytest.mark.parametrize("ending", ["finished", "dry_run", "canceled"])
async def test_of_a_list_nothing_is_kept_that_names_anybody(
    driver: Driver, container: Container, connection: asyncpg.Connection, ending: str
) -> None:
    """Not in what is told of rows that were refused for whatever stands in them, either."""
    header = "phone,bsuid,act,topics,occurred_at,language,wording,original_source,actor,name,address\n"
    good = [PHONE, "", "", "", "2025-03-01", "tr", WORDING, "checkout", "customer", NAME, ADDRESS]
    wrong = [NAME, PHONE, BSUID, f"{DIGITS}0000", f"{NAME}-{PHONE}" * 20]
    rows = [good] + [[*good[:at], value, *good[at + 1 :]] for at in range(len(good)) for value in wrong]
    text = header + "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in [*rows, good])
    sent = await send(driver, text, dry_run="true" if ending == "dry_run" else "false")
    assert sent.status_code == 202, sent.text
    assert "consent_import_chunks" in await left_of(connection)
    import_id = sent.json()["id"]
    if ending == "canceled":
        await container.importer.step()
        assert (await driver.request("POST", f"/v1/consent-imports/{import_id}/cancel")).status_code == 200
    await work(container.importer)
    told = await status(driver, import_id)
    assert told["status"] == ("canceled" if ending == "canceled" else "finished")
    assert (told["rows"]["refused"] > 30) == (ending != "canceled")
    assert not [table for table in await left_of(connection) if table.startswith("consent_import")]
