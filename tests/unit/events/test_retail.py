"""States of shops' events, of surveys and of conversations: what belongs to each, and what the customer reads of it."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.events.catalogue import catalogue
from app.events.event_type import EventType, Occurrence

LINK = "https://shop.example/1"
TOTAL = {"amount": 129990, "currency": "TRY"}
TRACKING = {"order_number": "A-1", "tracking_url": LINK}
UPDATED = {"order_number": "A-1", "total": TOTAL, "order_url": LINK}
CANCELLED = {"order_number": "A-1", "order_url": LINK}
RETURN = {"order_number": "A-1", "return_number": "R-1", "kind": "return", "return_url": LINK}
APPROVED = {"status": "approved", "carrier": "DHL", "send_by": "2026-12-05"}
REFUND = {"order_number": "A-1", "amount": TOTAL, "expected_by": "2026-12-03"}
FEEDBACK = {"survey_url": LINK}
REQUEST = {"requested_at": "2026-11-20T18:05:00+03:00", "channel": "app", "wording": "Haber ver", "evidence": "w-1"}
LOYALTY = {"programme": "Demo Kart", "balance": 1, "account_url": LINK, "request": REQUEST}
PRICE = {"product_name": "Keten gömlek", "product_url": LINK, "request": REQUEST}
WINDOW = {"starts_at": "2026-11-26T14:00:00+03:00", "ends_at": "2026-11-26T16:00:00+03:00"}


def type_of(name: str) -> EventType[Any]:
    return catalogue()[name]


def said(name: str, parameter: str, data: dict[str, Any], language: str) -> str:
    payload = type_of(name).payload.model_validate(data)
    return type_of(name).fill(Occurrence(payload, language, "Ayşe", "Europe/Istanbul")).texts[parameter]


def faults(name: str, data: dict[str, Any]) -> list[tuple[str, str]]:
    try:
        type_of(name).payload.model_validate(data)
    except ValidationError as error:
        return [("/".join(map(str, one["loc"])), one["type"]) for one in error.errors()]
    return []


@pytest.mark.parametrize(
    ("name", "parameter", "data", "turkish", "english"),
    [
        (
            "tracking-update",
            "update",
            TRACKING | {"status": "out_for_delivery", "window": WINDOW},
            "Gönderiniz dağıtıma çıktı. Tahmini teslimat: 26 Kasım 2026 Perşembe, 14:00 ile 16:00 arasında",
            ("Your parcel is out for delivery. Expected delivery: between Thursday, 26 November 2026, 14:00 and 16:00"),
        ),
        (
            "tracking-update",
            "update",
            TRACKING | {"status": "out_for_delivery"},
            "Gönderiniz dağıtıma çıktı",
            "Your parcel is out for delivery",
        ),
        (
            "tracking-update",
            "update",
            TRACKING | {"status": "delayed", "expected_on": "2026-11-27"},
            "Teslimat gecikiyor. Yeni tahmini tarih: 27 Kasım 2026 Cuma",
            "The delivery is delayed. New expected date: Friday, 27 November 2026",
        ),
        (
            "tracking-update",
            "update",
            TRACKING | {"status": "delivery_attempted", "expected_on": None},
            "Adresinize geldik ancak gönderinizi teslim edemedik. Yeni teslimat tarihi: henüz belli değil",
            "We could not hand over your parcel at your address. New delivery date: not known yet",
        ),
        (
            "tracking-update",
            "update",
            TRACKING | {"status": "ready_for_pickup", "pickup_place": "Moda Şb.", "pickup_by": "2026-11-30"},
            "Gönderiniz teslim alınmaya hazır. Yer: Moda Şb. Son gün: 30 Kasım 2026 Pazartesi",
            "Your parcel is ready to be collected. Place: Moda Şb. Last day: Monday, 30 November 2026",
        ),
        (
            "tracking-update",
            "update",
            TRACKING | {"status": "delivered", "delivered_at": "2026-11-26T11:30:00Z"},
            "Gönderiniz teslim edildi. Teslim zamanı: 26 Kasım 2026 Perşembe, 14:30",
            "Your parcel has been delivered. Time of delivery: Thursday, 26 November 2026, 14:30",
        ),
        ("tracking-update", "carrier", TRACKING | {"status": "delayed"}, "mağazamız", "our own service"),
        (
            "order-updated",
            "change",
            UPDATED | {"change": "items", "items": ["Gömlek", "Kemer", "Bot", "Şapka"]},
            "ürünler. Siparişinizin güncel içeriği: Gömlek, Kemer ve 2 tane daha",
            "items. Now in your order: Gömlek, Kemer, and 2 more",
        ),
        (
            "order-updated",
            "change",
            UPDATED | {"change": "delivery_address", "delivery_address": "Bağdat Cad. 12, Kadıköy."},
            "teslimat adresi. Yeni adres: Bağdat Cad. 12, Kadıköy",
            "delivery address. New address: Bağdat Cad. 12, Kadıköy",
        ),
        (
            "order-updated",
            "change",
            UPDATED | {"change": "payment_method", "payment_method": "Havale"},
            "ödeme yöntemi. Yeni yöntem: Havale",
            "payment method. New method: Havale",
        ),
        (
            "order-cancelled",
            "reason",
            CANCELLED | {"reason": "customer_request"},
            "talebiniz",
            "your request",
        ),
        (
            "order-cancelled",
            "reason",
            CANCELLED | {"reason": "other", "explanation": "Üretim durdu."},
            "Üretim durdu",
            "Üretim durdu",
        ),
        (
            "order-cancelled",
            "refund",
            CANCELLED | {"reason": "undeliverable"},
            "yok (ödeme alınmamıştı)",
            "none, as nothing was charged",
        ),
        (
            "order-cancelled",
            "refund",
            CANCELLED | {"reason": "payment_not_received", "refund": TOTAL},
            "1.299,90 ₺",
            "TRY 1,299.90",
        ),
        (
            "return-update",
            "update",
            RETURN | APPROVED | {"shipping_code": "7245510"},
            (
                "Talebiniz onaylandı. Ürünü bize gönderebilirsiniz. Kargo firması: DHL. Gönderi kodu: 7245510. "
                "Son gönderim tarihi: 5 Aralık 2026 Cumartesi"
            ),
            (
                "Your request has been approved. Please send us the item. Carrier: DHL. Shipping code: 7245510. "
                "Last day to send it: Saturday, 5 December 2026"
            ),
        ),
        (
            "return-update",
            "update",
            RETURN | APPROVED,
            (
                "Talebiniz onaylandı. Ürünü bize gönderebilirsiniz. Kargo firması: DHL. Gönderi kodu: gerekmiyor. "
                "Son gönderim tarihi: 5 Aralık 2026 Cumartesi"
            ),
            (
                "Your request has been approved. Please send us the item. Carrier: DHL. Shipping code: not needed. "
                "Last day to send it: Saturday, 5 December 2026"
            ),
        ),
        (
            "return-update",
            "update",
            RETURN | {"status": "rejected", "reason": "İade süresi doldu."},
            "Talebiniz kabul edilemedi. Nedeni: İade süresi doldu",
            "Your request could not be accepted. Reason: İade süresi doldu",
        ),
        (
            "return-update",
            "update",
            RETURN | {"status": "completed"},
            "İadeniz kabul edildi ve tamamlandı",
            "Your return has been accepted and completed",
        ),
        (
            "return-update",
            "update",
            RETURN | {"status": "completed", "kind": "exchange"},
            "Değişim tamamlandı, yeni ürününüz gönderildi",
            "Your exchange is complete and the new item has been sent",
        ),
        (
            "refund-issued",
            "destination",
            REFUND | {"destination": "card"},
            "ödeme yaptığınız kart",
            "the card you paid with",
        ),
        (
            "refund-issued",
            "destination",
            REFUND | {"destination": "card", "card_ending": "0042"},
            "son dört hanesi 0042 olan kartınız",
            "your card ending in 0042",
        ),
        (
            "loyalty-status",
            "change",
            LOYALTY | {"change": "points_expiring", "points": 1, "expires_on": "2026-12-31"},
            "1 puan geçerliliğini yitirecek. Son kullanım tarihi: 31 Aralık 2026 Perşembe",
            "1 point about to expire. Last day to use: Thursday, 31 December 2026",
        ),
        (
            "loyalty-status",
            "change",
            LOYALTY | {"change": "tier_changed", "tier": "Gümüş"},
            "yeni üyelik seviyeniz Gümüş",
            "your tier is now Gümüş",
        ),
        (
            "feedback-request",
            "subject",
            FEEDBACK | {"about": "visit", "visited_on": "2026-11-24", "place": "Kadıköy"},
            "24 Kasım 2026 Salı tarihli ziyaretiniz, Kadıköy",
            "your visit on Tuesday, 24 November 2026, Kadıköy",
        ),
        (
            "feedback-request",
            "subject",
            FEEDBACK | {"about": "support_case", "number": "D-4711"},
            "D-4711 numaralı destek talebiniz",
            "your support case D-4711",
        ),
    ],
)
def test_each_state_is_said_in_both_languages(
    name: str, parameter: str, data: dict[str, Any], turkish: str, english: str
) -> None:
    assert said(name, parameter, data, "tr") == turkish
    assert said(name, parameter, data, "en") == english


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        (
            "tracking-update",
            TRACKING | {"status": "delivered"},
            ("delivered_at", "missing"),
        ),
        (
            "tracking-update",
            TRACKING | {"status": "ready_for_pickup", "pickup_place": "Moda"},
            ("pickup_by", "missing"),
        ),
        (
            "tracking-update",
            TRACKING | {"status": "delayed", "window": WINDOW},
            ("window", "not_applicable"),
        ),
        (
            "tracking-update",
            TRACKING | {"status": "out_for_delivery", "expected_on": "2026-11-27"},
            ("expected_on", "not_applicable"),
        ),
        (
            "tracking-update",
            TRACKING | {"status": "out_for_delivery", "window": WINDOW | {"ends_at": WINDOW["starts_at"]}},
            ("window/ends_at", "not_later"),
        ),
        (
            "tracking-update",
            TRACKING | {"status": "out_for_delivery", "window": WINDOW | {"ends_at": "2026-11-27T14:00:00+03:00"}},
            ("window/ends_at", "too_late"),
        ),
        ("tracking-update", TRACKING | {"status": "lost"}, ("status", "literal_error")),
        ("order-updated", UPDATED | {"change": "items"}, ("items", "missing")),
        ("order-updated", UPDATED | {"change": "items", "items": []}, ("items", "too_short")),
        ("order-cancelled", CANCELLED | {"reason": "other"}, ("explanation", "missing")),
        (
            "order-cancelled",
            CANCELLED | {"reason": "out_of_stock", "explanation": "Bitti"},
            ("explanation", "not_applicable"),
        ),
        (
            "return-update",
            RETURN | {"status": "approved", "carrier": "DHL"},
            ("send_by", "missing"),
        ),
        ("return-update", RETURN | {"status": "rejected"}, ("reason", "missing")),
        (
            "return-update",
            RETURN | {"status": "received", "shipping_code": "1"},
            ("shipping_code", "not_applicable"),
        ),
        (
            "refund-issued",
            REFUND | {"destination": "bank_account", "card_ending": "1234"},
            ("card_ending", "not_applicable"),
        ),
        (
            "refund-issued",
            REFUND | {"destination": "card", "card_ending": "4355084355084358"},
            ("card_ending", "string_pattern_mismatch"),
        ),
        ("loyalty-status", LOYALTY | {"change": "points_used"}, ("points", "missing")),
        (
            "loyalty-status",
            LOYALTY | {"change": "tier_changed", "tier": "Altın", "points": 5},
            ("points", "not_applicable"),
        ),
        ("feedback-request", FEEDBACK | {"about": "order"}, ("number", "missing")),
        (
            "feedback-request",
            FEEDBACK | {"about": "visit", "visited_on": "2026-11-24"},
            ("place", "missing"),
        ),
        (
            "price-drop",
            PRICE | {"old_price": TOTAL, "new_price": TOTAL},
            ("new_price", "not_lower"),
        ),
        (
            "price-drop",
            PRICE | {"old_price": TOTAL, "new_price": {"amount": 1, "currency": "EUR"}},
            ("new_price", "currency_differs"),
        ),
    ],
)
def test_what_does_not_go_together_is_refused_at_its_field(
    name: str, data: dict[str, Any], fault: tuple[str, str]
) -> None:
    assert faults(name, data) == [fault]


def test_what_belongs_to_a_state_is_not_asked_for_where_the_state_itself_is_refused() -> None:
    data = TRACKING | {"status": "lost", "pickup_place": "Moda", "expected_on": "2026-11-27"}
    assert [place for place, _ in faults("tracking-update", data)] == ["status"]


@pytest.mark.parametrize("name", ["stock-alert", "price-drop", "loyalty-status", "continue-on-whatsapp"])
def test_what_only_answers_a_request_cannot_be_posted_without_one(name: str) -> None:
    data = {field: value for field, value in type_of(name).example["data"].items() if field != "request"}
    assert faults(name, data) == [("request", "missing")]


def test_a_cancelled_order_silences_whatever_else_is_about_it() -> None:
    about_orders = {name for name, one in catalogue().items() if one.topic == "orders"}
    what_comes_after = {"order-cancelled", "refund-issued", "return-update"}
    assert about_orders - what_comes_after <= set(type_of("order-cancelled").overtakes)


def test_who_agreed_to_news_of_orders_hears_of_the_money_for_a_cancelled_one() -> None:
    topics = {type_of(name).topic for name in ("order-cancelled", "return-update", "refund-issued")}
    assert topics == {type_of("order-confirmed").topic}


def test_a_care_guide_goes_into_the_header_of_a_template_that_has_one() -> None:
    care = type_of("product-care")
    data = care.example["data"] | {"document": {"link": f"{LINK}.pdf", "filename": "bakim.pdf"}}
    fill = care.fill(Occurrence(care.payload.model_validate(data), "tr", "Ayşe", "Europe/Istanbul"))
    assert fill.header == {"type": "document", "document": {"link": f"{LINK}.pdf", "filename": "bakim.pdf"}}
    assert care.fill_example("tr").header is None


def test_an_address_keeps_a_full_stop_that_words_lose() -> None:
    shipped = type_of("order-shipped")
    data = shipped.payload.model_validate(
        {"order_number": "A-1", "carrier": "Aras Kargo A.Ş.", "tracking_number": "1", "tracking_url": f"{LINK}."}
    )
    fill = shipped.fill(Occurrence(data, "tr", "Ayşe", "Europe/Istanbul"))
    assert fill.texts["carrier"] == "Aras Kargo A.Ş"
    assert fill.links == [f"{LINK}."]
