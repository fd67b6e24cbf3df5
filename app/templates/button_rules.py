"""Meta's rules for the buttons of templates.

Source: Meta's page "Template components". How long a copied code may be is 15 there and 20 elsewhere; 15 is safe.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from app.templates.findings import Finding
from app.templates.shapes import fault, listed, mapped, said, upper

_BUTTONS_MOST, _LABEL_MOST, _URL_MOST, _PHONE_MOST, _CODE_MOST = 10, 25, 2000, 20, 15
_MOST_OF_KIND = {
    "URL": 2,
    "PHONE_NUMBER": 1,
    "COPY_CODE": 1,
    "QUICK_REPLY": 10,
    "REQUEST_CONTACT_INFO": 1,
    "VOICE_CALL": 1,
    "FLOW": 1,
    "OTP": 1,
}
_UNLABELLED = ("COPY_CODE", "REQUEST_CONTACT_INFO", "OTP")
"""Kinds of buttons whose label is Meta's own, or may be."""
_FLOW_BY = ("flow_id", "flow_name", "flow_json")

_LABEL = re.compile(r"[\w ]+")
_FIXED_URL = re.compile(r"https?://[^\s{}]+")
"""Meta's pages do not ask for https, and the links of a trial on one's own machine have none."""
_PHONE = re.compile(r"\+?[0-9]+")


def buttons_faults(given: Any, place: str, category: str) -> Iterator[Finding]:
    buttons = [mapped(one) for one in listed(given)]
    kinds = [upper(button.get("type")) for button in buttons]
    if not 0 < len(buttons) <= _BUTTONS_MOST or any(kinds.count(kind) > _MOST_OF_KIND.get(kind, 0) for kind in kinds):
        most = ", ".join(f"{number} {kind}" for kind, number in _MOST_OF_KIND.items())
        yield fault("buttons", place, f"must be 1 to {_BUTTONS_MOST} buttons, at most {most}")
    if [is_quick for is_quick, _ in groupby(kinds, lambda kind: kind == "QUICK_REPLY")].count(True) > 1:
        yield fault("replies_apart", place, "quick replies stand together, before or after the other buttons")
    labels = [said(button, "text") for button in buttons if "text" in button]
    if len(set(labels)) != len(labels):
        yield fault("same_label", place, "no two buttons have the same label")
    for index, (kind, button) in enumerate(zip(kinds, buttons, strict=True)):
        at = f"{place}/{index}"
        label = said(button, "text")
        if kind not in _UNLABELLED and not (len(label) <= _LABEL_MOST and _LABEL.fullmatch(label)):
            message = f"must be 1 to {_LABEL_MOST} letters, digits and spaces"
            yield fault("label", f"{at}/text", message)
        yield from _button_faults(kind, button, at, category)


def _button_faults(kind: str, button: Mapping[str, Any], place: str, category: str) -> Iterator[Finding]:
    match kind:
        case "URL":
            yield from _url_faults(button, place)
        case "PHONE_NUMBER":
            number = said(button, "phone_number")
            if not (len(number) <= _PHONE_MOST and _PHONE.fullmatch(number)):
                message = f"must be a number of at most {_PHONE_MOST} characters, digits after an optional +"
                yield fault("phone_number", f"{place}/phone_number", message)
        case "COPY_CODE":
            code = button.get("example")
            code = code[0] if isinstance(code, list) and len(code) == 1 else code
            if not (isinstance(code, str) and len(code.strip()) > 0 and len(code) <= _CODE_MOST):
                message = f"must be a code of 1 to {_CODE_MOST} characters"
                yield fault("code_sample", f"{place}/example", message)
        case "FLOW":
            if sum(bool(said(button, key)) for key in _FLOW_BY) != 1:
                yield fault("flow", place, f"must name its flow by one of {', '.join(_FLOW_BY)}")
        case "OTP" if category in ("UTILITY", "MARKETING"):
            yield fault("otp_button", place, "one-time codes belong to AUTHENTICATION templates alone")


def _url_faults(button: Mapping[str, Any], place: str) -> Iterator[Finding]:
    url = said(button, "url")
    fixed, variable, rest = url.partition("{{1}}")
    if not _FIXED_URL.fullmatch(fixed) or rest or len(url) > _URL_MOST:
        message = f"must be an http(s) address of at most {_URL_MOST} characters, with {{{{1}}}} only at its end"
        yield fault("url", f"{place}/url", message)
    given = button.get("example", ())
    samples = listed([given] if isinstance(given, str) else given)
    if bool(variable) != (len(samples) == 1) or not isinstance(given, str | list | tuple):
        yield fault("url_sample", f"{place}/example", "must be one full address where it varies, and none elsewhere")
    if any(not _goes_on(sample, fixed) for sample in samples):
        yield fault("url_sample_elsewhere", f"{place}/example", f"must begin with {fixed} and go on")


def _goes_on(sample: Any, fixed: str) -> bool:
    """Also what varies alone, as some of Meta's examples have it."""
    if not isinstance(sample, str) or not sample.strip():
        return False
    return "://" not in sample or (sample.startswith(fixed) and len(sample) > len(fixed))
