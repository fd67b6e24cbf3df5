"""Previews and dry runs: what acceptance would do, with nothing left behind."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import respx

from app.core.clock import ManualClock
from app.events.catalogue import catalogue
from app.messages.dispatch import Dispatcher
from tests.support.driving import PHONE, Driver, accept_all, dispatch, graph_calls, pointers, problem, rows, sends
from tests.support.world import WEBSITE, WORDING, order_confirmed

SHIPPED = {
    "order_number": "A-1001",
    "carrier": "Yurtiçi Kargo",
    "tracking_number": "YK1",
    "tracking_url": f"{WEBSITE}/track/YK1",
}
APPOINTMENT = {"starts_at": "2026-11-24T14:30:00+03:00", "place": "Klinik"}


async def preview(driver: Driver, body: Any = None, *, event: str = "order-confirmed") -> httpx.Response:
    return await driver.report(body, event=f"{event}/preview")


async def previewed(driver: Driver, body: Any = None, *, event: str = "order-confirmed") -> dict[str, Any]:
    answer = await preview(driver, body, event=event)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def dry_run(driver: Driver, events: list[Any], **headers: str) -> httpx.Response:
    body = {"events": events, "dry_run": True}
    return await driver.request("POST", "/v1/events", json=body, headers={**driver.world.headers, **headers})


@pytest.mark.parametrize("name", catalogue())
async def test_preview_is_what_the_event_then_becomes(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, connection: asyncpg.Connection, name: str
) -> None:
    body = dict(catalogue()[name].example)
    await driver.world.opt_in(PHONE, topics=["*"])
    await driver.world.opt_in(PHONE, topics=[catalogue()[name].topic])
    before = await rows(connection)
    seen = await previewed(driver, body, event=name)
    assert await rows(connection) == before
    assert graph_calls(graph) == []

    taken = await driver.report(body, event=name)
    assert taken.status_code == 202, taken.text
    summary = taken.json()
    shared = ("event_type", "status", "reason", "waiting_for", "contact", "to")
    assert {one: seen[one] for one in shared} == {one: summary[one] for one in shared}
    story = await driver.story(summary["id"])
    assert [(one["rule"], one["verdict"], one["input"]) for one in seen["decision"]] == [
        (one["rule"], one["verdict"], one["input"]) for one in story["decision"]
    ]
    assert (seen["sender"]["id"], seen["template"]["name"]) == (summary["sender"], summary["template"])
    assert not [one for one in seen["findings"] if one["severity"] != "hint"]
    if seen["status"] != "queued":  # a type that asks for more than a consent
        assert seen["status"] == "suppressed"
        return
    sent = sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    (request,) = sent.calls
    told = orjson.loads(request.request.content)
    assert told["template"].get("components", []) == seen["components"]
    assert told["template"]["language"]["code"] == seen["template"]["language"]
    assert told["to"] == seen["to"]


async def test_the_customers_view_is_complete(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(PHONE)
    seen = await previewed(driver, order_confirmed(data=SHIPPED), event="order-shipped")
    assert seen["rendered"] == {
        "header": {"type": "text", "text": "Siparişiniz yola çıktı", "media": None},
        "body": "Merhaba Ayşe Yılmaz, *A-1001* numaralı siparişiniz kargoya verildi. Kargo firması: Yurtiçi Kargo. "
        "Takip numarası: YK1. Gönderinizi aşağıdaki düğmeden takip edebilirsiniz.",
        "footer": None,
        "buttons": [
            {
                "type": "url",
                "label": "Kargoyu takip et",
                "url": f"{WEBSITE}/track/YK1",
                "phone_number": None,
                "payload": None,
            }
        ],
    }
    assert seen["sender"] == {"id": driver.world.sender, "display_number": "+90 850 555 10 10"}
    assert seen["template"] == {
        "name": "order_shipped",
        "language": "tr",
        "status": "APPROVED",
        "category": "UTILITY",
    }
    assert (seen["price_category"], seen["findings"], seen["waiting_for"]) == ("utility", [], None)
    assert seen["would_leave_at"] == clock.now().isoformat().replace("+00:00", "Z")
    assert seen["expires_at"] == (clock.now() + timedelta(hours=24)).isoformat().replace("+00:00", "Z")


async def test_every_kind_of_button_shows_what_it_does(driver: Driver, connection: asyncpg.Connection) -> None:
    buttons = [
        {"type": "QUICK_REPLY", "text": "Tamam"},
        {"type": "PHONE_NUMBER", "text": "Ara", "phone_number": "+908505551010"},
        {"type": "URL", "text": "Yardım", "url": f"{WEBSITE}/help"},
    ]
    components = [
        {"type": "BODY", "text": "Merhaba {{customer_name}}, {{order_number}} numaralı siparişiniz alındı."},
        {"type": "FOOTER", "text": "Demo Mağaza"},
        {"type": "BUTTONS", "buttons": buttons},
    ]
    changed = orjson.dumps(components).decode()
    await connection.execute("UPDATE templates SET components = $1 WHERE name = 'order_confirmed'", changed)
    rendered = (await previewed(driver))["rendered"]
    assert (rendered["header"], rendered["footer"]) == (None, "Demo Mağaza")
    nothing = {"url": None, "payload": None, "phone_number": None}
    assert rendered["buttons"] == [
        {**nothing, "type": "quick_reply", "label": "Tamam", "payload": "Tamam"},
        {**nothing, "type": "phone_number", "label": "Ara", "phone_number": "+908505551010"},
        {**nothing, "type": "url", "label": "Yardım", "url": f"{WEBSITE}/help"},
    ]


async def test_replies_show_what_comes_back(driver: Driver) -> None:
    seen = await previewed(driver, order_confirmed(data=APPOINTMENT), event="appointment-reminder")
    assert [(one["type"], one["payload"]) for one in seen["rendered"]["buttons"]] == [
        ("quick_reply", "appointment.confirmed"),
        ("quick_reply", "appointment.declined"),
    ]


@pytest.mark.parametrize("contact", [{"phone": "0532 111 22 99"}, {"bsuid": "TR.AbC123"}])
async def test_an_unknown_contact_has_consented_to_nothing_and_stays_unknown(
    driver: Driver, connection: asyncpg.Connection, contact: dict[str, str]
) -> None:
    before = await rows(connection)
    seen = await previewed(driver, order_confirmed(contact=contact))
    assert (seen["status"], seen["reason"]) == ("suppressed", "no_consent")
    assert (seen["contact"], seen["would_leave_at"]) == (None, None)
    assert seen["to"] == {"phone": "+905321112299", "bsuid": "TR.AbC123"}[next(iter(contact))]
    assert "değerli müşterimiz" in seen["rendered"]["body"]
    assert await rows(connection) == before


async def test_a_known_contact_lends_name_and_language(driver: Driver) -> None:
    details = {"name": "Jane Smith", "language": "en"}
    answer = await driver.consent(PHONE, act="opt_in", source="checkout", wording=WORDING, contact=details)
    seen = await previewed(driver, order_confirmed(contact={"phone": PHONE}))
    assert seen["contact"] == answer.json()["contact_id"]
    assert seen["template"]["language"] == "en"
    assert seen["rendered"]["body"].startswith("Hello Jane Smith, ")


async def test_a_time_asked_for_is_told(driver: Driver) -> None:
    await driver.world.opt_in(PHONE)
    seen = await previewed(driver, order_confirmed(send_at="2998-01-01T00:00:00Z"))
    assert (seen["status"], seen["would_leave_at"]) == ("scheduled", "2998-01-01T00:00:00Z")
    assert seen["waiting_for"] == {"what": "send_at", "until": "2998-01-01T00:00:00Z"}


async def test_a_template_that_would_hold_the_message_is_told(driver: Driver, connection: asyncpg.Connection) -> None:
    await driver.world.opt_in(PHONE)
    await connection.execute("UPDATE templates SET status = 'PAUSED' WHERE name = 'order_confirmed'")
    seen = await previewed(driver)
    assert seen["template"]["status"] == "PAUSED"
    assert [one["verdict"] for one in seen["decision"] if one["rule"] == "template"] == ["hold"]


async def test_the_category_at_meta_is_the_price_and_asks_for_its_own_consent(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    await connection.execute("UPDATE templates SET category = 'MARKETING', accepted_category = 'MARKETING'")
    seen = await previewed(driver)
    assert (seen["price_category"], seen["template"]["category"]) == ("marketing", "MARKETING")
    assert (seen["status"], seen["reason"]) == ("suppressed", "no_marketing_consent")


async def test_what_nobody_accepted_that_meta_made_of_a_template_would_hold_the_message(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    await connection.execute("UPDATE templates SET category = 'MARKETING'")
    seen = await previewed(driver)
    assert (seen["status"], seen["reason"]) == ("queued", None)
    (rule,) = [one for one in seen["decision"] if one["rule"] == "template"]
    assert (rule["verdict"], rule["input"]["why"]) == ("hold", "template_recategorised")


async def test_findings_are_of_the_text_that_meta_approved(driver: Driver, connection: asyncpg.Connection) -> None:
    text = "Merhaba {{customer_name}}, {{order_number}} numaralı siparişiniz alındı. Size özel indirim var!"
    components = orjson.dumps([{"type": "BODY", "text": text}]).decode()
    await connection.execute("UPDATE templates SET components = $1 WHERE name = 'order_confirmed'", components)
    seen = await previewed(driver)
    assert {(one["severity"], one["code"], one["place"]) for one in seen["findings"]} == {
        ("error", "promotional", "body"),
        ("warning", "exclamation", "body"),
    }


REFUSED: list[tuple[dict[str, Any], str]] = [
    (order_confirmed(contact={"phone": "12"}), "order-confirmed"),
    (order_confirmed(colour="red"), "order-confirmed"),
    (order_confirmed(data={"order_number": "A"}), "order-confirmed"),
    (order_confirmed(sender="snd_" + "0" * 32), "order-confirmed"),
    (order_confirmed(expires_at="2001-01-01T00:00:00Z"), "order-confirmed"),
    (order_confirmed(data={**SHIPPED, "tracking_url": "https://elsewhere.example/1"}), "order-shipped"),
]


@pytest.mark.parametrize(("body", "event"), REFUSED)
async def test_what_would_be_refused_is_refused_alike(
    driver: Driver, connection: asyncpg.Connection, body: dict[str, Any], event: str
) -> None:
    await driver.world.opt_in(PHONE)
    before = await rows(connection)
    seen, real = await preview(driver, body, event=event), await driver.report(body, event=event)
    assert real.status_code == 422
    assert (seen.status_code, seen.json()) == (real.status_code, real.json())
    assert await rows(connection) == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("DELETE FROM templates", "template_missing"),
        ("UPDATE templates SET status = 'REJECTED', rejected_reason = 'SCAM'", "template_unusable"),
        ("DELETE FROM senders", "sender_missing"),
    ],
)
async def test_what_stands_in_the_way_is_told_alike(
    driver: Driver, connection: asyncpg.Connection, change: str, code: str
) -> None:
    await connection.execute(change)
    seen, real = await preview(driver), await driver.report()
    problem(real, 409, code)
    assert seen.json() == real.json()


async def test_an_idempotency_key_is_not_used_up(driver: Driver, connection: asyncpg.Connection) -> None:
    await driver.world.opt_in(PHONE)
    before = await rows(connection)
    event = {"type": "order-confirmed", **order_confirmed()}
    first = await driver.report(event="order-confirmed/preview", key="k")
    many = await dry_run(driver, [event], **{"Idempotency-Key": "k"})
    assert (first.status_code, many.status_code) == (200, 200)
    assert await rows(connection) == before
    taken = await driver.report_many([event], key="k")
    assert taken.status_code == 202
    assert "idempotency-replayed" not in taken.headers


async def test_a_dry_run_previews_each_event_by_itself(driver: Driver, connection: asyncpg.Connection) -> None:
    await driver.world.opt_in(PHONE)
    events = [
        {"type": "order-confirmed", **order_confirmed()},
        {"type": "no-such-event"},
        {"type": "order-shipped", **order_confirmed(data={**SHIPPED, "tracking_url": "https://elsewhere.example/1"})},
        {"type": "order-confirmed", **order_confirmed("+905321112299")},
        {"type": "order-shipped", **order_confirmed(data=SHIPPED)},
        {"type": "order-confirmed", **order_confirmed(sender="snd_" + "0" * 32)},
        "no object",
    ]
    before = await rows(connection)
    seen = await dry_run(driver, events)
    assert seen.status_code == 200, seen.text
    assert await rows(connection) == before
    body = seen.json()
    assert (body["accepted"], body["refused"]) == (3, 4)
    assert [one["index"] for one in body["results"]] == list(range(len(events)))
    previews = {one["index"]: one["preview"] for one in body["results"] if "preview" in one}
    assert {index: one["status"] for index, one in previews.items()} == {0: "queued", 3: "suppressed", 4: "queued"}
    assert previews[0] == await previewed(driver)
    refused = {one["index"]: one["problem"] for one in body["results"] if "problem" in one}
    assert pointers(refused[2]) == ["#/events/2/data/tracking_url"]

    real = (await driver.report_many(events)).json()
    assert {one["index"]: one["problem"] for one in real["results"] if "problem" in one} == refused
    assert (real["accepted"], real["refused"]) == (3, 4)


@pytest.mark.parametrize("value", [None, 1, "true", [], {}])
async def test_a_dry_run_is_true_or_false(driver: Driver, connection: asyncpg.Connection, value: Any) -> None:
    before = await rows(connection)
    events = [{"type": "order-confirmed", **order_confirmed()}]
    answer = await driver.request("POST", "/v1/events", json={"events": events, "dry_run": value})
    assert pointers(problem(answer, 422, "invalid_request")) == ["#/dry_run"]
    assert await rows(connection) == before


async def test_a_batch_that_is_no_dry_run_is_taken(driver: Driver) -> None:
    events = [{"type": "order-confirmed", **order_confirmed()}]
    answer = await driver.request("POST", "/v1/events", json={"events": events, "dry_run": False})
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)


async def test_a_series_is_previewed_with_each_of_its_messages(
    driver: Driver, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    starts_at = (clock.now() + timedelta(hours=20)).replace(microsecond=0)
    asked = {"reference": "appointment-77", "remind_before": ["PT24H", "PT1H"]}
    body = order_confirmed(data=APPOINTMENT | {"starts_at": starts_at.isoformat()}, **asked)
    before = await rows(connection)
    seen = await previewed(driver, body, event="appointment-reminder")
    assert await rows(connection) == before
    skipped, last = seen["reminders"]
    assert (skipped["before"], skipped["status"], skipped["rendered"]) == ("P1D", "skipped", None)
    assert (last["before"], last["status"], last["rendered"]) == ("PT1H", "scheduled", seen["rendered"])
    taken = (await driver.report(body, event="appointment-reminder")).json()
    for told, made in zip(seen["reminders"], taken["reminders"], strict=True):
        assert (told["before"], told["status"]) == (made["before"], made["status"])
        assert datetime.fromisoformat(told["send_at"]) == datetime.fromisoformat(made["send_at"])
    assert seen["would_leave_at"] == last["would_leave_at"] == last["send_at"]


async def test_a_move_is_previewed_with_the_reminders_that_it_would_take_along(
    driver: Driver, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    starts_at = (clock.now() + timedelta(days=3)).replace(microsecond=0)
    later = starts_at + timedelta(days=1)
    asked = {"reference": "appointment-77", "remind_before": ["PT2H"]}
    await driver.report(
        order_confirmed(data=APPOINTMENT | {"starts_at": starts_at.isoformat()}, **asked), event="appointment-confirmed"
    )
    data = APPOINTMENT | {"starts_at": later.isoformat(), "previous_starts_at": starts_at.isoformat()}
    before = await rows(connection)
    seen = await previewed(
        driver, order_confirmed(data=data, reference="appointment-77"), event="appointment-rescheduled"
    )
    assert await rows(connection) == before
    assert seen["status"] == "queued"
    (moved,) = seen["reminders"]
    assert datetime.fromisoformat(moved["send_at"]) == later - timedelta(hours=2)
    assert moved["status"] == "scheduled"


async def test_what_a_series_is_refused_for_is_refused_in_its_preview(driver: Driver, clock: ManualClock) -> None:
    starts_at = (clock.now() + timedelta(minutes=30)).isoformat()
    body = order_confirmed(data=APPOINTMENT | {"starts_at": starts_at}, reference="a", remind_before=["PT1H"])
    refused = await preview(driver, body, event="appointment-reminder")
    assert [(one["pointer"], one["code"]) for one in problem(refused, 422, "invalid_request")["errors"]] == [
        ("#/remind_before", "too_late")
    ]


async def test_a_second_confirmation_of_an_opt_out_is_previewed_as_such(driver: Driver) -> None:
    await driver.world.opt_in(PHONE)
    await driver.world.opt_out(PHONE)
    body = dict(catalogue()["opt-out-confirmation"].example)
    assert (await previewed(driver, body, event="opt-out-confirmation"))["status"] == "queued"
    await driver.report(body, event="opt-out-confirmation")
    seen = await previewed(driver, body, event="opt-out-confirmation")
    assert (seen["status"], seen["reason"]) == ("suppressed", "already_confirmed")
