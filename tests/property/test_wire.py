"""What leaves for Meta keeps the rules of the wire, whatever came in."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.events.catalogue import catalogue
from app.events.event_type import EventType, Occurrence
from app.events.formatting import Money, money
from app.templates.compiled import CompiledTemplate, compile_template, on_the_wire
from app.templates.definition import PLACEHOLDER, Bases, TemplateDefinition, submission

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


WITH_TEMPLATES = [
    pytest.param(event_type, template, id=f"{event_type.name}-{template.language}")
    for event_type in catalogue().values()
    for template in event_type.templates
]

moments = st.datetimes().map(lambda moment: moment.isoformat() + "Z") | st.sampled_from(
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1970-01-01T00:00:00+14:00", "2999-12-31T23:59:59-12:00"]
)
lines = st.text(st.characters(exclude_categories=["Cs"]), max_size=130) | spacious
values = (
    lines
    | moments
    | st.fixed_dictionaries({"amount": st.integers(-1, 10**15 + 1), "currency": st.sampled_from(["TRY", "JPY", "XYZ"])})
    | st.builds(lambda rest: f"{WEBSITE}/{rest}", st.text(max_size=2100))
    | st.none()
)


def _compiled(template: TemplateDefinition) -> CompiledTemplate:
    body = submission(template, BASES)
    return compile_template(body["components"], body["parameter_format"])


@st.composite
def data_of(draw: st.DrawFn, event_type: EventType[Any]) -> dict[str, Any]:
    """The example with some of its values replaced by others, fitting or not."""
    changes = draw(st.dictionaries(st.sampled_from(list(event_type.payload.model_fields)), values))
    return {**event_type.example["data"], **changes}


@pytest.mark.parametrize(("event_type", "template"), WITH_TEMPLATES)
@given(data=st.data())
@settings(max_examples=150)
def test_a_payload_that_is_taken_fills_the_template_or_says_where_it_does_not(
    event_type: EventType[Any], template: TemplateDefinition, data: st.DataObject
) -> None:
    try:
        payload = event_type.payload.model_validate(data.draw(data_of(event_type)))
    except ValidationError:
        return
    name = data.draw(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=100))
    compiled = _compiled(template)
    fill = event_type.fill(Occurrence(payload, template.language, name, data.draw(st.sampled_from(ZONES))))
    misfits = compiled.misfits(fill)
    for misfit in misfits:
        assert event_type.pointer(misfit) != "#/data"
    if not misfits:
        _check_components(compiled, compiled.components(fill), fill.texts)


def _check_components(compiled: CompiledTemplate, components: list[dict[str, Any]], given_texts: Any) -> None:
    for component in components:
        for parameter in component["parameters"]:
            text = parameter.get("text") or parameter.get("payload")
            assert text
            assert not re.search(r"[\n\t\r]| {5}", text)
            if component["type"] != "button":
                assert text == given_texts[parameter["parameter_name"]]
    filled = PLACEHOLDER.sub(lambda found: given_texts[found[1]], compiled.body_text)
    assert len(filled) <= 1024
