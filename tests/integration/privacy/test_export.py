"""Everything that is held of a person, as one document."""

import asyncpg
import pytest
import respx

from app.core.clock import ManualClock
from app.core.database import Base
from app.messages.dispatch import Dispatcher
from app.messages.schemas import MessageDetail
from app.privacy import export
from app.privacy.schemas import ContactExport
from tests.integration.privacy.person import ADDRESS, BSUID, NAME, ORDER, PHONE, WORDS, event, well_known
from tests.support.driving import Driver, problem
from tests.support.world import WORDING


async def exported(driver: Driver, contact: str = PHONE) -> ContactExport:
    answer = await driver.request("GET", f"/v1/contacts/{contact}/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    return ContactExport.model_validate_json(answer.content)


async def test_an_export_holds_all_that_is_held(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    person = await well_known(driver, dispatcher, graph, clock)
    told = await exported(driver)
    (contact,) = told.contacts
    assert (contact.id, contact.phone, contact.name, contact.time_zone) == (
        person.contact,
        PHONE,
        NAME,
        "Europe/Istanbul",
    )
    assert [(act.act, act.address) for act in told.acts] == [("opt_in", ADDRESS), ("frequency", None)]
    assert told.acts[0].wording == WORDING
    assert told.preferences.caps["*"].most == 50
    assert [(one.topic, one.state) for one in told.consents] == [("*", "opted_in")]
    assert told.test_lists == ["staff"]
    assert [message.id for message in told.messages] == [person.sent, person.failed, person.waiting]
    first = told.messages[0]
    assert (first.data["order_number"], first.to, len(first.attempts), len(first.receipts)) == (ORDER, PHONE, 1, 1)
    assert first.decision
    assert first.model_dump(mode="json") == MessageDetail.model_validate(await driver.story(person.sent)).model_dump(
        mode="json"
    )
    (answer,) = told.replies
    assert (answer.payload["text"]["body"], answer.from_user_id, answer.message) == (WORDS, BSUID, person.sent)
    assert (answer.kind, answer.tied_by, answer.contact) == ("text", "context", person.contact)
    assert told.windows == [], "it was over before it came"
    assert [one.type for one in told.callback_events] == ["consent.changed"] * 2 + ["reply.received"]
    assert told.complete is True


async def test_a_long_history_comes_in_parts(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_MESSAGES_AT_ONCE", 2)
    sent = [await driver.accepted(event()) for _ in range(5)]
    assert [message.id for message in (await exported(driver)).messages] == sent


async def test_an_export_is_of_one_person_alone(driver: Driver) -> None:
    await driver.accepted(event(contact={"phone": "+905339998877", "name": "Öteki"}))
    await driver.accepted(event())
    answer = await driver.request("GET", f"/v1/contacts/{PHONE}/export")
    assert "5339998877" not in answer.text
    assert "Öteki" not in answer.text


async def test_those_merged_into_a_person_are_in_their_export(driver: Driver, connection: asyncpg.Connection) -> None:
    earlier = await driver.accepted(event(contact={"phone": "+905339998877"}))
    later = await driver.accepted(event())
    await connection.execute(
        "UPDATE contacts SET bsuid = phone, phone = NULL, ended_at = now(), ended_by = 'merge', successor_id = n.id"
        " FROM (SELECT id FROM contacts WHERE phone = $1) n WHERE contacts.phone <> $1",
        PHONE,
    )
    told = await exported(driver)
    assert [message.id for message in told.messages] == [earlier, later]
    assert len(told.contacts) == 2


@pytest.mark.parametrize(("named", "status"), [(PHONE, 404), ("con_" + "0" * 32, 404), ("12", 422)])
async def test_nobody_has_no_export(driver: Driver, named: str, status: int) -> None:
    code = "not_found" if status == 404 else "invalid_request"
    problem(await driver.request("GET", f"/v1/contacts/{named}/export"), status, code)


def test_the_document_knows_every_table_that_points_at_contacts() -> None:
    """A new one must be exported and erased, too: then it is named here."""
    known = {
        "automatic_answers",  # told by the messages that they are about, and as empty as those once they are erased
        "callback_deliveries",  # of events, whose ids they hold; erasure takes the answers to them
        "callback_events",
        "consent_acts",
        "consents",
        "contact_preferences",
        "conversions",
        "experiment_contacts",  # erasure leaves a place with the contact's id alone, as it leaves its messages
        "experiment_messages",  # told by the messages' decisions
        "integration_orders",
        "messages",
        "pair_paces",
        "portfolio_contacts",
        "replies",
        "service_windows",
        "test_list_members",
    }
    assert {name for name, table in Base.metadata.tables.items() if "contact_id" in table.columns} == known


async def test_places_in_experiments_are_told(driver: Driver, connection: asyncpg.Connection) -> None:
    await driver.world.opt_in(PHONE)
    experiment = await connection.fetchval(
        "INSERT INTO experiment_contacts (business_id, experiment_id, contact_id)"
        " SELECT business_id, gen_random_uuid(), id FROM contacts RETURNING experiment_id"
    )
    told = (await driver.request("GET", f"/v1/contacts/{PHONE}/export")).json()
    assert told["experiments"] == [f"exp_{experiment.hex}"]
