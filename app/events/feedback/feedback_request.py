"""Feedback request: a survey about one order, visit or support case, and nothing else."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.answers import Expected
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import Code, Day, Link, Name, Payload, belongs_to


class FeedbackRequest(Payload):
    about: Annotated[
        Literal["order", "visit", "support_case"],
        Field(description="A survey about nothing in particular would be marketing to Meta"),
    ]
    number: Annotated[
        Code | None,
        Field(
            validate_default=True,
            description="With `order` and `support_case`: its number, as the customer knows it",
            examples=["A-1001"],
        ),
        belongs_to("about", "order", "support_case"),
    ] = None
    visited_on: Annotated[
        Day | None,
        Field(validate_default=True, description="With `visit`", examples=["2026-11-24"]),
        belongs_to("about", "visit"),
    ] = None
    place: Annotated[
        Name | None,
        Field(
            validate_default=True,
            description="With `visit`: the shop, office or clinic, without a department of medicine",
            examples=["Kadıköy mağazamız"],
        ),
        belongs_to("about", "visit"),
    ] = None
    survey_url: Link


EVENT_TYPE = EventType(
    name="feedback-request",
    title="Feedback request",
    description="The customer is asked about one order, visit or support case that is over, which the text names; a "
    "button opens the survey. Post it with `send_at`, when the customer has had time to form an opinion.",
    industry=Industry.FEEDBACK,
    payload=FeedbackRequest,
    topic="feedback",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=72),
    # To be asked twice is a nuisance.
    on_unconfirmed="fail",
    unconfirmed_window=timedelta(minutes=30),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "subject": mapping.cases(
            "about",
            {
                "order": mapping.Case(
                    {"tr": "{number} numaralı siparişiniz", "en": "your order {number}"},
                    {"number": mapping.text("number")},
                ),
                "visit": mapping.Case(
                    {"tr": "{visited_on} tarihli ziyaretiniz, {place}", "en": "your visit on {visited_on}, {place}"},
                    {"visited_on": mapping.day("visited_on"), "place": mapping.text("place")},
                ),
                "support_case": mapping.Case(
                    {"tr": "{number} numaralı destek talebiniz", "en": "your support case {number}"},
                    {"number": mapping.text("number")},
                ),
            },
        ),
    },
    buttons=(LinkButton(mapping.link("survey_url"), {"tr": "Anketi aç", "en": "Open survey"}),),
    expects=(Expected.RATING,),
    wordings={
        "tr": Wording(
            header="Değerlendirmeniz",
            body=(
                "Merhaba {{customer_name}}, görüşünüzü öğrenmek isteriz. Konu: *{{subject}}*. "
                "Düğmeyle açılan kısa anket yalnızca bu konuyla ilgilidir; yanıtlamak isteğe bağlıdır."
            ),
        ),
        "en": Wording(
            header="Feedback request",
            body=(
                "Hello {{customer_name}}, please tell us how we did. This is about *{{subject}}*. "
                "The short survey below asks only about this, and answering is voluntary."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {"about": "order", "number": "A-1001", "survey_url": "https://shop.example/survey/A-1001"},
            reference="order-1001",
        ),
        "en": english(
            {"about": "order", "number": "A-1002", "survey_url": "https://shop.example/survey/A-1002"},
            reference="order-1002",
        ),
    },
)
