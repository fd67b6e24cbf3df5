"""Figures of conversions as the API and the console show them."""

from datetime import datetime

from pydantic import BaseModel, Field

from app.analytics.conversions.asked import ConversionBy
from app.analytics.conversions.attribution import AttributedBy
from app.analytics.rates import FigureRate
from app.analytics.schemas import FigureGroup, FiguresOut, FigureSpan


class ConversionGroup(FigureGroup):
    """What a row's conversions, and the messages that they came of, have in common; null of what they have not, and of
    what was not asked for in `by`."""

    type: str | None = Field(default=None, examples=["purchase"])
    attributed_by: AttributedBy | None = Field(default=None, description="Null of those that came of no message")


class ConversionCounts(BaseModel):
    """Without those that were canceled."""

    conversions: int = Field(description="All that were reported")
    attributed: int = Field(description="Those that came of a message; counted where it is, whenever they were")
    unattributed: int = Field(description="Those that came of none; counted where they were")
    converted: int = Field(description="Messages of which at least one came")
    delivered: int = Field(description="Messages that were delivered, of which they might have come")


class ConversionValue(BaseModel):
    """In the minor unit of the currency; no currency is turned into another."""

    currency: str = Field(examples=["TRY"])
    amount: int = Field(description="Of all conversions", examples=[1299900])
    attributed_amount: int = Field(description="Of those that came of a message", examples=[129990])


class ConversionRow(FigureSpan):
    group: ConversionGroup
    counts: ConversionCounts
    rate: FigureRate | None = Field(
        description="Of what was delivered, the share that converted; null where nothing was"
    )
    values: list[ConversionValue] = Field(description="By currency")


class ConversionFigures(FiguresOut):
    by: list[ConversionBy]  # type: ignore[assignment] # more than of messages
    as_of: datetime = Field(
        description="Deliveries and conversions up to here are counted, and maybe more. Usually a second or so ago"
    )
    totals: ConversionCounts
    rate: FigureRate | None = Field(
        description="Of what was delivered, the share that converted; null where nothing was"
    )
    values: list[ConversionValue] = Field(description="By currency")
    rows: list[ConversionRow] = Field(
        description="In the order of time, then of the groups. A group has a row for every bucket, also an empty one"
    )
