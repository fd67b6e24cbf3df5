"""Templates as their author writes them, and the body that submits them."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.templates.definition import Bases, QuickReplyButton, TemplateDefinition, UrlButton, placeholders, submission


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
