"""What the customer sees of a template: texts filled, buttons in the template's order."""

import pytest

from app.templates.bubble import BubbleButton, bubble_of
from app.templates.compiled import Fill, compile_template

BUTTONS = {
    "type": "BUTTONS",
    "buttons": [
        {"type": "QUICK_REPLY", "text": "Yes"},
        {"type": "QUICK_REPLY", "text": "No"},
        {"type": "URL", "text": "Help", "url": "https://ex.org/help"},
        {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+33123456789"},
        {"type": "URL", "text": "See", "url": "https://ex.org/p/{{1}}"},
    ],
}


def test_texts_are_filled_and_buttons_stand_in_the_templates_order() -> None:
    components = [
        {"type": "HEADER", "format": "TEXT", "text": "Parcel {{parcel_no}}"},
        {"type": "BODY", "text": "Hello {{name}}, parcel {{parcel_no}} is here for {{name}}."},
        {"type": "FOOTER", "text": "Demo Shop"},
        BUTTONS,
    ]
    bubble = bubble_of(
        compile_template(components, "NAMED"),
        Fill({"parcel_no": "P-77", "name": "{{parcel_no}}"}, ["https://ex.org/p/77"], ["parcel.yes"]),
    )
    assert bubble.header == "Parcel P-77"
    assert bubble.body == "Hello {{parcel_no}}, parcel P-77 is here for {{parcel_no}}."
    assert (bubble.footer, bubble.media) == ("Demo Shop", None)
    assert bubble.buttons == (
        BubbleButton("quick_reply", "Yes", "parcel.yes"),
        BubbleButton("quick_reply", "No", "No"),
        BubbleButton("url", "Help", "https://ex.org/help"),
        BubbleButton("phone_number", "Call", "+33123456789"),
        BubbleButton("url", "See", "https://ex.org/p/77"),
    )


@pytest.mark.parametrize("kind", ["image", "video"])
def test_a_picture_or_film_stands_in_the_headers_place(kind: str) -> None:
    picture = {"type": kind, kind: {"link": "https://ex.org/a"}}
    template = compile_template(
        [{"type": "HEADER", "format": kind.upper()}, {"type": "BODY", "text": "Fixed."}], "NAMED"
    )
    assert bubble_of(template, Fill({}, header=picture)).media == picture
    assert bubble_of(template, Fill({}, header=picture)).header is None
