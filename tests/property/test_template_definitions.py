"""Templates: what is submitted is read back as what was written."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.templates.definition import (
    Bases,
    MediaHeader,
    TemplateDefinition,
    UrlButton,
    definition_of,
    submission,
)
from tests.support.template_definitions import WEBSITES, definitions

ALIKE = Bases("https://shop.example", "https://shop.example")
bases = st.sampled_from([WEBSITES, ALIKE])


def listed(body: dict[str, Any], *, lower: bool = False) -> list[dict[str, Any]]:
    """Components as a listing has them."""
    components = copy.deepcopy(body["components"])
    for component in components:
        component["type"] = component["type"].lower() if lower else component["type"]
        for button in component.get("buttons", ()):
            if button["type"] == "COPY_CODE":
                button |= {"text": "Copy offer code", "example": [button["example"]]}
            if lower:
                button["type"] = button["type"].lower()
    return components


def read(definition: TemplateDefinition, bases: Bases, *, lower: bool = False) -> TemplateDefinition:
    body = submission(definition, bases, "4::aW")
    return definition_of(
        listed(body, lower=lower),
        name=body["name"],
        language=body["language"],
        category=body["category"],
        parameter_format=body["parameter_format"],
        time_to_live=body.get("message_send_ttl_seconds"),
        event_type=definition.event_type,
        bases=bases,
    )


def without_bases(definition: TemplateDefinition, bases: Bases) -> TemplateDefinition:
    """As a listing knows it: with whole addresses, and without the file that the review saw."""
    changes: dict[str, Any] = {
        "buttons": tuple(
            button.model_copy(
                update={"url": bases.resolve(button.url), "sample": button.sample and bases.resolve(button.sample)}
            )
            if isinstance(button, UrlButton)
            else button
            for button in definition.buttons
        )
    }
    if isinstance(definition.header, MediaHeader):
        changes["header"] = MediaHeader(format=definition.header.format)
    return definition.model_copy(update=changes)


@given(definitions(), bases)
def test_what_is_submitted_is_read_back(definition: TemplateDefinition, bases: Bases) -> None:
    found = read(definition, bases)
    assert without_bases(found, bases) == without_bases(definition, bases)
    assert read(definition, bases, lower=True) == found


@given(definitions(), bases)
def test_what_was_read_back_submits_the_same(definition: TemplateDefinition, bases: Bases) -> None:
    found = read(definition, bases)
    assert submission(found, bases, "4::aW") == submission(definition, bases, "4::aW")
    assert read(found, bases) == found
