"""Templates as their author writes them, and the body that submits them."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.templates.definition import (
    Bases,
    CopyCodeButton,
    Inexpressible,
    MediaHeader,
    PhoneNumberButton,
    QuickReplyButton,
    TemplateDefinition,
    UrlButton,
    definition_of,
    label_of,
    placeholders,
    submission,
)


def _definition(**changes: Any) -> TemplateDefinition:
    return TemplateDefinition(
        **{"name": "parcel_ready", "language": "fr", "body": "Your parcel is here.", "samples": {}} | changes
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("no variable", []),
        ("Hello {{first_name}}.", ["first_name"]),
        ("{{ a }} and {{b}} and {{a}}", ["a", "b"]),
        ("{{b}}{{a}}", ["b", "a"]),
        ("{a} {{A}} {{a-b}} {{}} {{a b}} {{ı}}", []),
        ("{{1}} {{2}}", ["1", "2"]),
    ],
)
def test_placeholders_are_named_once_in_their_order(text: str, names: list[str]) -> None:
    assert placeholders(text) == names


@pytest.mark.parametrize(
    "changes",
    [
        {"body": "Hello {{first_name}}, welcome."},
        {"body": "Hello {{first_name}}, welcome.", "samples": {"first": "Ana"}},
        {"body": "Hello {{first_name}}, welcome.", "samples": {"first_name": "Ana", "more": "x"}},
        {"header": "Parcel {{number}}"},
        {"header": "Parcel {{number}}", "samples": {"other": "x"}},
        {"samples": {"first_name": "Ana"}},
    ],
)
def test_samples_that_differ_from_the_placeholders_are_refused(changes: dict) -> None:
    with pytest.raises(ValidationError, match="differ"):
        _definition(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Parcel"},
        {"name": "parcel-ready"},
        {"name": ""},
        {"name": "a" * 513},
        {"body": ""},
        {"body": "a" * 1025},
        {"header": "a" * 61},
        {"footer": "a" * 61},
        {"category": "utility"},
        {"buttons": tuple(QuickReplyButton(text=f"B{number}") for number in range(11))},
        {"status": "APPROVED"},
    ],
)
def test_what_meta_refuses_of_the_form_is_refused_here(changes: dict) -> None:
    with pytest.raises(ValidationError):
        _definition(**changes)


@pytest.mark.parametrize("text", ["", "a" * 26])
def test_labels_have_their_length(text: str) -> None:
    with pytest.raises(ValidationError):
        QuickReplyButton(text=text)
    with pytest.raises(ValidationError):
        UrlButton(text=text, url="https://ex.org")


@pytest.mark.parametrize(
    "url",
    [
        "https://ex.org",
        "https://ex.org/{{1}}",
        "https://ex.org/a?b={{1}}",
        "{website}",
        "{website}/{{1}}",
        "{website}/a",
    ],
)
def test_urls_are_fixed_or_vary_at_their_end(url: str) -> None:
    assert UrlButton(text="See", url=url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://ex.org/{{1}}/",
        "https://ex.org/{{1}}{{1}}",
        "https://ex.org/{{2}}",
        "https://ex.org/{{code}}",
        "https://ex.org/{1}",
        "https://ex.org/{{1}",
        "{{1}}{website}",
        "{website}{website}",
        "{site}/a",
        "https://ex.org/" + "a" * 2000,
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        UrlButton(text="See", url=url)


def test_the_submission_has_the_shape_of_metas_page() -> None:
    definition = _definition(
        header="Parcel {{parcel_no}}",
        body="Hello {{first_name}}, your parcel is waiting at the desk until {{last_day}} included.",
        footer="Reply STOP to end parcel messages",
        buttons=(
            UrlButton(text="See parcel", url="{website}/p/{{1}}", sample="{website}/p/P-77"),
            QuickReplyButton(text="Stop updates"),
        ),
        samples={"parcel_no": "P-77", "first_name": "Ana", "last_day": "Friday"},
    )
    assert submission(definition, Bases("https://ex.org", "https://ex.org")) == {
        "name": "parcel_ready",
        "language": "fr",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [
            {
                "type": "HEADER",
                "format": "TEXT",
                "text": "Parcel {{parcel_no}}",
                "example": {"header_text_named_params": [{"param_name": "parcel_no", "example": "P-77"}]},
            },
            {
                "type": "BODY",
                "text": "Hello {{first_name}}, your parcel is waiting at the desk until {{last_day}} included.",
                "example": {
                    "body_text_named_params": [
                        {"param_name": "first_name", "example": "Ana"},
                        {"param_name": "last_day", "example": "Friday"},
                    ]
                },
            },
            {"type": "FOOTER", "text": "Reply STOP to end parcel messages"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {
                        "type": "URL",
                        "text": "See parcel",
                        "url": "https://ex.org/p/{{1}}",
                        "example": ["https://ex.org/p/P-77"],
                    },
                    {"type": "QUICK_REPLY", "text": "Stop updates"},
                ],
            },
        ],
    }


def test_what_a_template_does_not_have_is_not_submitted() -> None:
    body = submission(_definition(header="Ready"), Bases("https://ex.org", "https://ex.org"))
    assert body["components"] == [
        {"type": "HEADER", "format": "TEXT", "text": "Ready"},
        {"type": "BODY", "text": "Your parcel is here."},
    ]


def test_every_kind_of_button_is_submitted_as_meta_wants_it() -> None:
    buttons = (PhoneNumberButton(text="Call", number="+908505551010"), CopyCodeButton(example="SEPET10"))
    body = submission(_definition(buttons=buttons), Bases("https://ex.org", "https://ex.org"))
    assert body["components"][-1] == {
        "type": "BUTTONS",
        "buttons": [
            {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+908505551010"},
            {"type": "COPY_CODE", "example": "SEPET10"},
        ],
    }
    assert [label_of(button) for button in buttons] == [("PHONE_NUMBER", "Call"), ("COPY_CODE", "Copy offer code")]


@pytest.mark.parametrize("number", ["", "+", "0850-DIAL", "+9085055510101010101010"])
def test_a_number_to_call_is_a_number(number: str) -> None:
    with pytest.raises(ValidationError):
        PhoneNumberButton(text="Call", number=number)


@pytest.mark.parametrize("example", ["", "A" * 16])
def test_a_code_to_copy_has_its_length(example: str) -> None:
    with pytest.raises(ValidationError):
        CopyCodeButton(example=example)


def test_a_media_header_is_submitted_with_the_handle_of_its_sample() -> None:
    definition = _definition(header=MediaHeader(format="VIDEO", sample="tour.mp4"))
    bases = Bases("https://ex.org", "https://ex.org")
    header = {"type": "HEADER", "format": "VIDEO"}
    assert submission(definition, bases)["components"][0] == header
    sampled = submission(definition, bases, "4::aW")["components"][0]
    assert sampled == header | {"example": {"header_handle": ["4::aW"]}}


def test_a_place_has_no_sample() -> None:
    with pytest.raises(ValidationError, match="a place has no sample"):
        MediaHeader(format="LOCATION", sample="place.png")


@pytest.mark.parametrize(
    ("category", "seconds"),
    [("UTILITY", 30), ("UTILITY", 43_200), ("AUTHENTICATION", 900), ("MARKETING", 2_592_000), ("MARKETING", -1)],
)
def test_the_time_to_live_is_submitted(category: str, seconds: int) -> None:
    definition = _definition(category=category, time_to_live=seconds)
    body = submission(definition, Bases("https://ex.org", "https://ex.org"))
    assert body["message_send_ttl_seconds"] == seconds
    assert "message_send_ttl_seconds" not in submission(_definition(), Bases("https://ex.org", "https://ex.org"))


@pytest.mark.parametrize(
    ("category", "seconds"),
    [("UTILITY", 29), ("UTILITY", 43_201), ("AUTHENTICATION", 901), ("MARKETING", 43_199), ("MARKETING", 0)],
)
def test_a_time_to_live_that_the_category_does_not_allow_is_refused(category: str, seconds: int) -> None:
    with pytest.raises(ValidationError, match="seconds for"):
        _definition(category=category, time_to_live=seconds)


BODY = {"type": "BODY", "text": "Your parcel is here."}
NAMED = {"type": "BODY", "text": "Hello {{name}}, it is here."}


def _listed(*components: dict[str, Any], **more: Any) -> TemplateDefinition:
    return definition_of(components, **{"name": "parcel_ready", "language": "fr", "category": "UTILITY"} | more)


@pytest.mark.parametrize(
    ("components", "more", "reason"),
    [
        ([], {}, "its body has no text of its own"),
        ([{"type": "BODY", "add_security_recommendation": True}], {}, "its body has no text of its own"),
        ([BODY | {"add_security_recommendation": True}], {}, "its body has add_security_recommendation"),
        ([BODY, {"type": "FOOTER", "code_expiration_minutes": 5}], {}, "its footer has code_expiration_minutes"),
        ([BODY, BODY], {}, "it has more than one component of the type BODY"),
        ([BODY, {"type": "CAROUSEL", "cards": []}], {}, "it has a component of the type CAROUSEL"),
        ([{"type": "HEADER", "format": "GIF"}, BODY], {}, "header"),
        ([{"type": "HEADER", "format": "TEXT"}, BODY], {}, "header"),
        (
            [BODY, {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "x"}]}],
            {},
            "its button 0 is of the kind FLOW",
        ),
        ([BODY, {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY"}]}], {}, "buttons/0/text"),
        ([NAMED], {"parameter_format": "POSITIONAL"}, "its parameters are positional"),
        ([BODY], {"category": "SERVICE"}, "category"),
        ([BODY], {"time_to_live": 5}, "time_to_live: must be 30 to 43200 seconds for UTILITY"),
    ],
)
def test_what_a_definition_cannot_say_is_named(components: list, more: dict, reason: str) -> None:
    with pytest.raises(Inexpressible) as refused:
        _listed(*components, **more)
    assert refused.value.reason.removeprefix("Value error, ").startswith(reason)


def test_a_positional_template_without_variables_is_like_a_named_one() -> None:
    assert _listed(BODY, parameter_format="POSITIONAL") == _definition()


def test_a_sample_that_is_not_listed_is_the_name_of_its_placeholder() -> None:
    assert _listed(NAMED).samples == {"name": "name"}


def test_a_named_variable_of_a_link_means_what_a_numbered_one_does() -> None:
    button = {"type": "URL", "text": "See", "url": "https://ex.org/p/{{code}}", "example": "https://ex.org/p/1"}
    found = _listed(BODY, {"type": "BUTTONS", "buttons": [button]}, bases=Bases("https://ex.org", "https://u.test/l"))
    assert found.buttons == (UrlButton(text="See", url="{website}/p/{{1}}", sample="{website}/p/1"),)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://ex.org/a", "{website}/a"),
        ("https://ex.org", "{website}"),
        ("https://ex.organic/a", "https://ex.organic/a"),
        ("https://ex.org/l/{{1}}", "{links}/{{1}}"),
        ("https://ex.org/lots/{{1}}", "{website}/lots/{{1}}"),
    ],
)
def test_the_bases_of_a_link_are_recognised(url: str, said: str) -> None:
    bases = Bases("https://ex.org", "https://ex.org/l")
    assert bases.recognise(url, varies=url.endswith("{{1}}")) == said


def test_where_bases_are_alike_what_varies_is_a_link() -> None:
    alike = Bases("https://ex.org", "https://ex.org")
    assert alike.recognise("https://ex.org/{{1}}", varies=True) == "{links}/{{1}}"
    assert alike.recognise("https://ex.org/help", varies=False) == "{website}/help"
