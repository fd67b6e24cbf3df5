"""What the business is told of its messages and their links."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.callbacks.told import FeedEvent, Told, ToldContact

StepName = Literal[
    "accepted", "sent", "delivered", "read", "failed", "suppressed", "expired", "canceled", "unconfirmed"
]


class ToldFailure(Told):
    """As `GET /v1/messages/{id}` has it."""

    source: Literal["answer", "receipt", "ulak"] = Field(description="Who said so: Meta's answer, its receipt, or we")
    code: int | str = Field(description="Meta's, or a word of ours", examples=[131026])
    title: str
    error_class: str | None = Field(default=None, examples=["permanent"])
    meaning: str
    next_step: str = Field(description="What to do about it")
    details: str | None = Field(default=None, description="In Meta's words")
    trace_id: str | None = Field(default=None, description="Meta's, for its support")


class AboutMessage(Told):
    message: str = Field(examples=["msg_019a8f3c2b7d7c31a4e5f60718293a4b"])
    event_type: str = Field(examples=["order-shipped"])
    contact: ToldContact
    sender: str = Field(examples=["snd_019a8f3c2b7d7c31a4e5f60718293a4b"])
    reference: str | None = Field(description="Yours, of the event", examples=["order-1001"])
    metadata: dict[str, str] | None = Field(description="Yours, of the event", examples=[None])
    occurred_at: datetime
    erased: bool = Field(
        description="The message's content was erased: to whom it went is not told any more", examples=[False]
    )


class MessageStep(AboutMessage):
    """What became of a message. `GET /v1/messages/{id}` has its whole story, and what it said."""

    template: str = Field(examples=["order_shipped"])
    language: str = Field(examples=["tr"])
    status: StepName
    implied: bool = Field(
        description="Meta did not say so, but reported what cannot be without it: what was read has been delivered. "
        "`occurred_at` is then the time of what it reported",
        examples=[False],
    )
    reason: str | None = Field(description="Why, where the status alone does not say", examples=["opted_out"])
    failure: ToldFailure | None = Field(description="Of `message.failed`")
    price_category: str | None = Field(description="As far as Meta has said", examples=["utility"])
    wamid: str | None = Field(description="Meta's own id, once it is known")


class LinkClicked(AboutMessage):
    """Somebody followed a tracked link of a message. Nothing is known of them but that the link was the customer's."""

    position: int = Field(description="Among the message's links, from 0", examples=[0])
    url: str | None = Field(description="Where it leads", examples=["https://shop.example/track/YK1"])


class LinkClickedEvent(FeedEvent):
    type: Literal["link.clicked"]
    data: LinkClicked


class MessageAcceptedEvent(FeedEvent):
    """Meta took the message."""

    type: Literal["message.accepted"]
    data: MessageStep


class MessageSentEvent(FeedEvent):
    """It is on its way to the customer."""

    type: Literal["message.sent"]
    data: MessageStep


class MessageDeliveredEvent(FeedEvent):
    """It is on the customer's phone."""

    type: Literal["message.delivered"]
    data: MessageStep


class MessageReadEvent(FeedEvent):
    """The customer opened it, and lets that be known."""

    type: Literal["message.read"]
    data: MessageStep


class MessageFailedEvent(FeedEvent):
    """It did not reach the customer. Where it was delivered after all, that is told as well."""

    type: Literal["message.failed"]
    data: MessageStep


class MessageSuppressedEvent(FeedEvent):
    """It is not sent: the customer does not want it, or prefers another channel."""

    type: Literal["message.suppressed"]
    data: MessageStep


class MessageExpiredEvent(FeedEvent):
    """It waited until it was stale, and is not sent."""

    type: Literal["message.expired"]
    data: MessageStep


class MessageCanceledEvent(FeedEvent):
    """It was stopped while it waited: by you, by a newer event, or with its person's data."""

    type: Literal["message.canceled"]
    data: MessageStep


class MessageUnconfirmedEvent(FeedEvent):
    """Nobody knows yet whether it left. What Meta reports, or the end of the waiting, settles it."""

    type: Literal["message.unconfirmed"]
    data: MessageStep
