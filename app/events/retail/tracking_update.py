"""Tracking update: where a parcel stands on its way, to the door or to the counter."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import Code, Day, Link, Moment, Name, Payload, Place, belongs_to, later_than

_LONGEST_WINDOW = timedelta(hours=23)
"""Of its end the text shows only the clock: so it must be clear which day that is on."""


class DeliveryWindow(Payload):
    starts_at: Annotated[Moment, Field(examples=["2026-11-26T14:00:00+03:00"])]
    ends_at: Annotated[
        Moment, later_than("starts_at", by_at_most=_LONGEST_WINDOW), Field(examples=["2026-11-26T16:00:00+03:00"])
    ]


class TrackingUpdate(Payload):
    order_number: Annotated[Code, Field(examples=["A-1001"])]
    status: Annotated[
        Literal["out_for_delivery", "delayed", "delivery_attempted", "ready_for_pickup", "delivered"],
        Field(description="`delivery_attempted`: the carrier came, but could not hand it over"),
    ]
    window: Annotated[
        DeliveryWindow | None,
        Field(
            validate_default=True,
            description="With `out_for_delivery`: between which times it comes, where the carrier says so",
        ),
        belongs_to("status", allowed=("out_for_delivery",)),
    ] = None
    expected_on: Annotated[
        Day | None,
        Field(
            validate_default=True,
            description="With `delayed` and `delivery_attempted`: the new day of delivery, where it is known",
            examples=["2026-11-27"],
        ),
        belongs_to("status", allowed=("delayed", "delivery_attempted")),
    ] = None
    pickup_place: Annotated[
        Place | None,
        Field(
            validate_default=True,
            description="With `ready_for_pickup`: where it waits",
            examples=["Yurtiçi Kargo Moda Şubesi"],
        ),
        belongs_to("status", "ready_for_pickup"),
    ] = None
    pickup_by: Annotated[
        Day | None,
        Field(
            validate_default=True,
            description="With `ready_for_pickup`: the last day on which it can be fetched",
            examples=["2026-11-30"],
        ),
        belongs_to("status", "ready_for_pickup"),
    ] = None
    delivered_at: Annotated[
        Moment | None,
        Field(validate_default=True, description="With `delivered`", examples=["2026-11-26T14:30:00+03:00"]),
        belongs_to("status", "delivered"),
    ] = None
    carrier: Annotated[
        Name | None, Field(description="Left out where the shop itself delivers", examples=["Yurtiçi Kargo"])
    ] = None
    tracking_url: Link


_UNKNOWN = {"tr": "henüz belli değil", "en": "not known yet"}

_IN_A_WINDOW = mapping.sentence(
    "window",
    mapping.Case(
        {
            "tr": "Gönderiniz dağıtıma çıktı. Tahmini teslimat: {starts} ile {ends} arasında",
            "en": "Your parcel is out for delivery. Expected delivery: between {starts} and {ends}",
        },
        {"starts": mapping.moment("window.starts_at"), "ends": mapping.clock_time("window.ends_at")},
    ),
)
_SOME_TIME = {"tr": "Gönderiniz dağıtıma çıktı", "en": "Your parcel is out for delivery"}

EVENT_TYPE = EventType(
    name="tracking-update",
    title="Tracking update",
    description="A parcel is out for delivery, late, could not be handed over, waits to be fetched or was delivered: "
    "the customer sees which, with the time or place that belongs to it, and a button to follow the parcel. News that "
    "still waits about the same `reference` is dropped, so give each parcel of an order a reference of its own. It "
    "expires after 12 hours; give `expires_at` where it stays true for longer, as for a parcel to be fetched.",
    industry=Industry.RETAIL,
    payload=TrackingUpdate,
    topic="orders",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=12),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=5),
    quiet_hours="keep",
    overtakes=("order-shipped", "tracking-update"),
    parameters={
        "customer_name": CUSTOMER_NAME,
        "order_number": mapping.text("order_number"),
        "update": mapping.cases(
            "status",
            {
                "out_for_delivery": mapping.Case(
                    {"tr": "{news}", "en": "{news}"}, {"news": mapping.either("window", _IN_A_WINDOW, _SOME_TIME)}
                ),
                "delayed": mapping.Case(
                    {
                        "tr": "Teslimat gecikiyor. Yeni tahmini tarih: {expected_on}",
                        "en": "The delivery is delayed. New expected date: {expected_on}",
                    },
                    {"expected_on": mapping.either("expected_on", mapping.day("expected_on"), _UNKNOWN)},
                ),
                "delivery_attempted": mapping.Case(
                    {
                        "tr": "Adresinize geldik ancak gönderinizi teslim edemedik. Yeni teslimat tarihi: "
                        "{expected_on}",
                        "en": "We could not hand over your parcel at your address. New delivery date: {expected_on}",
                    },
                    {"expected_on": mapping.either("expected_on", mapping.day("expected_on"), _UNKNOWN)},
                ),
                "ready_for_pickup": mapping.Case(
                    {
                        "tr": "Gönderiniz teslim alınmaya hazır. Yer: {pickup_place}. Son gün: {pickup_by}",
                        "en": "Your parcel is ready to be collected. Place: {pickup_place}. Last day: {pickup_by}",
                    },
                    {"pickup_place": mapping.text("pickup_place"), "pickup_by": mapping.day("pickup_by")},
                ),
                "delivered": mapping.Case(
                    {
                        "tr": "Gönderiniz teslim edildi. Teslim zamanı: {delivered_at}",
                        "en": "Your parcel has been delivered. Time of delivery: {delivered_at}",
                    },
                    {"delivered_at": mapping.moment("delivered_at")},
                ),
            },
        ),
        "carrier": mapping.either("carrier", mapping.text("carrier"), {"tr": "mağazamız", "en": "our own service"}),
    },
    buttons=(LinkButton(mapping.link("tracking_url"), {"tr": "Gönderiyi takip et", "en": "Track delivery"}),),
    wordings={
        "tr": Wording(
            header="Teslimat durumu",
            body=(
                "Merhaba {{customer_name}}, siparişinizin teslimat durumu değişti. Son durum: {{update}}. "
                "Sipariş numarası: *{{order_number}}*. Teslimatı yapan: {{carrier}}. "
                "Ayrıntıları aşağıdaki düğmeden görebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Delivery status",
            body=(
                "Hello {{customer_name}}, there is news about the delivery of your order. Latest status: {{update}}. "
                "Order number: *{{order_number}}*. Delivery by: {{carrier}}. "
                "You can see the details with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "order_number": "A-1001",
                "status": "out_for_delivery",
                "window": {"starts_at": "2026-11-26T14:00:00+03:00", "ends_at": "2026-11-26T16:00:00+03:00"},
                "carrier": "Yurtiçi Kargo",
                "tracking_url": "https://shop.example/track/YK123456789",
            },
            reference="parcel-1001",
        ),
        "en": english(
            {
                "order_number": "A-1002",
                "status": "out_for_delivery",
                "window": {"starts_at": "2026-11-26T14:00:00+03:00", "ends_at": "2026-11-26T16:00:00+03:00"},
                "carrier": "DHL",
                "tracking_url": "https://shop.example/track/JD014600003",
            },
            reference="parcel-1002",
        ),
    },
)
