"""Bodies of the event and message operations."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from typing_extensions import TypeAliasType

from app.callbacks.reply_schemas import ReplyKind, TiedBy
from app.consent.schemas import ContactIn, Language, Line, no_control_characters
from app.consent.test_list_schemas import TestListName
from app.core.moments import Moment
from app.core.problems import ProblemDetails
from app.events.fields import Payload
from app.messages.durations import Distances
from app.messages.states import Status

MESSAGE_PREFIX = "msg"

Reference = Annotated[Line, Field(max_length=120, examples=["order-1001"])]
MetadataText = Annotated[str, Field(max_length=500), AfterValidator(no_control_characters)]
MetadataKey = Annotated[Line, Field(max_length=40)]
Metadata = TypeAliasType("Metadata", dict[MetadataKey, MetadataText])
"""An alias of its own, so that the OpenAPI document and generated clients name it once."""


class EventIn(BaseModel):
    """What every event has besides its typed `data`, which each event type adds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    contact: ContactIn
    data: Payload
    sender: Annotated[str, Field(pattern=r"^snd_[0-9a-f]{32}$")] | None = None
    """Which of the business's numbers; by default its first."""
    language: Language | None = None
    """Where neither this request nor an earlier one says which language the contact prefers."""
    send_at: Moment | None = None
    expires_at: Moment | None = None
    """By default the event type's time to live after `send_at` or now."""
    reference: Reference | None = None
    """Your own id of what happened; messages can be found by it."""
    supersedes: Reference | None = None
    """Messages to this contact with this reference that are still waiting are canceled."""
    test_list: TestListName | None = None
    """Only if the contact is on this list; otherwise the message is suppressed."""
    metadata: Annotated[Metadata, Field(max_length=20)] | None = None
    """Yours, kept and returned, never sent to Meta."""

    @field_validator("expires_at")
    @classmethod
    def _in_order(cls, expires_at: datetime | None, info: ValidationInfo) -> datetime | None:
        send_at = info.data.get("send_at")
        if send_at and expires_at and expires_at <= send_at:
            raise ValueError("must be later than send_at")
        return expires_at


class SeriesEventIn(EventIn):
    """Of an event type that can bring reminders about."""

    remind_before: Distances | None = None


class WaitingFor(BaseModel):
    """What holds a message back, and until when."""

    model_config = ConfigDict(extra="forbid")

    what: Literal[
        "send_at",
        "quiet_hours",
        "pause",
        "template",
        "media",
        "sender",
        "pace",
        "pair",
        "portfolio",
        "retry",
        "receipt",
        "version",
    ] = Field(
        description="`send_at`: the time you asked for. `quiet_hours`: the customer's night. `pause`: the customer "
        "asked for silence until then. `template`: Meta takes it just now in no language that the customer may get. "
        "`media`: the file in its header is being uploaded to Meta, see /v1/media. "
        "`sender`: the number is paused, see /v1/alerts. `pace`: Meta said that the number is too fast. `pair`: this "
        "customer got several messages just now. `portfolio`: as many new customers as Meta allows in a day. `retry`: "
        "Meta could not take it. `receipt`: it may have left, and only a receipt can tell. `version`: a newer version "
        "of Ulak must send it."
    )
    until: datetime | None = Field(
        description="When it is looked at again; sooner, if the obstacle goes sooner. Null while only a person can help"
    )


WHY_SKIPPED = (
    "Why, where the status alone does not say. Of a skipped one: `too_late`, its time has passed; or, since one that "
    "is taken along never keeps the event itself back, the code of the problem for which it is refused"
)


class ReminderOut(BaseModel):
    """One reminder of a series."""

    model_config = ConfigDict(extra="forbid")

    id: str | None = Field(
        description="Of the message; null for one that was skipped", examples=["msg_019a8f3c2b7d7c31a4e5f60718293a4b"]
    )
    send_at: datetime
    status: Status | Literal["skipped"] = Field(description="`skipped`: there is no message")
    reason: str | None = Field(description=WHY_SKIPPED, examples=[None])
    before: timedelta = Field(description="How long before the moment", examples=["P1D"])


class MessageSummary(BaseModel):
    """A message without its story."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(examples=["msg_019a8f3c2b7d7c31a4e5f60718293a4b"])
    status: Status
    reason: str | None = Field(
        description="Why it is in this status, where the status alone does not say. Of a suppressed one among others "
        "what the customer prefers: `paused` until after it would have expired, `frequency_cap`: enough for now, "
        "`preferred_channel`: told by another, see `message.handed_over` in `/v1/feed`"
    )
    waiting_for: WaitingFor | None = Field(description="Null where nothing does but the queue before it")
    event_type: str = Field(examples=["order-confirmed"])
    contact: str = Field(description="Id of the contact", examples=["con_019a8f3c2b7d7c31a4e5f60718293a4b"])
    to: str | None = Field(
        description="Phone in E.164, or BSUID; null once the content was erased", examples=["+905321112233"]
    )
    sender: str = Field(examples=["snd_019a8f3c2b7d7c31a4e5f60718293a4b"])
    template: str | None = Field(
        description="Null of an answer to a customer, which is free in its form", examples=["order_confirmed"]
    )
    template_version: int | None = Field(
        description="Which version of the template: each edit makes one, see `GET /v1/templates/{id}`; null for "
        "messages of before they were counted",
        examples=[1],
    )
    language: str = Field(examples=["tr"])
    reference: str | None
    metadata: dict[str, str] | None
    created_at: datetime
    send_at: datetime | None
    expires_at: datetime
    content_erased_at: datetime | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="Only of a message whose content was erased, by retention or with its contact: it no longer says "
        "what was told and to which number, and Meta's ids stand as their hashes",
    )
    reminders: list[ReminderOut] | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="Only in the answer to an event that brings reminders about: its series, earliest first",
    )


class RuleVerdict(BaseModel):
    """One rule that was asked about the message."""

    rule: str = Field(examples=["consent"])
    verdict: str = Field(examples=["pass"])
    input: dict[str, Any] = Field(examples=[{"topic": "orders", "state": "opted_in"}])
    at: datetime | None = Field(default=None, description="When; missing for what was asked on acceptance")


class FailureOut(BaseModel):
    source: Literal["answer", "receipt", "ulak"] = Field(description="Who said so: Meta's answer, its receipt, or we")
    code: int | str
    title: str
    error_class: str | None = None
    meaning: str
    next_step: str
    details: str | None = None
    trace_id: str | None = None


class AttemptOut(BaseModel):
    number: int
    outcome: Literal["accepted", "refused", "not_sent", "unknown"]
    started_at: datetime | None
    ended_at: datetime
    wamid: str | None
    error: dict[str, Any] | None


class ReceiptOut(BaseModel):
    status: Literal["sent", "delivered", "read", "failed"]
    wamid: str
    occurred_at: datetime
    received_at: datetime
    payload: dict[str, Any] = Field(description="As Meta sent it; empty once it was erased")


class LinkOut(BaseModel):
    """A link that leads by way of Ulak, which counts its clicks."""

    position: int = Field(description="Among the message's links, from 0")
    label: str | None = Field(description="Of the button, as the template has it now", examples=["Kargoyu takip et"])
    url: str = Field(description="Where it leads", examples=["https://shop.example/track/YK123456789"])
    short_url: str = Field(description="What the customer taps", examples=["https://msg.example.com/l/4fX0bQy7LmZa"])
    clicks: int = Field(description="By people, as far as can be told: fetchers of previews are not counted")
    first_clicked_at: datetime | None
    last_clicked_at: datetime | None


class MessageReply(BaseModel):
    """What the customer answered."""

    id: str = Field(
        description="As `GET /v1/replies/{reply}` has it", examples=["rep_019a8f3c2b7d7c31a4e5f60718293a4b"]
    )
    kind: ReplyKind = Field(description="What it was understood to be")
    value: dict[str, Any] | None = Field(description="What was understood, where the kind alone does not say")
    tied_by: TiedBy | None = Field(description="How it is known to answer this message")
    occurred_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None


class Automatic(BaseModel):
    """Why an answer went back by itself."""

    message: str = Field(
        description="That the customer had answered", examples=["msg_019a8f3c2b7d7c31a4e5f60718293a4b"]
    )
    event_type: str = Field(description="Of that message", examples=["appointment-reminder"])
    kind: str = Field(description="What the customer answered", examples=["confirmed"])


class InAnswerTo(BaseModel):
    reply: str | None = Field(default=None, examples=["rep_019a8f3c2b7d7c31a4e5f60718293a4b"])
    quote: bool = Field(default=False, description="Whether the customer sees it above the answer")
    automatic: Automatic | None = Field(default=None, description="Null where the business answered itself")


class AutomaticAnswerOut(BaseModel):
    kind: str = Field(description="What the customer answered", examples=["confirmed"])
    reply: str = Field(examples=["rep_019a8f3c2b7d7c31a4e5f60718293a4b"])
    message: str = Field(description="That went back", examples=["msg_019a8f3c2b7d7c31a4e5f60718293a4b"])
    answered_at: datetime


class MessageDetail(MessageSummary):
    """A message with everything that can be said of it."""

    data: dict[str, Any] = Field(description="As the event gave it; empty once the content was erased")
    parameters: dict[str, Any] = Field(description="The values that go into the template; empty like `data`")
    content: dict[str, Any] | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="Only of a message without a template: what it says, as `POST /v1/messages/reply` takes it; empty "
        "once it was erased",
    )
    in_answer_to: InAnswerTo | None = Field(
        default=None, exclude_if=lambda value: value is None, description="Only of an answer to a customer"
    )
    automatic_answers: list[AutomaticAnswerOut] = Field(
        default=[],
        exclude_if=lambda value: not value,
        description="Only where answers to the message were answered by themselves, see "
        "`PUT /v1/event-types/{event_type}/answers`",
    )
    decision: list[RuleVerdict]
    attempts: list[AttemptOut]
    receipts: list[ReceiptOut]
    links: list[LinkOut] = Field(description="Those that are tracked; what a plain one leads to is in `parameters`")
    replies: list[MessageReply] = Field(description="That answer it, oldest first")
    failure: FailureOut | None
    wamid: str | None
    price_category: str | None = Field(description="As Meta charged it")
    price_type: str | None = Field(
        description="Whether it was charged, as Meta names it: `regular`; `free_customer_service`, "
        "`free_entry_point` and other names that begin so are free"
    )
    accepted_at: datetime | None = Field(description="When Meta took it for processing")
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None


class MessagePage(BaseModel):
    messages: list[MessageSummary]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last")


class BatchItemAccepted(BaseModel):
    index: int
    message: MessageSummary


class BatchItemRefused(BaseModel):
    index: int
    problem: ProblemDetails


class BatchOut(BaseModel):
    accepted: int = Field(description="Events, however many messages came of them")
    refused: int
    results: list[BatchItemAccepted | BatchItemRefused] = Field(description="In the order of the request")
