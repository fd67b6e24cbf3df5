"""Numbers and times as people read them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from app.console.formats import Formats

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
TURKISH = Formats("tr", ZoneInfo("Europe/Istanbul"), NOW)
ENGLISH = Formats("en", ZoneInfo("Europe/Istanbul"), NOW)


def test_numbers() -> None:
    assert [TURKISH.number(1234567), ENGLISH.number(1234567), TURKISH.number(None)] == ["1.234.567", "1,234,567", "–"]
    assert [TURKISH.short(99_999), TURKISH.short(1_250_000), ENGLISH.short(1_250_000)] == [
        "99.999",
        "1,2\xa0Mn",
        "1.2M",
    ]
    assert [TURKISH.percent(0.9731), ENGLISH.percent(0.9731), TURKISH.percent(1), ENGLISH.percent(0)] == [
        "%97,3",
        "97.3%",
        "%100",
        "0%",
    ]
    assert TURKISH.money(Decimal("1299.9"), "TRY") == "₺1.299,90"
    assert ENGLISH.money(Decimal("1299.9"), "USD") == "US$1,299.90"


def test_times_are_the_businesss_own() -> None:
    assert [
        TURKISH.moment(NOW),
        TURKISH.moment(NOW - timedelta(days=1)),
        ENGLISH.moment(NOW - timedelta(days=400)),
    ] == [
        "12:30",
        "25 Kas 12:30",
        "22 Oct 2025 12:30",
    ]
    assert TURKISH.exactly(NOW) == "26 Kas 2026 12:30:00"
    assert TURKISH.day(datetime(2026, 11, 25, 22, tzinfo=UTC)) == "26 Kas 2026", "which it is there already"
    said = [
        formats.ago(NOW + by) for by in (timedelta(minutes=-5), timedelta(hours=2)) for formats in (TURKISH, ENGLISH)
    ]
    assert said == ["5 dakika önce", "5 minutes ago", "2 saat sonra", "in 2 hours"]
    assert [TURKISH.ago(NOW), ENGLISH.ago(NOW + timedelta(seconds=20))] == ["az önce", "any moment"]
