"""Every operation of the API that needs a key, with a request that is taken: for tests that must leave none out."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx

from app.accounts.keys import Scope
from app.core.ids import public_id
from app.events.catalogue import catalogue
from app.events.schemas import EXAMPLE, EXAMPLE_NAME
from app.templates.mirror import TEMPLATE_PREFIX
from app.templates.schemas import TEMPLATE_EXAMPLE
from tests.support.files import png
from tests.support.world import WORDING, World


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    """With {message}, {reply}, {contact}, {sender}, {business}, {event_type}, {test_list}, {link}, {consent_import},
    {media}, {experiment}, {template}, {integration}, {conversion}, {callback_endpoint} and {callback_event} for the ids
    that a test gives."""
    scope: Scope
    body: dict[str, Any] | None = None
    params: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    """A body that is no JSON, of the kind that `content_type` says."""
    content_type: str = "text/csv"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _event(name: str, more: str = "") -> Operation:
    return Operation("POST", f"/v1/events/{name}{more}", Scope.EVENTS_WRITE, dict(catalogue()[name].example))


_ENDPOINT = "/v1/callback-endpoints/{callback_endpoint}"

OPERATIONS: dict[str, Operation] = {
    **{f"report_{event_type.operation}": _event(event_type.name) for event_type in catalogue().values()},
    **{f"preview_{event_type.operation}": _event(event_type.name, "/preview") for event_type in catalogue().values()},
    "report_own_event": Operation("POST", f"/v1/events/{EXAMPLE_NAME}", Scope.EVENTS_WRITE, EXAMPLE["examples"]["tr"]),
    "preview_own_event": Operation(
        "POST", f"/v1/events/{EXAMPLE_NAME}/preview", Scope.EVENTS_WRITE, EXAMPLE["examples"]["tr"]
    ),
    "report_events": Operation(
        "POST",
        "/v1/events",
        Scope.EVENTS_WRITE,
        {"events": [{"type": name, **event_type.example} for name, event_type in catalogue().items()]},
    ),
    "get_message": Operation("GET", "/v1/messages/{message}", Scope.MESSAGES_READ),
    "list_messages": Operation("GET", "/v1/messages", Scope.MESSAGES_READ),
    "cancel_message": Operation("POST", "/v1/messages/{message}/cancel", Scope.MESSAGES_WRITE),
    "list_replies": Operation("GET", "/v1/replies", Scope.MESSAGES_READ),
    "get_reply": Operation("GET", "/v1/replies/{reply}", Scope.MESSAGES_READ),
    "answer_customer": Operation(
        "POST",
        "/v1/messages/reply",
        Scope.MESSAGES_WRITE,
        {"to": {"contact": "+905321112233"}, "text": {"body": "Evet"}},
    ),
    "mark_reply_read": Operation("POST", "/v1/replies/{reply}/read", Scope.MESSAGES_WRITE, {"typing": True}),
    "get_automatic_answers": Operation("GET", "/v1/event-types/appointment-reminder/answers", Scope.TEMPLATES_READ),
    "set_automatic_answers": Operation(
        "PUT",
        "/v1/event-types/appointment-reminder/answers",
        Scope.TEMPLATES_WRITE,
        {"answers": {"confirmed": {"text": {"tr": "Teşekkürler {customer_name}."}}}},
    ),
    "remove_automatic_answers": Operation(
        "DELETE", "/v1/event-types/appointment-reminder/answers", Scope.TEMPLATES_WRITE
    ),
    "record_conversion": Operation(
        "POST",
        "/v1/conversions",
        Scope.EVENTS_WRITE,
        {"type": "purchase", "value": {"amount": 129990, "currency": "TRY"}, "contact": {"phone": "+905321112233"}},
    ),
    "record_conversions": Operation(
        "POST",
        "/v1/conversions/batch",
        Scope.EVENTS_WRITE,
        {"conversions": [{"type": "booking", "contact": {"phone": "+905321112233"}}]},
    ),
    "list_conversions": Operation("GET", "/v1/conversions", Scope.MESSAGES_READ),
    "get_conversion": Operation("GET", "/v1/conversions/{conversion}", Scope.MESSAGES_READ),
    "get_conversion_figures": Operation(
        "GET", "/v1/analytics/conversion", Scope.ANALYTICS_READ, params={"by": "type", "bucket": "day"}
    ),
    "get_consent_figures": Operation(
        "GET", "/v1/analytics/consent", Scope.ANALYTICS_READ, params={"by": "place", "bucket": "week"}
    ),
    "cancel_conversion": Operation("DELETE", "/v1/conversions/{conversion}", Scope.EVENTS_WRITE),
    "list_event_types": Operation("GET", "/v1/event-types", Scope.MESSAGES_READ),
    "get_event_type": Operation("GET", "/v1/event-types/{event_type}", Scope.TEMPLATES_READ),
    "define_event_type": Operation("PUT", "/v1/event-types/{event_type}", Scope.TEMPLATES_WRITE, EXAMPLE),
    "retire_event_type": Operation("DELETE", "/v1/event-types/{event_type}", Scope.TEMPLATES_WRITE),
    "lint_template": Operation(
        "POST",
        "/v1/templates/lint",
        Scope.TEMPLATES_READ,
        {"name": "parcel_ready", "language": "en", "body": "Your parcel is here.", "samples": {}},
    ),
    "list_errors": Operation("GET", "/v1/errors", Scope.MESSAGES_READ),
    "list_senders": Operation("GET", "/v1/senders", Scope.SENDERS_READ),
    "get_sender": Operation("GET", "/v1/senders/{sender}", Scope.SENDERS_READ),
    "check_sender": Operation("GET", "/v1/senders/{sender}/checkup", Scope.SENDERS_READ),
    "change_sender": Operation("PATCH", "/v1/senders/{sender}", Scope.SENDERS_WRITE, {"throughput": 20}),
    "pause_sender": Operation("POST", "/v1/senders/{sender}/pause", Scope.SENDERS_WRITE, {"reason": "walk"}),
    "resume_sender": Operation("POST", "/v1/senders/{sender}/resume", Scope.SENDERS_WRITE),
    "list_alerts": Operation("GET", "/v1/alerts", Scope.SENDERS_READ),
    "get_business": Operation("GET", "/v1/businesses/{business}", Scope.SENDERS_READ),
    "change_business": Operation(
        "PATCH", "/v1/businesses/{business}", Scope.SENDERS_WRITE, {"quiet_hours": {"begins": "22:00", "ends": "08:00"}}
    ),
    "record_consent": Operation(
        "PUT",
        "/v1/contacts/{contact}/consent",
        Scope.CONTACTS_WRITE,
        {"act": "opt_in", "source": "checkout", "wording": WORDING},
    ),
    "get_contact": Operation("GET", "/v1/contacts/{contact}", Scope.CONTACTS_READ),
    "get_proof": Operation("GET", "/v1/contacts/{contact}/proof", Scope.CONTACTS_READ),
    "get_proof_page": Operation("GET", "/v1/contacts/{contact}/proof.html", Scope.CONTACTS_READ),
    "find_proof": Operation("POST", "/v1/proofs/find", Scope.CONTACTS_READ, {"phone": "+905321112233"}),
    "get_proof_key": Operation("GET", "/v1/proof-key", Scope.CONTACTS_READ),
    "export_contact": Operation("GET", "/v1/contacts/{contact}/export", Scope.CONTACTS_READ),
    "erase_contact": Operation("DELETE", "/v1/contacts/{contact}", Scope.CONTACTS_WRITE),
    "list_consents": Operation("GET", "/v1/contacts/{contact}/consents", Scope.CONTACTS_READ),
    "read_feed": Operation("GET", "/v1/feed", Scope.CALLBACKS_READ),
    "create_callback_endpoint": Operation(
        "POST", "/v1/callback-endpoints", Scope.CALLBACKS_WRITE, {"url": "https://shop.example/callbacks"}
    ),
    "list_callback_endpoints": Operation("GET", "/v1/callback-endpoints", Scope.CALLBACKS_READ),
    "get_callback_endpoint": Operation("GET", _ENDPOINT, Scope.CALLBACKS_READ),
    "change_callback_endpoint": Operation("PATCH", _ENDPOINT, Scope.CALLBACKS_WRITE, {"batch_size": 10}),
    "delete_callback_endpoint": Operation("DELETE", _ENDPOINT, Scope.CALLBACKS_WRITE),
    "rotate_callback_secret": Operation(
        "POST", f"{_ENDPOINT}/rotate-secret", Scope.CALLBACKS_WRITE, {"overlap_seconds": 60}
    ),
    "test_callback_endpoint": Operation("POST", f"{_ENDPOINT}/test", Scope.CALLBACKS_WRITE),
    "list_callback_deliveries": Operation("GET", f"{_ENDPOINT}/deliveries", Scope.CALLBACKS_READ),
    "get_callback_delivery": Operation("GET", f"{_ENDPOINT}/deliveries/{{callback_event}}", Scope.CALLBACKS_READ),
    "replay_callback_delivery": Operation(
        "POST", f"{_ENDPOINT}/deliveries/{{callback_event}}/replay", Scope.CALLBACKS_WRITE
    ),
    "replay_callbacks": Operation(
        "POST",
        f"{_ENDPOINT}/replay",
        Scope.CALLBACKS_WRITE,
        {"since": "2020-01-01T00:00:00Z", "until": "2998-01-01T00:00:00Z", "only": "all"},
    ),
    "make_preference_link": Operation(
        "POST", "/v1/contacts/{contact}/preference-link", Scope.CONTACTS_WRITE, {"language": "tr", "valid_days": 30}
    ),
    "create_opt_in_link": Operation(
        "POST", "/v1/opt-in-links", Scope.CONTACTS_WRITE, {"source": "qr_till", "place": "Kadıköy, 3. kasa"}
    ),
    "list_opt_in_links": Operation("GET", "/v1/opt-in-links", Scope.CONTACTS_READ),
    "get_opt_in_link": Operation("GET", "/v1/opt-in-links/{link}", Scope.CONTACTS_READ),
    "change_opt_in_link": Operation("PATCH", "/v1/opt-in-links/{link}", Scope.CONTACTS_WRITE, {"place": "4. kasa"}),
    "count_opt_in_link": Operation("GET", "/v1/opt-in-links/{link}/counts", Scope.CONTACTS_READ),
    "draw_opt_in_link": Operation("GET", "/v1/opt-in-links/{link}/qr.svg", Scope.CONTACTS_READ),
    "paint_opt_in_link": Operation("GET", "/v1/opt-in-links/{link}/qr.png", Scope.CONTACTS_READ),
    "disable_opt_in_link": Operation("DELETE", "/v1/opt-in-links/{link}", Scope.CONTACTS_WRITE),
    "import_consents": Operation(
        "POST",
        "/v1/consent-imports",
        Scope.CONTACTS_WRITE,
        params={"original_source": "checkout", "wording": WORDING},
        content=b"phone,occurred_at\n+905321112233,2024-05-31\n",
    ),
    "list_consent_imports": Operation("GET", "/v1/consent-imports", Scope.CONTACTS_READ),
    "get_consent_import": Operation("GET", "/v1/consent-imports/{consent_import}", Scope.CONTACTS_READ),
    "get_consent_import_report": Operation(
        "GET", "/v1/consent-imports/{consent_import}/report.csv", Scope.CONTACTS_READ, params={"all": "true"}
    ),
    "cancel_consent_import": Operation("POST", "/v1/consent-imports/{consent_import}/cancel", Scope.CONTACTS_WRITE),
    "add_media": Operation(
        "POST",
        "/v1/media",
        Scope.TEMPLATES_WRITE,
        params={"name": "masa.png"},
        content=png(),
        content_type="image/png",
    ),
    "list_media": Operation("GET", "/v1/media", Scope.TEMPLATES_READ),
    "get_media": Operation("GET", "/v1/media/{media}", Scope.TEMPLATES_READ),
    "get_media_content": Operation("GET", "/v1/media/{media}/content", Scope.TEMPLATES_READ),
    "delete_media": Operation("DELETE", "/v1/media/{media}", Scope.TEMPLATES_WRITE),
    "put_test_list": Operation(
        "PUT", "/v1/test-lists/{test_list}", Scope.CONTACTS_WRITE, {"contacts": [{"phone": "+905321112233"}]}
    ),
    "list_test_lists": Operation("GET", "/v1/test-lists", Scope.CONTACTS_READ),
    "get_test_list": Operation("GET", "/v1/test-lists/{test_list}", Scope.CONTACTS_READ),
    "delete_test_list": Operation("DELETE", "/v1/test-lists/{test_list}", Scope.CONTACTS_WRITE),
    "limit_event_type": Operation(
        "PUT", "/v1/event-types/outage-notice/test-list", Scope.TEMPLATES_WRITE, {"test_list": "staff"}
    ),
    "create_experiment": Operation(
        "POST",
        "/v1/experiments",
        Scope.TEMPLATES_WRITE,
        {"event_type": "order-updated", "kind": "canary", "variant": "order_confirmed", "share": 50},
    ),
    "list_experiments": Operation("GET", "/v1/experiments", Scope.TEMPLATES_READ),
    "get_experiment": Operation("GET", "/v1/experiments/{experiment}", Scope.TEMPLATES_READ),
    "stop_experiment": Operation("POST", "/v1/experiments/{experiment}/stop", Scope.TEMPLATES_WRITE),
    "go_with_experiment": Operation("POST", "/v1/experiments/{experiment}/go", Scope.TEMPLATES_WRITE),
    "cancel_experiment": Operation("POST", "/v1/experiments/{experiment}/cancel", Scope.TEMPLATES_WRITE),
    "get_delivery_figures": Operation("GET", "/v1/analytics/delivery", Scope.ANALYTICS_READ),
    "get_engagement_figures": Operation("GET", "/v1/analytics/engagement", Scope.ANALYTICS_READ),
    "get_cost_figures": Operation("GET", "/v1/analytics/cost", Scope.ANALYTICS_READ),
    "get_price_rates": Operation("GET", "/v1/analytics/rates", Scope.ANALYTICS_READ),
    "set_price_rates": Operation(
        "PUT",
        "/v1/analytics/rates",
        Scope.ANALYTICS_WRITE,
        {"rates": [{"category": "utility", "country": "*", "price": "0.01", "currency": "USD", "from": "2026-10-01"}]},
    ),
    "lift_event_type_limit": Operation("DELETE", "/v1/event-types/outage-notice/test-list", Scope.TEMPLATES_WRITE),
    "create_console_link": Operation("POST", "/v1/console-links", Scope.CONSOLE_WRITE),
    "create_integration": Operation(
        "POST",
        "/v1/integrations",
        Scope.SENDERS_WRITE,
        {"platform": "woocommerce", "shop": "https://shop.example", "secret": "secret-of-the-shop"},
    ),
    "list_integrations": Operation("GET", "/v1/integrations", Scope.SENDERS_READ),
    "get_integration": Operation("GET", "/v1/integrations/{integration}", Scope.SENDERS_READ),
    "change_integration": Operation(
        "PATCH", "/v1/integrations/{integration}", Scope.SENDERS_WRITE, {"confirm_when": "paid"}
    ),
    "rotate_integration_secret": Operation(
        "POST", "/v1/integrations/{integration}/rotate", Scope.SENDERS_WRITE, {"secret": "another-secret-of-the-shop"}
    ),
    "list_integration_deliveries": Operation("GET", "/v1/integrations/{integration}/deliveries", Scope.SENDERS_READ),
    "delete_integration": Operation("DELETE", "/v1/integrations/{integration}", Scope.SENDERS_WRITE),
    "list_templates": Operation("GET", "/v1/templates", Scope.TEMPLATES_READ),
    "get_template": Operation("GET", "/v1/templates/{template}", Scope.TEMPLATES_READ),
    "create_template": Operation("POST", "/v1/templates", Scope.TEMPLATES_WRITE, TEMPLATE_EXAMPLE),
    "change_template": Operation("PATCH", "/v1/templates/{template}", Scope.TEMPLATES_WRITE, {"footer": "Demo Mağaza"}),
    "submit_template": Operation("POST", "/v1/templates/{template}/submit", Scope.TEMPLATES_WRITE),
    "discard_template_draft": Operation("DELETE", "/v1/templates/{template}/draft", Scope.TEMPLATES_WRITE),
    "delete_template": Operation("DELETE", "/v1/templates/{template}", Scope.TEMPLATES_WRITE),
    "unpause_template": Operation("POST", "/v1/templates/{template}/unpause", Scope.TEMPLATES_WRITE),
    "accept_template_category": Operation(
        "POST", "/v1/templates/{template}/accept-category", Scope.TEMPLATES_WRITE, {"category": "UTILITY"}
    ),
    "sync_templates": Operation("POST", "/v1/templates/sync", Scope.TEMPLATES_WRITE),
    "get_template_dossier": Operation("GET", "/v1/templates/{template}/dossier", Scope.TEMPLATES_READ),
    "get_variants": Operation("GET", "/v1/event-types/order-confirmed/variants", Scope.TEMPLATES_READ),
    "set_variants": Operation(
        "PUT",
        "/v1/event-types/outage-notice/variants",
        Scope.TEMPLATES_WRITE,
        {"templates": ["outage_notice"]},
    ),
    "reset_variants": Operation("DELETE", "/v1/event-types/outage-notice/variants", Scope.TEMPLATES_WRITE),
}
"""By operationId."""

TRIED = {"event_type": "bill-ready", "kind": "canary", "variant": "payment_due", "share": 50}
"""An experiment that stands in no other's way."""

TRIED_SHOP = {"platform": "shopify", "shop": "tried.myshopify.com", "secret": "secret-of-the-shop"}
"""One that is not connected by the operation itself."""

TOGETHER: dict[str, list[str]] = {
    f"{kind} each event of the catalogue": [f"{kind}_{event_type.operation}" for event_type in catalogue().values()]
    for kind in ("report", "preview")
}
TOGETHER["read"] = [name for name, operation in OPERATIONS.items() if operation.method == "GET"]
TOGETHER |= {name: [name] for name in OPERATIONS if name not in {one for names in TOGETHER.values() for one in names}}
"""All of them once, those that leave each other alone in one world: to build one takes longer than to try an operation
in it."""

each_operation = pytest.mark.parametrize("operations", TOGETHER.values(), ids=TOGETHER)

_PARTS = 4

each_attempt = pytest.mark.parametrize(
    "operations",
    [list(OPERATIONS)[part::_PARTS] for part in range(_PARTS)],
    ids=[f"part {part} of {_PARTS}" for part in range(1, _PARTS + 1)],
)
"""All of them once, for tests in which none succeeds, so that many fit in one world."""


async def prepare_template(world: World, graph: respx.MockRouter) -> str:
    """Id of a template with which every operation can be done: it is paused and has a draft, and Meta does whatever is
    asked of it."""
    about = {"id": "1", "status": "PENDING", "category": "UTILITY", "success": True}
    graph.get(path__regex=r"/message_templates$").respond(json={"data": []})
    graph.route(path__regex=r"/(message_templates|\d+(/unpause)?)$").respond(json=about)
    drafted = next(one for one in catalogue()["order-confirmed"].templates if one.language == "tr")
    found: UUID = await world.container.database.pool.fetchval(
        """
        UPDATE templates SET status = 'PAUSED', draft = $2
         WHERE business_id = $1 AND name = 'order_confirmed' AND language = 'tr' RETURNING id
        """,
        world.business_id,
        drafted.model_copy(update={"footer": "Demo Mağaza"}).model_dump_json(),
    )
    return public_id(TEMPLATE_PREFIX, found)


def refuse_reads(graph: respx.MockRouter) -> None:
    """Whatever else is read of Graph, and of our own door: a check-up asks for many things, and tells of those that it
    is not answered."""
    unanswered = {"error": {"message": "(#100) Unsupported get request", "type": "OAuthException", "code": 100}}
    for host in ("sandbox.test", "msg.example"):
        graph.get(host=host).respond(400, json=unanswered)


async def prepare_endpoint(http: httpx.AsyncClient, world: World) -> tuple[str, str]:
    """Ids of an endpoint and of an event that is on its way to it."""
    nobody = {"message": "", "phone": ""}
    made = await call(http, "create_callback_endpoint", world.headers, **nobody)
    assert made.status_code == 201, made.text
    endpoint: str = made.json()["id"]
    sent = await call(http, "test_callback_endpoint", world.headers, callback_endpoint=endpoint, **nobody)
    assert sent.status_code == 202, sent.text
    return endpoint, sent.json()["event"]


async def call(
    http: httpx.AsyncClient,
    operation: str,
    headers: dict[str, str],
    *,
    message: str,
    phone: str,
    sender: str = "snd_" + "0" * 32,
    business: str = "biz_" + "0" * 32,
    event_type: str = EXAMPLE_NAME,
    test_list: str = "staff",
    link: str = "lnk_" + "0" * 32,
    consent_import: str = "imp_" + "0" * 32,
    media: str = "med_" + "0" * 32,
    experiment: str = "exp_" + "0" * 32,
    template: str = "tpl_" + "0" * 32,
    integration: str = "int_" + "0" * 32,
    reply: str = "rep_" + "0" * 32,
    conversion: str = "cnv_" + "0" * 32,
    callback_endpoint: str = "cbe_" + "0" * 32,
    callback_event: str = "evt_" + "0" * 32,
    content: bytes | None = None,
    body: dict[str, Any] | None = None,
    params: dict[str, str] | None = None,
) -> httpx.Response:
    asked = OPERATIONS[operation]
    return await http.request(
        asked.method,
        asked.path.format(
            message=message,
            contact=phone,
            sender=sender,
            business=business,
            event_type=event_type,
            test_list=test_list,
            link=link,
            consent_import=consent_import,
            media=media,
            experiment=experiment,
            template=template,
            integration=integration,
            reply=reply,
            conversion=conversion,
            callback_endpoint=callback_endpoint,
            callback_event=callback_event,
        ),
        headers={**headers, "Content-Type": asked.content_type} if asked.content is not None else headers,
        content=content or asked.content,
        json=body or asked.body,
        params=params or asked.params,
    )
