"""The ASGI application: the public API, Meta's webhooks, and the operational endpoints."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline

from app import API_VERSION
from app.accounts.auth import SECURITY_SCHEME
from app.accounts.router import senders_router
from app.analytics.consents.router import consent_figures_router
from app.analytics.conversions.figures_router import conversion_figures_router
from app.analytics.conversions.router import conversions_router
from app.analytics.router import analytics_router
from app.callbacks.deliveries_router import deliveries_router
from app.callbacks.endpoints_router import endpoints_router
from app.callbacks.router import feed_router
from app.callbacks.webhooks_document import webhook_schemas, webhooks
from app.consent.imports.router import PATH as IMPORTS_PATH
from app.consent.imports.router import imports_router
from app.consent.link_door import link_door
from app.consent.links import LINK_PATH as OPT_IN_LINK_PATH
from app.consent.links_router import opt_in_links_router
from app.consent.proof_router import proofs_router
from app.consent.router import contacts_router
from app.consent.test_lists_router import test_lists_router
from app.console.callback_pages import callback_pages
from app.console.consent_pages import consent_pages
from app.console.contact_pages import contact_pages
from app.console.desk import Desk
from app.console.doctor_pages import doctor_pages
from app.console.doors import door_pages
from app.console.end import other_addresses
from app.console.figures_pages import Sources, figures_pages
from app.console.glance_pages import glance_pages
from app.console.live_pages import live_pages
from app.console.message_pages import message_pages
from app.console.reply_pages import reply_pages
from app.console.router import console_links_router
from app.console.sender_pages import sender_pages
from app.console.template_pages import template_pages
from app.container import Container, build_container
from app.core import problems
from app.core.clock import Clock
from app.core.http import BodyLimit, FrontDoor, Measured, operational_routes
from app.core.logging import configure_logging
from app.core.memory import settle
from app.core.settings import Settings, load_settings
from app.doctor.router import check_up_router
from app.events.event_type import Industry
from app.events.limits_router import limits_router
from app.events.router import definition_schemas, event_types_router
from app.events.variants_router import variants_router
from app.experiments.router import experiments_router
from app.integrations.doors import TAG as SHOP_DOORS_TAG
from app.integrations.doors import shop_doors
from app.integrations.router import integrations_router
from app.integrations.service import DOORS
from app.media.router import PATH as MEDIA_PATH
from app.media.router import media_router
from app.messages.bodies import event_schemas
from app.messages.dossier_router import dossier_router
from app.messages.events_router import events_router
from app.messages.links_router import links_router
from app.messages.preview_router import preview_router
from app.messages.reference_router import reference_router
from app.messages.router import messages_router
from app.pages.opt_in_router import PUBLIC_PATH, LinkPages, form_pages, public_opt_in, snippet
from app.pages.preferences_router import preferences_router
from app.privacy.router import privacy_router
from app.provider_events.router import webhook_router
from app.replies.answering_router import answering_router, answering_schemas
from app.replies.answers_router import answers_router
from app.replies.router import replies_router
from app.templates.definition import LINK_PATH
from app.templates.drafts_router import drafts_router
from app.templates.lint_router import lint_router, lint_schemas
from app.templates.router import templates_router

DESCRIPTION = """
Report what happened; Ulak checks the customer's consent, fills the approved template, sends it through Meta's WhatsApp
Cloud API, follows it to *delivered* and *read*, and can prove why each message was or was not sent.

Authorize with an API key. A **test** key (`ulak_test_…`) sends to the sandbox and never reaches Meta.
Every error is `application/problem+json` (RFC 9457) with a stable `code` and, for faults in the request, pointers.
"""


TAGS: list[dict[str, str]] = [
    *({"name": industry.value, "description": industry.description} for industry in Industry),
    {"name": "Events", "description": "Many events in one request."},
    {"name": "Messages", "description": "What became of each event, and why."},
    {"name": "Replies", "description": "What customers answered, and what it was understood to be."},
    {"name": "Conversions", "description": "What customers did after they were told, and of which message it came."},
    {"name": "Senders and alerts", "description": "Whether and how fast each number may send, and what is wrong."},
    {"name": "Templates", "description": "What Meta has approved, what became of it, and what can be done."},
    {"name": "Reference", "description": "Event types with their policies, and Meta's errors."},
    {"name": "Contacts and consent", "description": "Whom the business may tell, and the proof of it."},
    {"name": "Feed", "description": "What your other systems should know, in order, and nothing of it missing."},
    {
        "name": "Callbacks",
        "description": "The same, delivered to your endpoints: signed, tried again for days, in each contact's order.",
    },
    {"name": "Opt-in links", "description": "Doors through which customers come, each counted for its place."},
    {
        "name": "Opt-in forms",
        "description": "For the business's website, without a key: forms by which customers agree.",
    },
    {"name": "Consent imports", "description": "Lists of consent that the business has from before, with their proof."},
    {"name": "Test lists", "description": "Contacts on whom an event type is tried before the others get it."},
    {"name": "Media", "description": "Pictures, films and PDFs in the headers of messages."},
    {"name": "Experiments", "description": "Variants of a template, tried on a share of the contacts."},
    {"name": "Figures", "description": "What became of messages and what came of them, counted exactly."},
    {"name": "Integrations", "description": "Shops whose own webhooks become events."},
    {"name": SHOP_DOORS_TAG, "description": "For Shopify and WooCommerce: signed with the secret of the shop."},
    {"name": "Console", "description": "Ways into the pages on which people look at all this."},
    {"name": "Meta's webhooks", "description": "For Meta alone: signed with the secret of a connected app."},
    {"name": "Links", "description": "For customers: the buttons of messages lead here, and on."},
]

WITHOUT_KEY = ("/webhooks/", f"{LINK_PATH}/", f"{OPT_IN_LINK_PATH}/", f"{PUBLIC_PATH}/", f"{DOORS}/")
"""What Meta, customers and shops ask for; everything else that is documented asks for a key."""


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> FastAPI:
    settings = settings or load_settings()
    configure_logging(settings.log_level, settings.log_format)
    return assemble(build_container(settings, clock))


def assemble(container: Container) -> FastAPI:
    """Reads settings, and takes the container's other parts as they are: nothing is asked of them before a request."""
    settings = container.settings

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with container.running():
            yield
            await container.acceptor.drain()
            await container.provider_events.drain()
            await container.redirects.drain()
            await container.opt_in_links.drain()

    app: FastAPI = FastAPIOffline(
        title="Ulak",
        version=API_VERSION,
        description=DESCRIPTION,
        lifespan=lifespan,
        openapi_tags=TAGS,
        redirect_slashes=False,
        swagger_ui_parameters={"persistAuthorization": True, "docExpansion": "list"},
        telemetry={"tracing": False, "metrics": False, "logs": False},  # addresses and errors may name customers
    )
    problems.install(app)
    own_limits = {
        ("POST", IMPORTS_PATH): settings.import_body_limit,
        ("POST", MEDIA_PATH): settings.media_body_limit,
    }
    app.add_middleware(BodyLimit, most=settings.accept_body_limit, own=own_limits)
    app.add_middleware(Measured)
    # Side by side instead of nested by include_router, which would match every path once more per router.
    for router in _routers(container):
        app.router.routes.extend(router.routes)
    app.router.routes.extend(operational_routes(lambda: _ready(container)))
    app.openapi = _openapi(app)  # type: ignore[method-assign]
    app.middleware_stack = FrontDoor(app.build_middleware_stack(), app.routes, most=settings.accept_body_limit)
    return app


def served() -> FastAPI:
    """The application of a process that does nothing else."""
    app = create_app()
    settle()
    return app


def _routers(container: Container) -> list[APIRouter]:
    return [
        events_router(container.directory, container.acceptor, container.previews, container.event_types),
        preview_router(container.directory, container.acceptor, container.previews, container.event_types),
        messages_router(container.directory, container.messages),
        replies_router(container.directory, container.replies),
        answering_router(container.directory, container.answering),
        answers_router(container.directory, container.automatic_answers),
        conversions_router(container.directory, container.conversions),
        variants_router(container.directory, container.variants),
        templates_router(container.directory, container.library),
        drafts_router(container.directory, container.library),
        dossier_router(container.directory, container.dossiers),
        senders_router(container.directory, container.senders, container.topics),
        check_up_router(container.directory, container.check_ups),
        event_types_router(
            container.directory,
            container.event_types,
            container.definitions,
            container.limits,
            container.settings.unconfirmed_window,
        ),
        reference_router(container.directory),
        lint_router(container.directory),
        contacts_router(container.directory, container.consent, container.topics, container.replies),
        opt_in_links_router(container.directory, container.opt_in_links, container.topics),
        proofs_router(container.directory, container.proofs),
        privacy_router(container.directory, container.exports, container.erasures),
        imports_router(container.directory, container.imports),
        test_lists_router(container.directory, container.test_lists),
        limits_router(container.directory, container.limits),
        media_router(container.directory, container.media),
        experiments_router(container.directory, container.experiments),
        analytics_router(container.directory, container.figures),
        conversion_figures_router(container.directory, container.counted_conversions),
        consent_figures_router(container.directory, container.counted_consents),
        feed_router(container.directory, container.feeds),
        integrations_router(container.directory, container.integrations),
        shop_doors(container.shop_receiver),
        endpoints_router(container.directory, container.callback_endpoints),
        deliveries_router(container.directory, container.callback_deliveries),
        webhook_router(container.directory, container.provider_events),
        links_router(container.redirects),
        preferences_router(
            container.directory,
            container.preference_pages,
            container.public_limits,
            container.clock,
            container.settings.trusted_proxies,
        ),
        link_door(container.directory, container.opt_in_links, LinkPages()),
        form_pages(container.opt_in_forms, container.clock, container.settings.trusted_proxies),
        public_opt_in(container.opt_in_forms, container.settings.trusted_proxies, container.settings.customer_url),
        snippet(),
        console_links_router(container.directory, container.console_sessions),
        *_console(container),
    ]


def _console(container: Container) -> list[APIRouter]:
    settings = container.settings
    desk = Desk(
        container.console_sessions,
        container.directory,
        container.public_limits,
        container.clock,
        settings.customer_url,
    )
    return [
        door_pages(desk, settings.trusted_proxies),
        glance_pages(desk, container.database, container.figures, container.concerns),
        doctor_pages(desk, container.check_ups),
        figures_pages(desk, Sources(container.figures, container.counted_conversions, container.counted_consents)),
        *_working_pages(desk, container),
        live_pages(desk, container.live),
        other_addresses(desk),
    ]


def _working_pages(desk: Desk, container: Container) -> list[APIRouter]:
    return [
        message_pages(desk, container.database, container.messages, container.stories, container.event_types),
        contact_pages(desk, container.database, container.consent, container.replies, container.preference_pages),
        reply_pages(desk, container.replies, container.answering, container.consent),
        template_pages(desk, container.library, container.variants, container.chains, container.event_types),
        sender_pages(desk, container.senders),
        consent_pages(desk, container.opt_in_links, container.topics, container.holders),
        callback_pages(desk, container.database, container.callback_endpoints, container.callback_deliveries),
    ]


async def _ready(container: Container) -> dict[str, bool]:
    return {"database": await container.database.is_ready()}


def _openapi(app: FastAPI) -> Callable[[], dict[str, Any]]:
    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes, tags=TAGS
            )
            components = schema.setdefault("components", {})
            components["schemas"] = {
                **event_schemas(),
                **definition_schemas(),
                **lint_schemas(),
                **answering_schemas(),
                **webhook_schemas(),
                **components.get("schemas", {}),
            }
            components["schemas"] |= problem_schemas()
            for unused in ("HTTPValidationError", "ValidationError"):
                components["schemas"].pop(unused, None)
            components["securitySchemes"] = {"ApiKey": SECURITY_SCHEME}
            for path, operations in schema["paths"].items():
                for operation in operations.values():
                    _drop_undeclared_refusal(operation)
                    operation["security"] = [] if path.startswith(WITHOUT_KEY) else [{"ApiKey": []}]
            schema["paths"] = dict(
                sorted(schema["paths"].items(), key=lambda item: _place_of(item[0], schema["paths"]))
            )
            schema["webhooks"] = webhooks()
            app.openapi_schema = schema
        return app.openapi_schema

    return document


def _place_of(path: str, paths: dict[str, Any]) -> tuple[int, bool]:
    """As they were added, but each preview behind what it is the preview of."""
    original = path.removesuffix("/preview")
    return list(paths).index(original), path != original


def _drop_undeclared_refusal(operation: dict[str, Any]) -> None:
    """FastAPI adds a 422 of its own shape wherever there is a parameter; ours are declared as problems."""
    if "application/json" in operation["responses"].get("422", {}).get("content", {}):
        del operation["responses"]["422"]


def problem_schemas() -> dict[str, Any]:
    schema = problems.ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "ProblemDetails": schema}
