"""What all events that the business is told have in common."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

EVENT_PREFIX = "evt"


class Told(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ToldContact(Told):
    """Of whom an event tells."""

    id: str = Field(examples=["con_019a8f3c2b7d7c31a4e5f60718293a4b"])
    phone: str | None = Field(examples=["+905321112233"])
    bsuid: str | None = Field(examples=[None])


class FeedEvent(Told):
    id: str = Field(description="The same however often it is read", examples=["evt_019a8f3c2b7d7c31a4e5f60718293a4b"])
    created_at: datetime
