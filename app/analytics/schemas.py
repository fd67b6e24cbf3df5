"""Figures as the API and the console show them."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from app.analytics.asked import By
from app.analytics.buckets import Bucket
from app.analytics.rates import FigureRate
from app.core.ids import public_id


class FigureVariant(BaseModel):
    """An arm of an experiment."""

    experiment: str = Field(examples=["exp_019a8f3c2b7d7c31a4e5f60718293a4b"])
    arm: str = Field(examples=["variant"])


class FigureGroup(BaseModel):
    """What a row's messages have in common; null of what they have not, and of what was not asked for in `by`."""

    event_type: str | None = Field(default=None, examples=["order_shipped"])
    template: str | None = Field(
        default=None, description="Null of messages without one", examples=["order_shipped_v2"]
    )
    variant: FigureVariant | None = Field(default=None, description="Null of messages that no experiment noted")
    language: str | None = Field(default=None, examples=["tr"])
    sender: str | None = Field(default=None, examples=["snd_019a8f3c2b7d7c31a4e5f60718293a4b"])


class FigureSpan(BaseModel):
    """Of what a row is."""

    start: datetime = Field(description="On the business's clock", examples=["2026-11-24T00:00:00+03:00"])
    end: datetime = Field(description="Up to here, without it", examples=["2026-11-25T00:00:00+03:00"])
    group: FigureGroup


class FiguresOut(BaseModel):
    since: datetime = Field(serialization_alias="from", description="From here on, on the business's clock")
    until: datetime = Field(serialization_alias="to", description="Up to here, without it")
    time_zone: str = Field(description="The business's", examples=["Europe/Istanbul"])
    bucket: Bucket
    by: list[By]
    as_of: datetime = Field(
        description="All that happened up to here is counted, and maybe more. Usually a second or so ago"
    )


class DeliveryCounts(BaseModel):
    """How many messages. Each is in `messages`, in those of the steps that it has come to (who has read it was sent it
    and got it, whatever Meta left out), and in one of the ends, if it has come to one."""

    messages: int = Field(description="All that were to leave in this time")
    waiting: int = Field(description="Have not left yet, or are leaving just now")
    unconfirmed: int = Field(description="May have left; nobody knows yet")
    accepted: int = Field(description="Meta took them")
    sent: int
    delivered: int = Field(description="With those that were read")
    read: int
    failed: int = Field(description="And were not delivered after all")
    suppressed: int = Field(description="Not sent: the customer does not want it, or a rule forbids it")
    canceled: int = Field(description="By the business, or by a newer event")
    expired: int = Field(description="Came to their time to live while they waited")


class DeliveryRates(BaseModel):
    """Each null where there is nothing that it could be a share of."""

    sent: FigureRate | None = Field(description="Of what Meta accepted")
    delivered: FigureRate | None = Field(description="Of what was sent")
    read: FigureRate | None = Field(description="Of what was delivered")
    failed: FigureRate | None = Field(description="Of what Meta accepted or refused")


class EndReason(BaseModel):
    """Why messages did not reach their customers."""

    status: str = Field(description="`failed`, `suppressed`, `canceled` or `expired`", examples=["failed"])
    code: int | None = Field(description="Meta's", examples=[131026])
    reason: str | None = Field(description="Ours", examples=[None])
    meaning: str | None = Field(description="Of Meta's code", examples=["The recipient cannot receive the message"])
    messages: int


class DeliveryRow(FigureSpan):
    counts: DeliveryCounts
    rates: DeliveryRates


class DeliveryFigures(FiguresOut):
    totals: DeliveryCounts
    rates: DeliveryRates
    reasons: list[EndReason] = Field(description="Of the totals, the most frequent first")
    rows: list[DeliveryRow] = Field(
        description="In the order of time, then of the groups. Each group has a row for every bucket, empty or not"
    )


class EngagementCounts(BaseModel):
    delivered: int
    read: int
    replied: int = Field(description="Messages that were answered: by words, a button, a reaction or anything else")
    replies: int = Field(description="Those answers; what only edits or deletes another is none")
    tapped: int = Field(description="Messages of which a button, or a choice of a list, was tapped")
    taps: int
    clicked: int = Field(description="Messages with a tracked link that was followed")
    clicks: int
    opted_out: int = Field(description="Messages that were answered with the wish to get no more")


class EngagementRates(BaseModel):
    """Of what was delivered; each null where nothing was."""

    read: FigureRate | None
    replied: FigureRate | None
    tapped: FigureRate | None
    clicked: FigureRate | None
    opted_out: FigureRate | None


class TimeToRead(BaseModel):
    """From sent to read, of what was read; Meta's times are whole seconds."""

    mean_seconds: float | None = Field(examples=[1843.2])
    median_from_seconds: int | None = Field(
        description="The median lies above this, among the steps of `within`", examples=[300]
    )
    median_to_seconds: int | None = Field(description="And not above this; null over the last step", examples=[900])
    within: dict[str, float] = Field(
        description="Share of those read that were so within `1m`, `5m`, `15m`, `1h`, `6h`, `24h`; empty without any",
        examples=[{"1m": 0.12, "5m": 0.41, "15m": 0.58, "1h": 0.77, "6h": 0.91, "24h": 0.98}],
    )


class EngagementRow(FigureSpan):
    counts: EngagementCounts
    rates: EngagementRates
    time_to_read: TimeToRead


class EngagementFigures(FiguresOut):
    totals: EngagementCounts
    rates: EngagementRates
    time_to_read: TimeToRead
    rows: list[EngagementRow]


class CostAmount(BaseModel):
    """By the business's own table of rates, to the last place: no rounding."""

    currency: str = Field(examples=["EUR"])
    amount: str = Field(examples=["184.2350"])


class CostCounts(BaseModel):
    messages: int = Field(description="Of which Meta said how they are charged")
    paid: int = Field(description="Charged for")
    free: int = Field(description="In a customer's service window, from an entry point, or otherwise free")
    unrated: int = Field(description="Charged for, and without a rate in the table: their cost is not in `amounts`")


class CostLine(BaseModel):
    """Messages that are charged alike."""

    category: str = Field(description="As Meta names it", examples=["utility"])
    price_type: str | None = Field(description="As Meta names it", examples=["regular"])
    country: str | None = Field(description="Of the recipient; null where it is not known", examples=["TR"])
    counts: CostCounts
    amounts: list[CostAmount]


class CostRow(FigureSpan):
    counts: CostCounts
    amounts: list[CostAmount]
    lines: list[CostLine] = Field(description="The same by category, kind of price and country")


class CostFigures(FiguresOut):
    totals: CostCounts
    amounts: list[CostAmount]
    lines: list[CostLine]
    rows: list[CostRow]


def group_of(row: Mapping[str, object]) -> FigureGroup:
    """Of the columns of a table of figures that rows are told apart by."""
    experiment, sender = row.get("experiment_id"), row.get("sender_id")
    variant = None
    if isinstance(experiment, UUID):
        variant = FigureVariant(experiment=public_id("exp", experiment), arm=str(row["arm"]))
    return FigureGroup(
        event_type=_text(row.get("event_type")),
        template=_text(row.get("template_name")),
        variant=variant,
        language=_text(row.get("language")),
        sender=public_id("snd", sender) if isinstance(sender, UUID) else None,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
