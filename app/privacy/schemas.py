"""Bodies of the erasure and export operations."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from app.analytics.conversions.schemas import ConversionOut
from app.consent.schemas import ConsentActOut, ConsentOut, PreferencesOut, WindowOut
from app.messages.schemas import MessageDetail

Reason = Literal["customer_request", "consent_withdrawn", "no_longer_needed", "other"]
"""A word and no text: it goes into the ledger, from which nothing can be erased."""

EXPORT_FORMAT: Literal["ulak-contact-export/1"] = "ulak-contact-export/1"


class ErasedCounts(BaseModel):
    """How many rows."""

    messages: int
    attempts: int
    receipts: int
    links: int
    replies: int
    evidence: int = Field(description="What was personal about acts of consent; the acts stay, pseudonymous")
    callback_events: int
    shop_orders: int = Field(description="Of connected shops: whose they are, and what was told of them")
    conversions: int = Field(description="References and metadata; what was bought stays counted, as nobody's")
    windows: int = Field(description="For free answers")
    test_lists: int = Field(description="From which the contact was taken")
    stored_answers: int = Field(description="To requests with an Idempotency-Key")
    webhook_items: int = Field(description="Of those that could not be used and were kept as they came")


class ErasureOut(BaseModel):
    """What was erased. Now nobody is meant by the id any more."""

    contact_id: str
    erased_at: datetime
    canceled_messages: int = Field(description="That waited; nothing is sent any more")
    erased: ErasedCounts


class ExportedContact(BaseModel):
    id: str
    mode: str
    phone: str | None
    bsuid: str | None
    wa_id: str | None
    parent_bsuid: str | None = Field(description="Meta's id of the same user for all linked portfolios of the business")
    identified_at: datetime | None = Field(description="When Meta last said something new of these names")
    name: str | None
    language: str | None
    time_zone: str | None
    asked_at: datetime | None = Field(description="When last asked whether to send no more messages")
    created_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    successor: str | None = Field(description="Of one that was merged into another")


class ExportedAct(ConsentActOut):
    contact: str
    personal: dict[str, str] | None = Field(description="By what the contact was known then, and the act's IP address")


class ExportedReply(BaseModel):
    id: str
    wamid: str
    type: str
    kind: str = Field(description="What it was understood to be")
    value: dict[str, Any] | None = Field(description="What was understood, where the kind alone does not say")
    sender: str
    contact: str | None
    message: str | None = Field(description="The message that it answers")
    tied_by: str | None = Field(description="How that is known")
    changes_wamid: str | None = Field(description="Of an edit or a deletion, what it is about")
    from_wa_id: str | None
    from_user_id: str | None
    occurred_at: datetime
    received_at: datetime
    payload: dict[str, Any] = Field(description="As Meta sent it; empty where its content was erased, or taken back")
    edited_at: datetime | None
    deleted_at: datetime | None = Field(description="When it was taken back")
    marked_read_at: datetime | None = Field(description="When Meta was told that it was read")
    content_erased_at: datetime | None


class ExportedEvent(BaseModel):
    """What the business's systems were told."""

    id: str
    type: str
    data: dict[str, Any]
    created_at: datetime


class ExportedShopOrder(BaseModel):
    """What is known of an order of a connected shop."""

    shop: str
    order: str = Field(description="The shop's id of it")
    number: str
    url: str | None
    language: str | None
    placed_at: datetime | None
    facts: dict[str, str] = Field(description="What the customer was told of it, or why not")


class ExportedBusiness(BaseModel):
    id: str
    name: str


class ContactExport(BaseModel):
    """Everything that is held of a person, as `GET /v1/contacts/{contact}/export` streams it."""

    format: Literal["ulak-contact-export/1"]
    exported_at: datetime
    business: ExportedBusiness
    contacts: list[ExportedContact] = Field(description="The contact, and those that were merged into it")
    consents: list[ConsentOut]
    preferences: PreferencesOut
    acts: list[ExportedAct] = Field(description="The ledger, oldest first")
    windows: list[WindowOut] = Field(description="Until when they may be answered freely, by number")
    test_lists: list[str]
    experiments: list[str] = Field(
        description="Those in which the person has a place of the first contacts; which variant a message was told by, "
        "its `decision` says",
        examples=[["exp_019a8f3c2b7d7c31a4e5f60718293a4b"]],
    )
    shop_orders: list[ExportedShopOrder] = Field(description="Of connected shops")
    conversions: list[ConversionOut] = Field(description="What the business counts as come of its messages")
    messages: list[MessageDetail] = Field(description="Oldest first, with attempts, receipts, links and clicks")
    replies: list[ExportedReply]
    callback_events: list[ExportedEvent]
    complete: Literal[True] = Field(description="The last member: a document that broke off has none, and is no JSON")
