"""Meta's rules for bodies that our own definitions never make: positional variables, other buttons, lifetimes, one-time
codes, and values of any type."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.templates.creation_rules import faults
from app.templates.linting import lint_body

BODY: dict[str, Any] = {
    "type": "BODY",
    "text": "Hello {{1}}, your order {{2}} is on its way to you today.",
    "example": {"body_text": [["Ada", "A-1"]]},
}
GOOD: dict[str, Any] = {"name": "order_sent", "language": "en", "category": "UTILITY", "components": [BODY]}
OTP = {"type": "OTP", "otp_type": "COPY_CODE"}
APP = {"package_name": "com.example.app", "signature_hash": "K8a/AINcDe1"}
CODE: dict[str, Any] = {
    "name": "code",
    "language": "tr",
    "category": "AUTHENTICATION",
    "components": [
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": 10},
        {"type": "BUTTONS", "buttons": [OTP]},
    ],
}


def components(*more: dict[str, Any], body: dict[str, Any] = BODY) -> dict[str, Any]:
    return GOOD | {"components": [body, *more]}


def buttons(*given: Any) -> dict[str, Any]:
    return components({"type": "BUTTONS", "buttons": list(given)})


def text(said: str, *samples: Any) -> dict[str, Any]:
    return components(body={"type": "BODY", "text": said, "example": {"body_text": [list(samples)]}})


def code(**changes: Any) -> dict[str, Any]:
    body, footer, _ = CODE["components"]
    return CODE | {"components": [body, footer, {"type": "BUTTONS", "buttons": [OTP | changes]}]}


@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        GOOD | {"category": "utility", "parameter_format": "positional"},
        components(body=BODY | {"type": "body"}),
        GOOD | {"message_send_ttl_seconds": 30},
        GOOD | {"message_send_ttl_seconds": -1},
        GOOD | {"category": "MARKETING", "message_send_ttl_seconds": 2_592_000},
        buttons({"type": "URL", "text": "See", "url": "https://ex.org/{{1}}", "example": ["P-77"]}),
        buttons({"type": "URL", "text": "See", "url": "https://ex.org/{{1}}", "example": "https://ex.org/P-77"}),
        buttons({"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+908505551010"}),
        buttons({"type": "COPY_CODE", "example": "A1027"}),
        buttons({"type": "REQUEST_CONTACT_INFO"}, {"type": "VOICE_CALL", "text": "Call us"}),
        buttons({"type": "FLOW", "text": "Answer", "flow_id": "77"}),
        {"name": "a", "language": "en", "category": "UTILITY", "library_template_name": "delivery_update_1"},
        CODE,
        CODE | {"message_send_ttl_seconds": 900},
        code(otp_type="ONE_TAP", supported_apps=[APP], text="Kopyala", autofill_text="Doldur"),
        code(otp_type="ONE_TAP", **APP),
        code(otp_type="ZERO_TAP", zero_tap_terms_accepted=True, supported_apps=[APP]),
    ],
)
def test_meta_would_take_it(body: dict[str, Any]) -> None:
    assert faults(body) == []


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        (
            text("Hello {{2}}, your order {{1}} is on its way to you.", "a", "b"),
            "variable_position",
            "components/0/text",
        ),
        (
            text("Hello {{1}}, your order {{3}} is on its way to you.", "a", "b"),
            "variable_position",
            "components/0/text",
        ),
        (
            text("Hello {{1}}, your order {{no}} is on its way to you.", "a", "b"),
            "variable_position",
            "components/0/text",
        ),
        (text("Hello {{1}}, your order is on its way to you."), "samples", "components/0/example"),
        (text("Hello {{1}}, your order is on its way to you.", "a", "b"), "samples", "components/0/example"),
        (text("Hello {{1}}, your order is on its way to you.", " "), "sample", "components/0/example"),
        (text("Hello {{1}}, your order is on its way to you.", 7), "sample", "components/0/example"),
        (GOOD | {"parameter_format": "BY_NAME"}, "parameter_format", "parameter_format"),
        (GOOD | {"parameter_format": "NAMED"}, "variable_name", "components/0/text"),
        (GOOD | {"message_send_ttl_seconds": 29}, "lifetime", "message_send_ttl_seconds"),
        (GOOD | {"message_send_ttl_seconds": 43_201}, "lifetime", "message_send_ttl_seconds"),
        (GOOD | {"message_send_ttl_seconds": True}, "lifetime", "message_send_ttl_seconds"),
        (GOOD | {"category": "MARKETING", "message_send_ttl_seconds": -1}, "lifetime", "message_send_ttl_seconds"),
        (CODE | {"message_send_ttl_seconds": 901}, "lifetime", "message_send_ttl_seconds"),
        (buttons({"type": "COPY_CODE", "example": "A" * 16}), "code_sample", "components/1/buttons/0/example"),
        (buttons({"type": "COPY_CODE"}), "code_sample", "components/1/buttons/0/example"),
        (buttons({"type": "FLOW", "text": "Answer"}), "flow", "components/1/buttons/0"),
        (buttons(OTP), "otp_button", "components/1/buttons/0"),
        (
            {"name": "a", "language": "en", "category": "MARKETING", "library_template_name": "b"},
            "library_category",
            "category",
        ),
        (CODE | {"components": [BODY, *CODE["components"][1:]]}, "preset_text", "components/0/text"),
        (CODE | {"components": CODE["components"][:2]}, "otp_button_missing", "components"),
        (
            CODE | {"components": [{"type": "HEADER", "text": "Code"}, *CODE["components"]]},
            "preset_header",
            "components/0",
        ),
        (
            CODE | {"components": [{"type": "BODY"}, {"type": "FOOTER", "code_expiration_minutes": 91}]},
            "code_expiration",
            "components/1/code_expiration_minutes",
        ),
        (code(otp_type="SMS"), "otp_type", "components/2/buttons/0/otp_type"),
        (code(otp_type="ONE_TAP"), "supported_apps", "components/2/buttons/0/supported_apps"),
        (
            code(otp_type="ZERO_TAP", supported_apps=[APP]),
            "zero_tap_terms",
            "components/2/buttons/0/zero_tap_terms_accepted",
        ),
        (
            code(otp_type="ONE_TAP", supported_apps=[APP | {"package_name": "app"}]),
            "package_name",
            "components/2/buttons/0/supported_apps/0/package_name",
        ),
        (
            code(otp_type="ONE_TAP", supported_apps=[APP | {"signature_hash": "short"}]),
            "signature_hash",
            "components/2/buttons/0/supported_apps/0/signature_hash",
        ),
    ],
)
def test_what_meta_would_refuse_is_found_with_its_place(body: dict[str, Any], code: str, place: str) -> None:
    assert (code, place) in [(one.code, one.place) for one in faults(body)]


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.floats(allow_nan=True) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_KEYS = ("type", "text", "format", "example", "buttons", "url", "otp_type", "supported_apps", "phone_number",
         "body_text", "header_text", "body_text_named_params", "header_handle", "add_security_recommendation",
         "code_expiration_minutes", "flow_id", "package_name")  # fmt: skip
_WORDS = st.sampled_from(["HEADER", "BODY", "FOOTER", "BUTTONS", "URL", "OTP", "ONE_TAP", "FLOW", "TEXT", "IMAGE",
                          "PHONE_NUMBER", "COPY_CODE", "{{1}} a", "{{a}}"])  # fmt: skip
_PARTS = st.recursive(
    _WORDS | _ANY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=5),
    max_leaves=20,
)


@given(
    name=_ANY,
    language=_ANY,
    category=st.sampled_from(["UTILITY", "MARKETING", "AUTHENTICATION"]) | _ANY,
    parameter_format=st.sampled_from(["NAMED", "POSITIONAL"]) | _ANY,
    seconds=_ANY,
    components=st.lists(st.dictionaries(st.sampled_from(_KEYS), _PARTS, max_size=5) | _ANY, max_size=4) | _ANY,
)
def test_values_of_any_type_are_findings_and_no_failures(
    name: Any, language: Any, category: Any, parameter_format: Any, seconds: Any, components: Any
) -> None:
    body = {
        "name": name,
        "language": language,
        "category": category,
        "parameter_format": parameter_format,
        "message_send_ttl_seconds": seconds,
        "components": components,
    }
    found = lint_body(body).findings
    assert {one.code for one in faults(body)} <= {one.code for one in found}
    assert all(one.place and one.message for one in found)
    assert language in ("en", "tr") or any(one.code in ("language", "components") for one in found)
