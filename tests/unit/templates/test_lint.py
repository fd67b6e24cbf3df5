"""Good practice for templates: what is found in bad texts, and that nothing is found in good ones."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.catalogue import catalogue
from app.templates.compiled import compile_template
from app.templates.definition import (
    Bases,
    MediaHeader,
    QuickReplyButton,
    TemplateDefinition,
    UrlButton,
    placeholders,
    submission,
)
from app.templates.findings import Finding
from app.templates.lint import lint
from app.templates.phrases import fold

ALL = [template for event_type in catalogue().values() for template in event_type.templates]
BASES = Bases("https://shop.example", "https://shop.example")

TURKISH = "Merhaba {{customer_name}}, {{order_number}} numaralı siparişiniz kargoya verildi."
ENGLISH = "Hello {{customer_name}}, your order {{order_number}} has been shipped."


def components(body: str, *, header: str | None = None, footer: str | None = None, buttons: Any = ()) -> list[Any]:
    found = [
        {"type": "HEADER", "format": "TEXT", "text": header} if header is not None else None,
        {"type": "BODY", "text": body},
        {"type": "FOOTER", "text": footer} if footer is not None else None,
        {"type": "BUTTONS", "buttons": list(buttons)} if buttons else None,
    ]
    return [one for one in found if one is not None]


def codes(found: list[Finding]) -> set[tuple[str, str, str]]:
    return {(one.severity, one.code, one.place) for one in found}


@pytest.mark.parametrize("template", ALL, ids=lambda template: f"{template.name}-{template.language}")
def test_templates_of_the_catalogue_follow_good_practice(template: TemplateDefinition) -> None:
    found = lint(template, template.language, template.category)
    assert [one for one in found if one.severity != "hint"] == []


GOOD = [
    ("tr", TURKISH),
    ("en", ENGLISH),
    ("tr", "Merhaba {{customer_name}}, bilginize: {{area}} bölgesinde su kesintisi başladı."),
    ("tr", "Sayın {{customer_name}}, {{amount}} tutarındaki faturanızın son ödeme tarihi: {{due_date}}. İyi günler."),
    ("tr", "Merhaba {{customer_name}}, randevunuz {{starts_at}} saatinde. Çıkmak için İPTAL yazın."),
    ("tr", "Merhaba {{customer_name}}, KVKK başvurunuzun numarası {{number}} olarak kaydedildi."),
    ("tr", "Merhaba {{customer_name}}, iade kodunuzu ilk fırsatta şubeye iletin. Numara: {{number}} olarak geçer."),
    ("tr", "Merhaba {{customer_name}}, isteğiniz üzerine size artık mesaj göndermeyeceğiz."),
    (
        "en",
        "Dear {{customer_name}}, {{service}} is down in your area. We expect it back by {{expected_end}} or sooner.",
    ),
    ("en", "Hello {{customer_name}}, {{doctor}}'s practice has moved your appointment to {{starts_at}} as you asked."),
    ("en", "Hello {{customer_name}}, you have opted out and will get no more messages from us."),
    ("en", "Hi {{customer_name}}, we received your booking {{code}} for two. Reply CANCEL if you cannot come."),
    ("de", "Guten Tag {{customer_name}}, Ihre Bestellung {{order_number}} ist unterwegs."),
]


@pytest.mark.parametrize(("language", "body"), GOOD)
def test_nothing_is_said_against_good_texts(language: str, body: str) -> None:
    assert lint(components(body), language, "UTILITY") == []


PROMOTION = [
    ("tr", "Size %20 indirim yaptık.", "indirim"),
    ("tr", "SİZE ÖZEL İNDİRİM", "indirim"),
    ("tr", "Yeni indirimlerimizi görün.", "indirimlerimizi"),
    ("tr", "INDIRIM başladı.", "indirim"),
    ("tr", "ındırım başladı.", "indirim"),
    ("tr", "I\u0307NDI\u0307RI\u0307M başladı.", "indirim"),
    ("tr", "Kampanyamıza göz atın.", "kampanyamiza"),
    ("tr", "Bu FIRSATI kaçırmayın.", "firsati"),
    ("tr", "Sepetinizdeki ürünler sizi bekliyor.", "sepetinizdeki"),
    ("tr", "Hediyeniz hazır.", "hediyeniz"),
    ("tr", "Sizi özledik.", "sizi özledik"),
    ("tr", "Sizi  *özledik*.", "sizi *özledik"),
    ("tr", "Paketinizi yükseltin.", "paketinizi yükseltin"),
    ("tr", "Ön onaylı krediniz hazır.", "ön onayli"),
    ("tr", "Diğer hizmetlerimize bakın.", "diğer hizmetlerimize"),
    ("tr", "Black Friday discounts", "discounts"),
    ("en", "Get 20% off today.", "% off"),
    ("en", "Get {{rate}}% off today.", "% off"),
    ("en", "A DISCOUNT for you.", "discount"),
    ("en", "Use the coupon below.", "coupon"),
    ("en", "Don’t miss it.", "don't miss"),
    ("en", "Renew today.", "renew today"),
    ("en", "You left something in your cart.", "your cart"),
    ("en", "We miss you.", "we miss you"),
    ("en", "A gift for you.", "gift"),
    ("en", "Explore our new store.", "explore our"),
    ("de", "Shop now.", "shop now"),
]


@pytest.mark.parametrize(("language", "said", "phrase"), PROMOTION)
def test_promotion_is_found_in_every_place_and_named(language: str, said: str, phrase: str) -> None:
    found = lint(components(f"{TURKISH} {said}", footer=said), language, "UTILITY")
    tips = [one for one in found if one.code == "promotional"]
    assert {"body", "footer"} <= {one.place for one in tips}
    assert {one.severity for one in tips} == {"error"}
    assert any(one.message == f'"{phrase}" reads as promotion' for one in tips)
    assert all(one.suggestion for one in tips)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("tr", "Sindirim sistemi"),
        ("tr", "Uygulamayı indirin"),
        ("tr", "İlk fırsatta arayın"),
        ("en", "The official office"),
        ("en", "An ordeal"),
        ("en", "Bring your indirim"),
    ],
)
def test_words_that_only_contain_a_phrase_or_are_of_another_language_are_left_alone(language: str, said: str) -> None:
    found = lint(components(f"{ENGLISH} {said}."), language, "UTILITY")
    assert [one.message for one in found if one.code == "promotional"] == []


def test_promotion_in_a_marketing_template_is_only_a_hint() -> None:
    said = f"{TURKISH} Size özel indirim. Tebrikler."
    assert {one.severity for one in lint(components(said), "tr", "MARKETING")} == {"hint"}
    assert {one.severity for one in lint(components(said), "tr", "UTILITY")} == {"error", "warning"}


def test_promotion_on_a_button_is_found() -> None:
    buttons = [{"type": "URL", "text": "Alışverişe başla", "url": "https://shop.example"}]
    found = lint(components(TURKISH, buttons=buttons), "tr", "UTILITY")
    assert codes(found) == {("error", "promotional", "buttons/0")}


BAD: list[tuple[str, list[Any], tuple[str, str, str]]] = [
    ("tr", components("Merhaba {{customer_name}}. Bilgilendirme: {{text}} olarak."), ("warning", "purpose", "body")),
    ("en", components("Hello {{customer_name}}. Please note: {{text}} for you."), ("warning", "purpose", "body")),
    (
        "en",
        components("Hello {{customer_name}}. Please note: {{text}} for you.", header="Important information"),
        ("warning", "purpose", "body"),
    ),
    ("tr", components("Merhaba {{customer_name}}, siparişiniz yola çıktı."), ("warning", "detail", "body")),
    ("en", components("Hello {{customer_name}}, your order has shipped."), ("warning", "detail", "body")),
    ("en", components("Hello, your order {{order_number}} has shipped."), ("warning", "name", "body")),
    ("tr", components(TURKISH + " Uzun." * 100), ("warning", "long", "body")),
    ("tr", components(f"{TURKISH} 📦"), ("warning", "emoji", "body")),
    ("tr", components(TURKISH, header="Kargonuz yolda ✈️"), ("warning", "emoji", "header")),
    ("tr", components(TURKISH, footer="❤"), ("warning", "emoji", "footer")),
    ("tr", components(f"{TURKISH} Teşekkürler!"), ("warning", "exclamation", "body")),
    ("tr", components(f"{TURKISH} DİKKAT edin."), ("warning", "capitals", "body")),
    ("tr", components(TURKISH, header="SON ÖDEME GÜNÜ"), ("warning", "capitals", "header")),
    ("tr", components(f"{TURKISH} Kargo {{{{city}}}}'de bekliyor."), ("warning", "suffix", "body")),
    ("tr", components(f"{TURKISH} Kargo *{{{{city}}}}*’de bekliyor."), ("warning", "suffix", "body")),
    ("tr", components(f"{TURKISH} {{{{seller}}}}ın kargosu."), ("warning", "suffix", "body")),
    ("tr", components(f"{TURKISH} {{{{Şehir}}}} için."), ("error", "placeholder", "body")),
    ("tr", components(f"{TURKISH} {{{{1}}}} için."), ("error", "placeholder", "body")),
    ("tr", components(f"{TURKISH} {{{{ city }}}} için."), ("error", "placeholder", "body")),
    ("tr", components(f"{TURKISH} {{city}} için."), ("error", "placeholder", "body")),
    ("tr", components(f"{TURKISH} {{{{city için."), ("error", "placeholder", "body")),
    ("tr", components(TURKISH, footer="{{city}} şubesi"), ("error", "placeholder", "footer")),
    (
        "tr",
        components(TURKISH, buttons=[{"type": "URL", "text": one, "url": "https://a.example"} for one in "ab"]),
        ("warning", "actions", "buttons"),
    ),
    (
        "tr",
        components(
            TURKISH,
            buttons=[
                {"type": "URL", "text": "Takip", "url": "https://a.example"},
                {"type": "PHONE_NUMBER", "text": "Ara", "phone_number": "+908505551010"},
            ],
        ),
        ("hint", "actions", "buttons"),
    ),
    (
        "tr",
        components(TURKISH, buttons=[{"type": "QUICK_REPLY", "text": one} for one in "abcd"]),
        ("warning", "many_buttons", "buttons"),
    ),
    (
        "tr",
        components(
            TURKISH,
            buttons=[
                {"type": "QUICK_REPLY", "text": "Evet"},
                {"type": "URL", "text": "Takip", "url": "https://a.example"},
            ],
        ),
        ("hint", "mixed_buttons", "buttons"),
    ),
    ("tr", components(f"{TURKISH} Bizi tercih ettiğiniz için teşekkürler."), ("warning", "persuasive", "body")),
    ("en", components(f"{ENGLISH} Thank you for choosing us."), ("warning", "persuasive", "body")),
    ("tr", [{"type": "HEADER", "format": "IMAGE"}, *components(TURKISH)], ("hint", "picture", "header")),
    ("tr", [{"type": "HEADER", "format": "VIDEO"}, *components(TURKISH)], ("hint", "film", "header")),
]


@pytest.mark.parametrize(("language", "given", "finding"), BAD)
def test_what_breaks_good_practice_is_found_and_nothing_else(
    language: str, given: list[Any], finding: tuple[str, str, str]
) -> None:
    found = codes(lint(given, language, "UTILITY"))
    # What is unclear or persuasive may read as marketing on top of it: that is the forecast's to say.
    assert {one for one in found if one[1] != "category"} == {finding}


def test_a_header_may_name_the_matter_instead_of_the_first_sentence() -> None:
    body = "Hello {{customer_name}}. Please note: {{text}} for you."
    found = lint(components(body, header="Outage notice"), "en", "UTILITY")
    assert "purpose" not in {one.code for one in found}


def test_endings_after_a_variable_are_a_fault_of_turkish_only() -> None:
    assert lint(components(f"{ENGLISH} It is {{{{carrier}}}}'s parcel."), "en_GB", "UTILITY") == []


def test_a_region_does_not_hide_the_language() -> None:
    assert codes(lint(components(f"{TURKISH} İndirim."), "tr_TR", "UTILITY")) == {("error", "promotional", "body")}


_WORDS = st.sampled_from(
    [
        "İ",
        "I",
        "ı",
        "i",
        "{{",
        "}}",
        "{{a}}",
        "{{customer_name}}",
        "indirim",
        " ",
        "\n",
        "!",
        "*",
        "'",
        "’",
        "de",
        "📦",
        ".",
    ]
)
_TEXTS = st.text(max_size=60) | st.lists(_WORDS, max_size=20).map("".join)
_BUTTONS = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["URL", "QUICK_REPLY", "PHONE_NUMBER", "FLOW", "?"]), "text": _TEXTS, "url": _TEXTS}
    ),
    max_size=5,
)


@given(
    header=st.none() | _TEXTS,
    body=_TEXTS,
    footer=st.none() | _TEXTS,
    buttons=_BUTTONS,
    language=st.sampled_from(["tr", "en", "en_GB", "de", "", "_"]) | st.text(max_size=5),
    category=st.sampled_from(["UTILITY", "MARKETING", "AUTHENTICATION", ""]),
)
def test_any_text_can_be_judged(
    header: str | None, body: str, footer: str | None, buttons: Any, language: str, category: str
) -> None:
    given_components = components(body, header=header, footer=footer, buttons=buttons)
    found = lint(given_components, language, category)
    places = {"header", "body", "footer", "buttons", *(f"buttons/{index}" for index in range(len(buttons)))}
    assert {one.place for one in found} <= places
    assert all(one.message and one.suggestion for one in found)
    assert lint(compile_template(given_components, "NAMED"), language, category) == found


@given(st.text())
def test_folding_makes_one_letter_of_the_four(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    for letter in "İIı":
        assert fold(text.replace("i", letter)) == fold(text)


@given(
    header=st.none() | st.sampled_from(["Kargo bilgisi", "İndirim", "Duyuru"]),
    said=st.sampled_from(["", " Teşekkürler!", " Kampanya.", " {{city}}'de."]),
    labels=st.lists(st.sampled_from(["Takip", "Hemen al", "Evet", "Hayır"]), unique=True, max_size=4),
    is_link=st.booleans(),
)
def test_a_definition_is_judged_as_what_meta_makes_of_it(
    header: str | None, said: str, labels: list[str], *, is_link: bool
) -> None:
    body = TURKISH + said
    definition = TemplateDefinition(
        name="a",
        language="tr",
        header=header,
        body=body,
        buttons=tuple(
            UrlButton(text=one, url="{links}/{{1}}", sample="{links}/1") if is_link else QuickReplyButton(text=one)
            for one in labels
        ),
        samples=dict.fromkeys(placeholders(body), "x"),
    )
    listed = submission(definition, BASES)["components"]
    assert lint(definition, "tr", "UTILITY") == lint(listed, "tr", "UTILITY")


def test_a_picture_or_film_by_default_is_hinted_at_in_a_definition() -> None:
    names = placeholders(TURKISH)
    definition = TemplateDefinition(
        name="a", language="tr", header=MediaHeader(format="IMAGE"), body=TURKISH, samples=dict.fromkeys(names, "x")
    )
    assert codes(lint(definition, "tr", "UTILITY")) == {("hint", "picture", "header")}
    film = definition.model_copy(update={"header": MediaHeader(format="VIDEO")})
    assert codes(lint(film, "tr", "UTILITY")) == {("hint", "film", "header")}
    assert lint(film, "tr", "MARKETING") == lint(definition, "tr", "MARKETING")
    place = definition.model_copy(update={"header": MediaHeader(format="LOCATION")})
    assert lint(place, "tr", "UTILITY") == []
