"""What Meta's support is to be shown when a business asks for a review of a template: the text, what it is for, how it
was used, what Meta made of it, and by which guideline it is utility.

Meta takes such a request only through Business Support, within 60 days of the approval or of a change of the category.
Source: Meta's pages "Template categorization", "Utility templates" and "Template review".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, Caller, Directory
from app.core.clock import Clock
from app.core.database import Database
from app.core.ids import first_id_at, parse_id, public_id
from app.core.problems import NotFound
from app.events.event_type import EventType, Industry, Priority
from app.events.service import EventTypes
from app.messages.models import Message
from app.templates import chains, clocks, repository
from app.templates.advice import explain
from app.templates.definition import PLACEHOLDER
from app.templates.findings import Finding
from app.templates.lint import lint
from app.templates.mirror import TEMPLATE_PREFIX
from app.templates.models import Template, TemplateChange
from app.templates.schemas import ChangeOut

USED_WITHIN = timedelta(days=30)

_TOLD = ("submitted", "edited", "status", "category", "category_notice")
"""Kinds of changes that matter to whoever reviews it."""

_CATEGORIES_PAGE = (
    "https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-categorization"
)


@dataclass(frozen=True, slots=True)
class Guideline:
    """A use that Meta lists as utility, in our words."""

    use: str
    idea: str
    condition: str


_ORDERS = Guideline(
    "Order management",
    "confirms, updates or cancels an order or a transaction of the customer's",
    "names details of that order or transaction in its body, and makes no offer",
)
_ACCOUNT = Guideline(
    "Account alerts or updates",
    "tells of the customer's own account, plan, bill or service",
    "concerns a product that the customer has bought or subscribed to, and pitches neither an offer nor a renewal",
)
_CRITICAL = Guideline(
    "Essential or critical messages",
    "tells what the customer must know at once, such as an outage, a disruption or a danger",
    "is in no way promotional",
)
_GUIDELINES: Mapping[Industry, Guideline] = {
    Industry.OPT_IN: Guideline(
        "Opt-in management",
        "confirms what the customer decided about messages",
        "confirms a decision that was made before, and promotes nothing",
    ),
    Industry.FEEDBACK: Guideline(
        "Feedback surveys",
        "asks about one order, visit or conversation of the customer's",
        "names the order, visit or conversation that it asks about",
    ),
    Industry.CONVERSATION: Guideline(
        "Continuing a conversation on WhatsApp",
        "follows up a conversation that began elsewhere",
        "goes only to customers who asked to go on by WhatsApp",
    ),
    Industry.UTILITIES: _ACCOUNT,
    Industry.ACCOUNT: _ACCOUNT,
}


class DossierUse(BaseModel):
    days: int = Field(description="Looked back", examples=[30])
    messages: int = Field(description="That took this template, whatever became of them", examples=[1840])
    by_status: dict[str, int] = Field(examples=[{"read": 1410, "delivered": 380, "failed": 50}])
    first_at: datetime | None
    last_at: datetime | None


class DossierEvent(BaseModel):
    """An event type that is told by the template."""

    event_type: str = Field(examples=["order-confirmed"])
    title: str
    description: str


class DossierGuideline(BaseModel):
    use: str = Field(description="As Meta's page calls it", examples=["Order management"])
    idea: str
    condition: str
    page: str = Field(examples=[_CATEGORIES_PAGE])


class Dossier(BaseModel):
    """What to send to Meta's Business Support."""

    template: str = Field(examples=["tpl_019a8f3c2b7d7c31a4e5f60718293a4b"])
    name: str
    language: str
    meta_id: str | None
    waba_id: str
    status: str
    category: str = Field(description="That Meta has given it", examples=["MARKETING"])
    wanted_category: str = Field(description="That it was submitted with", examples=["UTILITY"])
    is_open: bool = Field(description="Whether Meta still takes a request")
    until: datetime | None = Field(description="Until when it does: 60 days")
    says: dict[str, str] = Field(description="Its text, with its samples, by part", examples=[{"body": "Merhaba …"}])
    events: list[DossierEvent]
    use: DossierUse
    history: list[ChangeOut] = Field(description="Oldest first")
    guideline: DossierGuideline | None = Field(description="Null where it is of no event type that is utility")
    findings: list[Finding] = Field(description="What may have tipped it: mend these first")
    text: str = Field(description="The request in English, as Markdown, to be pasted and gone over")


class Dossiers:
    def __init__(self, database: Database, directory: Directory, event_types: EventTypes, clock: Clock) -> None:
        self._database = database
        self._directory = directory
        self._event_types = event_types
        self._clock = clock

    async def of(self, caller: Caller, template_id: str) -> Dossier:
        """Raises NotFound."""
        business = await self._directory.required(caller.business_id)
        found = parse_id(TEMPLATE_PREFIX, template_id)
        wabas = {sender.waba_id for sender in business.senders if sender.mode == caller.mode}
        known = await self._event_types.of(caller.business_id)
        async with self._database.transaction() as session:
            row = await repository.by_id(session, caller.business_id, found) if found is not None else None
            if row is None or row.waba_id not in wabas:
                raise NotFound("There is no such template for this kind of key.")
            names = [*await chains.event_types_with(session, caller.business_id, row.name), row.event_type]
            candidates = [known.get(name) for name in dict.fromkeys(filter(None, names))]
            own = [one for one in await self._event_types.open(caller.business_id) if one.template_name == row.name]
            types = list({one.name: one for one in [*candidates, *own] if one is not None}.values())
            use = await _use(session, caller, row, self._clock.now())
            versions = await repository.versions(session, caller.business_id, row.id)
            changes = await repository.changes(session, caller.business_id, row.id, most=200)
        submitted = [one.category for one in versions if one.origin == "ulak"]
        wanted = submitted[-1] if submitted else row.previous_category or row.category
        return _dossier(business, row, wanted, types, use, changes, self._clock.now())


async def _use(session: AsyncSession, caller: Caller, row: Template, now: datetime) -> DossierUse:
    query = (
        select(Message.status, func.count(), func.min(Message.created_at), func.max(Message.created_at))
        .where(
            Message.business_id == caller.business_id,
            Message.id >= first_id_at(now - USED_WITHIN),
            Message.mode == caller.mode,
            Message.template_name == row.name,
            Message.language == row.language,
        )
        .group_by(Message.status)
    )
    found = (await session.execute(query)).all()
    return DossierUse(
        days=USED_WITHIN.days,
        messages=sum(count for _, count, _, _ in found),
        by_status={status: count for status, count, _, _ in sorted(found)},
        first_at=min((first for _, _, first, _ in found), default=None),
        last_at=max((last for _, _, _, last in found), default=None),
    )


def _dossier(
    business: BusinessAccount,
    row: Template,
    wanted: str,
    types: Sequence[EventType[Any]],
    use: DossierUse,
    changes: Sequence[TemplateChange],
    now: datetime,
) -> Dossier:
    until = clocks.review_deadlines(row.approved_at, row.category_changed_at).last
    utility = [one for one in types if one.expected_category == "UTILITY"]
    guideline = _guideline(utility[0]) if utility else None
    made = Dossier(
        template=public_id(TEMPLATE_PREFIX, row.id),
        name=row.name,
        language=row.language,
        meta_id=row.meta_id,
        waba_id=row.waba_id,
        status=row.status,
        category=row.category,
        wanted_category=wanted,
        is_open=until is not None and until > now,
        until=until,
        says=_says(row.submitted or row.components),
        events=[DossierEvent(event_type=one.name, title=one.title, description=one.description) for one in types],
        use=use,
        history=[ChangeOut.model_validate(one, from_attributes=True) for one in reversed(changes) if one.kind in _TOLD],
        guideline=DossierGuideline(
            use=guideline.use, idea=guideline.idea, condition=guideline.condition, page=_CATEGORIES_PAGE
        )
        if guideline is not None
        else None,
        findings=lint(row.components, row.language, wanted),
        text="",
    )
    return made.model_copy(update={"text": _text(business, row, made)})


def _guideline(event_type: EventType[Any]) -> Guideline:
    if event_type.priority is Priority.CRITICAL:
        return _CRITICAL
    return _GUIDELINES.get(event_type.industry, _ORDERS)


def _says(components: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What a customer reads, with the samples that the review saw."""
    said: dict[str, str] = {}
    for component in components:
        kind = str(component.get("type", "")).lower()
        example = component.get("example") or {}
        rows = [*example.get("header_text_named_params", ()), *example.get("body_text_named_params", ())]
        samples = {str(row.get("param_name")): str(row.get("example")) for row in rows}
        if "text" in component:
            said[kind] = _filled(str(component["text"]), samples)
        for index, button in enumerate(component.get("buttons", ())):
            said[f"buttons/{index}"] = " ".join(
                str(button[key]) for key in ("text", "url", "phone_number") if button.get(key)
            )
    return said


def _filled(text: str, samples: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: samples.get(found[1], found[0]), text)


def _text(business: BusinessAccount, row: Template, made: Dossier) -> str:
    reason = explain(row.rejected_reason)
    lines = [
        f"# Request for a review of the template `{row.name}` ({row.language})",
        "",
        f"Business: {business.name}. WhatsApp Business Account: {row.waba_id}. Template id: {row.meta_id}.",
        f"Status: {row.status}. Category: {row.category}; submitted as {made.wanted_category}.",
        *([f"Reason given: {row.rejected_reason}. {reason}"] if reason else []),
        "",
        *_asked(row, made),
        "",
        "## What it says",
        "",
        *(f"> **{part}**: {text}".replace("\n", "\n> ") for part, text in made.says.items()),
        "",
        "## What it is for",
        "",
        *(f"- **{one.title}** (`{one.event_type}`): {one.description}" for one in made.events),
        "",
        _CAUSE,
        "",
        "## How it was used",
        "",
        f"In the last {made.use.days} days: {made.use.messages} messages{_numbers(made.use)}.",
        "",
    ]
    if made.guideline is not None:
        lines += [
            "## Why it is utility",
            "",
            _WHY.format(use=made.guideline.use, idea=made.guideline.idea, condition=made.guideline.condition),
            f"Source: {made.guideline.page}",
            "",
        ]
    lines += ["## What became of it", ""]
    lines += [f"- {one.at:%Y-%m-%d %H:%M} UTC: {one.kind} {_change(one.details)}".rstrip() for one in made.history]
    return "\n".join(lines) + "\n"


_CAUSE = (
    "Each message is caused by one such event in the systems of the business, concerns the one customer whom that "
    "event is about, and leaves only to customers whose consent to such messages is on record."
)
_WHY = "Meta's page on template categories lists *{use}* as utility. The template {idea}; it {condition}."


def _numbers(use: DossierUse) -> str:
    found = ", ".join(f"{count} {status}" for status, count in use.by_status.items())
    return f" ({found})" if found else ""


def _asked(row: Template, made: Dossier) -> list[str]:
    if row.status == "REJECTED" or row.category != made.wanted_category:
        return [f"We ask that it be reviewed by a person and filed as {made.wanted_category}."]
    return [
        "Nothing is to be asked for just now: it is filed as it was submitted. This is the case for it, kept ready."
    ]


def _change(details: Mapping[str, Any]) -> str:
    change = f"{details['from']} → {details['to']}" if details.get("from") and details.get("to") else ""
    return f"{change} ({details['reason']})" if details.get("reason") else change
