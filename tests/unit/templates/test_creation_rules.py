"""Every template of the catalogue, held against Meta's rules for creating templates (written down here once more)."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest

from app.events.catalogue import catalogue
from app.templates.definition import Bases, TemplateDefinition, UrlButton, submission

WEBSITE = "https://shop.example"
BASES = Bases(WEBSITE, WEBSITE)
LANGUAGES = {"tr", "en"}

ALL = [template for event_type in catalogue().values() for template in event_type.templates]

_VARIABLE = re.compile(r"\{\{(.*?)\}\}")
_MOST_OF_KIND = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1, "QUICK_REPLY": 10, "REQUEST_CONTACT_INFO": 1, "OTP": 1}


def faults(body: dict[str, Any]) -> Iterator[str]:
    """What Meta would refuse of a creation body."""
    if not re.fullmatch(r"[a-z0-9_]{1,512}", body["name"]):
        yield "name"
    if body["language"] not in LANGUAGES:
        yield "language"
    if body["category"] != "UTILITY":
        yield "category"
    kinds = [component["type"] for component in body["components"]]
    if kinds != [kind for kind in ("HEADER", "BODY", "FOOTER", "BUTTONS") if kind in kinds] or "BODY" not in kinds:
        yield "components"
    for component in body["components"]:
        yield from _component_faults(component)


def _component_faults(component: dict[str, Any]) -> Iterator[str]:
    match component["type"]:
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


def _url_faults(button: dict[str, Any]) -> Iterator[str]:
    fixed, variable, rest = button["url"].partition("{{1}}")
    if not re.fullmatch(r"https://[^\s{}]+", fixed) or rest or len(button["url"]) > 2000:
        yield "url: form"
    examples = button.get("example", [])
    if bool(variable) != (len(examples) == 1):
        yield "url: examples"
    if any(not example.startswith(fixed) or len(example) == len(fixed) for example in examples):
        yield "url: example elsewhere"


def _name(template: TemplateDefinition) -> str:
    return f"{template.name}-{template.language}"


@pytest.mark.parametrize("template", ALL, ids=_name)
def test_meta_would_take_it(template: TemplateDefinition) -> None:
    assert list(faults(submission(template, BASES))) == []


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


def _buttons(*buttons: dict[str, Any]) -> dict[str, Any]:
    return _GOOD | {"components": [*_GOOD["components"], {"type": "BUTTONS", "buttons": list(buttons)}]}


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (_GOOD | {"name": "Order"}, "name"),
        (_GOOD | {"category": "MARKETING"}, "category"),
        (_GOOD | {"components": []}, "components"),
        (_GOOD | {"components": [{"type": "HEADER", "text": "a" * 61}]}, "header: length"),
        (_GOOD | {"components": [{"type": "HEADER", "text": "*a*"}]}, "header: markdown"),
        (_GOOD | {"components": [{"type": "FOOTER", "text": "{{a}}"}]}, "footer: variables"),
        (_body("{{a}} is here for you today.", "a"), "body: begins or ends with a variable"),
        (_body("It is here for you {{a}}.", "a"), "body: begins or ends with a variable"),
        (_body("It is {{a}} {{b}} here for you today, please come.", "a", "b"), "body: variables touch"),
        (_body("It {{a}} is.", "a"), "body: too many variables for the words"),
        (_body("It is {{a}} here for you."), "body: examples"),
        (_body("It is {{A}} here for you.", "A"), "body: names"),
        (_body("It is {a} here for you."), "body: braces"),
        (_buttons(_URL, _URL | {"text": "a"}, _URL | {"text": "b"}), "buttons: number"),
        (_buttons(_QUICK, _URL, _QUICK | {"text": "No"}), "buttons: quick replies apart"),
        (_buttons(_QUICK, _QUICK), "buttons: same label"),
        (_buttons(_QUICK | {"text": "a" * 26}), "button: label"),
        (_buttons(_QUICK | {"text": "Yes!"}), "button: label"),
        (_buttons(_URL | {"url": "http://ex.org/{{1}}"}), "url: form"),
        (_buttons(_URL | {"url": "https://ex.org/{{1}}/"}), "url: form"),
        (_buttons(_URL | {"example": []}), "url: examples"),
        (_buttons(_URL | {"example": ["https://other.org/1"]}), "url: example elsewhere"),
    ],
)
def test_the_checker_finds_what_meta_refuses(body: dict[str, Any], fault: str) -> None:
    assert fault in list(faults(body))
