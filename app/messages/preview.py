"""What an event would become, told without becoming it: the same steps as acceptance takes, and nothing stored."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.callbacks.schemas import RenderedMessage
from app.consent import repository as contacts
from app.consent.repository import ContactKey, KnownContact
from app.core.clock import Clock
from app.core.database import Database
from app.core.ids import public_id
from app.core.problems import InvalidRequest, Problem, ProblemDetails
from app.events.service import EventTypes
from app.messages import frequency, preferring, series, standing, trials
from app.messages.accept import STRANGER
from app.messages.composing import Composition, Intake, compose, unexpected
from app.messages.durations import written
from app.messages.preferring import Left
from app.messages.rendering import rendered
from app.messages.schemas import WHY_SKIPPED, RuleVerdict, WaitingFor
from app.messages.series import Reminder
from app.messages.standing import Standing
from app.messages.states import Status
from app.templates.bubble import bubble_of
from app.templates.compiled import Fill
from app.templates.findings import Finding
from app.templates.lint import lint


class PreviewedSender(BaseModel):
    """The number that the message would come from."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(examples=["snd_019a8f3c2b7d7c31a4e5f60718293a4b"])
    display_number: str = Field(description="As Meta writes it", examples=["+90 850 555 10 10"])


class PreviewedTemplate(BaseModel):
    """The template that would be filled, as Meta has it just now."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(examples=["order_confirmed"])
    language: str = Field(examples=["tr"])
    status: str = Field(examples=["APPROVED"])
    category: str = Field(examples=["UTILITY"])


class PreviewedReminder(BaseModel):
    """A message of the series that the event would bring about."""

    model_config = ConfigDict(extra="forbid")

    before: str = Field(description="How long before what it reminds of, as ISO 8601 says it", examples=["PT24H"])
    send_at: datetime
    status: Status | Literal["skipped"] = Field(description="`skipped`: there would be no message")
    reason: str | None = Field(description=WHY_SKIPPED, examples=[None])
    would_leave_at: datetime | None = Field(description="Later than `send_at` where that lies in the customer's night")
    rendered: RenderedMessage | None = Field(description="Null where it is skipped")


class EventPreview(BaseModel):
    """What would become of an event, if it were reported now."""

    model_config = ConfigDict(extra="forbid")

    event_type: str = Field(examples=["order-confirmed"])
    status: Status = Field(description="That the message would get: `queued`, `scheduled` or `suppressed`")
    reason: str | None = Field(description="Why, where the status alone does not say", examples=[None])
    waiting_for: WaitingFor | None = Field(description="Null where nothing would hold it but the queue before it")
    would_leave_at: datetime | None = Field(description="At the soonest; null where it would never leave")
    expires_at: datetime
    decision: list[RuleVerdict] = Field(description="Each rule that was asked, in its order")
    contact: str | None = Field(
        description="Id of the contact; null for one who is not known yet, and so has consented to nothing",
        examples=["con_019a8f3c2b7d7c31a4e5f60718293a4b"],
    )
    to: str = Field(description="Phone in E.164, or BSUID", examples=["+905321112233"])
    sender: PreviewedSender
    template: PreviewedTemplate
    rendered: RenderedMessage
    components: list[dict[str, Any]] = Field(
        description="`template.components` of the request to Meta",
        examples=[
            [{"type": "body", "parameters": [{"type": "text", "parameter_name": "total", "text": "1.299,90 ₺"}]}]
        ],
    )
    price_category: str = Field(
        description="What Meta would charge it as, by the template's category just now: `utility`, `marketing`, "
        "`authentication`",
        examples=["utility"],
    )
    findings: list[Finding] = Field(description="What good practice says against the template's text")
    reminders: list[PreviewedReminder] | None = Field(
        description="Of an event that brings about a series, earliest first; where it is nothing but a series, "
        "everything else here is of its first message. Null for others",
        examples=[None],
    )


class BatchItemPreviewed(BaseModel):
    index: int
    preview: EventPreview


class BatchItemRefusable(BaseModel):
    index: int
    problem: ProblemDetails


class BatchPreview(BaseModel):
    """What a batch would be answered with; with `dry_run` nothing of it is stored."""

    accepted: int = Field(description="Events that would become messages, be they suppressed ones")
    refused: int
    results: list[BatchItemPreviewed | BatchItemRefusable] = Field(description="In the order of the request")


class Previews:
    def __init__(self, database: Database, event_types: EventTypes, clock: Clock) -> None:
        self._database = database
        self._event_types = event_types
        self._clock = clock

    async def single(self, intake: Intake) -> EventPreview:
        """Raises Problem."""
        (found,) = await self._of([intake])
        if isinstance(found, Problem):
            raise found
        return found

    async def batch(self, intakes: Sequence[Intake | Problem]) -> dict[str, Any]:
        """As BatchPreview; problems that were found before stay what they are."""
        results: list[dict[str, Any]] = []
        for index, (intake, found) in enumerate(zip(intakes, await self._of(intakes), strict=True)):
            if isinstance(found, EventPreview):
                results.append({"index": index, "preview": found.model_dump(mode="json")})
                continue
            problem = found
            if isinstance(found, InvalidRequest) and isinstance(intake, Intake):
                problem = found.moved(f"/events/{index}")
            results.append({"index": index, "problem": problem.as_dict()})
        accepted = sum("preview" in one for one in results)
        return {"accepted": accepted, "refused": len(results) - accepted, "results": results}

    async def _of(self, intakes: Sequence[Intake | Problem]) -> list[EventPreview | Problem]:
        keys = list(dict.fromkeys(one.contact for one in intakes if isinstance(one, Intake)))
        async with self._database.pool.acquire() as connection:
            known = await contacts.find_contacts(connection, keys) if keys else {}
            asking = [one for one in intakes if isinstance(one, Intake) and standing.is_asked_by(one)]
            around = await standing.look_up(connection, asking, known) if asking else Standing()
            trying = [
                (one.contact, found)
                for one in intakes
                if isinstance(one, Intake) and (found := one.possible_experiments)
            ]
            tried = await trials.look_up(connection, trying, known, lock=False) if trying else None
        for one in intakes:
            if isinstance(one, Intake):
                one.trials = tried
        now = self._clock.now()
        left = await self._left(intakes, known, now)
        return [
            _preview(one, known.get(one.contact), around, left, now) if isinstance(one, Intake) else one
            for one in intakes
        ]

    async def _left(
        self, intakes: Sequence[Intake | Problem], known: Mapping[ContactKey, KnownContact], now: datetime
    ) -> Mapping[UUID, list[Left]]:
        """What customers who have caps were told of late."""
        customers = {one.id: one.preferences for one in known.values() if one.preferences.caps}
        if not customers:
            return {}
        (business_id,) = {one.business.business_id for one in intakes if isinstance(one, Intake)}
        types = await self._event_types.of(business_id)
        async with self._database.pool.acquire() as connection:
            return await frequency.what_left(connection, business_id, types, customers, now)


def _preview(
    item: Intake,
    contact: KnownContact | None,
    around: Standing,
    left: Mapping[UUID, list[Left]],
    now: datetime,
) -> EventPreview | Problem:
    """Events of one batch do not see each other: each is told as if it were reported alone."""
    known = contact or STRANGER
    who = contact.id if contact is not None else item.contact
    item.already_confirmed = around.is_confirmed(item, who)
    try:
        plan = series.series_of(item, around.distances(item, who), now)
        reminders = None if plan.reminders is None else [_reminder(one, known, now) for one in plan.reminders]
        shown = plan.own or next(one.item for one in plan.reminders or () if one.item is not None)
        made = compose(shown, known, now)
        preferring.add_counts(made.decision.rules, left.get(known.id, ()), now)
        return _shown(shown, contact, made, reminders)
    except Problem as problem:
        return problem
    except Exception as error:  # noqa: BLE001 - the others of its batch are told all the same
        return unexpected(error, item)


def _reminder(reminder: Reminder, contact: KnownContact, now: datetime) -> PreviewedReminder:
    """Raises Problem."""
    made, skipped = reminder.made(lambda item, _: compose(item, contact, now))
    return PreviewedReminder(
        before=written(reminder.before),
        send_at=reminder.send_at,
        status=made.decision.status if made is not None else "skipped",
        reason=made.decision.reason if made is not None else skipped,
        would_leave_at=made.decision.due_at if made is not None else None,
        rendered=_rendered(made) if made is not None else None,
    )


def _rendered(made: Composition) -> RenderedMessage:
    return rendered(bubble_of(made.template.compiled, _with_targets(made)))


def _shown(
    item: Intake, contact: KnownContact | None, made: Composition, reminders: list[PreviewedReminder] | None
) -> EventPreview:
    decision, template = made.decision, made.template
    held = {"what": decision.waiting_for, "until": decision.due_at} if decision.waiting_for else None
    return EventPreview(
        event_type=item.event_type.name,
        status=decision.status,
        reason=decision.reason,
        waiting_for=WaitingFor.model_validate(held) if held else None,
        would_leave_at=decision.due_at,
        expires_at=made.expires_at,
        decision=[RuleVerdict.model_validate(rule) for rule in decision.rules],
        contact=public_id("con", contact.id) if contact is not None else None,
        to=item.contact.value,
        sender=PreviewedSender(id=item.sender.public_id, display_number=item.sender.display_phone_number),
        template=PreviewedTemplate(
            name=template.name, language=template.language, status=template.status, category=template.category
        ),
        rendered=_rendered(made),
        components=template.compiled.components(made.fill),
        price_category=template.category.lower(),
        findings=lint(template.compiled, template.language, template.category),
        reminders=reminders,
    )


def _with_targets(made: Composition) -> Fill:
    """A tracked link's code is nobody's until the event is reported: what counts is where it would lead."""
    links = list(made.fill.links)
    for link in made.links:
        links[link.position] = link.url
    return replace(made.fill, links=links)
