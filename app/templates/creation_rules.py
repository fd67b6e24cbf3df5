"""Meta's rules for creating templates, asked before Meta is: a refusal there costs a review, and says less.

Source: Meta's pages "Templates", "Template components", "Template review", "Time to live", "Template library" and
"Supported languages". Where a page leaves a figure open (how many words a variable needs, digits in names), the
stricter reading is taken. Bodies are taken as anybody may post them: nothing is assumed of a value's type.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.templates.button_rules import buttons_faults
from app.templates.findings import Finding
from app.templates.preset_rules import preset_faults
from app.templates.shapes import VARIABLE, fault, is_whole, listed, mapped, said, upper

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
_SECONDS = {"UTILITY": (30, 43_200), "AUTHENTICATION": (30, 900), "MARKETING": (43_200, 2_592_000)}
"""For how long Meta may try to deliver, at least and at most; -1 stands for the 30 days that utility and authentication
templates may ask for beside these."""
_THIRTY_DAYS = -1

_NAME = re.compile(r"[a-z0-9_]{1,512}")
_VARIABLE_NAME = re.compile(r"[a-z_]+")
_BRACE = re.compile(r"[{}]")
_MARKUP = re.compile(r"[*_~`\n]")
_CLOSING = ".!?,;: *_~"
_TOUCHING = re.compile(r"\}\}[\s*_~`]*\{\{")
_WHITE_SPACE = re.compile(r"\n{3}| {5}|\t")
_VALUE_WHITE_SPACE = re.compile(r"[\n\t]| {5}")


def faults(body: Mapping[str, Any]) -> list[Finding]:
    """What Meta would refuse of a body of POST /{waba}/message_templates; places are the way into it."""
    return list(_faults(body))


def is_positional(body: Mapping[str, Any]) -> bool:
    """What Meta assumes where nothing is said."""
    return upper(body.get("parameter_format", "POSITIONAL")) != "NAMED"


def _faults(body: Mapping[str, Any]) -> Iterator[Finding]:
    name, category = body.get("name"), upper(body.get("category"))
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        yield fault("name", "name", "must be 1 to 512 lower-case letters a-z, digits and underscores")
    language = body.get("language")
    if not (isinstance(language, str) and language in LANGUAGES):
        yield fault("language", "language", "is not one of Meta's languages")
    if category not in CATEGORIES:
        yield fault("category", "category", f"must be one of {', '.join(CATEGORIES)}")
    if upper(body.get("parameter_format", "POSITIONAL")) not in ("NAMED", "POSITIONAL"):
        yield fault("parameter_format", "parameter_format", "must be NAMED or POSITIONAL")
    yield from _lifetime_faults(body, category)
    if "library_template_name" in body and "components" not in body:
        if category != "UTILITY":
            yield fault("library_category", "category", "templates of Meta's library are UTILITY")
        return
    yield from _components_faults(body, category)


def _lifetime_faults(body: Mapping[str, Any], category: str) -> Iterator[Finding]:
    seconds = body.get("message_send_ttl_seconds")
    if seconds is None or category not in _SECONDS:
        return
    least, most = _SECONDS[category]
    is_thirty_days = seconds == _THIRTY_DAYS and category != "MARKETING"
    if not is_whole(seconds) or not (least <= seconds <= most or is_thirty_days):
        also = "" if category == "MARKETING" else ", or -1 for 30 days"
        message = f"must be {least} to {most} whole seconds for {category}{also}"
        yield fault("lifetime", "message_send_ttl_seconds", message)


def _components_faults(body: Mapping[str, Any], category: str) -> Iterator[Finding]:
    components = [mapped(one) for one in listed(body.get("components"))]
    kinds = [upper(component.get("type")) for component in components]
    if kinds != [kind for kind in _ORDER if kind in kinds] or "BODY" not in kinds:
        yield fault("components", "components", "must be a body, with at most one header, footer and set of buttons")
    if category == "AUTHENTICATION":
        yield from preset_faults(components)
        return
    positional = is_positional(body)
    for index, component in enumerate(components):
        yield from _component_faults(component, f"components/{index}", category, positional=positional)


def _component_faults(
    component: Mapping[str, Any], place: str, category: str, *, positional: bool
) -> Iterator[Finding]:
    match upper(component.get("type")):
        case "HEADER":
            yield from _header_faults(component, place, positional=positional)
        case "BODY":
            yield from _text_faults(
                "body", component, place, most=_BODY_MOST, variables=_VARIABLES_MOST, positional=positional
            )
            yield from _body_faults(said(component, "text"), f"{place}/text")
        case "FOOTER":
            yield from _text_faults("footer", component, place, most=_FOOTER_MOST, variables=0, positional=positional)
        case "BUTTONS":
            yield from buttons_faults(component.get("buttons"), f"{place}/buttons", category)


def _header_faults(header: Mapping[str, Any], place: str, *, positional: bool) -> Iterator[Finding]:
    kind = upper(header.get("format", "TEXT"))
    if kind in _WITH_SAMPLE:
        handles = listed(mapped(header.get("example")).get("header_handle"))
        if not any(isinstance(handle, str) and handle for handle in handles):
            yield fault("sample_missing", f"{place}/example", "Meta's review wants to see a sample of the file")
    elif kind == "TEXT":
        yield from _text_faults("header", header, place, most=_HEADER_MOST, variables=1, positional=positional)
        if _MARKUP.search(VARIABLE.sub("", said(header, "text"))):
            yield fault("markup", f"{place}/text", "a header has no new lines and none of the characters * _ ~ `")
    elif kind != "LOCATION":
        yield fault("header_format", f"{place}/format", "must be TEXT, IMAGE, VIDEO, DOCUMENT or LOCATION")


def _text_faults(
    kind: str, component: Mapping[str, Any], place: str, *, most: int, variables: int, positional: bool
) -> Iterator[Finding]:
    text = said(component, "text")
    names = VARIABLE.findall(text)
    if not 0 < len(text) <= most:
        yield fault("length", f"{place}/text", f"must have 1 to {most} characters, has {len(text)}")
    if len(names) > variables:
        yield fault("variables", f"{place}/text", f"may have at most {variables} variables, has {len(names)}")
    yield from _names_faults(names, f"{place}/text", positional=positional)
    if _BRACE.search(VARIABLE.sub("", text)):
        yield fault("braces", f"{place}/text", "has a brace that belongs to no variable")
    distinct = list(dict.fromkeys(names))
    example = mapped(component.get("example"))
    if positional:
        values, fits = _positional_samples(kind, example, len(distinct))
    else:
        rows = [mapped(row) for row in listed(example.get(f"{kind}_text_named_params"))]
        values, fits = [row.get("example") for row in rows], [row.get("param_name") for row in rows] == distinct
    if not fits:
        yield fault("samples", f"{place}/example", "must have one sample for each variable, in their order")
    if any(not isinstance(one, str) or not one.strip() or _VALUE_WHITE_SPACE.search(one) for one in values):
        message = "a sample is not empty and has no new line, no tab and no five spaces in a row"
        yield fault("sample", f"{place}/example", message)


def _positional_samples(kind: str, example: Mapping[str, Any], number: int) -> tuple[Sequence[Any], bool]:
    """Of a header a list, of a body a list in a list."""
    given = listed(example.get(f"{kind}_text"))
    if kind != "body":
        return given, len(given) == number
    values = listed(given[0]) if given else ()
    return values, len(values) == number and len(given) == (1 if number else len(given))


def _names_faults(names: Sequence[str], place: str, *, positional: bool) -> Iterator[Finding]:
    if not positional:
        if wrong := [name for name in names if not _VARIABLE_NAME.fullmatch(name)]:
            message = f'"{wrong[0]}" is no name of a variable: lower-case letters a-z and underscores'
            yield fault("variable_name", place, message)
        return
    distinct = list(dict.fromkeys(names))
    if any(name != str(position) for position, name in enumerate(distinct, start=1)):
        message = "variables are numbered {{1}}, {{2}} as they appear; for names say parameter_format NAMED"
        yield fault("variable_position", place, message)


def _body_faults(text: str, place: str) -> Iterator[Finding]:
    bare = text.strip()
    if bare.startswith("{{") or bare.rstrip(_CLOSING).endswith("}}"):
        yield fault("variable_at_edge", place, "must not begin or end with a variable")
    if _TOUCHING.search(text):
        yield fault("variables_touch", place, "two variables need words between them")
    variables = len(VARIABLE.findall(text))
    words = len(re.findall(r"\w+", VARIABLE.sub(" ", text)))
    if words < _WORDS_PER_VARIABLE * variables:
        message = f"has {words} words for {variables} variables: at least {_WORDS_PER_VARIABLE} for each are safe"
        yield fault("few_words", place, message)
    if _WHITE_SPACE.search(text):
        yield fault("white_space", place, "has no tab, no five spaces and no three new lines in a row")
