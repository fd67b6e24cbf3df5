"""Meta's rules for creating templates, written down here once more: the catalogue and the application's own rules are
held against them."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.catalogue import catalogue
from app.events.event_type import EventType
from app.templates import creation_rules
from app.templates.definition import Bases, TemplateDefinition, UrlButton, submission

WEBSITE = "https://shop.example"
BASES = Bases(WEBSITE, WEBSITE)
LANGUAGES = {"tr", "en"}
CATEGORIES = {"UTILITY", "MARKETING", "AUTHENTICATION"}

TYPES = list(catalogue().values())
ALL = [template for event_type in TYPES for template in event_type.templates]

_VARIABLE = re.compile(r"\{\{(.*?)\}\}")
_MOST_OF_KIND = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1, "QUICK_REPLY": 10, "REQUEST_CONTACT_INFO": 1, "OTP": 1}
_MOST_OF_KIND |= {"VOICE_CALL": 1, "FLOW": 1}


def faults(body: dict[str, Any]) -> Iterator[str]:
    """What Meta would refuse of a creation body."""
    if not re.fullmatch(r"[a-z0-9_]{1,512}", body["name"]):
        yield "name"
    if body["language"] not in LANGUAGES:
        yield "language"
    if body["category"] not in CATEGORIES:
        yield "category"
    kinds = [component["type"] for component in body["components"]]
    if kinds != [kind for kind in ("HEADER", "BODY", "FOOTER", "BUTTONS") if kind in kinds] or "BODY" not in kinds:
        yield "components"
    for component in body["components"]:
        yield from _component_faults(component)


def _component_faults(component: dict[str, Any]) -> Iterator[str]:
    match component["type"]:
        case "HEADER" if component.get("format") == "LOCATION":
            return
        case "HEADER" if component.get("format", "TEXT") != "TEXT":
            if not component.get("example", {}).get("header_handle"):
                yield "header: sample"
        case "HEADER":
            yield from _text_faults("header", component, most=60, variables=1)
            if re.search(r"[*_~`\n]", _VARIABLE.sub("", component["text"])):
                yield "header: markdown"
        case "BODY":
            yield from _text_faults("body", component, most=1024, variables=100)
            yield from _body_faults(component["text"])
        case "FOOTER":
            yield from _text_faults("footer", component, most=60, variables=0)
        case "BUTTONS":
            yield from _button_faults(component["buttons"])


def _text_faults(place: str, component: dict[str, Any], *, most: int, variables: int) -> Iterator[str]:
    text = component["text"]
    if not 0 < len(text) <= most:
        yield f"{place}: length"
    names = _VARIABLE.findall(text)
    if len(names) > variables:
        yield f"{place}: variables"
    if any(not re.fullmatch(r"[a-z_]+", name) for name in names):
        yield f"{place}: names"
    if re.search(r"[{}]", _VARIABLE.sub("", text)):
        yield f"{place}: braces"
    examples = component.get("example", {}).get(f"{place}_text_named_params", [])
    if [row["param_name"] for row in examples] != list(dict.fromkeys(names)):
        yield f"{place}: examples"
    if any(not row["example"].strip() or re.search(r"[\n\t]| {5}", row["example"]) for row in examples):
        yield f"{place}: empty example"


def _body_faults(text: str) -> Iterator[str]:
    bare = text.strip()
    if bare.startswith("{{") or bare.rstrip(".!?,;: *_~").endswith("}}"):
        yield "body: begins or ends with a variable"
    if re.search(r"\}\}[\s*_~`]*\{\{", text):
        yield "body: variables touch"
    words = len(re.findall(r"\w+", _VARIABLE.sub(" ", text)))
    if words < 3 * len(_VARIABLE.findall(text)):
        yield "body: too many variables for the words"
    if re.search(r"\n{3}| {5}|\t", text):
        yield "body: white space"


def _button_faults(buttons: list[dict[str, Any]]) -> Iterator[str]:
    kinds = [button["type"] for button in buttons]
    if not 0 < len(buttons) <= 10 or any(kinds.count(kind) > _MOST_OF_KIND.get(kind, 0) for kind in kinds):
        yield "buttons: number"
    if [is_quick for is_quick, _ in groupby(kinds, lambda kind: kind == "QUICK_REPLY")].count(True) > 1:
        yield "buttons: quick replies apart"
    if len({button["text"] for button in buttons}) != len(buttons):
        yield "buttons: same label"
    for button in buttons:
        if not 0 < len(button["text"]) <= 25 or not re.fullmatch(r"[\w ]+", button["text"]):
            yield "button: label"
        if button["type"] == "URL":
            yield from _url_faults(button)
        if button["type"] == "PHONE_NUMBER" and not re.fullmatch(r"\+?\d{1,19}", button.get("phone_number", "")):
            yield "button: phone number"


def _url_faults(button: dict[str, Any]) -> Iterator[str]:
    fixed, variable, rest = button["url"].partition("{{1}}")
    if not re.fullmatch(r"https?://[^\s{}]+", fixed) or rest or len(button["url"]) > 2000:
        yield "url: form"
    examples = button.get("example", [])
    if bool(variable) != (len(examples) == 1):
        yield "url: examples"
    full = [example for example in examples if "://" in example]
    if any(not example.startswith(fixed) or len(example) == len(fixed) for example in full):
        yield "url: example elsewhere"


def _name(template: TemplateDefinition) -> str:
    return f"{template.name}-{template.language}"


@pytest.mark.parametrize("template", ALL, ids=_name)
def test_meta_would_take_it(template: TemplateDefinition) -> None:
    body = submission(template, BASES)
    assert list(faults(body)) == []
    assert creation_rules.faults(body) == []


@pytest.mark.parametrize("event_type", TYPES, ids=lambda event_type: event_type.name)
def test_a_template_is_submitted_as_what_its_type_is_expected_to_be(event_type: EventType[Any]) -> None:
    assert {template.category for template in event_type.templates} == {event_type.expected_category}


def test_no_two_templates_have_the_same_text_or_the_same_name_and_language() -> None:
    texts = [(template.body, template.footer) for template in ALL]
    assert len(set(texts)) == len(texts)
    names = [_name(template) for template in ALL]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("template", ALL, ids=_name)
def test_links_stay_on_the_website_of_the_business(template: TemplateDefinition) -> None:
    for button in template.buttons:
        if isinstance(button, UrlButton):
            assert button.url.startswith(("{links}/", "{website}/"))


_GOOD = submission(ALL[0], BASES)
_URL = {"type": "URL", "text": "See", "url": "https://ex.org/{{1}}", "example": ["https://ex.org/1"]}
_QUICK = {"type": "QUICK_REPLY", "text": "Yes"}


def _body(text: str, *examples: str) -> dict[str, Any]:
    rows = [{"param_name": name, "example": "x"} for name in examples]
    component = {"type": "BODY", "text": text, "example": {"body_text_named_params": rows}}
    return _GOOD | {"components": [component]}


_BODY = _body("It is here for you.")["components"][0]
_HEADER = {"type": "HEADER", "text": "It is here"}


def _with(component: dict[str, Any]) -> dict[str, Any]:
    """A good body text with a header before it or a footer after it."""
    return _GOOD | {"components": [component, _BODY] if component["type"] == "HEADER" else [_BODY, component]}


def _sample(value: str) -> dict[str, Any]:
    body = _body("It is {{a}} here for you.", "a")["components"][0]
    return _GOOD | {
        "components": [body | {"example": {"body_text_named_params": [{"param_name": "a", "example": value}]}}]
    }


def _buttons(*buttons: dict[str, Any]) -> dict[str, Any]:
    return _GOOD | {"components": [_BODY, {"type": "BUTTONS", "buttons": list(buttons)}]}


_BAD: list[tuple[dict[str, Any], str, str, str]] = [
    (_GOOD | {"name": "Order"}, "name", "name", "name"),
    (_GOOD | {"name": ""}, "name", "name", "name"),
    (_GOOD | {"language": "xx"}, "language", "language", "language"),
    (_GOOD | {"category": "TRANSACTIONAL"}, "category", "category", "category"),
    (_GOOD | {"components": []}, "components", "components", "components"),
    (_GOOD | {"components": [_BODY, _HEADER]}, "components", "components", "components"),
    (_GOOD | {"components": [_BODY, _BODY]}, "components", "components", "components"),
    (_with({"type": "HEADER", "text": "a" * 61}), "header: length", "length", "components/0/text"),
    (_with({"type": "HEADER", "text": "*a*"}), "header: markdown", "markup", "components/0/text"),
    (_with({"type": "HEADER", "text": "a\nb"}), "header: markdown", "markup", "components/0/text"),
    (_with({"type": "HEADER", "format": "IMAGE"}), "header: sample", "sample_missing", "components/0/example"),
    (_with({"type": "FOOTER", "text": "{{a}}"}), "footer: variables", "variables", "components/1/text"),
    (
        _body("{{a}} is here for you today.", "a"),
        "body: begins or ends with a variable",
        "variable_at_edge",
        "components/0/text",
    ),
    (
        _body("It is here for you {{a}}.", "a"),
        "body: begins or ends with a variable",
        "variable_at_edge",
        "components/0/text",
    ),
    (
        _body("It is {{a}} *{{b}} here for you today, please come.", "a", "b"),
        "body: variables touch",
        "variables_touch",
        "components/0/text",
    ),
    (_body("It {{a}} is.", "a"), "body: too many variables for the words", "few_words", "components/0/text"),
    (_body("It is here.\n\n\nFor you."), "body: white space", "white_space", "components/0/text"),
    (_body(""), "body: length", "length", "components/0/text"),
    (_body("a" * 1025), "body: length", "length", "components/0/text"),
    (_body("It is {{a}} here for you."), "body: examples", "samples", "components/0/example"),
    (_body("It is {{a}} here for you.", "b"), "body: examples", "samples", "components/0/example"),
    (_body("It is {{A}} here for you.", "A"), "body: names", "variable_name", "components/0/text"),
    (_body("It is {a} here for you."), "body: braces", "braces", "components/0/text"),
    (_sample(" "), "body: empty example", "sample", "components/0/example"),
    (_sample("a\tb"), "body: empty example", "sample", "components/0/example"),
    (_buttons(), "buttons: number", "buttons", "components/1/buttons"),
    (_buttons(_URL, _URL | {"text": "a"}, _URL | {"text": "b"}), "buttons: number", "buttons", "components/1/buttons"),
    (_buttons({"type": "CATALOG", "text": "a"}), "buttons: number", "buttons", "components/1/buttons"),
    (
        _buttons(_QUICK, _URL, _QUICK | {"text": "No"}),
        "buttons: quick replies apart",
        "replies_apart",
        "components/1/buttons",
    ),
    (_buttons(_QUICK, _QUICK), "buttons: same label", "same_label", "components/1/buttons"),
    (_buttons(_QUICK | {"text": "a" * 26}), "button: label", "label", "components/1/buttons/0/text"),
    (_buttons(_QUICK | {"text": ""}), "button: label", "label", "components/1/buttons/0/text"),
    (_buttons(_URL, _QUICK | {"text": "Yes!"}), "button: label", "label", "components/1/buttons/1/text"),
    (
        _buttons({"type": "PHONE_NUMBER", "text": "Call", "phone_number": "0850 555"}),
        "button: phone number",
        "phone_number",
        "components/1/buttons/0/phone_number",
    ),
    (_buttons(_URL | {"url": "ftp://ex.org/{{1}}"}), "url: form", "url", "components/1/buttons/0/url"),
    (_buttons(_URL | {"url": "https://ex.org/{{1}}/"}), "url: form", "url", "components/1/buttons/0/url"),
    (_buttons(_URL | {"url": "https://ex.org/"}), "url: examples", "url_sample", "components/1/buttons/0/example"),
    (_buttons(_URL | {"example": []}), "url: examples", "url_sample", "components/1/buttons/0/example"),
    (
        _buttons(_URL | {"example": ["https://other.org/1"]}),
        "url: example elsewhere",
        "url_sample_elsewhere",
        "components/1/buttons/0/example",
    ),
]


@pytest.mark.parametrize(("body", "fault", "code", "place"), _BAD)
def test_the_checker_and_the_rules_find_what_meta_refuses(
    body: dict[str, Any], fault: str, code: str, place: str
) -> None:
    assert fault in list(faults(body))
    found = creation_rules.faults(body)
    assert (code, place) in [(one.code, one.place) for one in found]
    assert {one.severity for one in found} == {"error"}


_PIECES = st.sampled_from(
    ["{{a}}", "{{b}}", "{{A}}", "{{1}}", "{", "}}", "word ", "Ağaç ", " ", "     ", "\n", "\t", "*", ".", ", ", "!"]
)
_TEXTS = st.lists(_PIECES, max_size=14).map("".join)
_LABELS = st.lists(st.sampled_from(["Yes", " ", "ğ", "!", "*", "a" * 12]), max_size=3).map("".join)
_ANY_BUTTON = st.builds(
    lambda kind, label, url, examples: (
        {"type": kind, "text": label} | ({"url": url, "example": examples} if kind == "URL" else {})
    ),
    st.sampled_from(["URL", "QUICK_REPLY", "PHONE_NUMBER", "CATALOG"]),
    _LABELS,
    st.sampled_from(
        ["https://ex.org/{{1}}", "https://ex.org", "{{1}}", "https://ex.org/{{1}}x", "https://e x.org/{{1}}"]
    ),
    st.lists(st.sampled_from(["https://ex.org/1", "https://ex.org/", "x"]), max_size=2),
)


@given(
    header=st.none() | _TEXTS,
    text=_TEXTS,
    samples=st.lists(st.sampled_from("ab"), max_size=2),
    footer=st.none() | _TEXTS,
    buttons=st.none() | st.lists(_ANY_BUTTON, max_size=4),
)
def test_rules_and_checker_agree_on_any_template(
    header: str | None, text: str, samples: list[str], footer: str | None, buttons: list[dict[str, Any]] | None
) -> None:
    components = [
        {"type": "HEADER", "format": "TEXT", "text": header} if header is not None else None,
        *_body(text, *samples)["components"],
        {"type": "FOOTER", "text": footer} if footer is not None else None,
        {"type": "BUTTONS", "buttons": buttons} if buttons is not None else None,
    ]
    body = _GOOD | {"components": [one for one in components if one is not None]}
    assert len(creation_rules.faults(body)) == len(list(faults(body)))
