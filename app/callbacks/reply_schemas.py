"""What the business is told of what customers answer."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from app.callbacks.told import FeedEvent, Told, ToldContact

ReplyKind = Literal[
    "confirmed", "declined", "reschedule_wanted", "rating", "meter_reading", "text",
    "opt_out", "opt_in",
    "button", "choice", "form", "media", "location", "contacts", "order", "reaction", "call_permission",
    "number_changed", "edited", "deleted", "welcome", "unsupported", "other",
]  # fmt: skip
"""What a reply was understood to be."""

TiedBy = Literal["context", "button", "reaction", "last_message"]
"""How it is known which message a reply answers: Meta names the message; the tapped button is one of it; it is the one
reacted to; or it is the last that the customer got from this number."""

KINDS = (
    "`confirmed`, `declined`, `reschedule_wanted`, `rating` and `meter_reading`: an answer that the message asked "
    "for, by a button or in words that leave no doubt. `text`: any other words. `opt_out`, `opt_in`: a wish about our "
    "messages; what became of it, `consent.changed` tells. `button`, `choice`: a button, or a row of a list, that "
    "says nothing of the above. `form`, `media`, `location`, `contacts`, `order`, `reaction`: what was sent. "
    "`call_permission`: whether calls are allowed. `number_changed`: the customer has another number now. `edited`, "
    "`deleted`: what the customer did to an earlier reply, which `changes` names. `welcome`: the chat was opened for "
    "the first time. `unsupported`: Meta passes on that there was something, and not what. `other`: what this version "
    "does not know"
)

VALUES = (
    "What was understood, where the kind alone does not say. Of a `rating` `rating` and `most`; of a `meter_reading` "
    "`reading`, a decimal number as text, and `unit`; of a `button` `payload`; of a `choice` `id`; of a `reaction` "
    "`emoji`, null where it was taken back; of a `call_permission` `allowed`; of an `edited` one the `kind` and "
    "`value` that the earlier reply has now"
)

TIES = (
    "How that is known. `context`: Meta names the message. `button`: the tapped button is one of it. `reaction`: it is "
    "the one reacted to. `last_message`: it is the last that the customer got from this number, which is likely and "
    "not certain"
)


class AnsweredMessage(Told):
    """The message that a reply answers."""

    id: str = Field(examples=["msg_019a8f3c2b7d7c31a4e5f60718293a4b"])
    event_type: str = Field(examples=["appointment-reminder"])
    reference: str | None = Field(description="Yours, of the event", examples=["appointment-77"])
    metadata: dict[str, str] | None = Field(description="Yours, of the event", examples=[None])


class ReplyReceived(Told):
    """A customer answered: what it was understood to be, and which message it is about."""

    reply: str = Field(
        description="As `GET /v1/replies/{reply}` has it, with everything that was sent",
        examples=["rep_019a8f3c2b7d7c31a4e5f60718293a4b"],
    )
    kind: ReplyKind = Field(description=KINDS, examples=["confirmed"])
    value: dict[str, Any] | None = Field(description=VALUES, examples=[None])
    text: str | None = Field(
        description="What was written, or stands on the button; of a file its caption", examples=["Geleceğim"]
    )
    type: str = Field(description="As Meta names it", examples=["button"])
    contact: ToldContact | None = Field(description="Null where Meta names nobody")
    sender: str = Field(description="The number that was written to", examples=["snd_019a8f3c2b7d7c31a4e5f60718293a4b"])
    message: AnsweredMessage | None = Field(description="Null where it is not known to answer one")
    tied_by: TiedBy | None = Field(description=TIES, examples=["context"])
    changes: str | None = Field(
        description="Of an edit or a deletion: the reply that it is about, where that came", examples=[None]
    )
    occurred_at: datetime = Field(description="When it was sent, by Meta's clock")
    window_expires_at: datetime | None = Field(
        description="Until when this customer may be answered freely by this number; null where that is over"
    )
    erased: bool = Field(
        default=False,
        description="Since then the customer took it back, or its content was erased, with the person or in time: what "
        "it said is not told any more",
        examples=[False],
    )


class ReplyReceivedEvent(FeedEvent):
    type: Literal["reply.received"]
    data: ReplyReceived
