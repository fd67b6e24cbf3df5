"""Figures of consent as the API and the console show them."""

from datetime import datetime

from pydantic import BaseModel, Field

from app.analytics.buckets import Bucket
from app.analytics.consents.asked import ConsentBy


class ConsentGroup(BaseModel):
    """What a row's acts have in common; null of what they have not, and of what was not asked for in `by`."""

    source: str | None = Field(
        default=None,
        description="The door; of a confirmed opt-in, the one by which it was asked for",
        examples=["qr_till"],
    )
    place: str | None = Field(default=None, examples=["Kadıköy, 3. kasa"])
    link: str | None = Field(default=None, examples=["lnk_019a8f3c2b7d7c31a4e5f60718293a4b"])
    topic: str | None = Field(default=None, description="`*` of what was about all topics", examples=["orders"])


class ConsentCounts(BaseModel):
    """Acts, and what they changed. Customers are counted; where rows are by topic, or of some topics alone, customers
    in each topic."""

    opt_ins: int = Field(
        description="Acts: also those that only said again what held. With double opt-in they are confirmations"
    )
    opt_outs: int = Field(description="Acts, by keyword, button, page, staff or API")
    requests: int = Field(description="Opt-ins that wait, or waited, to be confirmed on WhatsApp")
    pauses: int = Field(description="Customers asked for silence for a time, and left nothing")
    marketing_stops: int = Field(description="Customers told Meta to let no marketing of the business through")
    gained: int = Field(description="Agree since, and did not before")
    lost: int = Field(description="Agreed before, and do no more: also since they were erased, or merged into another")
    net: int = Field(description="`gained` less `lost`")


class ConsentRow(BaseModel):
    start: datetime = Field(description="On the business's clock", examples=["2026-11-24T00:00:00+03:00"])
    end: datetime = Field(description="Up to here, without it", examples=["2026-11-25T00:00:00+03:00"])
    group: ConsentGroup
    counts: ConsentCounts
    opted_in: int | None = Field(
        description="How many agreed at the end of it; null where rows are by door, by which nobody stays"
    )


class TopicNow(BaseModel):
    topic: str = Field(description="`*` is the consent to all of them", examples=["orders"])
    customers: int


class ConsentFigures(BaseModel):
    since: datetime = Field(serialization_alias="from", description="From here on, on the business's clock")
    until: datetime = Field(serialization_alias="to", description="Up to here, without it")
    time_zone: str = Field(description="The business's", examples=["Europe/Istanbul"])
    bucket: Bucket
    by: list[ConsentBy]
    as_of: datetime = Field(
        description="All that was recorded up to here is counted, and maybe more. Usually a second or so ago"
    )
    totals: ConsentCounts
    opted_in_now: int = Field(
        description="Customers who agree to any topic, as of `as_of`, by whichever door they came"
    )
    topics_now: list[TopicNow] = Field(description="How many agree to each, as of `as_of`")
    rows: list[ConsentRow] = Field(
        description="In the order of time, then of the groups. A group has a row for every bucket, also an empty one"
    )
