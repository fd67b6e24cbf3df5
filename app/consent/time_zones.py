"""On which clock a customer lives: as given, else as the number says, else as the business does."""

from functools import lru_cache

import phonenumbers
from phonenumbers import timezone


def time_zone_of(given: str | None, phone: str | None, fallback: str) -> str:
    """IANA name. A number that may be in several zones (a mobile of a wide country) says nothing."""
    if given is not None:
        return given
    return (_zone_of_number(phone) if phone is not None else None) or fallback


@lru_cache(maxsize=50_000)
def _zone_of_number(phone: str) -> str | None:
    zones = timezone.time_zones_for_number(phonenumbers.parse(phone))
    known = [zone for zone in zones if zone != timezone.UNKNOWN_TIMEZONE]
    return known[0] if len(known) == 1 else None
