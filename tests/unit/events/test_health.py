"""What health types say in each state, and what they refuse."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.events.catalogue import catalogue
from app.events.event_type import Occurrence

TYPES = catalogue()


def fill_of(name: str, language: str = "tr", *, without: tuple[str, ...] = (), **changes: Any) -> Any:
    data = {**TYPES[name].example["data"], **changes}
    payload = TYPES[name].payload.model_validate({key: value for key, value in data.items() if key not in without})
    return TYPES[name].fill(Occurrence(payload, language, "Ayşe Yılmaz", "Europe/Istanbul"))


def faults_of(name: str, *, without: tuple[str, ...] = (), **changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        fill_of(name, without=without, **changes)
    return [(".".join(map(str, error["loc"])), error["type"]) for error in caught.value.errors()]


@pytest.mark.parametrize(
    ("cancelled_by", "language", "said"),
    [
        ("customer", "tr", "İptal, isteğiniz üzerine yapıldı"),
        ("business", "tr", "İptal bizden kaynaklandı; verdiğimiz rahatsızlık için özür dileriz"),
        ("customer", "en", "it was cancelled at your request"),
        ("business", "en", "we had to cancel it ourselves, and we apologise for the inconvenience"),
    ],
)
def test_a_cancellation_says_whose_it_is(cancelled_by: str, language: str, said: str) -> None:
    assert fill_of("appointment-cancelled", language, cancelled_by=cancelled_by).texts["cause"] == said


def test_an_appointment_moves_to_another_time() -> None:
    faults = faults_of(
        "appointment-rescheduled",
        previous_starts_at="2026-11-24T14:30:00+03:00",
        starts_at="2026-11-24T11:30:00Z",
    )
    assert faults == [("starts_at", "same_time")]


def test_a_previous_time_that_is_none_is_the_only_fault() -> None:
    assert faults_of("appointment-rescheduled", previous_starts_at=None) == [("previous_starts_at", "time_written_out")]


@pytest.mark.parametrize("name", ["appointment-confirmed", "appointment-rescheduled"])
def test_a_place_on_the_map_goes_into_a_header_of_a_template_of_ones_own(name: str) -> None:
    location = {"latitude": 40.99, "longitude": 29.02, "name": "Demo Klinik", "address": "Moda Cad. 1, Kadıköy"}
    assert fill_of(name).header is None
    assert fill_of(name, location=location).header["location"]["name"] == "Demo Klinik"


@pytest.mark.parametrize(
    ("changes", "shown"),
    [({}, "20:00"), ({"time_zone": "Europe/Berlin"}, "18:00"), ({"due_at": "2026-11-24T22:00:00+01:00"}, "00:00")],
)
def test_a_medicine_is_due_on_the_clock_of_the_customer(changes: dict[str, str], shown: str) -> None:
    assert fill_of("medication-reminder", **changes).texts["due_at"] == shown


@pytest.mark.parametrize(
    ("language", "changes", "arrival", "bring"),
    [
        ("tr", {}, "randevudan 15 dakika önce", "kimlik kartınız ve sigorta bilgileriniz"),
        (
            "en",
            {"arrive_minutes_before": 1, "bring": ["a", "b", "c"]},
            "1 minute before the appointment",
            "a, b, and c",
        ),
        ("tr", {"arrive_minutes_before": None, "bring": None}, "randevu saatinde", "kimlik kartınız"),
        ("en", {"arrive_minutes_before": None, "bring": None}, "at the time of the appointment", "your identity card"),
    ],
)
def test_instructions_ask_for_what_is_usual_unless_told(
    language: str, changes: dict[str, Any], arrival: str, bring: str
) -> None:
    texts = fill_of("pre-appointment-instructions", language, **changes).texts
    assert texts["arrival"] == arrival
    assert texts["bring"] == bring


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"arrive_minutes_before": 0}, "arrive_minutes_before"),
        ({"arrive_minutes_before": 241}, "arrive_minutes_before"),
        ({"arrive_minutes_before": "15"}, "arrive_minutes_before"),
        ({"bring": []}, "bring"),
        ({"bring": [""]}, "bring.0"),
        ({"bring": ["x"] * 11}, "bring"),
    ],
)
def test_instructions_that_cannot_be_meant_are_refused(changes: dict[str, Any], place: str) -> None:
    assert [where for where, _ in faults_of("pre-appointment-instructions", **changes)] == [place]


RENEWAL = {"status": "renewal_needed", "pickup_place": None, "pickup_by": None, "expires_on": "2026-12-05"}


@pytest.mark.parametrize(
    ("language", "changes", "said"),
    [
        (
            "tr",
            {},
            (
                "İlacınız teslim alınmaya hazır. Teslim alınacak yer: Demo Eczanesi, Kadıköy. "
                "Son teslim alma günü: 28 Kasım 2026 Cumartesi"
            ),
        ),
        (
            "en",
            {"pickup_by": None},
            "Your medicine is ready to be collected. Where: Demo Eczanesi, Kadıköy. Last day: not set",
        ),
        (
            "tr",
            RENEWAL,
            (
                "Reçetenizin süresi doluyor. Son geçerlilik tarihi: 5 Aralık 2026 Cumartesi. "
                "Tedavinizin sürmesi için doktorunuzun yeni reçete yazması gerekiyor"
            ),
        ),
        (
            "en",
            RENEWAL,
            (
                "Your prescription is running out. Last valid day: Saturday, 5 December 2026. "
                "For your treatment to go on, your doctor needs to write a new one"
            ),
        ),
    ],
)
def test_a_prescription_says_what_is_to_be_done(language: str, changes: dict[str, Any], said: str) -> None:
    assert fill_of("prescription-refill", language, **changes).texts["status"] == said


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"pickup_place": None}, [("pickup_place", "missing")]),
        ({"expires_on": "2026-12-05"}, [("expires_on", "not_applicable")]),
        (RENEWAL | {"expires_on": None}, [("expires_on", "missing")]),
        (RENEWAL | {"pickup_by": "2026-11-28"}, [("pickup_by", "not_applicable")]),
        ({"status": "expired"}, [("status", "literal_error")]),
    ],
)
def test_what_belongs_to_a_state_of_a_prescription_is_there_then_and_only_then(
    changes: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    assert faults_of("prescription-refill", **changes) == faults


def test_a_field_left_out_is_missing_as_an_empty_one_is() -> None:
    assert faults_of("prescription-refill", without=("pickup_place",)) == [("pickup_place", "missing")]


@pytest.mark.parametrize(
    ("language", "changes", "said"),
    [
        ("tr", {"status": "received", "amount": None}, "Talebiniz alındı"),
        ("en", {"status": "under_review", "amount": None}, "Your claim is being reviewed"),
        (
            "tr",
            {"status": "documents_needed", "amount": None, "documents_by": "2026-12-01"},
            "Talebinizin sonuçlanması için eksik belge bekleniyor. Son gün: 1 Aralık 2026 Salı",
        ),
        (
            "en",
            {"status": "documents_needed", "amount": None},
            "A document is still missing for your claim to be decided. Last day: not set",
        ),
        ("tr", {"status": "approved"}, "Talebiniz onaylandı. Ödenecek tutar: 4.800,00 ₺"),
        (
            "en",
            {"status": "partially_approved"},
            "Your claim has been approved in part. Amount to be paid: TRY 4,800.00",
        ),
        (
            "tr",
            {"status": "rejected", "amount": None},
            "Talebiniz onaylanmadı. Gerekçesi ve itiraz yolu talep sayfanızda yer alıyor",
        ),
        ("tr", {"status": "paid"}, "Ödemeniz yapıldı. Ödenen tutar: 4.800,00 ₺"),
    ],
)
def test_a_claim_says_how_far_it_is(language: str, changes: dict[str, Any], said: str) -> None:
    written = fill_of("insurance-claim-update", language, **changes).texts["status"]
    assert written == said


@pytest.mark.parametrize("status", ["approved", "partially_approved", "paid"])
def test_a_claim_that_is_paid_for_has_an_amount(status: str) -> None:
    assert faults_of("insurance-claim-update", status=status, amount=None) == [("amount", "missing")]


@pytest.mark.parametrize("status", ["received", "under_review", "documents_needed", "rejected"])
def test_a_claim_that_is_not_paid_for_has_none(status: str) -> None:
    assert faults_of("insurance-claim-update", status=status) == [("amount", "not_applicable")]


def test_a_last_day_for_documents_belongs_to_documents_that_are_needed() -> None:
    faults = faults_of("insurance-claim-update", documents_by="2026-12-01")
    assert faults == [("documents_by", "not_applicable")]


@pytest.mark.parametrize("phone", ["444 1 444", "+90 (216) 000-00-00", "0216/0000000"])
def test_a_number_to_call_is_shown_as_it_is_written(phone: str) -> None:
    assert fill_of("post-visit-care", help_phone=phone).texts["help_phone"] == phone


@pytest.mark.parametrize("phone", ["", "call us", "0216 000 00 00 (Dr. A)", "+", "0" * 31])
def test_what_is_no_number_to_call_is_refused(phone: str) -> None:
    assert [where for where, _ in faults_of("post-visit-care", help_phone=phone)] == ["help_phone"]


def test_a_reminder_of_preventive_care_answers_a_request() -> None:
    assert faults_of("preventive-care-reminder", without=("request",)) == [("request", "missing")]
    assert TYPES["preventive-care-reminder"].is_promotional
