"""Accounts: which values belong to which change, and how each change is said."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.events.account import account_status_change, security_alert, subscription_change
from app.events.event_type import EventType, Occurrence

STATUS = account_status_change.EVENT_TYPE
SUBSCRIPTION = subscription_change.EVENT_TYPE
ALERT = security_alert.EVENT_TYPE

MONTHLY = {"amount": {"amount": 24990, "currency": "TRY"}, "per": "month"}
YEARLY = {"amount": {"amount": 249900, "currency": "TRY"}, "per": "year"}


def data_of(event_type: EventType[Any], without: tuple[str, ...], **changes: Any) -> dict[str, Any]:
    """The Turkish example with other values."""
    data = {**event_type.examples["tr"]["data"], **changes}
    return {name: value for name, value in data.items() if name not in without or name in changes}


def said(event_type: EventType[Any], name: str, language: str, data: dict[str, Any]) -> str:
    payload = event_type.payload.model_validate(data)
    return event_type.fill(Occurrence(payload, language, "Ayşe Yılmaz", "Europe/Istanbul")).texts[name]


def faults(event_type: EventType[Any], data: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as raised:
        event_type.payload.model_validate(data)
    return [(".".join(map(str, one["loc"])), one["type"]) for one in raised.value.errors()]


@pytest.mark.parametrize(
    ("values", "turkish", "english"),
    [
        ({"status": "activated"}, "hesabınız kullanıma açıldı", "your account is active"),
        (
            {"status": "suspended", "reason": "ödeme alınamadı"},
            "hesabınız geçici olarak durduruldu. Nedeni: ödeme alınamadı",
            "your account is suspended for now. Reason: ödeme alınamadı",
        ),
        ({"status": "reactivated"}, "hesabınız yeniden kullanıma açıldı", "your account is active again"),
        ({"status": "closed"}, "hesabınız kapatıldı", "your account is closed"),
    ],
)
def test_an_account_says_its_status(values: dict[str, Any], turkish: str, english: str) -> None:
    data = data_of(STATUS, ("reason",), **values)
    assert said(STATUS, "status", "tr", data) == turkish
    assert said(STATUS, "status", "en", data) == english


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"status": "suspended"}, [("reason", "missing")]),
        ({"status": "closed", "reason": "borç"}, [("reason", "not_applicable")]),
        ({"status": "frozen", "reason": "borç"}, [("status", "literal_error")]),
    ],
)
def test_a_reason_belongs_to_a_suspension(values: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert faults(STATUS, data_of(STATUS, ("reason",), **values)) == expected


@pytest.mark.parametrize(
    ("values", "turkish", "english"),
    [
        (
            {"change": "started", "price": MONTHLY},
            "aboneliğiniz başladı. Ücret: aylık 249,90 ₺",
            "it has started. Price: TRY 249.90 per month",
        ),
        (
            {"change": "plan_changed", "previous_plan": "Standart", "price": YEARLY},
            "planınız değişti. Önceki plan: Standart. Ücret: yıllık 2.499,00 ₺",
            "your plan has changed. Previous plan: Standart. Price: TRY 2,499.00 per year",
        ),
        (
            {"change": "price_changed", "price": MONTHLY},
            "ücret değişti. Yeni ücret: aylık 249,90 ₺",
            "the price has changed. New price: TRY 249.90 per month",
        ),
        ({"change": "paused"}, "aboneliğiniz donduruldu", "it has been paused"),
        ({"change": "resumed"}, "aboneliğiniz yeniden başladı", "it has been resumed"),
        ({"change": "cancelled"}, "aboneliğiniz iptal edildi", "it has been cancelled"),
    ],
)
def test_a_subscription_says_what_changed(values: dict[str, Any], turkish: str, english: str) -> None:
    data = data_of(SUBSCRIPTION, ("previous_plan", "price"), **values)
    assert said(SUBSCRIPTION, "change", "tr", data) == turkish
    assert said(SUBSCRIPTION, "change", "en", data) == english


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"change": "started"}, [("price", "missing")]),
        ({"change": "plan_changed"}, [("previous_plan", "missing"), ("price", "missing")]),
        (
            {"change": "price_changed", "previous_plan": "Standart", "price": MONTHLY},
            [("previous_plan", "not_applicable")],
        ),
        ({"change": "cancelled", "price": MONTHLY}, [("price", "not_applicable")]),
        ({"change": "started", "price": {**MONTHLY, "per": "day"}}, [("price.per", "literal_error")]),
    ],
)
def test_a_subscription_says_which_value_is_at_fault(values: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert faults(SUBSCRIPTION, data_of(SUBSCRIPTION, ("previous_plan", "price"), **values)) == expected


@pytest.mark.parametrize("language", ["tr", "en"])
def test_each_security_event_is_said_in_words_of_its_own(language: str) -> None:
    events = ("new_login", "password_changed", "contact_details_changed")
    texts = {said(ALERT, "activity", language, data_of(ALERT, (), activity=event)) for event in events}
    assert len(texts) == len(events)


def test_a_device_may_be_unknown() -> None:
    assert said(ALERT, "device", "tr", data_of(ALERT, ("device",))) == "bilinmiyor"
    assert said(ALERT, "device", "en", data_of(ALERT, ("device",))) == "not known"
    assert said(ALERT, "device", "en", data_of(ALERT, ())) == "Chrome, Windows, Ankara"
