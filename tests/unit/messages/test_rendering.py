"""A message as plain text, for channels that know nothing of WhatsApp's marks."""

import pytest

from app.messages.rendering import plain_text, rendered, unmarked
from app.templates.bubble import Bubble, BubbleButton


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("Siparişiniz *A-1001* yolda.", "Siparişiniz A-1001 yolda."),
        ("*İPTAL* yazın", "İPTAL yazın"),
        ("_eğik_ ve ~üstü çizili~", "eğik ve üstü çizili"),
        ("*_ikisi birden_*", "ikisi birden"),
        ("```tek aralıklı```", "tek aralıklı"),
        ("(*parantez içinde*)", "(parantez içinde)"),
        ("3 * 4 * 5", "3 * 4 * 5"),
        ("2*3*4", "2*3*4"),
        ("dosya_adi_uzun", "dosya_adi_uzun"),
        ("https://shop.example/_a_/x_y_z", "https://shop.example/_a_/x_y_z"),
        ("*bir\niki*", "*bir\niki*"),
        ("**", "**"),
    ],
)
def test_marks_at_the_edges_of_words_go_and_others_stay(marked: str, plain: str) -> None:
    assert unmarked(marked) == plain


def test_text_holds_header_body_links_and_footer_below_each_other() -> None:
    bubble = Bubble(
        header="*Kargo*",
        media=None,
        body="Merhaba *Ayşe*.",
        footer="Demo Mağaza",
        buttons=(
            BubbleButton("url", "Takip et", "https://shop.example/_t_"),
            BubbleButton("quick_reply", "Teşekkürler", "thanks"),
            BubbleButton("phone_number", "Ara", "+908505551010"),
        ),
    )
    assert plain_text(bubble) == (
        "Kargo\n\nMerhaba Ayşe.\n\nTakip et: https://shop.example/_t_\nAra: +908505551010\n\nDemo Mağaza"
    )
    shown = rendered(bubble)
    assert (shown.header and shown.header.text) == "*Kargo*"
    assert [(one.url, one.payload, one.phone_number) for one in shown.buttons] == [
        ("https://shop.example/_t_", None, None),
        (None, "thanks", None),
        (None, None, "+908505551010"),
    ]


@pytest.mark.parametrize("kind", ["image", "video", "document"])
def test_file_in_the_header_is_told_as_what_it_is_and_is_no_text(kind: str) -> None:
    media = {"type": kind, kind: {"link": "https://shop.example/a"}}
    bubble = Bubble(header=None, media=media, body="Buyurun.", footer=None, buttons=())
    header = rendered(bubble).header
    assert header is not None
    assert (header.type, header.media) == (kind, {"link": "https://shop.example/a"})
    assert plain_text(bubble) == "Buyurun."
