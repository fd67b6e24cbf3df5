"""Payloads of shops as facts, without a database: amounts, numbers, languages, and what is not news."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.catalogue import catalogue
from app.events.formatting import KNOWN_CURRENCIES, minor_digits
from app.events.own import build
from app.events.schemas import EXAMPLE, EventTypeDefinition
from app.integrations import shopify, woocommerce
from app.integrations.completing import Incomplete, KnownOrder, Recipient, Source, event_of
from app.integrations.facts import Candidate, Fact, Reading, minor_units
from app.integrations.phones import choose_phone
from app.integrations.reading import full_name, language_tag
from app.integrations.settings import IntegrationSettings, Links, Refunds
from app.integrations.shops import shop_named
from app.messages.bodies import read_body
from tests.support.shops import parcels, payload

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
PLAIN = IntegrationSettings()


def of_shopify(topic: str, name: str, settings: IntegrationSettings = PLAIN, **changes: Any) -> Reading:
    return shopify.read(topic, payload(name, NOW, **changes), settings, NOW)


def of_woocommerce(settings: IntegrationSettings = PLAIN, **changes: Any) -> Reading:
    return woocommerce.read("order.updated", payload("woocommerce_order", NOW, **changes), settings, NOW)


@given(st.sampled_from(sorted(KNOWN_CURRENCIES)), st.integers(0, 10**12))
def test_amounts_keep_their_worth_in_every_currency(currency: str, minor: int) -> None:
    written = Decimal(minor).scaleb(-minor_digits(currency))
    for text in (f"{written:f}", f"{written:.6f}"):
        money = minor_units(Decimal(text), currency)
        assert money is not None
        assert (money.amount, money.currency) == (minor, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("1300", "TRY", 130000), ("1500", "JPY", 1500), ("1500.00", "JPY", 1500), ("1.2345", "KWD", 1235)],
)
def test_amounts_as_shops_write_them(amount: str, currency: str, minor: int) -> None:
    money = minor_units(Decimal(amount), currency)
    assert money is not None
    assert money.amount == minor
    assert minor_units(Decimal(-1), currency) is None
    assert minor_units(Decimal(amount), "XXX") is None


def test_customers_read_the_amounts_that_they_saw() -> None:
    """Of a shop that counts in lira and sells in euro."""
    total = {
        "shop_money": {"amount": "1299.90", "currency_code": "TRY"},
        "presentment_money": {"amount": "26.55", "currency_code": "EUR"},
    }
    shown = {"presentment_currency": "EUR", "current_total_price_set": total}
    (fact,) = of_shopify("orders/create", "shopify_order", **shown).facts
    assert fact.data["total"] == {"amount": 2655, "currency": "EUR"}
    unknown = {"presentment_currency": "EUR", "current_total_price_set": None, "total_price_set": None}
    assert of_shopify("orders/create", "shopify_order", **unknown).reason == "no_total"


TRANSACTION = payload("shopify_refund")["transactions"][0]


@pytest.mark.parametrize(
    ("changes", "settings", "expected"),
    [
        ({}, PLAIN, ("card", "4321")),
        ({"gateway": "gift_card", "payment_details": None}, PLAIN, ("store_balance", None)),
        ({"gateway": "Bank Deposit", "payment_details": None}, PLAIN, ("bank_account", None)),
        ({"gateway": "iyzico", "payment_details": None}, PLAIN, (None, None)),
        (
            {"gateway": "iyzico", "payment_details": None},
            IntegrationSettings(refunds=Refunds(destination="card")),
            ("card", None),
        ),
    ],
)
def test_refunds_say_where_the_money_goes(
    changes: dict[str, Any], settings: IntegrationSettings, expected: tuple[str | None, str | None]
) -> None:
    (fact,) = of_shopify("refunds/create", "shopify_refund", settings, transactions=[{**TRANSACTION, **changes}]).facts
    assert (fact.data["destination"], fact.data.get("card_ending")) == expected


def test_a_refund_is_told_once_for_each_place_and_only_when_the_money_has_left() -> None:
    parts = [
        {**TRANSACTION, "amount": "150.00"},
        {**TRANSACTION, "amount": "25.50"},
        {**TRANSACTION, "amount": "24.50", "gateway": "gift_card", "payment_details": None},
        {**TRANSACTION, "amount": "99.00", "status": "failure"},
        {**TRANSACTION, "amount": "1.00", "kind": "void"},
    ]
    facts = of_shopify("refunds/create", "shopify_refund", transactions=parts).facts
    assert [(one.data["destination"], one.data["amount"]["amount"]) for one in facts] == [
        ("card", 17550),
        ("store_balance", 2450),
    ]
    assert len({one.key for one in facts}) == 2
    pending = of_shopify("refunds/create", "shopify_refund", transactions=[{**TRANSACTION, "status": "pending"}])
    assert (pending.facts, pending.reason) == ((), "refund_pending")
    assert of_shopify("refunds/create", "shopify_refund", transactions=[]).reason == "nothing_paid_back"


@pytest.mark.parametrize(
    ("stands", "told"),
    [
        (None, "order-shipped"),
        ("label_printed", "order-shipped"),
        ("confirmed", "order-shipped"),
        ("in_transit", "order-shipped"),
        ("out_for_delivery", "out_for_delivery"),
        ("attempted_delivery", "delivery_attempted"),
        ("delayed", "delayed"),
        ("delivered", "delivered"),
        ("ready_for_pickup", "pickup_place_unknown"),
        ("failure", "tracking_failed"),
        ("something_new", "order-shipped"),
    ],
)
def test_how_a_parcel_stands(stands: str | None, told: str) -> None:
    reading = of_shopify("fulfillments/update", "shopify_fulfillment", shipment_status=stands)
    found = [fact.data.get("status", fact.news) for fact in reading.facts] or [reading.reason]
    assert found == [told]
    assert (reading.order_id, reading.number) == ("5622222222222", "#1001")


def test_a_parcel_that_is_given_up_or_not_gone_is_not_told() -> None:
    given_up = of_shopify("fulfillments/update", "shopify_fulfillment", status="cancelled")
    assert (given_up.facts, given_up.reason) == ((), "fulfillment_given_up")
    assert "shipped:4880000000001" in given_up.closes
    assert of_shopify("fulfillments/create", "shopify_fulfillment", status="open").reason == "not_shipped_yet"


@pytest.mark.parametrize(
    ("changes", "refund", "reason"),
    [
        ({"cancel_reason": "inventory"}, None, None),
        ({"financial_status": "paid"}, None, "refund_unknown"),
        ({"financial_status": "refunded", "refunds": [payload("shopify_refund")]}, 20000, None),
    ],
)
def test_that_nothing_was_charged_is_not_said_of_what_was(
    changes: dict[str, Any], refund: int | None, reason: str | None
) -> None:
    cancelled = {"cancelled_at": NOW.isoformat(), **changes}
    reading = of_shopify("orders/cancelled", "shopify_order", **cancelled)
    assert (reading.reason, reading.closes) == (reason, ("confirmed",))
    assert [one.data.get("refund", {}).get("amount") for one in reading.facts] == ([] if reason else [refund])


def test_texts_that_promise_a_shipment_are_for_orders_that_are_shipped() -> None:
    digital = payload("shopify_order")["line_items"]
    for item in digital:
        item["requires_shipping"] = False
    unfit = {"line_items": digital}, {"shipping_address": None}, {"source_name": "pos"}, {}
    found = [of_shopify("orders/create", "shopify_order", **one).facts[0].unfit for one in unfit]
    assert found == ["nothing_to_ship", "picked_up", "point_of_sale", None]
    in_shop = [{"id": 1, "method_id": "local_pickup"}]
    found = [of_woocommerce(**one).facts[0].unfit for one in ({"needs_processing": False}, {"shipping_lines": in_shop})]
    assert found == ["nothing_to_ship", "picked_up"]


def test_who_ordered_is_told_before_who_gets_the_parcel() -> None:
    customer = of_shopify("orders/create", "shopify_order").customer
    assert customer.phones == (Candidate("0532 111 22 33", "TR"), Candidate("0533 999 88 77", "TR", of_another=True))
    assert (customer.name, customer.language) == ("Şükran Çağlı", "tr_TR")
    given = of_shopify("orders/create", "shopify_order", phone="+491701234567").customer
    assert given.phones[0].text == "+491701234567"
    to_buyer = {"name": "ŞÜKRAN Çağlı", "phone": "0533 999 88 77", "country_code": "TR"}
    to_one = of_shopify("orders/create", "shopify_order", shipping_address=to_buyer).customer
    assert [one.of_another for one in to_one.phones] == [False, False]
    friend = {"first_name": "Ali", "last_name": "Ünlü", "phone": "0533 999 88 77", "country": "TR"}
    assert [one.of_another for one in of_woocommerce(shipping=friend).customer.phones] == [False, True]


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ([("0532 111 22 33", "TR")], ("+905321112233", None)),
        ([("0 (532) 111-22-33", None)], ("+905321112233", None)),
        ([("0170 1234567", "de")], ("+491701234567", None)),
        ([("532 111 22 33", "US")], ("+905321112233", None)),
        ([("0216 555 10 10", "TR"), ("0533 999 88 77", "TR")], ("+905339998877", None)),
        ([("0216 555 10 10", "TR")], (None, "no_mobile_phone")),
        ([("bilmiyorum", "TR")], (None, "phone_invalid")),
        ([], (None, "no_phone")),
    ],
)
def test_the_first_mobile_number_is_taken(
    candidates: list[tuple[str, str | None]], expected: tuple[str | None, str | None]
) -> None:
    assert choose_phone([Candidate(*one) for one in candidates], None, "TR") == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("tr", "tr"),
        ("tr-TR", "tr_TR"),
        ("TR_tr", "tr_TR"),
        ("de_DE_formal", "de_DE"),
        ("zh-hans", "zh_Hans"),
        ("?", None),
    ],
)
def test_languages_as_shops_write_them(tag: str, expected: str | None) -> None:
    assert language_tag(tag) == expected


def test_parcels_as_extensions_of_woocommerce_keep_them() -> None:
    day = NOW - timedelta(days=2)
    own = {
        "tracking_number": "42",
        "custom_tracking_provider": "Mahalle Kuryesi",
        "custom_tracking_link": "https://kurye.example/?no=%1$s",
        "date_shipped": str(int(day.timestamp())),
    }
    kept = {"tracking_number": "YK7", "tracking_provider": "yurtici-kargo", "date_shipped": ""}
    unknown = {"tracking_number": "B7", "tracking_provider": "bolt-express"}
    broken: list[Any] = [{"tracking_provider": "ups"}, {"tracking_number": ["?"]}]
    facts = of_woocommerce(meta_data=[parcels(own, kept, unknown, *broken)]).facts[1:]
    assert [(one.data["carrier"], one.link, one.is_dated) for one in facts] == [
        ("Mahalle Kuryesi", "https://kurye.example/?no=42", True),
        ("Yurtiçi Kargo", None, False),
        ("Bolt Express", None, False),
    ]
    assert facts[0].occurred_at == day + timedelta(days=1)
    # PHP writes an empty object as a list, and extensions keep what they like.
    odd = of_woocommerce(billing=[], shipping=[], meta_data=[{"key": "_wc_shipment_tracking_items", "value": "x"}, 7])
    assert (odd.customer.phones, len(odd.facts)) == ((), 1)


def test_what_woocommerce_means_by_completed_is_for_the_shop_to_say() -> None:
    done = {"status": "completed"}
    assert [one.news for one in of_woocommerce(**done).facts] == ["order-confirmed"]
    delivered = of_woocommerce(IntegrationSettings(completed_means="delivered"), **done).facts[-1]
    assert (delivered.news, delivered.data["status"]) == ("tracking-update", "delivered")
    by_transfer = {"status": "on-hold", "date_paid_gmt": None}
    assert [one.news for one in of_woocommerce(**by_transfer).facts] == ["order-confirmed"]
    assert of_woocommerce(IntegrationSettings(confirm_when="paid"), **by_transfer).reason == "not_paid_yet"


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(st.data())
def test_no_field_of_the_wrong_kind_stops_a_payload(data: st.DataObject) -> None:
    """But for the ids, which have to be there."""
    for read, topic, name in (
        (shopify.read, "orders/create", "shopify_order"),
        (shopify.read, "fulfillments/update", "shopify_fulfillment"),
        (shopify.read, "refunds/create", "shopify_refund"),
        (woocommerce.read, "order.updated", "woocommerce_order"),
    ):
        document = payload(name, NOW)
        field = data.draw(st.sampled_from(sorted(set(document) - {"id", "order_id"})))
        document[field] = data.draw(_ANY)
        for fact in read(topic, document, PLAIN, NOW).facts:
            assert Fact.from_json(fact.as_json()) == fact


class _Business:
    website, time_zone, language = "https://shop.example", "Europe/Istanbul", "tr"


ORDER = KnownOrder("5622222222222", "#1001", "https://shop.example/orders/1001?key=k", "tr")
RECIPIENT = Recipient("+905321112233", None, "Şükran Çağlı", "tr")
LINKED = IntegrationSettings(
    links=Links(tracking="https://shop.example/kargo/{tracking_number}"), refunds=Refunds(destination="card")
)


def _event(fact: Fact, settings: IntegrationSettings = LINKED) -> dict[str, Any]:
    source = Source("shopify", "demo.myshopify.com", None, settings)
    expires_at = NOW + timedelta(hours=1)
    return event_of(fact, catalogue()[fact.news], ORDER, RECIPIENT, source, _Business, expires_at)  # type: ignore[arg-type] # as much of one


def test_every_fact_makes_an_event_that_is_taken() -> None:
    readings = [
        of_shopify("orders/create", "shopify_order"),
        of_shopify("orders/cancelled", "shopify_order", cancelled_at=NOW.isoformat()),
        of_shopify("fulfillments/create", "shopify_fulfillment"),
        of_shopify("refunds/create", "shopify_refund"),
        of_woocommerce(LINKED, refunds=[{"id": 1, "total": "-5.00"}], meta_data=[parcels({"tracking_number": "1"})]),
        *(
            of_shopify("fulfillments/update", "shopify_fulfillment", shipment_status=stands)
            for stands in ("out_for_delivery", "attempted_delivery", "delayed", "delivered")
        ),
    ]
    facts = [fact for reading in readings for fact in reading.facts if fact.data.get("carrier", "") is not None]
    assert {fact.news for fact in facts} == {
        "order-confirmed", "order-cancelled", "order-shipped", "refund-issued", "tracking-update",
    }  # fmt: skip
    for fact in facts:
        read_body(catalogue()[fact.news], _event(fact))


def test_an_event_type_of_ones_own_gets_what_its_schema_names() -> None:
    """Also of what the catalogue has no true words for."""
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["order_number"],
        "properties": {"order_number": {"type": "string", "maxLength": 60}},
    }
    own = build("x-fetched", EventTypeDefinition.model_validate({**EXAMPLE, "payload_schema": schema}))
    (picked_up,) = of_shopify("orders/create", "shopify_order", shipping_address=None).facts
    source = Source("shopify", "demo.myshopify.com", None, PLAIN)
    body = event_of(picked_up, own, ORDER, RECIPIENT, source, _Business, NOW)  # type: ignore[arg-type] # as much of one
    assert body["data"] == {"order_number": "#1001"}
    with pytest.raises(Incomplete, match="picked_up"):
        _event(picked_up)


def test_what_is_missing_is_named_and_never_made_up() -> None:
    (shipped,) = of_shopify("fulfillments/create", "shopify_fulfillment", tracking_company="Other").facts
    (refund,) = of_woocommerce(refunds=[{"id": 1, "total": "-5.00"}]).facts[1:]
    for fact, reason in ((shipped, "no_carrier"), (refund, "refund_destination_unknown")):
        with pytest.raises(Incomplete, match=reason):
            _event(fact, PLAIN)
    assert _event(shipped, IntegrationSettings(carrier="Aras Kargo"))["data"]["carrier"] == "Aras Kargo"
    (cancelled,) = of_shopify("orders/cancelled", "shopify_order", cancelled_at=NOW.isoformat()).facts
    assert _event(cancelled)["data"]["explanation"] == "belirtilmedi"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (("Dr.Ayşe", "Yılmaz Jr."), "Dr. Ayşe Yılmaz Jr."),
        (("Kazandınız: https://www.evil.example/x", None), "Kazandınız: https www. evil. example/x"),
        (("\u202eAyşe\u2066", "\u200f"), "Ayşe"),
        (("\u202e", None), None),
    ],
)
def test_a_name_leads_nowhere(given: tuple[str | None, ...], kept: str | None) -> None:
    """Strangers write it, at the checkout, and messages carry it to whatever number they give."""
    assert full_name(*given) == kept


def test_buttons_lead_where_plain_links_may() -> None:
    (shipped,) = of_shopify("fulfillments/create", "shopify_fulfillment").facts
    assert _event(shipped)["data"]["tracking_url"] == "https://shop.example/kargo/YK123456789"
    assert _event(shipped, PLAIN)["data"]["tracking_url"] == ORDER.url, "the carrier's page is on no website of ours"


@pytest.mark.parametrize(
    ("platform", "text", "expected"),
    [
        ("shopify", "Demo-Magaza.myshopify.com", "demo-magaza.myshopify.com"),
        ("shopify", "https://demo.myshopify.com/", "demo.myshopify.com"),
        ("shopify", "demo.myshopify.com.evil.example", None),
        ("woocommerce", "https://Shop.example/", "shop.example"),
        ("woocommerce", "http://shop.example/magaza/", "shop.example/magaza"),
        ("woocommerce", "shop.example:8080", "shop.example:8080"),
        ("woocommerce", "https://user@shop.example", None),
        ("woocommerce", "ftp://shop.example", None),
        ("woocommerce", "https://[", None),
    ],
)
def test_shops_have_one_name(platform: Any, text: str, expected: str | None) -> None:
    assert shop_named(platform, text) == expected
