"""Money and moments as a reader of the language writes them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from app.events.formatting import Money, counted, date_time, in_language, money
from app.templates.compiled import on_the_wire

MOMENT = datetime(2026, 11, 24, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "turkish", "english"),
    [
        (129990, "TRY", "1.299,90 ₺", "TRY 1,299.90"),
        (5, "TRY", "0,05 ₺", "TRY 0.05"),
        (0, "TRY", "0,00 ₺", "TRY 0.00"),
        (129990, "EUR", "1.299,90 €", "€1,299.90"),
        (129990, "USD", "1.299,90 $", "$1,299.90"),
        (129990, "JPY", "129.990 ¥", "¥129,990"),
        (7, "JPY", "7 ¥", "¥7"),
        (129990, "KRW", "129.990 ₩", "₩129,990"),
        (129990, "KWD", "129,990 KWD", "KWD 129.990"),
        (1, "BHD", "0,001 BHD", "BHD 0.001"),
        (12345, "CLF", "1,2345 CLF", "CLF 1.2345"),
        (10**15, "TRY", "10.000.000.000.000,00 ₺", "TRY 10,000,000,000,000.00"),
    ],
)
def test_amounts_in_minor_units_are_written_for_the_reader(
    amount: int, currency: str, turkish: str, english: str
) -> None:
    value = Money(amount=amount, currency=currency)
    assert on_the_wire(money(value, "tr")) == turkish
    assert on_the_wire(money(value, "en")) == english


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("RSD", 2), ("IQD", 3), ("LBP", 2), ("HUF", 2), ("IDR", 2), ("ISK", 0), ("VND", 0), ("TND", 3)],
)
def test_the_minor_unit_is_that_of_iso_4217_even_where_it_is_out_of_use(currency: str, digits: int) -> None:
    written = on_the_wire(money(Money(amount=123456, currency=currency), "en"))
    _, _, fraction = written.partition(".")
    assert len(fraction) == digits
    assert "".join(letter for letter in written if letter.isdigit()) == "123456"


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("tr_TR", "1.299,90 €"),
        ("tr-TR", "1.299,90 €"),
        ("en_GB", "€1,299.90"),
        ("de", "1.299,90 €"),
        ("fr", "1 299,90 €"),
        ("ar", "\u200f1,299.90 €"),
        ("prs_AF", "€1,299.90"),
        ("a language of a later year", "€1,299.90"),
    ],
)
def test_money_is_written_in_every_language_that_a_template_may_have(language: str, written: str) -> None:
    assert on_the_wire(money(Money(amount=129990, currency="EUR"), language)) == written


@pytest.mark.parametrize("currency", ["TL", "try", "TRYX", "XYZ", "", "₺", "TRY\n"])
def test_what_is_no_currency_is_refused(currency: str) -> None:
    with pytest.raises(ValidationError):
        Money(amount=1, currency=currency)


@pytest.mark.parametrize("amount", [-1, 10**15 + 1, 1.5, "1,50", None])
def test_an_amount_is_a_whole_number_of_minor_units(amount: object) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": amount, "currency": "TRY"})


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("tr", "24 Kasım 2026 Salı, 14:30"),
        ("tr_TR", "24 Kasım 2026 Salı, 14:30"),
        ("en", "Tuesday, 24 November 2026, 14:30"),
        ("en_US", "Tuesday, 24 November 2026, 14:30"),
        ("de", "24 November 2026, 14:30"),
        ("prs_AF", "24 November 2026, 14:30"),
    ],
)
def test_a_moment_is_written_for_the_reader(language: str, written: str) -> None:
    assert date_time(MOMENT, "Europe/Istanbul", language) == written


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("UTC", "24 Kasım 2026 Salı, 11:30"),
        ("America/Los_Angeles", "24 Kasım 2026 Salı, 03:30"),
        ("Pacific/Auckland", "25 Kasım 2026 Çarşamba, 00:30"),
        ("Asia/Kathmandu", "24 Kasım 2026 Salı, 17:15"),
    ],
)
def test_a_moment_is_shown_on_the_clock_of_the_zone(zone: str, written: str) -> None:
    assert date_time(MOMENT, zone, "tr") == written


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 7, 1, 10, tzinfo=UTC), "1 Temmuz 2026 Çarşamba, 12:00"),
        (datetime(2026, 12, 1, 10, tzinfo=UTC), "1 Aralık 2026 Salı, 11:00"),
    ],
)
def test_summer_time_is_that_of_the_day_meant(moment: datetime, written: str) -> None:
    assert date_time(moment, "Europe/Berlin", "tr") == written


def test_the_zone_in_which_a_moment_was_given_does_not_matter() -> None:
    given = MOMENT.astimezone(timezone(timedelta(hours=-9, minutes=-30)))
    assert date_time(given, "Europe/Istanbul", "tr") == date_time(MOMENT, "Europe/Istanbul", "tr")


@pytest.mark.parametrize(
    ("texts", "language", "chosen"),
    [
        ({"tr": "t", "en": "e", "en_GB": "g"}, "en_GB", "g"),
        ({"tr": "t", "en": "e"}, "en_US", "e"),
        ({"tr": "t", "en": "e"}, "tr-TR", "t"),
        ({"tr": "t", "en": "e"}, "de", "e"),
        ({"tr": "t", "ar": "a"}, "de", "t"),
    ],
)
def test_a_language_that_is_not_spoken_gets_english_or_any(texts: dict[str, str], language: str, chosen: str) -> None:
    assert in_language(texts, language) == chosen
    assert counted(2, {one: {"other": text} for one, text in texts.items()}, language) == chosen
