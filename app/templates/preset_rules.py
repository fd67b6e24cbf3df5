"""Meta's rules for templates of one-time codes, whose text is Meta's own: what is left to say is whether it warns, when
the code expires, and how it gets into the application.

Source: Meta's pages "Authentication templates", "One-tap autofill" and "Zero-tap".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.templates.findings import Finding
from app.templates.shapes import fault, is_whole, listed, mapped, said, upper

_OTP_KINDS = ("COPY_CODE", "ONE_TAP", "ZERO_TAP")
_LABEL_MOST = 25
_MINUTES_MOST = 90
_APPS_MOST = 5
_PACKAGE = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)+", re.ASCII)
_PACKAGE_MOST = 224
_SIGNATURE = re.compile(r"[A-Za-z0-9+/=]{11}")


def preset_faults(components: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    for index, component in enumerate(components):
        place = f"components/{index}"
        match upper(component.get("type")):
            case "HEADER":
                yield fault("preset_header", place, "an AUTHENTICATION template has no header")
            case "BODY":
                yield from _body_faults(component, place)
            case "FOOTER":
                yield from _footer_faults(component, place)
            case "BUTTONS":
                yield from _buttons_faults(component.get("buttons"), f"{place}/buttons")
    if not any(upper(one.get("type")) == "BUTTONS" for one in components):
        yield fault("otp_button_missing", "components", "an AUTHENTICATION template has a button of the type OTP")


def _body_faults(body: Mapping[str, Any], place: str) -> Iterator[Finding]:
    if "text" in body:
        yield fault("preset_text", f"{place}/text", "Meta writes the text of AUTHENTICATION templates: leave it out")
    if not isinstance(body.get("add_security_recommendation", False), bool):
        yield fault("preset_body", f"{place}/add_security_recommendation", "must be true or false")


def _footer_faults(footer: Mapping[str, Any], place: str) -> Iterator[Finding]:
    if "text" in footer:
        yield fault("preset_text", f"{place}/text", "Meta writes the text of AUTHENTICATION templates: leave it out")
    minutes = footer.get("code_expiration_minutes")
    if minutes is None or not (is_whole(minutes) and 1 <= minutes <= _MINUTES_MOST):
        message = f"must be 1 to {_MINUTES_MOST} whole minutes"
        yield fault("code_expiration", f"{place}/code_expiration_minutes", message)


def _buttons_faults(given: Any, place: str) -> Iterator[Finding]:
    buttons = [mapped(one) for one in listed(given)]
    if [upper(one.get("type")) for one in buttons] != ["OTP"]:
        yield fault("otp_button_missing", place, "must be one button of the type OTP")
    for index, button in enumerate(buttons):
        if upper(button.get("type")) == "OTP":
            yield from _otp_faults(button, f"{place}/{index}")


def _otp_faults(button: Mapping[str, Any], place: str) -> Iterator[Finding]:
    kind = upper(button.get("otp_type"))
    if kind not in _OTP_KINDS:
        yield fault("otp_type", f"{place}/otp_type", f"must be one of {', '.join(_OTP_KINDS)}")
    for key in ("text", "autofill_text"):
        if key in button and not 0 < len(said(button, key)) <= _LABEL_MOST:
            yield fault("label", f"{place}/{key}", f"must have 1 to {_LABEL_MOST} characters")
    if kind == "ZERO_TAP" and button.get("zero_tap_terms_accepted") is not True:
        yield fault("zero_tap_terms", f"{place}/zero_tap_terms_accepted", "must be true: Meta asks for its terms")
    if kind in ("ONE_TAP", "ZERO_TAP"):
        yield from _apps_faults(button, place)


def _apps_faults(button: Mapping[str, Any], place: str) -> Iterator[Finding]:
    # Before there could be several, an app stood in the button itself.
    apps = listed(button.get("supported_apps", [button] if "package_name" in button else ()))
    if not 0 < len(apps) <= _APPS_MOST:
        yield fault("supported_apps", f"{place}/supported_apps", f"must be 1 to {_APPS_MOST} apps")
    for index, app in enumerate(mapped(one) for one in apps):
        at = f"{place}/supported_apps/{index}"
        package = said(app, "package_name")
        if not (_PACKAGE.fullmatch(package) and len(package) <= _PACKAGE_MOST):
            yield fault("package_name", f"{at}/package_name", "must be an Android package, as com.example.app")
        if not _SIGNATURE.fullmatch(said(app, "signature_hash")):
            yield fault("signature_hash", f"{at}/signature_hash", "must be the 11 characters of the app's signature")
