"""What messages cost by a business's own table of rates. Pure.

Meta says of each message how it is charged (category, kind of price), never how much: that is in Meta's published rate
cards, or in a contract with a partner. So the business sets the rates, and what has none is counted as unrated rather
than guessed. Decimal throughout: an amount is a count times a rate, to the last place.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

ANY_COUNTRY = "*"


@dataclass(frozen=True, slots=True)
class Rate:
    category: str
    country: str
    since: date
    price: Decimal
    currency: str


class Rates:
    def __init__(self, rates: Iterable[Rate]) -> None:
        self._by_place: dict[tuple[str, str], list[Rate]] = {}
        for rate in sorted(rates, key=lambda one: one.since):
            self._by_place.setdefault((rate.category, rate.country), []).append(rate)

    @property
    def changes(self) -> list[date]:
        """Days on which any rate begins to hold."""
        return sorted({one.since for rates in self._by_place.values() for one in rates})

    def at(self, category: str, country: str | None, day: date) -> Rate | None:
        """The country's own before that of all."""
        for place in (country, ANY_COUNTRY):
            held = [one for one in self._by_place.get((category, place or ""), ()) if one.since <= day]
            if held:
                return held[-1]
        return None


def is_free(price_type: str | None) -> bool:
    """As Meta names kinds of prices: `free_customer_service`, `free_entry_point` and so on."""
    return price_type is not None and price_type.startswith("free")


@dataclass(slots=True)
class Bill:
    messages: int = 0
    free: int = 0
    unrated: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)
    """By currency."""

    @property
    def paid(self) -> int:
        return self.messages - self.free

    def add(self, messages: int, price_type: str | None, rate: Rate | None) -> None:
        self.messages += messages
        if is_free(price_type):
            self.free += messages
        elif rate is None:
            self.unrated += messages
        else:
            self.amounts[rate.currency] = self.amounts.get(rate.currency, Decimal()) + messages * rate.price


Line = tuple[str, str | None, str | None]
"""Category, kind of price, country."""


@dataclass(slots=True)
class Bills:
    """Of some messages, altogether and by how they are charged."""

    total: Bill = field(default_factory=Bill)
    lines: dict[Line, Bill] = field(default_factory=dict)

    def add(self, line: Line, messages: int, rate: Rate | None) -> None:
        for bill in (self.total, self.lines.setdefault(line, Bill())):
            bill.add(messages, line[1], rate)


def plain(amount: Decimal) -> str:
    """Without an exponent, and without noughts at the end."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def ordered(lines: Mapping[Line, Bill]) -> Sequence[tuple[Line, Bill]]:
    return sorted(lines.items(), key=lambda one: [part or "" for part in one[0]])
