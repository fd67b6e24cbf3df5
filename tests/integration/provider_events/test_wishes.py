"""Customers who write that they want no more messages, or want them again."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import respx

from app.core.clock import ManualClock
from app.messages.dispatch import Dispatcher
from tests.support.driving import PHONE, Driver, accept_all, blocked, dispatch, rows, sends, sent_ids
from tests.support.world import webhook


def inbound(words: str = "İPTAL", wamid: str = "wamid.in.1", **more: Any) -> dict[str, Any]:
    at = more.pop("at", 1795400000)
    return {
        "from": PHONE.lstrip("+"),
        "id": wamid,
        "timestamp": str(at),
        "type": "text",
        "text": {"body": words},
    } | more


def tapped(payload: str, words: str = "Bildirimleri durdur") -> dict[str, Any]:
    return inbound() | {"type": "button", "button": {"payload": payload, "text": words}}


async def hears(driver: Driver, *messages: dict[str, Any]) -> None:
    assert (await driver.webhook(webhook(driver.world, messages=list(messages)))).status_code == 200


async def contact(driver: Driver) -> dict[str, Any]:
    found: dict[str, Any] = (await driver.request("GET", f"/v1/contacts/{PHONE}")).json()
    return found


@pytest.mark.parametrize(
    "message", [inbound(), inbound("lütfen iptal edin 🙏"), inbound("Stop!"), tapped("consent.stop")]
)
async def test_a_wish_to_stop_silences_at_once_and_is_confirmed_once(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, message: dict[str, Any]
) -> None:
    await driver.world.opt_in(PHONE)
    waiting = await driver.accepted()
    message |= {"timestamp": str(int(clock.now().timestamp()))}
    for _ in range(3):
        await hears(driver, message)
    story = await driver.story(waiting)
    assert (story["status"], story["reason"]) == ("suppressed", "opted_out")
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    (confirmation,) = sent_ids(route)
    assert (await driver.story(confirmation))["event_type"] == "opt-out-confirmation"
    later = await driver.report()
    assert (later.json()["status"], later.json()["reason"]) == ("suppressed", "opted_out")


async def test_the_act_says_who_where_and_in_which_words(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(PHONE)
    at = int(clock.now().timestamp()) - 60
    await hears(driver, inbound("Lütfen iptal edin.", at=at))
    act = (await driver.request("GET", f"/v1/contacts/{PHONE}/consents")).json()["acts"][-1]
    assert (act["act"], act["topic"], act["source"], act["actor"]) == ("opt_out", "*", "whatsapp_message", "customer")
    assert (act["wording"], act["place"]) == ("Lütfen iptal edin.", "+90 850 555 10 10")
    assert act["occurred_at"] < act["recorded_at"]


async def test_coming_back_takes_one_word(driver: Driver) -> None:
    await driver.world.opt_in(PHONE)
    await hears(driver, inbound("DUR"))
    await hears(driver, inbound("BAŞLAT", "wamid.in.2"))
    assert [(one["topic"], one["state"]) for one in (await contact(driver))["consents"]] == [("*", "opted_in")]
    assert (await driver.report()).json()["status"] == "queued"


async def test_a_wish_that_is_told_again_does_not_undo_a_newer_one(driver: Driver) -> None:
    await driver.world.opt_in(PHONE)
    stop = inbound("DUR")
    await hears(driver, stop)
    await hears(driver, inbound("BAŞLAT", "wamid.in.2"))
    await hears(driver, stop)
    assert [one["state"] for one in (await contact(driver))["consents"]] == ["opted_in"]


@pytest.mark.parametrize(
    "message",
    [
        inbound("siparişi iptal etmek istiyorum, iade nasıl?"),
        inbound("iptal?"),
        inbound("kargom nerede"),
        tapped("appointment.declined", "İptal"),
        inbound() | {"type": "image", "image": {"id": "99", "caption": "İPTAL"}, "text": None},
    ],
)
async def test_any_other_answer_is_a_reply_and_silences_nobody(
    driver: Driver, connection: asyncpg.Connection, message: dict[str, Any]
) -> None:
    await driver.world.opt_in(PHONE)
    before = await rows(connection, "consent_acts", "consents", "messages")
    await hears(driver, message)
    assert await rows(connection, "consent_acts", "consents", "messages") == before
    assert len((await rows(connection, "replies"))["replies"]) == 1


async def test_a_stranger_who_wants_nothing_gets_nothing_later_either(driver: Driver) -> None:
    await hears(driver, inbound("STOP"))
    assert [one["state"] for one in (await contact(driver))["consents"]] == ["opted_out"]


async def test_a_customer_who_hides_the_number_is_heard_by_their_id(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    hidden = {**inbound("STOP"), "from_user_id": "TR.88123"}
    del hidden["from"]
    await hears(driver, hidden)
    (found,) = (await rows(connection, "contacts"))["contacts"]
    assert (found["phone"], found["bsuid"]) == (None, "TR.88123")
    (state,) = (await rows(connection, "consents"))["consents"]
    assert (state["topic"], state["state"]) == ("*", "opted_out")


async def test_without_a_template_to_confirm_with_the_opt_out_holds_all_the_same(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    await connection.execute("DELETE FROM templates WHERE name = 'opt_out_confirmation'")
    driver.world.container.book._accounts.clear()
    await hears(driver, inbound())
    assert [one["state"] for one in (await contact(driver))["consents"]] == ["opted_out"]
    assert (await rows(connection, "messages"))["messages"] == []


@pytest.mark.parametrize("in_one_body", [True, False])
async def test_what_was_written_before_a_refusal_does_not_undo_it_though_it_comes_later(
    driver: Driver, clock: ManualClock, *, in_one_body: bool
) -> None:
    await driver.world.opt_in(PHONE)
    at = int(clock.now().timestamp())
    start, stop = inbound("BAŞLAT", "wamid.in.1", at=at), inbound("DUR", "wamid.in.2", at=at + 60)
    clock.advance(timedelta(minutes=2))
    for told in ([stop, start],) if in_one_body else ([stop], [start]):
        await hears(driver, *told)
    assert [(one["topic"], one["state"]) for one in (await contact(driver))["consents"]] == [("*", "opted_out")]
    assert (await driver.report()).json()["status"] == "suppressed"
    await hears(driver, inbound("BAŞLAT", "wamid.in.3", at=at + 90))
    assert (await driver.report()).json()["status"] == "queued"


async def test_a_body_that_was_in_anothers_way_is_taken_all_the_same(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    await connection.execute(_COLLIDING_ONCE)
    await hears(driver, inbound("DUR"))
    assert [(one["topic"], one["state"]) for one in (await contact(driver))["consents"]] == [("*", "opted_out")]
    assert await connection.fetchval("SELECT last_value FROM tried") == 2


_COLLIDING_ONCE = """
    CREATE SEQUENCE tried;
    CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('tried') = 1 THEN
                RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01';
            END IF;
            RETURN NEW;
        END $$;
    CREATE TRIGGER collide BEFORE UPDATE ON consents FOR EACH ROW EXECUTE FUNCTION collide();
"""


async def test_bodies_of_the_same_replies_wait_for_each_other_in_one_order(
    driver: Driver, connection: asyncpg.Connection, database_url: str
) -> None:
    """Another body stores the first of two replies, and then the second."""
    replies = [inbound("Merhaba", "wamid.in.1"), inbound("Kargom nerede?", "wamid.in.2")]
    await hears(driver, *replies)
    stored = await connection.fetch("SELECT * FROM replies ORDER BY wamid")
    await connection.execute("DELETE FROM replies")
    names = ", ".join(stored[0].keys())
    places = ", ".join(f"${number}" for number in range(1, len(stored[0]) + 1))
    other = connection.transaction()
    await other.start()
    await connection.execute(f"INSERT INTO replies ({names}) VALUES ({places})", *stored[0].values())  # noqa: S608
    waiting = asyncio.create_task(hears(driver, *reversed(replies)))
    await blocked(database_url)
    await connection.execute(f"INSERT INTO replies ({names}) VALUES ({places})", *stored[1].values())  # noqa: S608
    await other.commit()
    await waiting
    assert await connection.fetchval("SELECT array_agg(id ORDER BY wamid) FROM replies") == [
        one["id"] for one in stored
    ]
