"""What event types of utilities demand beyond the form of their fields, and what they say of each state."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from app.events.catalogue import catalogue
from app.events.event_type import EventType, Industry, Occurrence

NOON, EVENING = "2026-11-25T12:00:00+03:00", "2026-11-25T18:00:00+03:00"


def data_of(name: str, language: str = "tr", **changes: Any) -> dict[str, Any]:
    """The example's, with changes; what is changed to nothing is left out."""
    data = {**catalogue()[name].examples[language]["data"], **changes}
    return {key: value for key, value in data.items() if value is not None}


def texts_of(name: str, data: dict[str, Any], language: str) -> dict[str, str]:
    event_type = catalogue()[name]
    payload = event_type.payload.model_validate(data)
    return dict(event_type.fill(Occurrence(payload, language, None, "Europe/Istanbul")).texts)


def faults(name: str, data: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as refused:
        catalogue()[name].payload.model_validate(data)
    return [(".".join(map(str, each["loc"])), each["type"]) for each in refused.value.errors()]


@pytest.mark.parametrize(
    ("state", "language", "news"),
    [
        (
            {"status": "restored", "restored_at": NOON, "expected_end": None},
            "tr",
            "hizmet 25 Kasım 2026 Çarşamba, 12:00 itibarıyla yeniden başladı",
        ),
        (
            {"status": "delayed", "restored_at": None, "expected_end": EVENING},
            "tr",
            "çalışma beklenenden uzun sürüyor. Yeni tahmini bitiş: 25 Kasım 2026 Çarşamba, 18:00",
        ),
        (
            {"status": "partly_restored", "restored_at": None, "expected_end": EVENING},
            "tr",
            "hizmet bazı adreslerde yeniden başladı. Diğerleri için tahmini bitiş: 25 Kasım 2026 Çarşamba, 18:00",
        ),
        (
            {"status": "restored", "restored_at": NOON, "expected_end": None},
            "en",
            "the service has been back since Wednesday, 25 November 2026, 12:00",
        ),
        (
            {"status": "delayed", "restored_at": None, "expected_end": EVENING},
            "en",
            "the work is taking longer than expected. New expected end: Wednesday, 25 November 2026, 18:00",
        ),
        (
            {"status": "partly_restored", "restored_at": None, "expected_end": EVENING},
            "en",
            ("the service is back at some addresses. Expected end for the others: Wednesday, 25 November 2026, 18:00"),
        ),
    ],
)
def test_a_restoration_says_what_belongs_to_its_status(state: dict[str, Any], language: str, news: str) -> None:
    assert texts_of("restoration-update", data_of("restoration-update", **state), language)["news"] == news


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"status": "restored", "restored_at": None}, [("restored_at", "missing")]),
        ({"status": "delayed", "restored_at": None}, [("expected_end", "missing")]),
        ({"status": "partly_restored", "restored_at": None}, [("expected_end", "missing")]),
        ({"status": "restored", "restored_at": NOON, "expected_end": EVENING}, [("expected_end", "not_applicable")]),
        ({"status": "delayed", "restored_at": NOON, "expected_end": EVENING}, [("restored_at", "not_applicable")]),
        ({"status": "delayed", "restored_at": NOON}, [("restored_at", "not_applicable"), ("expected_end", "missing")]),
        ({"status": "gone"}, [("status", "literal_error")]),
        ({"status": "restored", "restored_at": "today"}, [("restored_at", "time_written_out")]),
    ],
)
def test_a_restoration_has_the_time_of_its_status_and_no_other(
    state: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert faults("restoration-update", data_of("restoration-update", **state)) == expected


each_visit = pytest.mark.parametrize("name", ["service-appointment-confirmed", "service-appointment-reminder"])


@each_visit
@pytest.mark.parametrize("ends_at", ["2026-11-24T09:00:01+03:00", "2026-11-24T18:00:00Z", "2026-11-24T21:00:00+03:00"])
def test_a_technician_comes_within_half_a_day(name: str, ends_at: str) -> None:
    payload = catalogue()[name].payload.model_validate(data_of(name, ends_at=ends_at))
    assert payload.model_dump()["ends_at"] == datetime.fromisoformat(ends_at)


@each_visit
@pytest.mark.parametrize(
    ("ends_at", "fault"),
    [
        ("2026-11-24T09:00:00+03:00", "not_later"),
        ("2026-11-24T08:59:59+03:00", "not_later"),
        ("2026-11-24T21:00:01+03:00", "too_late"),
    ],
)
def test_a_technician_is_not_awaited_longer(name: str, ends_at: str, fault: str) -> None:
    assert faults(name, data_of(name, ends_at=ends_at)) == [("ends_at", fault)]


def test_a_window_past_midnight_is_told_by_the_clock() -> None:
    data = data_of(
        "service-appointment-confirmed", starts_at="2026-11-24T22:00:00+03:00", ends_at="2026-11-25T02:00:00+03:00"
    )
    texts = texts_of("service-appointment-confirmed", data, "tr")
    assert (texts["starts_at"], texts["ends_at"]) == ("24 Kasım 2026 Salı, 22:00", "02:00")


@pytest.mark.parametrize("expected_end", ["2026-11-28T09:00:00+03:00", "2026-11-28T05:59:59Z"])
def test_maintenance_ends_after_it_begins(expected_end: str) -> None:
    data = data_of("maintenance-notice", expected_end=expected_end)
    assert faults("maintenance-notice", data) == [("expected_end", "not_later")]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("service-appointment-confirmed", "ends_at"),
        ("service-appointment-reminder", "ends_at"),
        ("maintenance-notice", "expected_end"),
    ],
)
def test_without_a_beginning_only_the_beginning_is_complained_of(name: str, field: str) -> None:
    data = data_of(name, starts_at="soon", **{field: NOON})
    assert [where for where, _ in faults(name, data)] == ["starts_at"]


@pytest.mark.parametrize(("percent", "turkish", "english"), [(1, "%1", "1%"), (100, "%100", "100%")])
def test_use_is_told_in_percent(percent: int, turkish: str, english: str) -> None:
    data = data_of("usage-alert", used_percent=percent)
    assert texts_of("usage-alert", data, "tr")["used_percent"] == turkish
    assert texts_of("usage-alert", data, "en")["used_percent"] == english


@pytest.mark.parametrize("percent", [0, -1, 1001, 80.5, "80", True])
def test_use_is_a_whole_number_of_percent(percent: object) -> None:
    (fault,) = faults("usage-alert", data_of("usage-alert", used_percent=percent))
    assert fault[0] == "used_percent"


TYPES = [event_type for event_type in catalogue().values() if event_type.industry is Industry.UTILITIES]
REMINDING = [event_type for event_type in TYPES if event_type.reminders is not None]


@pytest.mark.parametrize("event_type", REMINDING, ids=lambda event_type: event_type.name)
@pytest.mark.parametrize("language", ["tr", "en"])
def test_reminders_carry_a_payload_of_their_type(event_type: EventType[Any], language: str) -> None:
    assert event_type.reminders is not None
    data = event_type.payload.model_validate(event_type.examples[language]["data"])
    reminder = catalogue()[event_type.reminders.event_type].payload.model_validate(event_type.reminders.data(data))
    assert event_type.reminders.moment(data).tzinfo is not None
    shared = set(type(reminder).model_fields) & set(event_type.payload.model_fields)
    assert shared
    assert {name: getattr(reminder, name) for name in shared} == {name: getattr(data, name) for name in shared}


def test_reminders_of_a_bill_lead_to_the_bill_and_count_back_from_its_due_date() -> None:
    reminders = catalogue()["bill-ready"].reminders
    assert reminders is not None
    data = catalogue()["bill-ready"].payload.model_validate(data_of("bill-ready"))
    assert reminders.data(data)["payment_url"] == "https://shop.example/bills/EA2026000123"
    assert reminders.moment(data) == datetime(2026, 12, 14, 9, tzinfo=UTC)


def test_a_bill_may_come_as_a_pdf() -> None:
    link = "https://shop.example/bills/EA2026000123.pdf"
    data = data_of("bill-ready", document={"link": link, "filename": "fatura.pdf"})
    bill_ready = catalogue()["bill-ready"]
    fill = bill_ready.fill(Occurrence(bill_ready.payload.model_validate(data), "tr", "Ayşe Yılmaz", "Europe/Istanbul"))
    assert fill.header == {"type": "document", "document": {"link": link, "filename": "fatura.pdf"}}
