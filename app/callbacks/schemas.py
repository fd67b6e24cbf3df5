"""What the business is told, event by event."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from app.callbacks.message_schemas import (
    LinkClickedEvent,
    MessageAcceptedEvent,
    MessageCanceledEvent,
    MessageDeliveredEvent,
    MessageExpiredEvent,
    MessageFailedEvent,
    MessageReadEvent,
    MessageSentEvent,
    MessageSuppressedEvent,
    MessageUnconfirmedEvent,
)
from app.callbacks.reply_schemas import ReplyReceivedEvent
from app.callbacks.sender_schemas import SenderAlertEvent
from app.callbacks.told import EVENT_PREFIX, FeedEvent, Told, ToldContact

__all__ = ["EVENT_PREFIX", "FeedEvent", "Told", "ToldContact"]

EventName = Literal[
    "callback_endpoint.disabled", "consent.changed", "experiment.decided", "import.finished", "link.clicked",
    "message.accepted", "message.canceled", "message.delivered", "message.expired", "message.failed",
    "message.handed_over", "message.read", "message.sent", "message.suppressed", "message.unconfirmed",
    "reply.received", "sender.alert", "template.changed",
]  # fmt: skip


TemplateChangeKind = Literal[
    "drafted", "submitted", "edited", "found", "status", "category", "category_notice", "category_accepted", "quality",
    "components", "deleted", "unpaused",
]  # fmt: skip

TemplateChangeSource = Literal["api", "command", "webhook", "sync", "send", "housekeeping"]


class RenderedHeader(Told):
    """What stands above the text."""

    type: Literal["text", "image", "video", "document", "location"]
    text: str | None = Field(description="Of a text header", examples=["Siparişiniz yola çıktı"])
    media: dict[str, Any] | None = Field(
        description="Of any other: the link or id of the file, or the place", examples=[None]
    )


class RenderedButton(Told):
    """One button, in its place."""

    type: Literal["url", "quick_reply", "phone_number", "request_contact_info"]
    label: str = Field(examples=["Kargoyu takip et"])
    url: str | None = Field(
        description="Where it leads, in full; in a preview, of a tracked link the target",
        examples=["https://shop.example/track/YK1"],
    )
    payload: str | None = Field(description="What comes back when a quick reply is tapped", examples=[None])
    phone_number: str | None = Field(description="What it calls", examples=[None])


class RenderedMessage(Told):
    """The message as the customer sees it; `*bold*` and `_italic_` are WhatsApp's."""

    header: RenderedHeader | None
    body: str = Field(examples=["Merhaba Ayşe Yılmaz, *A-1001* numaralı siparişiniz kargoya verildi."])
    footer: str | None
    buttons: list[RenderedButton]


class HandedOverContact(ToldContact):
    name: str | None = Field(examples=["Ayşe Yılmaz"])


class ChangedAct(Told):
    """A line of the ledger, as far as it changes what holds."""

    id: str = Field(examples=["act_019a8f3c2b7d7c31a4e5f60718293a4b"])
    act: str = Field(examples=["opt_out"])
    topic: str = Field(description="`*` for all", examples=["*"])
    value: dict[str, Any] | None = Field(description="Of acts that say more than their topic", examples=[None])


class ChangedCap(Told):
    most: int
    days: int


class ChangedQuietHours(Told):
    begins: str = Field(examples=["22:00"])
    ends: str = Field(examples=["08:00"])


class ChangedPreferences(Told):
    """What is preferred; what is missing is as usual."""

    paused_until: dict[str, datetime] = Field(default={}, description="By topic")
    caps: dict[str, ChangedCap] = Field(default={}, description="By topic")
    channel: Literal["whatsapp", "sms", "email"] = "whatsapp"
    quiet_hours: ChangedQuietHours | None = None


class ConsentChanged(Told):
    """What a customer did, or what was done in their name, and what holds since then."""

    contact: ToldContact
    acts: list[ChangedAct]
    source: str = Field(description="The door, as the ledger names it", examples=["whatsapp_message"])
    place: str | None = Field(examples=[None])
    actor: str = Field(examples=["customer"])
    occurred_at: datetime
    consents: dict[str, str] = Field(
        description="State by topic, as `GET /v1/contacts/{contact}` has it", examples=[{"*": "opted_out"}]
    )
    preferences: ChangedPreferences
    erased: bool = Field(
        default=False, description="The person was erased since: who it was is not told any more", examples=[False]
    )


class ImportedRows(Told):
    total: int = Field(description="Rows of the file", examples=[1200])
    recorded: int = Field(description="In the ledger now; with `dry_run` those that would be", examples=[1100])
    unchanged: int = Field(description="They say what held anyway", examples=[60])
    refused: int = Field(description="For the reasons that the import's report names", examples=[40])


class ImportFinished(Told):
    """A list of consent was worked through. Of its opt-ins nothing else is told; of each customer whom it opts out,
    `consent.changed` is."""

    import_: str = Field(
        alias="import",
        description="As `GET /v1/consent-imports/{import}` has it",
        examples=["imp_019a8f3c2b7d7c31a4e5f60718293a4b"],
    )
    dry_run: bool = Field(description="Nothing was recorded", examples=[False])
    rows: ImportedRows


class HandedOver(Told):
    """A message that the customer prefers to get by another channel: it is yours to tell. It is told of once."""

    message: str = Field(examples=["msg_019a8f3c2b7d7c31a4e5f60718293a4b"])
    event_type: str = Field(examples=["order-shipped"])
    contact: HandedOverContact
    channel: Literal["sms", "email"]
    language: str = Field(examples=["tr"])
    reference: str | None = Field(description="Yours, of the event", examples=["order-1001"])
    metadata: dict[str, str] | None = Field(description="Yours, of the event", examples=[None])
    rendered: RenderedMessage
    text: str = Field(
        description="The same as plain text, links included",
        examples=["Merhaba Ayşe Yılmaz, A-1001 numaralı siparişiniz kargoya verildi."],
    )


class ErasedHandedOver(Told):
    """What is left of a message that was handed over when its content was erased, with the person or in time."""

    message: str = Field(examples=["msg_019a8f3c2b7d7c31a4e5f60718293a4b"])
    contact: ToldContact
    erased: Literal[True]


class ExperimentDecided(Told):
    """An experiment ended: by its test, or by hand."""

    experiment: str = Field(
        description="As `GET /v1/experiments/{experiment}` has it, with the evidence",
        examples=["exp_019a8f3c2b7d7c31a4e5f60718293a4b"],
    )
    event_type: str = Field(examples=["order-confirmed"])
    status: Literal["going", "stopped", "canceled"] = Field(
        description="`going`: all get `template` from now on. `stopped`, `canceled`: all get what they got before"
    )
    reason: Literal["worse", "no_worse", "limit", "template", "by_hand", "withdrawn"]
    worse_in: list[str] = Field(description="Of `worse`: the metrics", examples=[["failed"]])
    decided_by: Literal["test", "hand"]
    template: str | None = Field(examples=[None])


class ConsentChangedEvent(FeedEvent):
    type: Literal["consent.changed"]
    data: ConsentChanged


class ExperimentDecidedEvent(FeedEvent):
    type: Literal["experiment.decided"]
    data: ExperimentDecided


class HandedOverEvent(FeedEvent):
    type: Literal["message.handed_over"]
    data: HandedOver | ErasedHandedOver


class ImportFinishedEvent(FeedEvent):
    type: Literal["import.finished"]
    data: ImportFinished


class TemplateChanged(Told):
    """What became of a template. What holds since then is in `GET /v1/templates/{id}`."""

    template: str = Field(examples=["tpl_019a8f3c2b7d7c31a4e5f60718293a4b"])
    name: str = Field(examples=["order_confirmed"])
    language: str = Field(examples=["tr"])
    waba_id: str = Field(examples=["102290129340398"])
    change: TemplateChangeKind
    source: TemplateChangeSource = Field(
        description="By what it came to be known, or who did it. `send`: Meta refused a message because of it"
    )
    details: dict[str, Any] = Field(
        description="Of most changes `from` and `to`; of a status also Meta's `reason`, of a notice `effective_at`",
        examples=[{"from": "APPROVED", "to": "PAUSED", "pause": "FIRST_PAUSE"}],
    )
    status: str = Field(description="That it has now", examples=["PAUSED"])
    category: str = Field(description="That it has now", examples=["UTILITY"])
    occurred_at: datetime = Field(description="When we learnt of it")


class TemplateChangedEvent(FeedEvent):
    type: Literal["template.changed"]
    data: TemplateChanged


class CallbackEndpointDisabled(Told):
    """An endpoint gets nothing any more, until somebody enables it: `PATCH /v1/callback-endpoints/{endpoint}`. What it
    misses meanwhile can be replayed."""

    endpoint: str = Field(examples=["cbe_019a8f3c2b7d7c31a4e5f60718293a4b"])
    url: str = Field(examples=["https://shop.example/callbacks"])
    reason: Literal["gone", "failing"] = Field(
        description="`gone`: it answered 410. `failing`: for days nothing else came of any call"
    )
    failing_since: datetime
    consecutive_failures: int = Field(examples=[214])
    error: str | None = Field(description="What the last call came to", examples=["answered 503"])


class CallbackEndpointDisabledEvent(FeedEvent):
    type: Literal["callback_endpoint.disabled"]
    data: CallbackEndpointDisabled


AnyEvent = Annotated[
    CallbackEndpointDisabledEvent
    | ConsentChangedEvent
    | ExperimentDecidedEvent
    | ImportFinishedEvent
    | LinkClickedEvent
    | MessageAcceptedEvent
    | MessageCanceledEvent
    | MessageDeliveredEvent
    | MessageExpiredEvent
    | MessageFailedEvent
    | HandedOverEvent
    | MessageReadEvent
    | MessageSentEvent
    | MessageSuppressedEvent
    | MessageUnconfirmedEvent
    | ReplyReceivedEvent
    | SenderAlertEvent
    | TemplateChangedEvent,
    Field(discriminator="type"),
]


class Feed(Told):
    """Events in the order in which they were committed."""

    events: list[AnyEvent]
    next: str = Field(
        description="Give it as `after` for what comes next; keep it with what you made of these events",
        examples=["AAAAAAAAAvkBmo88K318MaTl9gcYKTpL"],
    )
    is_complete: bool = Field(description="False where more stands there already: ask again at once")
