"""The chain of the ledger: whatever is done to it behind Ulak's back is found, and what holds follows from it alone."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from app.consent.verify import Report, Seal, differing, rebuild, verify
from app.container import Container
from app.core.clock import ManualClock
from tests.support.driving import PHONE, Driver, rows
from tests.support.world import WORDING, World, build_world

OTHER = "+905339998877"

FORGED = """
    INSERT INTO consent_acts (business_id, id, contact_id, act, channel, topic, source, actor, occurred_at, recorded_at)
    SELECT business_id, gen_random_uuid(), id, 'opt_in', 'whatsapp', '*', 'checkout', 'customer', '2020-01-01',
"""
"""An act as those from before the chain were, without a number and a hash."""


@pytest.fixture
async def ledger(driver: Driver, clock: ManualClock) -> list[str]:
    """Some history of two contacts; ids of its acts."""
    source = {"source": "checkout", "address": "192.0.2.7"}
    for phone, body in (
        (PHONE, {"act": "opt_in", "wording": WORDING}),
        (OTHER, {"act": "opt_in", "wording": WORDING, "topics": ["orders", "bills"]}),
        (PHONE, {"act": "frequency", "cap": {"most": 3, "days": 7}}),
        (PHONE, {"act": "opt_out", "topics": ["orders"]}),
        (OTHER, {"act": "pause", "until": "2998-01-01T00:00:00Z"}),
        (OTHER, {"act": "channel", "channel": "sms"}),
        (PHONE, {"act": "opt_out"}),
        (PHONE, {"act": "opt_in", "wording": WORDING}),
    ):
        assert (await driver.consent(phone, **source, **body)).status_code == 200
        clock.advance(timedelta(minutes=1))
    found = []
    for phone in (PHONE, OTHER):
        answer = await driver.request("GET", f"/v1/contacts/{phone}/consents")
        found += [(act["number"], act["id"]) for act in answer.json()["acts"]]
    return [act for _, act in sorted(found)]


async def checked(container: Container, world: World, seal: Seal | None = None) -> Report:
    business = await container.directory.business(world.business_id)
    assert business is not None
    async with container.database.transaction() as session:
        return await verify(session, business, seal)


async def behind_its_back(connection: asyncpg.Connection, *statements: str) -> None:
    await connection.execute("SET session_replication_role = replica")  # triggers and references are off
    for statement in statements:
        await connection.execute(statement)
    await connection.execute("SET session_replication_role = DEFAULT")


@pytest.mark.usefixtures("ledger")
async def test_a_ledger_that_nobody_touched_holds(container: Container, world: World) -> None:
    report = await checked(container, world)
    assert (report.lines, report.unchained, report.erased, report.faults) == (9, 0, 0, [])
    assert (await checked(container, world, report.seal)).faults == []


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE consent_acts SET wording = wording || ' ' WHERE number = 1", "line 1 .*was changed"),
        ("UPDATE consent_acts SET act = 'opt_in' WHERE number = 5", "line 5 .*was changed"),
        ("UPDATE consent_acts SET topic = 'orders' WHERE number = 8", "line 8 .*was changed"),
        ("UPDATE consent_acts SET source = 'qr_till', place = 'till 3' WHERE number = 2", "line 2 .*was changed"),
        ("UPDATE consent_acts SET occurred_at = occurred_at - interval '1 us' WHERE number = 3", "line 3 .*changed"),
        ('UPDATE consent_acts SET value = \'{"most": 9, "days": 7}\' WHERE number = 4', "line 4 .*was changed"),
        (
            "UPDATE consent_acts SET contact_id = (SELECT contact_id FROM consents LIMIT 1) WHERE number IN (1, 2)",
            "line [12] .*was changed",
        ),
        ("UPDATE consent_acts SET mac = decode(repeat('00', 32), 'hex') WHERE number = 6", "line 6 .*was changed"),
        ("DELETE FROM consent_acts WHERE number = 4", "lines 4 to 4 are missing"),
        ("DELETE FROM consent_acts WHERE number = 1", "lines 1 to 1 are missing"),
        ("DELETE FROM consent_acts WHERE number = 9", "ends at line 8 and should end at line 9"),
        (f"{FORGED} '2020-01-01' FROM contacts", "line 1 .*from before the chain"),
        ("DELETE FROM consent_acts", "ends at line 0 and should end at line 9"),
        ("UPDATE consent_acts SET number = 18 - number WHERE number IN (8, 10)", "lines 8 to 8 are missing"),
        ("UPDATE consent_acts SET number = NULL, mac = NULL WHERE number = 5", "lines 5 to 5 are missing"),
        (
            "UPDATE consent_acts SET number = NULL, mac = NULL WHERE number = 9",
            "ends at line 8 and should end at line 9",
        ),
        ('UPDATE consent_evidence SET personal = \'{"phone": "+905550000000"}\'', "line 1 .*evidence was changed"),
        ("DELETE FROM consent_evidence", "line 1 .*evidence is gone"),
        ("UPDATE consents SET state = 'opted_out' WHERE topic = 'orders'", "con_.*does not follow"),
        ("DELETE FROM consents", "con_.*does not follow"),
        ("UPDATE consents SET since = since - interval '1 day'", "con_.*does not follow"),
        ("DELETE FROM contact_preferences", "con_.*does not follow"),
        ('UPDATE contact_preferences SET preferences = \'{"channel": "email"}\'', "con_.*does not follow"),
    ],
)
async def test_what_was_tampered_with_is_named(
    container: Container, world: World, connection: asyncpg.Connection, statement: str, told: str
) -> None:
    await behind_its_back(connection, statement)
    report = await checked(container, world)
    assert any(re.search(told, fault) for fault in report.faults), report.faults


@pytest.mark.usefixtures("ledger")
async def test_a_chain_cut_short_with_its_end_is_found_by_a_seal(
    container: Container, world: World, connection: asyncpg.Connection
) -> None:
    sealed = (await checked(container, world)).seal
    await behind_its_back(
        connection,
        "DELETE FROM consent_acts WHERE number > 7",
        "UPDATE consent_ledgers SET length = 7, head = (SELECT mac FROM consent_acts WHERE number = 7)",
    )
    async with container.database.transaction() as session:
        await rebuild(session, world.business_id)
    assert (await checked(container, world)).faults == []
    assert any("had 9 lines when it was sealed" in fault for fault in (await checked(container, world, sealed)).faults)


@pytest.mark.usefixtures("ledger")
async def test_rebuilding_gives_the_same_rows(
    container: Container, world: World, connection: asyncpg.Connection
) -> None:
    before = await rows(connection, "consents", "contact_preferences")
    async with container.database.transaction() as session:
        assert await rebuild(session, world.business_id) == []
    await connection.execute("DELETE FROM consents")
    await connection.execute("DELETE FROM contact_preferences")
    async with container.database.transaction() as session:
        assert len(await rebuild(session, world.business_id)) == 2
    assert await rows(connection, *before) == before


async def test_a_refusal_that_is_repeated_counts_from_the_last_time(
    driver: Driver, container: Container, world: World, clock: ManualClock
) -> None:
    await world.opt_in(PHONE)
    for _ in range(2):
        clock.advance(timedelta(minutes=5))
        await world.opt_out(PHONE)
    told_late = (clock.now() - timedelta(minutes=2)).isoformat()
    answer = await driver.consent(PHONE, act="opt_in", source="checkout", wording=WORDING, occurred_at=told_late)
    assert [row["state"] for row in answer.json()["consents"]] == ["opted_out"]
    assert (await checked(container, world)).faults == []


async def test_writers_at_once_make_one_chain(driver: Driver, container: Container, world: World) -> None:
    phones = [f"+9053211122{number:02}" for number in range(20)]
    bodies: list[dict[str, Any]] = [
        {"act": "opt_in", "source": "checkout", "wording": WORDING},
        {"act": "opt_out", "source": "checkout"},
    ]
    answers = await asyncio.gather(*(driver.consent(phone, **body) for phone in phones for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    report = await checked(container, world)
    assert (report.lines, report.faults) == (40, [])


async def test_a_line_holds_nothing_by_which_a_person_is_known(driver: Driver, connection: asyncpg.Connection) -> None:
    await driver.consent(
        PHONE, act="opt_in", source="checkout", wording=WORDING, address="192.0.2.7", contact={"name": "Ayşe"}
    )
    (line,) = (await rows(connection))["consent_acts"]
    for personal in (PHONE.lstrip("+"), "192.0.2.7", "Ayşe"):
        assert personal not in str(line)


async def test_businesses_have_chains_and_pseudonyms_of_their_own(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    other = await build_world(
        container, name="Öteki", phone_number_id="100000000000002", waba_id="200000000000002", app_secret="other"
    )
    for one in (driver, Driver(driver.http, other)):
        answer = await one.consent(PHONE, act="opt_out", source="checkout")
        assert answer.status_code == 200
    first, second = (await rows(connection))["consent_acts"]
    assert (first["number"], second["number"]) == (1, 1)
    assert first["subject"] != second["subject"]


async def test_an_opt_in_of_before_the_refusal_is_recorded_and_lifts_nothing(
    driver: Driver, container: Container, world: World, clock: ManualClock
) -> None:
    signed_at = clock.now()
    clock.advance(timedelta(days=30))
    assert (await driver.consent(PHONE, act="opt_out", source="checkout")).status_code == 200
    late = {"act": "opt_in", "source": "checkout", "wording": WORDING, "occurred_at": signed_at.isoformat()}
    answer = await driver.consent(PHONE, **late)
    assert [(one["topic"], one["state"]) for one in answer.json()["consents"]] == [("*", "opted_out")]
    assert [act["act"] for act in (await driver.request("GET", f"/v1/contacts/{PHONE}/consents")).json()["acts"]] == [
        "opt_out",
        "opt_in",
    ]
    async with container.database.transaction() as session:
        assert await rebuild(session, world.business_id) == []


async def test_what_was_there_before_the_chain_is_sealed_with_its_first_line(
    driver: Driver, container: Container, world: World, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await driver.report()
    await connection.execute(f"{FORGED} '2020-01-01' FROM contacts")
    assert any("nothing vouches for the 1 lines" in fault for fault in (await checked(container, world)).faults)
    assert (await driver.consent(PHONE, act="opt_out", source="checkout")).status_code == 200
    report = await checked(container, world)
    assert (report.lines, report.unchained, report.faults) == (1, 1, [])
    await behind_its_back(connection, f"{FORGED} '2020-01-01' FROM contacts")
    assert any("from before the chain" in fault for fault in (await checked(container, world)).faults)


@pytest.mark.usefixtures("ledger")
async def test_an_erasure_that_is_not_in_the_chain_hides_no_evidence_that_is_gone(
    container: Container, world: World, connection: asyncpg.Connection
) -> None:
    forged = f"{FORGED} '2020-01-01' FROM contacts".replace("opt_in", "erasure")
    await behind_its_back(connection, forged, "DELETE FROM consent_evidence")
    report = await checked(container, world)
    assert report.erased == 0
    assert sum("evidence is gone" in fault for fault in report.faults) == report.lines


@pytest.mark.usefixtures("ledger")
async def test_what_holds_is_compared_by_ranges_of_contacts(
    container: Container, world: World, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.consent.verify._BATCH", 1)
    assert (await checked(container, world)).faults == []
    everybody = {row["id"] for row in await connection.fetch("SELECT id FROM contacts")}
    await connection.execute("DELETE FROM consents")
    async with container.database.transaction() as session:
        assert set(await differing(session, world.business_id)) == everybody
    async with container.database.transaction() as session:
        assert set(await rebuild(session, world.business_id, everybody)) == everybody
    async with container.database.transaction() as session:
        assert await rebuild(session, world.business_id, everybody) == []
