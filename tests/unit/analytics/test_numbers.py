"""Rates, prices and tables."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analytics.prices import Bills, Rate, Rates, is_free, ordered, plain
from app.analytics.rates import rate
from app.analytics.tables import csv_of, wants_csv


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_rate_lies_in_its_interval(part: int, rest: int) -> None:
    found = rate(part, part + rest)
    if found is None:
        assert part + rest == 0
        return
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    # Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_are_those_of_the_literature(part: int, whole: int, low: float, high: float) -> None:
    found = rate(part, whole)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_the_countrys_own_rate_holds_from_its_day_on_and_that_of_all_elsewhere() -> None:
    rates = Rates(
        [
            Rate("utility", "*", date(2026, 1, 1), Decimal("0.02"), "USD"),
            Rate("utility", "TR", date(2026, 3, 1), Decimal("0.005"), "USD"),
            Rate("utility", "TR", date(2026, 10, 1), Decimal("0.21"), "TRY"),
        ]
    )
    held = [rates.at("utility", country, day) for country, day in (
        ("TR", date(2025, 12, 31)), ("TR", date(2026, 2, 28)), ("TR", date(2026, 3, 1)), ("TR", date(2027, 1, 1)),
        ("DE", date(2027, 1, 1)), (None, date(2027, 1, 1)),
    )]  # fmt: skip
    assert [str(one.price) if one else None for one in held] == [None, "0.02", "0.005", "0.21", "0.02", "0.02"]
    assert rates.at("marketing", "TR", date(2027, 1, 1)) is None
    bills = Bills()
    bills.add(("utility", "regular", "TR"), 3, held[3])
    bills.add(("utility", "free_entry_point", "TR"), 5, held[3])
    bills.add(("utility", "regular", "DE"), 7, held[4])
    bills.add(("marketing", None, None), 11, None)
    assert (bills.total.messages, bills.total.paid, bills.total.free, bills.total.unrated) == (26, 21, 5, 11)
    assert {currency: plain(amount) for currency, amount in bills.total.amounts.items()} == {
        "TRY": "0.63",
        "USD": "0.14",
    }
    assert next(line for line, _ in ordered(bills.lines)) == ("marketing", None, None)
    assert [is_free(one) for one in ("regular", None, "free_group_customer_service")] == [False, False, True]
    assert [plain(Decimal(one)) for one in ("0E-9", "10.500000000", "100")] == ["0", "10.5", "100"]


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8")), min_size=2, max_size=2), max_size=5))
def test_a_table_is_read_as_it_was_written_and_holds_no_formula(rows: list[list[str]]) -> None:
    text = "".join(csv_of(["a", "b"], rows))
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read[0] == ["a", "b"]
    for row, found in zip(rows, read[1:], strict=True):
        for cell, written in zip(row, found, strict=True):
            assert written in (cell, f"'{cell}")
            assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_numbers_moments_and_nothing_stand_as_they_are() -> None:
    row = [-1, 0.5, None, datetime(2026, 11, 24, tzinfo=UTC)]
    assert "".join(csv_of(["a", "b", "c", "d"], [row])) == "a,b,c,d\r\n-1,0.5,,2026-11-24T00:00:00+00:00\r\n"
    assert wants_csv("text/html, text/CSV;q=0.9", None)
    assert not wants_csv("text/csv", "json")
    assert wants_csv("*/*", "csv")
