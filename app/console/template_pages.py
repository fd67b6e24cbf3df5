"""Templates: what Meta has of them, which clocks run, what is to be said against them, and what can be done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from fastapi import APIRouter
from starlette.responses import Response

from app.accounts.keys import Scope
from app.callbacks.schemas import RenderedMessage
from app.console.acting import acting, caller_of, text_of
from app.console.desk import Desk, Pages
from app.console.lists import address, asked_of
from app.console.navigation import PATH
from app.console.speaking import Speech
from app.console.visits import Visit
from app.core.problems import InvalidRequest
from app.events.service import EventTypes
from app.events.variants import Variants, VariantsOut
from app.messages.rendering import rendered
from app.templates.bubble import bubble_of
from app.templates.chains import Chains, own_template
from app.templates.compiled import Fill, compile_template
from app.templates.definition import Category
from app.templates.findings import Finding
from app.templates.library import Library
from app.templates.lint import lint
from app.templates.schemas import AcceptIn, TemplateDetail, TemplateOut

TEMPLATES = f"{PATH}/templates"
_FIELDS = ("state", "name")
_STATES = ("usable", "waiting", "unusable")


@dataclass(frozen=True, slots=True)
class Clock:
    """Something that time does to a template."""

    name: str
    at: datetime


def template_pages(
    desk: Desk, library: Library, variants: Variants, chains: Chains, event_types: EventTypes
) -> APIRouter:
    pages = Pages(desk)

    async def chains_with(visit: Visit, name: str) -> list[VariantsOut]:
        """Of event types that may be told by the template, their variants in order."""
        caller = caller_of(visit)
        types = await event_types.of(visit.session.business_id)
        set_by_people = await chains.of(visit.session.business_id, visit.mode)
        named = [event_type for event_type, chain in set_by_people.items() if name in chain]
        own = [name.replace("_", "-"), *types.own]
        named += [
            one
            for one in dict.fromkeys(own)
            if one not in named
            and own_template(one) == name
            and one not in set_by_people
            and types.get(one) is not None
        ]
        return [await variants.of(caller, one) for one in named if types.get(one) is not None]

    @pages.get("/templates", Scope.TEMPLATES_READ)
    async def templates(visit: Visit) -> Response:
        asked = asked_of(visit, _FIELDS)
        every = (await library.list(caller_of(visit))).templates
        wanted = [
            one
            for one in every
            if asked.get("state") in (None, one.usability.value) and asked.get("name", "").lower() in one.name
        ]
        wanted.sort(key=lambda one: (_urgency(one), one.name, one.language))
        return visit.page(
            "templates.html",
            visit.say("nav_templates"),
            asked=asked,
            templates=wanted,
            counts={state: sum(one.usability.value == state for one in every) for state in _STATES},
            total=len(every),
            known_at=min((one.known_at for one in every), default=None),
            ways={state: address(TEMPLATES, {"state": state}) for state in _STATES},
            speech=Speech.to(visit),
        )

    @pages.post("/templates/sync", Scope.TEMPLATES_WRITE)
    async def sync(visit: Visit) -> Response:
        with acting(visit, "sync templates"):
            await library.sync(caller_of(visit))
        return visit.to(TEMPLATES, "done_synced")

    @pages.get("/templates/{template_id}", Scope.TEMPLATES_READ)
    async def template(visit: Visit) -> Response:
        one = await library.one(caller_of(visit), visit.request.path_params["template_id"])
        return visit.page(
            "template.html",
            one.name,
            one=one,
            clocks=clocks_of(one, visit.now),
            findings=findings_of(one),
            shown=shown_of(one.components, one.parameter_format),
            draft=_draft_of(one),
            chains=await chains_with(visit, one.name),
            speech=Speech.to(visit),
        )

    @pages.post("/templates/{template_id}/submit", Scope.TEMPLATES_WRITE)
    async def submit(visit: Visit) -> Response:
        template_id = visit.request.path_params["template_id"]
        with acting(visit, "submit template", template=template_id):
            await library.submit(caller_of(visit), template_id)
        return visit.to(f"{TEMPLATES}/{template_id}", "done_submitted")

    @pages.post("/templates/{template_id}/unpause", Scope.TEMPLATES_WRITE)
    async def unpause(visit: Visit) -> Response:
        template_id = visit.request.path_params["template_id"]
        with acting(visit, "unpause template", template=template_id):
            await library.unpause(caller_of(visit), template_id)
        return visit.to(f"{TEMPLATES}/{template_id}", "done_unpaused")

    @pages.post("/templates/{template_id}/accept-category", Scope.TEMPLATES_WRITE)
    async def accept(visit: Visit) -> Response:
        template_id = visit.request.path_params["template_id"]
        category = text_of(visit, "category")
        if category not in get_args(Category):
            raise InvalidRequest.at("#/category", "category", "is no category")
        with acting(visit, "accept template category", template=template_id):
            body = AcceptIn.model_validate({"category": category})
            await library.accept(caller_of(visit), template_id, body)
        return visit.to(f"{TEMPLATES}/{template_id}", "done_category_accepted")

    return pages.router


def _urgency(one: TemplateOut) -> int:
    """Those first that a person should look at."""
    if one.usability.value == "unusable" and one.status != "DELETED":
        return 0
    if one.warnings or one.category_change is not None or one.usability.value == "waiting":
        return 1
    return 3 if one.status in ("DELETED", "DRAFT") else 2


def clocks_of(one: TemplateDetail, now: datetime) -> list[Clock]:
    """Those that still run, the next first."""
    times = {
        "edit": one.clocks.edits.next_at,
        "unpause": one.pause.unpause_at if one.pause is not None else None,
        "category": one.category_change.effective_at if one.category_change is not None else None,
        "review": one.clocks.review_until,
        "archive": one.clocks.archives_at,
        "name": one.clocks.name_free_at,
    }
    found = [Clock(name, at) for name, at in times.items() if at is not None and at > now]
    return sorted(found, key=lambda clock: clock.at)


def findings_of(one: TemplateDetail) -> list[Finding]:
    components = one.components or []
    is_positional = one.parameter_format == "POSITIONAL"
    return lint(components, one.language, one.category, is_positional=is_positional) if components else []


def shown_of(components: Sequence[dict[str, Any]], parameter_format: str) -> RenderedMessage | None:
    """As a customer would see it, with the samples that Meta's review saw; where they do not suffice, with what stands
    for values."""
    if not components:
        return None
    compiled = compile_template(list(components), parameter_format)
    names = (*compiled.header_names, *compiled.body_names)
    samples = _samples(components)
    texts = {name: samples.get(name) or f"{{{{{name}}}}}" for name in names}
    links = [prefix for _, _, prefix in compiled.url_prefixes]
    fill = Fill(texts, links, [label for _, label in compiled.quick_replies], compiled.fixed_header)
    if compiled.media_format is not None and fill.header is None:
        kind = compiled.media_format.lower()
        fill = Fill(texts, links, fill.replies, {"type": kind, kind: {}})
    try:
        return rendered(bubble_of(compiled, fill))
    except (KeyError, IndexError):
        return None


def _samples(components: Sequence[dict[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for component in components:
        example = component.get("example") or {}
        rows = [*example.get("header_text_named_params", ()), *example.get("body_text_named_params", ())]
        found |= {str(row.get("param_name")): str(row.get("example")) for row in rows}
        for key in ("body_text", "header_text"):
            values = example.get(key) or ()
            row = values[0] if values and isinstance(values[0], list) else values
            found |= {str(place): str(value) for place, value in enumerate(row, 1)}
    return found


def _draft_of(one: TemplateDetail) -> RenderedMessage | None:
    """What is to be submitted next, as a customer would see it."""
    if one.draft is None:
        return None
    body = one.draft.body
    for name, sample in one.draft.samples.items():
        body = body.replace(f"{{{{{name}}}}}", sample)
    return RenderedMessage(header=None, body=body, footer=one.draft.footer, buttons=[])
