"""On which clock a customer lives."""

import pytest

from app.consent.time_zones import time_zone_of


@pytest.mark.parametrize(
    ("given", "phone", "zone"),
    [
        ("Asia/Tokyo", "+905321112233", "Asia/Tokyo"),
        (None, "+905321112233", "Europe/Istanbul"),
        (None, "+4915112345678", "Europe/Berlin"),
        (None, "+12125550123", "America/New_York"),
        (None, "+79161234567", "Europe/Istanbul"),  # Russia's mobile numbers may be anywhere in it
        (None, "+8005550123", "Europe/Istanbul"),
        (None, None, "Europe/Istanbul"),
    ],
)
def test_as_given_else_by_the_number_else_the_businesss(given: str | None, phone: str | None, zone: str) -> None:
    assert time_zone_of(given, phone, "Europe/Istanbul") == zone
