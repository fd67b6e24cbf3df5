"""No key sees or changes anything of another business, through any operation."""

import base64
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson
import pytest
import respx
from fastapi import FastAPI

from app.container import Container
from app.events.schemas import EXAMPLE, EXAMPLE_NAME
from app.main import WITHOUT_KEY
from app.messages.dispatch import Dispatcher
from app.templates.schemas import TEMPLATE_EXAMPLE
from tests.integration.experiments.trying import add_variant
from tests.support.driving import PHONE, Driver, accept_all, dispatch, rows, sends
from tests.support.shops import Webhook
from tests.support.walk import OPERATIONS, TOGETHER, call, each_attempt, prepare_endpoint, prepare_template
from tests.support.world import World, build_world, order_confirmed, status_item, webhook

NAME = "Kurban Yılmaz"
REFERENCE = "kurban-order-1"
METADATA = {"secret": "kurban-metadata"}
OWN_EVENT_TYPE = "x-kurban-only"
EXPERIMENT = {
    "event_type": "order-confirmed",
    "kind": "canary",
    "variant": "order_confirmed_short",
    "share": 100,
    "contacts": 5,
}
PURCHASE = {"reference": "kurban-purchase", "type": "purchase", "value": {"amount": 77777, "currency": "TRY"}}
SHOP = {"platform": "shopify", "shop": "kurban.myshopify.com", "secret": "kurban-secret"}
LIST = f"phone,occurred_at,name\n{PHONE},2024-05-31,{NAME}\n".encode()


@dataclass(frozen=True)
class Victim:
    """A business with something of everything; its ids and what it knows."""

    world: World
    driver: Driver
    messages: list[str]
    contact: str
    link: str
    code: str
    consent_import: str
    media: str
    experiment: str
    template: str
    integration: str
    reply: str
    conversion: str
    endpoint: str
    event: str

    @property
    def marks(self) -> list[str]:
        """What may stand in no answer to anybody else."""
        return [
            *self.messages,
            self.contact,
            self.link,
            self.code,
            self.consent_import,
            self.media,
            "kurban.png",
            self.experiment,
            self.template,
            self.integration,
            "kurban.myshopify.com",
            "kurban-secret",
            self.reply,
            "kurban-words",
            self.conversion,
            PURCHASE["reference"],
            self.endpoint,
            self.event,
            self.world.sender,
            NAME,
            METADATA["secret"],
            "kurban-wording",
            "kurban-title",
            str(self.world.business_id),
            self.world.business_id.hex,
            self.world.phone_number_id,
            *(f"wamid.{one}" for one in self.messages),
        ]


@pytest.fixture
async def victim(
    http: httpx.AsyncClient, container: Container, dispatcher: Dispatcher, graph: respx.MockRouter
) -> Victim:
    world = await build_world(
        container, name="Kurban", phone_number_id="100000000000002", waba_id="200000000000002", app_secret="other"
    )
    driver = Driver(http, world)
    await add_variant(container, world)
    details = {"name": NAME, "language": "tr"}
    consented = await driver.consent(
        PHONE, act="opt_in", source="qr_till", wording="kurban-wording WhatsApp Kurban", contact=details
    )
    assert consented.status_code == 200
    own = {**EXAMPLE, "title": "kurban-title"}
    assert (await driver.request("PUT", f"/v1/event-types/{OWN_EVENT_TYPE}", json=own)).status_code == 201
    sends(graph, world).mock(side_effect=accept_all)
    told = {"contact": {"phone": PHONE, "name": NAME, "language": "tr"}, "metadata": METADATA}
    sent = await driver.accepted(order_confirmed(reference=REFERENCE, **told))
    await dispatch(dispatcher)
    await driver.receipts(status_item(sent, "delivered", wamid=f"wamid.{sent}"))
    words = {
        "from": PHONE.removeprefix("+"),
        "id": "wamid.in",
        "timestamp": str(int(container.clock.now().timestamp())),
    }
    said = {**words, "type": "text", "text": {"body": "kurban-words"}, "context": {"id": f"wamid.{sent}"}}
    assert (await driver.webhook(webhook(world, messages=[said]))).status_code == 200
    reply = (await driver.request("GET", "/v1/replies")).json()["replies"][0]["id"]
    later = await driver.accepted(order_confirmed(reference=REFERENCE, send_at="2998-01-01T00:00:00Z", **told))
    queued = await driver.accepted(order_confirmed(reference=REFERENCE, **told))
    for path, body in (
        ("/v1/test-lists/staff", {"contacts": [{"phone": PHONE}]}),
        ("/v1/event-types/outage-notice/test-list", {"test_list": "staff"}),
    ):
        assert (await driver.request("PUT", path, json=body)).status_code == 200
    door = {"source": "qr_till", "place": "kurban-title"}
    link = await driver.request("POST", "/v1/opt-in-links", json=door)
    assert link.status_code == 201
    assert (await http.get(f"/o/{link.json()['code']}")).status_code == 302
    listed = await call(http, "import_consents", world.headers, message="", phone=PHONE, content=LIST)
    assert listed.status_code == 202, listed.text
    picture = await call(http, "add_media", world.headers, message="", phone=PHONE, params={"name": "kurban.png"})
    assert picture.status_code == 201, picture.text
    contact = consented.json()["contact_id"]
    tried = await driver.request("POST", "/v1/experiments", json=EXPERIMENT)
    assert tried.status_code == 201, tried.text
    tested = await driver.accepted(order_confirmed(reference=REFERENCE, **told))
    messages = [sent, later, queued, tested]
    template = await prepare_template(world, graph)
    answers = {"answers": {"confirmed": {"text": {"tr": "kurban-title"}}}}
    assert (await driver.request("PUT", "/v1/event-types/appointment-reminder/answers", json=answers)).is_success
    connected = await driver.request("POST", "/v1/integrations", json=SHOP)
    assert connected.status_code == 201, connected.text
    integration = connected.json()["id"]
    ordered = Webhook("shopify", "orders/create", orjson.dumps({"id": 1001}), SHOP["secret"], SHOP["shop"])
    door = httpx.URL(connected.json()["url"]).path
    assert (await http.post(door, content=ordered.body, headers=ordered.headers)).status_code == 200
    bought = await driver.request("POST", "/v1/conversions", json=PURCHASE | {"message": sent})
    assert bought.status_code == 201, bought.text
    rates = await call(http, "set_price_rates", world.headers, message="", phone=PHONE)
    assert rates.status_code == 200, rates.text
    assert await container.figures.refresh() > 0
    endpoint, event = await prepare_endpoint(http, world)
    return Victim(
        world=world,
        driver=driver,
        messages=messages,
        contact=contact,
        link=link.json()["id"],
        code=link.json()["code"],
        consent_import=listed.json()["id"],
        media=picture.json()["id"],
        experiment=tried.json()["id"],
        template=template,
        integration=integration,
        reply=reply,
        conversion=bought.json()["id"],
        endpoint=endpoint,
        event=event,
    )


async def of_business(connection: asyncpg.Connection, business_id: UUID) -> dict[str, list[dict[str, Any]]]:
    everything = await rows(connection)
    return {
        table: [row for row in found if row.get("business_id") == business_id] for table, found in everything.items()
    }


def _cursor(message_id: str) -> str:
    raw = bytes.fromhex(message_id.partition("_")[2])
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _link_cursor(link_id: str) -> str:
    """Behind which the link would be shown."""
    return _cursor(f"msg_{int(link_id.removeprefix('lnk_'), 16) + 1:032x}")


def _event_bodies(operation: str, victim: Victim) -> list[dict[str, Any]]:
    body = OPERATIONS[operation].body or {}
    return [
        {**body, **changes}
        for changes in (
            {},
            {"contact": {"phone": PHONE, "language": "tr"}},
            {"contact": {"phone": PHONE, "language": "tr"}, "supersedes": REFERENCE},
            {"sender": victim.world.sender},
            {"reference": REFERENCE},
            {"test_list": "staff"},
            *([{"data": _with_file(body["data"], victim.media)}] if "document" in body["data"] else []),
        )
    ]


def _with_file(data: dict[str, Any], media: str) -> dict[str, Any]:
    return {**data, "document": {"media": media, "filename": "kurban.pdf"}}


def attempts_on(operation: str, victim: Victim) -> list[dict[str, Any]]:
    """Requests that name whatever the victim has. A new operation must be added here."""
    if operation == "report_events":
        kinds = [name for name in OPERATIONS if name.startswith("report_") and name != "report_events"]
        paths = {name: OPERATIONS[name].path.removeprefix("/v1/events/") for name in kinds}
        events = [{"type": paths[name], **body} for name in kinds for body in _event_bodies(name, victim)]
        events += [{**event, "type": OWN_EVENT_TYPE} for event in events if event["type"] == EXAMPLE_NAME]
        return [{"body": {"events": events}}, {"body": {"events": events, "dry_run": True}}]
    if operation.startswith(("report_", "preview_")):
        return [{"body": body} for body in _event_bodies(operation, victim)]
    match operation:
        case "get_message":
            return [{"message": one} for one in victim.messages]
        case "list_messages":
            filters = [
                {},
                {"reference": REFERENCE},
                {"contact": PHONE},
                {"contact": victim.contact},
                {"status": "queued"},
                {"event_type": "order-confirmed"},
                {"created_from": "2000-01-01T00:00:00Z", "created_to": "2999-01-01T00:00:00Z"},
                {"cursor": "_" * 21 + "w"},
                *({"cursor": _cursor(one)} for one in victim.messages),
                {"contact": victim.contact, "cursor": _cursor(victim.messages[-1])},
            ]
            return [{"params": {name: str(value) for name, value in one.items()}} for one in filters]
        case "record_consent":
            return [
                {"body": {"act": "opt_in", "source": "other", "wording": "thief-wording WhatsApp Demo Mağaza"}},
                {"body": {"act": "opt_out", "source": "other"}},
                {"body": {"act": "opt_out", "source": "other", "topics": ["orders"]}},
            ]
    return _attempts_by_id(operation, victim)


def _attempts_by_id(operation: str, victim: Victim) -> list[dict[str, Any]]:
    sender, business = victim.world.sender, f"biz_{victim.world.business_id.hex}"
    cursors = [_cursor(one) for one in victim.messages]
    found = {
        "list_consents": [{}, {"phone": victim.contact}],
        "list_replies": [
            {"params": one}
            for one in (
                {"limit": "200"},
                {"contact": PHONE},
                {"contact": victim.contact},
                {"message": victim.messages[0]},
                {"sender": sender},
                {"reference": REFERENCE},
                {"event_type": "order-confirmed"},
                {"cursor": "_" * 21 + "w"},
            )
        ],
        "get_reply": [{"reply": victim.reply}],
        "record_conversion": [
            {"body": PURCHASE | {"contact": {"phone": PHONE}, "reference": "thief"}},
            *({"body": PURCHASE | {"message": one, "reference": f"thief-{one}"}} for one in victim.messages),
            {"body": PURCHASE | {"contact": {"id": victim.contact}, "reference": "thief"}},
            {"body": PURCHASE | {"click": f"clk_{victim.conversion.removeprefix('cnv_')}", "reference": "thief"}},
        ],
        "record_conversions": [
            {},
            {"body": {"conversions": [{"type": "signup", "message": one} for one in victim.messages]}},
        ],
        "list_conversions": [
            {"params": one}
            for one in (
                {"limit": "200"},
                {"contact": PHONE},
                {"contact": victim.contact},
                {"message": victim.messages[0]},
                {"attributed": "true"},
                {"cursor": "_" * 21 + "w"},
            )
        ],
        "get_conversion_figures": [
            {},
            {"params": {"by": "event_type"}},
            {"params": {"sender": sender}},
            {"params": {"experiment": victim.experiment, "format": "csv"}},
        ],
        "get_consent_figures": [
            {},
            {"params": {"by": "link"}},
            {"params": {"link": victim.link, "by": "place"}},
            {"params": {"place": "kurban-title", "format": "csv"}},
        ],
        "get_conversion": [{"conversion": victim.conversion}],
        "cancel_conversion": [{"conversion": victim.conversion}],
        "make_preference_link": [{}, {"phone": victim.contact}, {"phone": PHONE.removeprefix("+")}],
        "get_contact": [{}, {"phone": victim.contact}, {"phone": PHONE.removeprefix("+")}],
        "get_proof": [{}, {"phone": victim.contact}],
        "get_proof_page": [{}, {"phone": victim.contact}],
        "find_proof": [{}, {"body": {"phone": PHONE.removeprefix("+90")}}],
        "get_proof_key": [{}],
        "export_contact": [{}, {"phone": victim.contact}],
        "erase_contact": [{}, {"phone": victim.contact}, {"params": {"reason": "other", "requested_by": "staff:Can"}}],
        "cancel_message": [{"message": one} for one in victim.messages],
        "answer_customer": [
            {"body": {"to": to, **content}}
            for to in (
                {"reply": victim.reply},
                {"contact": victim.contact},
                {"contact": PHONE},
                {"contact": PHONE, "sender": sender},
            )
            for content in ({"text": {"body": "A"}}, {"media": {"type": "image", "media": victim.media}})
        ],
        "mark_reply_read": [{"reply": victim.reply}],
        "get_automatic_answers": [{}],
        "set_automatic_answers": [{}],
        "remove_automatic_answers": [{}],
        "list_event_types": [{}],
        "get_event_type": [{"event_type": OWN_EVENT_TYPE}, {}],
        "define_event_type": [{"event_type": OWN_EVENT_TYPE}, {}],
        "retire_event_type": [{"event_type": OWN_EVENT_TYPE}, {}],
        "lint_template": [{}],
        "list_errors": [{}],
        "list_senders": [{}],
        "list_alerts": [{"params": {"all": "true"}}, *({"params": {"all": "true", "cursor": one}} for one in cursors)],
        "check_sender": [{"sender": sender}],
        "get_sender": [{"sender": sender}],
        "pause_sender": [{"sender": sender}],
        "resume_sender": [{"sender": sender}],
        "change_sender": [{"sender": sender, "body": {"throughput": one}} for one in (1, None)],
        "create_opt_in_link": [{}, {"body": {"source": "other", "sender": sender}}],
        "list_opt_in_links": [{}, {"params": {"cursor": _link_cursor(victim.link)}}],
        **{
            f"{what}_opt_in_link": [{"link": victim.link}, {"link": victim.code}]
            for what in ("get", "change", "count", "draw", "paint", "disable")
        },
        "import_consents": [
            {},
            *(
                {"content": f"phone,act,occurred_at,topics\n{PHONE},{act},2024-05-31,{topic}\n".encode()}
                for act in ("opt_in", "opt_out")
                for topic in ("*", "orders")
            ),
            {"content": LIST},
        ],
        "list_consent_imports": [{}, {"params": {"cursor": _cursor(victim.consent_import)}}],
        "get_consent_import": [{"consent_import": victim.consent_import}],
        "get_consent_import_report": [{"consent_import": victim.consent_import}],
        "cancel_consent_import": [{"consent_import": victim.consent_import}],
        "add_media": [{}, {"params": {"name": "thief.png"}}],
        "list_media": [{}, {"params": {"cursor": _cursor(victim.media)}}],
        "get_media": [{"media": victim.media}],
        "get_media_content": [{"media": victim.media}],
        "delete_media": [{"media": victim.media}],
        "put_test_list": [
            {"body": {"contacts": one}} for one in ([], [{"phone": PHONE}], [{"phone": "+905321112299"}])
        ],
        "list_test_lists": [{}],
        "read_feed": [{}, {"params": {"limit": "1000"}}, {"params": {"after": "A" * 32}}],
        "create_callback_endpoint": [{}, {"body": {"url": "https://thief.example/", "batch_size": 100}}],
        "list_callback_endpoints": [{}],
        "list_callback_deliveries": [
            {"callback_endpoint": victim.endpoint},
            {"callback_endpoint": victim.endpoint, "params": {"contact": victim.contact}},
            {"callback_endpoint": victim.endpoint, "params": {"message": victim.messages[0], "status": "pending"}},
        ],
        "change_callback_endpoint": [
            {"callback_endpoint": victim.endpoint, "body": body}
            for body in ({"url": "https://thief.example/"}, {"enabled": False}, {"types": None})
        ],
        **{
            operation: [{"callback_endpoint": victim.endpoint, "callback_event": victim.event}]
            for operation in (
                "get_callback_endpoint",
                "delete_callback_endpoint",
                "rotate_callback_secret",
                "test_callback_endpoint",
                "get_callback_delivery",
                "replay_callback_delivery",
                "replay_callbacks",
            )
        },
        "get_test_list": [{}, {"test_list": victim.contact}],
        "delete_test_list": [{}],
        "create_experiment": [{}, {"body": EXPERIMENT}],
        "list_experiments": [
            {},
            {"params": {"event_type": "order-confirmed"}},
            {"params": {"status": "running"}},
            {"params": {"cursor": _link_cursor(f"lnk_{victim.experiment.removeprefix('exp_')}")}},
        ],
        "get_experiment": [{"experiment": victim.experiment}],
        "stop_experiment": [{"experiment": victim.experiment}],
        "go_with_experiment": [
            {"experiment": victim.experiment},
            {"experiment": victim.experiment, "body": {"arm": "variant"}},
        ],
        "cancel_experiment": [{"experiment": victim.experiment}],
        **{
            operation: [
                {},
                {"params": {"by": "sender", "sender": sender, "to": "2998-12-31", "from": "2998-01-01"}},
                {"params": {"by": "variant", "experiment": victim.experiment, "format": "csv"}},
            ]
            for operation in ("get_delivery_figures", "get_engagement_figures", "get_cost_figures")
        },
        "get_price_rates": [{}],
        "set_price_rates": [{}, {"body": {"rates": []}}],
        "limit_event_type": [{}],
        "lift_event_type_limit": [{}],
        "create_integration": [{}, {"body": SHOP | {"shop": "a.myshopify.com", "sender": sender}}],
        "list_integrations": [{}],
        "create_console_link": [{}, {"params": {"business": business}}],
        **{
            operation: [{"integration": victim.integration}]
            for operation in ("get_integration", "change_integration", "rotate_integration_secret")
        },
        "list_integration_deliveries": [
            {"integration": victim.integration},
            {"integration": victim.integration, "params": {"cursor": _cursor(victim.messages[-1])}},
        ],
        "delete_integration": [{"integration": victim.integration}],
        "list_templates": [{}, {"params": {"name": "order_confirmed", "status": "PAUSED"}}],
        "create_template": [
            {},
            {"body": TEMPLATE_EXAMPLE | {"sender": sender}},
            {"body": TEMPLATE_EXAMPLE | {"name": "order_confirmed", "sender": sender, "submit": True}},
        ],
        "sync_templates": [{}],
        **{
            operation: [{"template": victim.template}, {"template": victim.template.removeprefix("tpl_")}]
            for operation in (
                "get_template",
                "submit_template",
                "discard_template_draft",
                "delete_template",
                "unpause_template",
            )
        },
        "get_template_dossier": [{"template": victim.template}],
        "get_variants": [{}],
        "set_variants": [{}],
        "reset_variants": [{}],
        "change_template": [
            {"template": victim.template, "body": body} for body in ({"footer": "Hırsız"}, {"submit": True})
        ],
        "accept_template_category": [
            {"template": victim.template, "body": {"category": one}} for one in ("UTILITY", "MARKETING")
        ],
        "get_business": [{"business": business}],
        "change_business": [
            {"business": business, "body": {"critical_share": 0}},
            {"business": business, "body": {"quiet_hours": {"begins": "00:00", "ends": "23:59"}}},
            {"business": business, "body": {"language": "de", "fallback_languages": [], "link_style": "tracked"}},
        ],
    }
    if operation not in found:
        raise AssertionError(f"say here how {operation} could be used on another business")
    return found[operation]


def test_walk_covers_every_operation_of_the_document(app: FastAPI) -> None:
    documented = {
        operation["operationId"]
        for path, operations in app.openapi()["paths"].items()
        for operation in operations.values()
        if not path.startswith(WITHOUT_KEY)
    }
    assert documented == set(OPERATIONS)


def test_walk_leaves_no_operation_out() -> None:
    assert sorted(name for names in TOGETHER.values() for name in names) == sorted(OPERATIONS)


@each_attempt
@pytest.mark.parametrize("mode", ["test", "live"])
async def test_operation_shows_and_changes_nothing_of_another_business(
    http: httpx.AsyncClient,
    container: Container,
    connection: asyncpg.Connection,
    subtests: pytest.Subtests,
    victim: Victim,
    operations: list[str],
    mode: str,
) -> None:
    thief = await build_world(container, mode=mode)  # type: ignore[arg-type] # one of the modes
    before = await of_business(connection, victim.world.business_id)
    of_the_victim = ("messages", "attempts", "receipts", "contacts", "consents", "consent_acts", "conversions")
    of_shops = ("integrations", "integration_orders", "integration_deliveries")
    of_its_own = ("media", "test_lists", "test_list_members", "event_type_limits", "opt_in_links", "opt_in_link_counts")
    of_trying = ("experiments", "experiment_messages", "experiment_contacts")
    of_figures = ("figures", "figure_prices", "figure_days", "price_rates")
    of_telling = ("callback_events", "callback_endpoints", "callback_deliveries")
    assert all(
        before[table] for table in (*of_the_victim, *of_its_own, *of_trying, *of_shops, *of_figures, *of_telling)
    )
    for operation in operations:
        with subtests.test(operation=operation):
            await _try_all(http, thief, victim, operation)
            assert await of_business(connection, victim.world.business_id) == before


async def _try_all(http: httpx.AsyncClient, thief: World, victim: Victim, operation: str) -> None:
    for number, attempt in enumerate(attempts_on(operation, victim)):
        asked = {"message": victim.messages[0], "phone": PHONE, **attempt}
        headers = {**thief.headers, "Idempotency-Key": f"{operation}-{number}"}
        answer = await call(http, operation, headers, **asked)
        assert answer.status_code < 500, answer.text
        echoed = str(attempt) + str(asked["phone"])
        for mark in victim.marks:
            assert mark not in answer.text or (mark in echoed and not answer.is_success), (attempt, mark)
            assert mark not in answer.headers.get("location", "")


async def test_idempotency_key_of_another_business_replays_nothing(
    http: httpx.AsyncClient, container: Container, victim: Victim
) -> None:
    thief = Driver(http, await build_world(container))
    body = order_confirmed(metadata=METADATA)
    mine = await victim.driver.report(body, key="shared")
    theirs = await thief.report(body, key="shared")
    assert mine.status_code == theirs.status_code == 202
    assert "idempotency-replayed" not in theirs.headers
    assert mine.json()["id"] != theirs.json()["id"]
    assert mine.json()["contact"] != theirs.json()["contact"]


async def test_consent_given_to_one_business_is_none_to_another(
    http: httpx.AsyncClient, container: Container, victim: Victim
) -> None:
    thief = Driver(http, await build_world(container))
    answer = await thief.report()
    assert (answer.json()["status"], answer.json()["reason"]) == ("suppressed", "no_consent")


async def test_key_with_another_business_inside_is_unknown(
    http: httpx.AsyncClient, container: Container, victim: Victim
) -> None:
    thief = await build_world(container)
    raw = base64.b32decode(thief.token.rsplit("_", 1)[1].upper() + "===")
    forged = base64.b32encode(victim.world.business_id.bytes + raw[16:]).decode().rstrip("=").lower()
    answer = await http.get("/v1/messages", headers={"Authorization": f"Bearer ulak_test_{forged}"})
    assert answer.status_code == 401
