"""Bodies of the operations on templates."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.callbacks.schemas import TemplateChangeKind, TemplateChangeSource
from app.templates.advice import Action
from app.templates.clocks import Warn
from app.templates.definition import Button, Category, Header, TemplateDefinition
from app.templates.states import Usability

TEMPLATE_EXAMPLE: dict[str, Any] = {
    "name": "order_confirmed_short",
    "language": "tr",
    "category": "UTILITY",
    "event_type": "order-confirmed",
    "body": "Merhaba {{customer_name}}, {{order_number}} numaralı siparişinizi aldık. Toplam tutar: {{total}}. Kargoya "
    "verildiğinde size buradan haber vereceğiz.",
    "samples": {"customer_name": "Ayşe Yılmaz", "order_number": "A-1001", "total": "1.299,90 ₺"},
}


class TemplateIn(TemplateDefinition):
    model_config = ConfigDict(json_schema_extra={"examples": [TEMPLATE_EXAMPLE | {"submit": True}]})

    language: str = Field(
        pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$",
        description="As Meta writes it; `en` and `en_US` are different templates",
        examples=["tr"],
    )
    sender: str | None = Field(
        default=None,
        description="Whose WhatsApp Business Account it belongs to; that of the first sender of the key's kind without",
        examples=["snd_019a8f3c2b7d7c31a4e5f60718293a4b"],
    )
    submit: bool = Field(default=False, strict=True, description="Send it to Meta at once; otherwise it stays a draft")

    @property
    def definition(self) -> TemplateDefinition:
        return TemplateDefinition.model_validate(self.model_dump(exclude={"sender", "submit"}))


class TemplateChangeIn(BaseModel):
    """Only what is given changes; what is given replaces what there was. Name and language are fixed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "body": "Merhaba {{customer_name}}, {{order_number}} numaralı siparişinizi aldık. Kargoya "
                    "verildiğinde size buradan haber vereceğiz.",
                    "samples": {"customer_name": "Ayşe Yılmaz", "order_number": "A-1001"},
                    "submit": True,
                }
            ]
        },
    )

    category: Category | None = None
    header: Header = None
    body: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    footer: Annotated[str, Field(max_length=60)] | None = None
    buttons: Annotated[tuple[Button, ...], Field(max_length=10)] | None = None
    samples: dict[str, str] | None = None
    time_to_live: Annotated[int, Field(strict=True)] | None = None
    event_type: str | None = None
    submit: bool = Field(default=False, strict=True, description="Send it to Meta at once; otherwise it stays a draft")


class AcceptIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"category": "MARKETING"}]})

    category: Category = Field(description="That Meta has given it, or has said that it will")


class CategoryChangeOut(BaseModel):
    to: str = Field(examples=["MARKETING"])
    noticed_at: datetime
    effective_at: datetime | None = Field(description="Null where Meta did not say")


class QualityOut(BaseModel):
    score: str = Field(description="GREEN, YELLOW, RED or UNKNOWN", examples=["GREEN"])
    at: datetime | None


class RejectionOut(BaseModel):
    reason: str = Field(description="Meta's name for it", examples=["INVALID_FORMAT"])
    meaning: str | None
    explanation: str | None = Field(description="In Meta's words, where it says more")
    recommendation: str | None = Field(description="In Meta's words, where it says more")


class PauseOut(BaseModel):
    kind: str | None = Field(
        description="FIRST_PAUSE (3 hours), SECOND_PAUSE (6 hours), RATE_LIMITING_PAUSE (never ends by itself); null "
        "where Meta did not say",
        examples=["FIRST_PAUSE"],
    )
    unpause_at: datetime | None = Field(description="When Ulak asks Meta to lift a pause that does not end by itself")


class WarningOut(BaseModel):
    code: Warn
    message: str
    at: datetime | None = Field(description="When it happens, or until when something can be done")


class StepOut(BaseModel):
    """Something that can be done."""

    action: Action
    why: str
    possible_from: datetime | None = Field(description="Null: at once")
    until: datetime | None


class EditsOut(BaseModel):
    """Meta takes 1 edit of an approved template in 24 hours and 10 in 30 days."""

    last_day: int
    last_month: int
    next_at: datetime | None = Field(description="When the next may be made; null: at once, or it cannot be edited")


class ClocksOut(BaseModel):
    edits: EditsOut
    review_until: datetime | None = Field(
        description="Until when Meta's support takes a request to review the category: 60 days from the approval, and "
        "from each change of the category"
    )
    archives_at: datetime | None = Field(description="When Meta archives it, unless it is used before")
    name_free_at: datetime | None = Field(description="Of a deleted one: from when its name may be used again")


class TemplateOut(BaseModel):
    id: str = Field(examples=["tpl_019a8f3c2b7d7c31a4e5f60718293a4b"])
    name: str = Field(examples=["order_confirmed"])
    language: str = Field(examples=["tr"])
    waba_id: str = Field(description="Of the WhatsApp Business Account", examples=["102290129340398"])
    meta_id: str | None = Field(description="Null for a draft that was never submitted")
    event_type: str | None = Field(description="Which it was written for", examples=["order-confirmed"])
    status: str = Field(
        description="At Meta: PENDING, APPROVED, REJECTED, PAUSED, DISABLED, IN_APPEAL, ARCHIVED, DELETED, …; DRAFT "
        "where Meta has not seen it",
        examples=["APPROVED"],
    )
    status_at: datetime = Field(description="Since when, as far as is known")
    usability: Usability = Field(
        description="`usable`: messages go by it. `waiting`: not now, but it may come back by itself. `unusable`: a "
        "person must act, also where Meta has made marketing of it. What stands in its way for an event type, "
        "`GET /v1/event-types/{event_type}/variants` says"
    )
    category: str = Field(examples=["UTILITY"])
    previous_category: str | None
    accepted_category: str | None = Field(description="That a person accepted, see `accept-category`")
    category_change: CategoryChangeOut | None = Field(description="That Meta has given notice of")
    quality: QualityOut
    rejection: RejectionOut | None
    pause: PauseOut | None
    disabled_from: datetime | None
    version: int = Field(description="Of what it says; each edit makes one. 0: never submitted", examples=[1])
    parameter_format: str = Field(examples=["NAMED"])
    components: list[dict[str, Any]] = Field(description="As Meta holds them")
    time_to_live: int | None = Field(description="Seconds that Meta tries to deliver; null for its own time")
    draft: TemplateDefinition | None = Field(description="What is to be submitted next")
    clocks: ClocksOut
    warnings: list[WarningOut]
    next_steps: list[StepOut]
    approved_at: datetime | None
    last_used_at: datetime | None = Field(description="By a message, give or take some minutes")
    known_at: datetime = Field(description="When Meta last told us of it")
    age: int = Field(description="Seconds since then", examples=[42])
    created_at: datetime


class VersionOut(BaseModel):
    number: int
    origin: Literal["ulak", "meta"] = Field(description="`ulak`: submitted here; `meta`: found there")
    category: str
    components: list[dict[str, Any]]
    created_at: datetime
    approved_at: datetime | None
    rejected_at: datetime | None
    rejected_reason: str | None


class ChangeOut(BaseModel):
    at: datetime
    kind: TemplateChangeKind
    source: TemplateChangeSource
    actor: str | None = Field(description="The key by which it was done", examples=["key_019a8f3c2b7d7c31a4e5f607"])
    details: dict[str, Any]


class TemplateDetail(TemplateOut):
    """A template with everything that became of it."""

    versions: list[VersionOut] = Field(description="Oldest first")
    history: list[ChangeOut] = Field(description="Newest first, the last 200")


class TemplateList(BaseModel):
    templates: list[TemplateOut] = Field(description="By name and language")


class SyncOut(BaseModel):
    templates: int = Field(description="How many Meta lists, in all accounts of the key's kind")
