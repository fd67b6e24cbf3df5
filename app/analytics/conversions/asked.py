"""What is asked of the figures of conversions: as of messages, and by what they were and how they came of them."""

from dataclasses import dataclass, replace
from typing import Literal, cast

from pydantic import Field

from app.analytics.asked import Asked, By, FiguresQuery, group_columns
from app.analytics.conversions.attribution import AttributedBy
from app.analytics.conversions.schemas import ConversionType

ConversionBy = Literal["event_type", "template", "variant", "language", "sender", "type", "attributed_by"]

OWN: tuple[ConversionBy, ...] = ("type", "attributed_by")
"""What messages are not told apart by."""


class ConversionQuery(FiguresQuery):
    """Parameters of the figures of conversions."""

    by: list[ConversionBy] = Field(  # type: ignore[assignment] # more than of messages
        default=[],
        max_length=3,
        description="What rows are told apart by, up to three. `variant` is an arm of an experiment, `type` the word "
        "that you reported",
    )
    type: ConversionType | None = Field(default=None, description="Only of this")
    attributed_by: AttributedBy | None = Field(default=None, description="Only those that came of it so")

    def asked_of_conversions(self) -> "AskedConversions":
        """Raises InvalidRequest."""
        return AskedConversions(
            replace(self.asked(), by=()), tuple(dict.fromkeys(self.by)), self.type, self.attributed_by
        )


@dataclass(frozen=True, slots=True)
class AskedConversions:
    of: Asked
    """Its `by` is not looked at."""
    by: tuple[ConversionBy, ...] = ()
    type: str | None = None
    attributed_by: str | None = None

    @property
    def of_messages(self) -> Asked:
        """The same, asked of messages."""
        return replace(self.of, by=cast("tuple[By, ...]", tuple(one for one in self.by if one not in OWN)))

    def level(self, *, of_messages_alone: bool = False) -> int:
        """Of the rows of days that tell enough apart, and no more: see `counting`."""
        own = () if of_messages_alone else self.by
        is_by_way = self.attributed_by is not None or "attributed_by" in own
        is_by_type = self.type is not None or "type" in own
        return int(is_by_way) + 2 * int(is_by_type)

    @property
    def columns(self) -> list[str]:
        """Of the table, first those that messages have, too."""
        return [*group_columns(self.of_messages.by), *self.own_columns]

    @property
    def own_columns(self) -> list[str]:
        return [one for one in OWN if one in self.by]
