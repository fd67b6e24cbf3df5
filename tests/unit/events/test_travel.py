"""Travel: which values belong to which state, and how each state is said."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.events.catalogue import catalogue
from app.events.event_type import EventType, Occurrence
from app.events.travel import (
    booking_confirmed,
    check_in_reminder,
    flight_status,
    hotel_reservation_confirmed,
    itinerary_change,
    travel_loyalty_update,
)

STATUS = flight_status.EVENT_TYPE
ITINERARY = itinerary_change.EVENT_TYPE
LOYALTY = travel_loyalty_update.EVENT_TYPE


def data_of(event_type: EventType[Any], without: tuple[str, ...] = (), **changes: Any) -> dict[str, Any]:
    """The Turkish example with other values."""
    data = {**event_type.examples["tr"]["data"], **changes}
    return {name: value for name, value in data.items() if name not in without}


def said(event_type: EventType[Any], name: str, language: str, data: dict[str, Any], reader: str | None = None) -> str:
    payload = event_type.payload.model_validate(data)
    fill = event_type.fill(Occurrence(payload, language, "Ayşe Yılmaz", "Europe/Istanbul", reader))
    return fill.texts[name]


def faults(event_type: EventType[Any], data: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as raised:
        event_type.payload.model_validate(data)
    return [(".".join(map(str, one["loc"])), one["type"]) for one in raised.value.errors()]


FLIGHT = ("expected_at", "gate")


@pytest.mark.parametrize(
    ("values", "turkish", "english"),
    [
        (
            {"status": "gate_changed", "gate": "7A"},
            "biniş kapınız değişti. Yeni kapı: 7A. Kalkış: 24 Kasım 2026 Salı, 14:30",
            "your gate has changed. New gate: 7A. Departure: Tuesday, 24 November 2026, 14:30",
        ),
        (
            {"status": "gate_changed", "gate": "7A", "expected_at": "2026-11-24T15:05:00+03:00"},
            "biniş kapınız değişti. Yeni kapı: 7A. Kalkış: 24 Kasım 2026 Salı, 15:05",
            "your gate has changed. New gate: 7A. Departure: Tuesday, 24 November 2026, 15:05",
        ),
        (
            {"status": "delayed", "expected_at": "2026-11-25T00:20:00+03:00"},
            (
                "kalkış ertelendi. Yeni kalkış: 25 Kasım 2026 Çarşamba, 00:20. "
                "Planlanan kalkış: 24 Kasım 2026 Salı, 14:30. Biniş kapısı: henüz belli değil"
            ),
            (
                "departure is delayed. New departure: Wednesday, 25 November 2026, 00:20. "
                "Scheduled departure: Tuesday, 24 November 2026, 14:30. Gate: not announced yet"
            ),
        ),
        (
            {"status": "cancelled"},
            "uçuş iptal edildi. Planlanan kalkış: 24 Kasım 2026 Salı, 14:30",
            "it has been cancelled. Scheduled departure: Tuesday, 24 November 2026, 14:30",
        ),
    ],
)
def test_a_flight_status_tells_the_whole_state(values: dict[str, Any], turkish: str, english: str) -> None:
    data = data_of(STATUS, FLIGHT) | values
    assert said(STATUS, "news", "tr", data) == turkish
    assert said(STATUS, "news", "en", data) == english


def test_a_flight_leaves_on_the_clock_of_its_airport() -> None:
    data = data_of(STATUS, (*FLIGHT, "time_zone"), status="cancelled")
    in_london = data | {"time_zone": "Europe/London"}
    assert said(STATUS, "news", "tr", data).endswith("24 Kasım 2026 Salı, 14:30")
    assert said(STATUS, "news", "tr", in_london).endswith("24 Kasım 2026 Salı, 11:30")
    elsewhere = said(STATUS, "news", "tr", in_london, reader="Europe/Istanbul")
    assert elsewhere.startswith("uçuş iptal edildi. Planlanan kalkış: 24 Kasım 2026 Salı, 11:30 (GMT")


LATE = "2026-11-24T16:10:00+03:00"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"status": "gate_changed"}, [("gate", "missing")]),
        ({"status": "gate_changed", "gate": None}, [("gate", "missing")]),
        ({"status": "delayed"}, [("expected_at", "missing")]),
        (
            {"status": "delayed", "expected_at": "2026-11-24T14:30:00+03:00"},
            [("expected_at", "not_later")],
        ),
        (
            {"status": "delayed", "expected_at": "2026-11-24T13:29:00+02:00"},
            [("expected_at", "not_later")],
        ),
        ({"status": "cancelled", "gate": "7A"}, [("gate", "not_applicable")]),
        (
            {"status": "cancelled", "gate": "7A", "expected_at": LATE},
            [("expected_at", "not_applicable"), ("gate", "not_applicable")],
        ),
        ({"status": "boarding"}, [("status", "literal_error")]),
        ({"status": "boarding", "gate": "7A"}, [("status", "literal_error")]),
        ({"status": None, "expected_at": LATE}, [("status", "literal_error")]),
    ],
)
def test_a_flight_status_says_which_value_is_at_fault(values: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert faults(STATUS, data_of(STATUS, FLIGHT) | values) == expected


LEG = ("new_leg", "new_departs_at", "time_zone")
MOVED = "2026-11-25T09:15:00+03:00"


@pytest.mark.parametrize(
    ("values", "turkish"),
    [
        (
            {"change": "rescheduled", "new_departs_at": MOVED},
            "kalkış zamanı değişti. Yeni kalkış: 25 Kasım 2026 Çarşamba, 09:15",
        ),
        (
            {"change": "replaced", "new_departs_at": MOVED, "new_leg": "ZZ2321 İstanbul – İzmir"},
            (
                "bu seferin yerine başka bir sefer planlandı. Yeni sefer: ZZ2321 İstanbul – İzmir. "
                "Yeni kalkış: 25 Kasım 2026 Çarşamba, 09:15"
            ),
        ),
        ({"change": "cancelled"}, "sefer iptal edildi"),
    ],
)
def test_an_itinerary_change_says_the_new_plan(values: dict[str, Any], turkish: str) -> None:
    assert said(ITINERARY, "change", "tr", data_of(ITINERARY, LEG) | values) == turkish


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"change": "rescheduled"}, [("new_departs_at", "missing")]),
        ({"change": "replaced"}, [("new_leg", "missing"), ("new_departs_at", "missing")]),
        ({"change": "rescheduled", "new_departs_at": MOVED, "new_leg": "ZZ2321"}, [("new_leg", "not_applicable")]),
        ({"change": "cancelled", "new_departs_at": MOVED}, [("new_departs_at", "not_applicable")]),
    ],
)
def test_an_itinerary_change_says_which_value_is_at_fault(
    values: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert faults(ITINERARY, data_of(ITINERARY, LEG) | values) == expected


POINTS = ("points", "expires_on", "tier")


@pytest.mark.parametrize(
    ("values", "turkish", "english"),
    [
        ({"change": "points_earned", "points": 1}, "hesabınıza 1 puan eklendi", "1 point added to your account"),
        (
            {"change": "points_earned", "points": 1250},
            "hesabınıza 1.250 puan eklendi",
            "1,250 points added to your account",
        ),
        (
            {"change": "points_expiring", "points": 40, "expires_on": "2026-12-31"},
            "40 puan geçerliliğini yitirecek. Son kullanım tarihi: 31 Aralık 2026 Perşembe",
            "40 points about to expire. Last day to use: Thursday, 31 December 2026",
        ),
        (
            {"change": "tier_changed", "tier": "Gümüş"},
            "yeni üyelik seviyeniz Gümüş",
            "your tier is now Gümüş",
        ),
    ],
)
def test_a_loyalty_update_says_what_changed(values: dict[str, Any], turkish: str, english: str) -> None:
    data = data_of(LOYALTY, POINTS) | values
    assert said(LOYALTY, "change", "tr", data) == turkish
    assert said(LOYALTY, "change", "en", data) == english


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"change": "points_earned"}, [("points", "missing")]),
        ({"change": "points_earned", "points": 0}, [("points", "greater_than_equal")]),
        ({"change": "points_expiring", "points": 40}, [("expires_on", "missing")]),
        ({"change": "tier_changed"}, [("tier", "missing")]),
        ({"change": "tier_changed", "tier": "Gümüş", "points": 5}, [("points", "not_applicable")]),
    ],
)
def test_a_loyalty_update_says_which_value_is_at_fault(values: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert faults(LOYALTY, data_of(LOYALTY, POINTS) | values) == expected


def test_nobody_leaves_a_hotel_before_coming() -> None:
    hotel = hotel_reservation_confirmed.EVENT_TYPE
    assert faults(hotel, data_of(hotel, check_out_on="2026-11-24")) == [("check_out_on", "not_later")]
    assert faults(hotel, data_of(hotel, check_in_on="soon"))[0][0] == "check_in_on"


def test_check_in_closes_before_departure() -> None:
    reminder = check_in_reminder.EVENT_TYPE
    late = data_of(reminder, departs_at="2026-11-24T13:30:00+03:00")
    assert faults(reminder, late) == [("departs_at", "not_later")]


def test_the_hotel_stands_on_a_map_above_the_text() -> None:
    hotel = hotel_reservation_confirmed.EVENT_TYPE
    assert hotel.fill_example("tr").header == {
        "type": "location",
        "location": {
            "latitude": "38.3247",
            "longitude": "26.3061",
            "name": "Mavi Koy Otel",
            "address": "Boyalık Mah. 3312 Sok. No: 8, Çeşme, İzmir",
        },
    }


def test_a_booking_may_bring_its_document() -> None:
    booking = booking_confirmed.EVENT_TYPE
    assert booking.attachment is not None
    assert booking.attachment.take(booking.payload.model_validate(data_of(booking))) is None
    document = {"link": "https://shop.example/bookings/K7M2QX.pdf", "filename": "rezervasyon.pdf"}
    given = booking.payload.model_validate(data_of(booking, document=document))
    assert booking.attachment.take(given) == {"type": "document", "document": document}


@pytest.mark.parametrize("name", ["check-in-reminder", "travel-document-reminder"])
def test_a_reminder_of_a_series_says_the_same_as_the_event_itself(name: str) -> None:
    event_type = catalogue()[name]
    payload = event_type.payload.model_validate(event_type.example["data"])
    assert event_type.reminders is not None
    assert event_type.payload.model_validate(event_type.reminders.data(payload)) == payload
