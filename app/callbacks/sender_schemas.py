"""What the business is told of its senders."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.callbacks.told import FeedEvent, Told


class SenderAlert(Told):
    """Something is wrong with a sender that a person should mend, or is no longer: as `GET /v1/alerts` has it."""

    alert: str = Field(
        description="The same when it is opened and when it is resolved",
        examples=["alr_019a8f3c2b7d7c31a4e5f60718293a4b"],
    )
    change: Literal["opened", "resolved"]
    kind: Literal["sender_paused"] = Field(description="Nothing leaves from the number, but for probes")
    sender: str = Field(examples=["snd_019a8f3c2b7d7c31a4e5f60718293a4b"])
    code: int = Field(description="Meta's error code; 0 where a person paused the sender", examples=[190])
    error_class: str | None = Field(examples=["auth"])
    title: str
    meaning: str
    next_step: str = Field(description="What to do about it")
    details: str | None = Field(description="In Meta's words, or the person's reason")
    occurrences: int = Field(description="How often it was seen so far")
    raised_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    resolution: Literal["person", "credentials", "probe"] | None = Field(
        description="A person resumed the sender; its token was renewed; a probe reached its customer"
    )


class SenderAlertEvent(FeedEvent):
    type: Literal["sender.alert"]
    data: SenderAlert
