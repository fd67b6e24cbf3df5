"""The table of rates that a business sets."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.core.moments import within_the_calendar
from app.events.formatting import KNOWN_CURRENCIES

RATES_MOST = 5_000


def _currency(code: str) -> str:
    if code not in KNOWN_CURRENCIES:
        raise PydanticCustomError("currency", "is not a currency of ISO 4217")
    return code


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise PydanticCustomError("date", "is not a day of the calendar") from error
    within_the_calendar(datetime.combine(day, time(), UTC))
    return text


class PriceRateIn(BaseModel):
    """What one message costs from a day on."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, from_attributes=True)

    category: str = Field(pattern=r"^[a-z][a-z_-]{0,49}$", description="As Meta names it", examples=["utility"])
    country: str = Field(
        pattern=r"^([A-Z]{2}|\*)$",
        description="ISO 3166-1 alpha-2, or `*` for every country without a rate of its own",
        examples=["TR"],
    )
    price: str = Field(
        pattern=r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?$", description="A decimal number", examples=["0.0053"]
    )
    currency: Annotated[str, AfterValidator(_currency)] = Field(
        pattern=r"^[A-Z]{3}$", description="ISO 4217", examples=["USD"]
    )
    since: Annotated[str, AfterValidator(_day)] = Field(
        alias="from",
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        description="The day on which it begins to hold, on the business's clock",
        examples=["2026-10-01"],
    )

    @property
    def day(self) -> date:
        return date.fromisoformat(self.since)

    @property
    def amount(self) -> Decimal:
        return Decimal(self.price)


class PriceRatesIn(BaseModel):
    """The whole table: what is not in it is no longer in force, for the past either."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "rates": [
                        {
                            "category": "utility",
                            "country": "TR",
                            "price": "0.0053",
                            "currency": "USD",
                            "from": "2026-10-01",
                        },
                        {
                            "category": "utility",
                            "country": "*",
                            "price": "0.02",
                            "currency": "USD",
                            "from": "2026-10-01",
                        },
                    ]
                }
            ]
        },
    )

    rates: list[PriceRateIn] = Field(max_length=RATES_MOST)


class PriceRatesOut(BaseModel):
    rates: list[PriceRateIn] = Field(description="By category, country and day")
