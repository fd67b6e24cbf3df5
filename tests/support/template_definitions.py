"""Templates of every form that a definition can have, for hypothesis."""

from typing import Any

from hypothesis import strategies as st

from app.templates.definition import (
    META_TIME_TO_LIVE,
    TIMES_TO_LIVE,
    Bases,
    CopyCodeButton,
    MediaHeader,
    PhoneNumberButton,
    QuickReplyButton,
    TemplateDefinition,
    UrlButton,
)

WEBSITES = Bases("https://shop.example", "https://u.example/l")

LANGUAGES = st.sampled_from(["tr", "en", "en_US", "fil"])
EVENT_TYPES = st.none() | st.sampled_from(["order-shipped", "x-table-ready", "otp"])
NAMES = st.text("abz019_", min_size=1, max_size=12)
LETTERS = st.sampled_from("aZğİıŞö 9.,:'\"\\\n\r\t*_~#=[]\u2028\u00a0\x7f\x00€😀")
"""What files and their writers get wrong, if anything."""
TEXTS = st.text(LETTERS | st.characters(exclude_categories=["Cs"], exclude_characters="{}"), min_size=1, max_size=40)
LABELS = st.text(LETTERS, min_size=1, max_size=25)
_PATHS = st.text("abc-/0", max_size=10)


@st.composite
def _texts_with_variables(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    names = draw(st.lists(st.sampled_from(["customer_name", "order_number", "total", "_"]), max_size=4))
    said = draw(TEXTS) + "".join("{{" + name + "}}" + draw(TEXTS) for name in names)
    return said, {name: draw(TEXTS) for name in names}


@st.composite
def url_buttons(draw: st.DrawFn) -> UrlButton:
    base = draw(st.sampled_from(["{website}/", "{links}/", "https://elsewhere.example/", "https://shop.example/"]))
    url = base + draw(_PATHS)
    if draw(st.booleans()):
        return UrlButton(text=draw(LABELS), url=url)
    return UrlButton(text=draw(LABELS), url=url + "{{1}}", sample=url + "A-1")


BUTTONS = (
    url_buttons()
    | st.builds(QuickReplyButton, text=LABELS)
    | st.builds(PhoneNumberButton, text=LABELS, number=st.sampled_from(["+908505551010", "0850 555 10 10"]))
    | st.builds(CopyCodeButton, example=st.text("AB1ğ", min_size=1, max_size=15))
)


@st.composite
def definitions(draw: st.DrawFn, **given: Any) -> TemplateDefinition:
    category = draw(st.sampled_from(sorted(TIMES_TO_LIVE)))
    body, samples = draw(_texts_with_variables())
    header: Any = None
    match draw(st.sampled_from(["none", "text", "media", "place"])):
        case "text":
            header = draw(st.text(LETTERS, min_size=1, max_size=20))
            if draw(st.booleans()):
                header, samples = header + "{{branch}}", samples | {"branch": draw(TEXTS)}
        case "media":
            sample = st.none() | st.sampled_from(["med_0123", "invoice.pdf"])
            header = MediaHeader(format=draw(st.sampled_from(["IMAGE", "VIDEO", "DOCUMENT"])), sample=draw(sample))
        case "place":
            header = MediaHeader(format="LOCATION")
    times = st.none() | st.just(META_TIME_TO_LIVE) | st.integers(*TIMES_TO_LIVE[category])
    fields = {
        "event_type": draw(EVENT_TYPES),
        "name": draw(NAMES),
        "language": draw(LANGUAGES),
        "category": category,
        "header": header,
        "body": body,
        "footer": draw(st.none() | TEXTS),
        "buttons": tuple(draw(st.lists(BUTTONS, max_size=4))),
        "samples": samples,
        "time_to_live": draw(times),
    }
    return TemplateDefinition(**fields | given)
