"""Meta's rules for creating templates, asked before Meta is: a refusal there costs a review, and says less.

Source: Meta's pages "Templates", "Template components", "Template review" and "Supported languages". Where a page
leaves a figure open (how many words a variable needs, digits in names), the stricter reading is taken.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from app.templates.findings import Finding

_LANGUAGES = """
    af sq ar ar_EG ar_AE ar_LB ar_MA ar_QA az be_BY bn bn_IN bg ca zh_CN zh_HK zh_TW hr cs da prs_AF nl nl_BE en en_GB
    en_US en_AE en_AU en_CA en_GH en_IE en_IN en_JM en_MY en_NZ en_QA en_SG en_UG en_ZA et fil fi fr fr_BE fr_CA fr_CH
    fr_CI fr_MA ka de de_AT de_CH el gu ha he hi hu id ga it ja kn kk rw_RW ko ky_KG lo lv lt mk ms ml mr nb ps_AF fa pl
    pt_BR pt_PT pa ro ru sr si_LK sk sl es es_AR es_CL es_CO es_CR es_DO es_EC es_HN es_MX es_PA es_PE es_ES es_UY sw sv
    ta te th tr uk ur uz vi zu
"""
LANGUAGES = frozenset(_LANGUAGES.split())
"""Codes that a template may be in. There is no fallback between `en` and `en_US`: they are different templates."""

CATEGORIES = ("UTILITY", "MARKETING", "AUTHENTICATION")

_ORDER = ("HEADER", "BODY", "FOOTER", "BUTTONS")
_WITH_SAMPLE = ("IMAGE", "VIDEO", "DOCUMENT")
_HEADER_MOST, _BODY_MOST, _FOOTER_MOST = 60, 1024, 60
_VARIABLES_MOST = 100
_WORDS_PER_VARIABLE = 3
_BUTTONS_MOST, _LABEL_MOST, _URL_MOST = 10, 25, 2000
_MOST_OF_KIND = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1, "QUICK_REPLY": 10, "REQUEST_CONTACT_INFO": 1, "OTP": 1}
_UNLABELLED = ("COPY_CODE", "REQUEST_CONTACT_INFO")
"""Kinds of buttons whose label is Meta's own."""

_NAME = re.compile(r"[a-z0-9_]{1,512}")
_VARIABLE = re.compile(r"\{\{(.*?)\}\}")
_VARIABLE_NAME = re.compile(r"[a-z_]+")
_BRACE = re.compile(r"[{}]")
_MARKUP = re.compile(r"[*_~`\n]")
_CLOSING = ".!?,;: *_~"
_TOUCHING = re.compile(r"\}\}[\s*_~`]*\{\{")
_WHITE_SPACE = re.compile(r"\n{3}| {5}|\t")
_VALUE_WHITE_SPACE = re.compile(r"[\n\t]| {5}")
_LABEL = re.compile(r"[\w ]+")
_FIXED_URL = re.compile(r"https?://[^\s{}]+")
"""Meta's pages do not ask for https, and the links of a trial on one's own machine have none."""


def faults(body: Mapping[str, Any]) -> list[Finding]:
    """What Meta would refuse of a body of POST /{waba}/message_templates; places are the way into it."""
    return list(_faults(body))


def _fault(code: str, place: str, message: str) -> Finding:
    return Finding(severity="error", code=code, place=place, message=message)


def _faults(body: Mapping[str, Any]) -> Iterator[Finding]:
    if not _NAME.fullmatch(str(body.get("name", ""))):
        yield _fault("name", "name", "must be 1 to 512 lower-case letters a-z, digits and underscores")
    if body.get("language") not in LANGUAGES:
        yield _fault("language", "language", "is not one of Meta's languages")
    if body.get("category") not in CATEGORIES:
        yield _fault("category", "category", f"must be one of {', '.join(CATEGORIES)}")
    components: Sequence[Mapping[str, Any]] = body.get("components", ())
    kinds = [component.get("type") for component in components]
    if kinds != [kind for kind in _ORDER if kind in kinds] or "BODY" not in kinds:
        yield _fault("components", "components", "must be a body, with at most one header, footer and set of buttons")
    for index, component in enumerate(components):
        yield from _component_faults(component, f"components/{index}")


def _component_faults(component: Mapping[str, Any], place: str) -> Iterator[Finding]:
    match component.get("type"):
        case "HEADER":
            yield from _header_faults(component, place)
        case "BODY":
            yield from _text_faults("body", component, place, most=_BODY_MOST, variables=_VARIABLES_MOST)
            yield from _body_faults(str(component.get("text", "")), f"{place}/text")
        case "FOOTER":
            yield from _text_faults("footer", component, place, most=_FOOTER_MOST, variables=0)
        case "BUTTONS":
            yield from _buttons_faults(component.get("buttons", ()), f"{place}/buttons")


def _header_faults(header: Mapping[str, Any], place: str) -> Iterator[Finding]:
    kind = header.get("format", "TEXT")
    if kind in _WITH_SAMPLE:
        if not any(header.get("example", {}).get("header_handle", ())):
            yield _fault("sample_missing", f"{place}/example", "Meta's review wants to see a sample of the file")
    elif kind == "TEXT":
        yield from _text_faults("header", header, place, most=_HEADER_MOST, variables=1)
        if _MARKUP.search(_VARIABLE.sub("", str(header.get("text", "")))):
            yield _fault("markup", f"{place}/text", "a header has no new lines and none of the characters * _ ~ `")
    elif kind != "LOCATION":
        yield _fault("header_format", f"{place}/format", "must be TEXT, IMAGE, VIDEO, DOCUMENT or LOCATION")


def _text_faults(
    kind: str, component: Mapping[str, Any], place: str, *, most: int, variables: int
) -> Iterator[Finding]:
    text = str(component.get("text", ""))
    names = _VARIABLE.findall(text)
    if not 0 < len(text) <= most:
        yield _fault("length", f"{place}/text", f"must have 1 to {most} characters, has {len(text)}")
    if len(names) > variables:
        yield _fault("variables", f"{place}/text", f"may have at most {variables} variables, has {len(names)}")
    if wrong := [name for name in names if not _VARIABLE_NAME.fullmatch(name)]:
        message = f'"{wrong[0]}" is no name of a variable: lower-case letters a-z and underscores'
        yield _fault("variable_name", f"{place}/text", message)
    if _BRACE.search(_VARIABLE.sub("", text)):
        yield _fault("braces", f"{place}/text", "has a brace that belongs to no variable")
    rows = component.get("example", {}).get(f"{kind}_text_named_params", ())
    if [row["param_name"] for row in rows] != list(dict.fromkeys(names)):
        yield _fault("samples", f"{place}/example", "must have one sample for each variable, in their order")
    if any(not row["example"].strip() or _VALUE_WHITE_SPACE.search(row["example"]) for row in rows):
        message = "a sample is not empty and has no new line, no tab and no five spaces in a row"
        yield _fault("sample", f"{place}/example", message)


def _body_faults(text: str, place: str) -> Iterator[Finding]:
    bare = text.strip()
    if bare.startswith("{{") or bare.rstrip(_CLOSING).endswith("}}"):
        yield _fault("variable_at_edge", place, "must not begin or end with a variable")
    if _TOUCHING.search(text):
        yield _fault("variables_touch", place, "two variables need words between them")
    variables = len(_VARIABLE.findall(text))
    words = len(re.findall(r"\w+", _VARIABLE.sub(" ", text)))
    if words < _WORDS_PER_VARIABLE * variables:
        message = f"has {words} words for {variables} variables: at least {_WORDS_PER_VARIABLE} for each are safe"
        yield _fault("few_words", place, message)
    if _WHITE_SPACE.search(text):
        yield _fault("white_space", place, "has no tab, no five spaces and no three new lines in a row")


def _buttons_faults(buttons: Sequence[Mapping[str, Any]], place: str) -> Iterator[Finding]:
    kinds = [str(button.get("type")) for button in buttons]
    if not 0 < len(buttons) <= _BUTTONS_MOST or any(kinds.count(kind) > _MOST_OF_KIND.get(kind, 0) for kind in kinds):
        most = ", ".join(f"{number} {kind}" for kind, number in _MOST_OF_KIND.items())
        yield _fault("buttons", place, f"must be 1 to {_BUTTONS_MOST} buttons, at most {most}")
    if [is_quick for is_quick, _ in groupby(kinds, lambda kind: kind == "QUICK_REPLY")].count(True) > 1:
        yield _fault("replies_apart", place, "quick replies stand together, before or after the other buttons")
    labels = [button["text"] for button in buttons if "text" in button]
    if len(set(labels)) != len(labels):
        yield _fault("same_label", place, "no two buttons have the same label")
    for index, button in enumerate(buttons):
        label = str(button.get("text", ""))
        if button.get("type") not in _UNLABELLED and not (len(label) <= _LABEL_MOST and _LABEL.fullmatch(label)):
            message = f"must be 1 to {_LABEL_MOST} letters, digits and spaces"
            yield _fault("label", f"{place}/{index}/text", message)
        if button.get("type") == "URL":
            yield from _url_faults(button, f"{place}/{index}")


def _url_faults(button: Mapping[str, Any], place: str) -> Iterator[Finding]:
    url = str(button.get("url", ""))
    fixed, variable, rest = url.partition("{{1}}")
    if not _FIXED_URL.fullmatch(fixed) or rest or len(url) > _URL_MOST:
        message = f"must be an http(s) address of at most {_URL_MOST} characters, with {{{{1}}}} only at its end"
        yield _fault("url", f"{place}/url", message)
    samples = button.get("example", ())
    if bool(variable) != (len(samples) == 1):
        yield _fault("url_sample", f"{place}/example", "must be one full address where it varies, and none elsewhere")
    if any(not sample.startswith(fixed) or len(sample) == len(fixed) for sample in samples):
        yield _fault("url_sample_elsewhere", f"{place}/example", f"must begin with {fixed} and go on")
