"""Bodies of the operations on replies."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from app.callbacks.reply_schemas import KINDS, TIES, VALUES, AnsweredMessage, ReplyKind, TiedBy
from app.replies.contents import Content


class ReplyOut(BaseModel):
    """What a customer wrote, tapped or changed."""

    id: str = Field(examples=["rep_019a8f3c2b7d7c31a4e5f60718293a4b"])
    kind: ReplyKind = Field(description=KINDS, examples=["confirmed"])
    value: dict[str, Any] | None = Field(description=VALUES, examples=[None])
    type: str = Field(description="As Meta names it", examples=["button"])
    content: Content = Field(
        description="What was sent: `text`, and what its type calls for. Empty where it was taken back or erased"
    )
    contact: str | None = Field(
        description="Null where Meta names nobody", examples=["con_019a8f3c2b7d7c31a4e5f60718293a4b"]
    )
    sender: str = Field(description="The number that was written to", examples=["snd_019a8f3c2b7d7c31a4e5f60718293a4b"])
    message: AnsweredMessage | None = Field(description="That it answers; null where it is not known to answer one")
    tied_by: TiedBy | None = Field(description=TIES, examples=["context"])
    changes: str | None = Field(
        description="Of an edit or a deletion: the reply that it is about, where that came", examples=[None]
    )
    occurred_at: datetime = Field(description="When it was sent, by Meta's clock")
    received_at: datetime
    edited_at: datetime | None = Field(description="When the customer last changed it: it says what it says since then")
    deleted_at: datetime | None = Field(description="When the customer took it back")
    marked_read_at: datetime | None = Field(description="When the customer was shown that it was read")
    window_expires_at: datetime | None = Field(
        description="Until when this customer may be answered freely by this number; null where that is over"
    )
    content_erased_at: datetime | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="Only of a reply whose content was erased, by retention or with its contact",
    )
    payload: dict[str, Any] = Field(description="As Meta sent it; empty like `content`")


class ReplyPage(BaseModel):
    replies: list[ReplyOut]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last")
