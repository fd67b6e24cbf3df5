"""What leaves for Meta keeps the rules of the wire, whatever came in."""

import re
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.events.catalogue import catalogue
from app.events.event_type import EventType, Occurrence
from app.events.formatting import Money, money
from app.templates.compiled import CompiledTemplate, compile_template, on_the_wire
from app.templates.definition import PLACEHOLDER, Bases, TemplateDefinition, submission
from tests.support.payloads import payloads

WEBSITE = "https://shop.example"
BASES = Bases(WEBSITE, WEBSITE)
ZONES = ["Europe/Istanbul", "America/Los_Angeles", "Pacific/Kiritimati", "Pacific/Pago_Pago"]

texts = st.text(st.characters(exclude_categories=["Cs"]))
spacious = st.text(st.sampled_from(" \t\n\r\x0b\x0c\x00\x1f\x85\u00a0\u2028\u2029\u200baİı🙂\u202e"))


@given(texts | spacious)
def test_a_value_on_the_wire_has_no_line_no_tab_and_no_run_of_spaces(text: str) -> None:
    written = on_the_wire(text)
    assert not re.search(r"[\n\r\t\x00-\x1f\x85\u2028\u2029]| {2}", written)
    assert written == written.strip()
    assert on_the_wire(written) == written


@given(texts | spacious)
def test_a_value_on_the_wire_keeps_every_letter(text: str) -> None:
    def letters(text: str) -> list[str]:
        return [letter for letter in text if not letter.isspace() and letter >= " "]

    assert letters(on_the_wire(text)) == letters(text)


@given(
    st.integers(0, 10**15), st.sampled_from(["TRY", "EUR", "JPY", "KWD", "RSD", "CLF"]), st.sampled_from(["tr", "en"])
)
def test_money_shows_every_digit_of_the_amount(amount: int, currency: str, language: str) -> None:
    written = money(Money(amount=amount, currency=currency), language)
    shown = "".join(letter for letter in written if letter.isdigit())
    assert int(shown) == amount


def _compiled(template: TemplateDefinition) -> CompiledTemplate:
    body = submission(template, BASES)
    return compile_template(body["components"], body["parameter_format"])


each_type = pytest.mark.parametrize("event_type", catalogue().values(), ids=lambda event_type: event_type.name)


@each_type
def test_a_payload_that_is_taken_fills_the_template_or_says_where_it_does_not(event_type: EventType[Any]) -> None:
    compiled = [(template.language, _compiled(template)) for template in event_type.templates]
    examples = [example["data"] for example in event_type.examples.values()]
    taken = []

    @given(
        payloads(event_type.payload.model_json_schema(), examples),
        st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=100),
        st.sampled_from(ZONES),
        st.sampled_from(ZONES),
    )
    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    def fill(drawn: Any, name: str | None, zone: str, reader_zone: str) -> None:
        try:
            payload = event_type.payload.model_validate_json(orjson.dumps(drawn))
        except ValidationError:
            return
        taken.append(payload)
        for language, template in compiled:
            _check(event_type, template, Occurrence(payload, language, name, zone, reader_zone))

    fill()
    assert len(taken) >= 10, "too few of the drawn payloads are valid to show anything"


def _check(event_type: EventType[Any], template: CompiledTemplate, occurrence: Occurrence[Any]) -> None:
    fill = event_type.fill(occurrence)
    misfits = template.misfits(fill)
    for misfit in misfits:
        assert event_type.pointer(misfit) != "#/data"
    if not misfits:
        _check_components(template, template.components(fill), fill.texts)


def _check_components(compiled: CompiledTemplate, components: list[dict[str, Any]], given_texts: Any) -> None:
    for component in components:
        for parameter in component["parameters"]:
            if parameter["type"] in ("image", "document", "location"):
                continue
            text = parameter.get("text") or parameter.get("payload")
            assert text
            assert not re.search(r"[\n\t\r]| {5}", text)
            if component["type"] != "button":
                assert text == given_texts[parameter["parameter_name"]]
    filled = PLACEHOLDER.sub(lambda found: given_texts[found[1]], compiled.body_text)
    assert len(filled) <= 1024
