"""The catalogue: every type found, complete, and consistent with its templates."""

import importlib
import pkgutil
import re
from datetime import timedelta
from typing import Any

import pytest

import app.events
from app.consent.rules import is_promotional
from app.consent.schemas import ContactIn
from app.events.catalogue import catalogue
from app.events.event_type import EventType, Occurrence
from app.events.fields import CustomerRequest, Payload
from app.messages.bodies import read_body
from app.templates.compiled import CompiledTemplate, Fill, Misfit, compile_template
from app.templates.definition import PLACEHOLDER, Bases, TemplateDefinition, submission

WEBSITE = "https://shop.example"
BASES = Bases(WEBSITE, WEBSITE)

TYPES = list(catalogue().values())
WITH_TEMPLATES = [
    pytest.param(event_type, template, id=f"{event_type.name}-{template.language}")
    for event_type in TYPES
    for template in event_type.templates
]
each_type = pytest.mark.parametrize("event_type", TYPES, ids=lambda event_type: event_type.name)
each_template = pytest.mark.parametrize(("event_type", "template"), WITH_TEMPLATES)


def compiled(template: TemplateDefinition) -> CompiledTemplate:
    body = submission(template, BASES)
    return compile_template(body["components"], body["parameter_format"])


def example_of(event_type: EventType[Any], template: TemplateDefinition, **changes: Any) -> Occurrence[Any]:
    data = event_type.payload.model_validate(event_type.example["data"])
    about = {"customer_name": "Ayşe Yılmaz", "time_zone": "Europe/Istanbul"} | changes
    return Occurrence(data, template.language, **about)


def test_every_module_of_an_industry_is_an_event_type() -> None:
    modules = [
        module.name
        for package in pkgutil.iter_modules(app.events.__path__, "app.events.")
        if package.ispkg
        for module in pkgutil.iter_modules(importlib.import_module(package.name).__path__, package.name + ".")
    ]
    assert len(modules) >= 3
    assert {importlib.import_module(name).EVENT_TYPE.name for name in modules} == set(catalogue())
    assert len(modules) == len(catalogue())


def test_the_catalogue_is_sorted_and_cannot_be_changed() -> None:
    assert list(catalogue()) == sorted(catalogue())
    with pytest.raises(TypeError):
        catalogue()["new"] = TYPES[0]  # type: ignore[index]


def test_no_two_types_share_a_name_or_a_template() -> None:
    for names in (
        [event_type.operation for event_type in TYPES],
        [event_type.template_name for event_type in TYPES],
        [event_type.title for event_type in TYPES],
        [event_type.payload.__name__ for event_type in TYPES],
    ):
        assert len(set(names)) == len(names)


@each_type
def test_a_type_is_named_and_described(event_type: EventType[Any]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", event_type.name)
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,39}", event_type.topic)
    assert event_type.title
    assert event_type.description.endswith(".")
    assert event_type.time_to_live > timedelta(0)
    assert issubclass(event_type.payload, Payload)


@each_type
def test_the_example_is_a_request_that_is_taken(event_type: EventType[Any]) -> None:
    body = read_body(event_type, dict(event_type.example))
    assert isinstance(body.data, event_type.payload)
    assert ContactIn.model_validate(event_type.example["contact"]).phone


@each_type
def test_unknown_fields_are_refused(event_type: EventType[Any]) -> None:
    with pytest.raises(ValueError, match="extra_forbidden"):
        event_type.payload.model_validate({**event_type.example["data"], "more": 1})


@each_type
def test_templates_are_of_one_name_in_turkish_and_english(event_type: EventType[Any]) -> None:
    assert {template.name for template in event_type.templates} == {event_type.template_name}
    assert [template.language for template in event_type.templates] == ["tr", "en"]
    assert event_type.template_name == event_type.operation


@each_template
def test_parameters_links_and_replies_are_those_of_the_template(
    event_type: EventType[Any], template: TemplateDefinition
) -> None:
    wanted = compiled(template)
    assert {*wanted.header_names, *wanted.body_names} == set(event_type.parameters)
    assert len(wanted.url_prefixes) == len(event_type.links)
    assert len(wanted.quick_replies) == len(event_type.replies)
    assert all(0 < len(payload) <= 128 for payload in event_type.replies)


@each_template
def test_the_example_fills_the_template(event_type: EventType[Any], template: TemplateDefinition) -> None:
    fill = event_type.fill(example_of(event_type, template))
    assert compiled(template).misfits(fill) == []
    assert fill.texts["customer_name"] == "Ayşe Yılmaz"


@each_template
def test_the_samples_that_meta_sees_fill_the_template(event_type: EventType[Any], template: TemplateDefinition) -> None:
    links = [prefix + "1" for _, _, prefix in compiled(template).url_prefixes]
    header = event_type.fill_example(template.language).header
    assert compiled(template).misfits(Fill(template.samples, links, event_type.replies, header)) == []


@each_template
@pytest.mark.parametrize("name", [None, ""])
def test_a_customer_without_a_name_is_addressed_politely(
    event_type: EventType[Any], template: TemplateDefinition, name: str | None
) -> None:
    fill = event_type.fill(example_of(event_type, template, customer_name=name))
    expected = {"tr": "değerli müşterimiz", "en": "valued customer"}
    assert fill.texts["customer_name"] == expected[template.language]


@pytest.mark.parametrize(
    "name", ["İbrahim Işık", "ıIiİ", "👩‍👩‍👧 Ada", "مريم أحمد", "\u202bשרה\u202c", "王小明", "O’Neill"]
)
def test_names_reach_the_wire_as_they_are(name: str) -> None:
    event_type = catalogue()["order-confirmed"]
    template = event_type.templates[0]
    fill = event_type.fill(example_of(event_type, template, customer_name=name))
    assert fill.texts["customer_name"] == name
    assert compiled(template).misfits(fill) == []


@each_type
def test_every_value_points_into_the_request(event_type: EventType[Any]) -> None:
    for source in [parameter.source for parameter in (*event_type.parameters.values(), *event_type.links)]:
        assert _found(event_type.example, source) is not None, source


@each_type
def test_other_types_are_named_that_there_are(event_type: EventType[Any]) -> None:
    assert set(event_type.overtakes) <= set(catalogue())
    if event_type.reminders is not None:
        data = event_type.payload.model_validate(event_type.example["data"])
        reminder = catalogue()[event_type.reminders.event_type]
        reminded = reminder.payload.model_validate(event_type.reminders.data(data))
        assert reminder.reminders is not None, "or it cannot be said how long before its moment one is sent"
        assert reminder.reminders.event_type == reminder.name
        assert reminder.reminders.moment(reminded) == event_type.reminders.moment(data)


def _found(document: Any, pointer: str) -> Any:
    for part in pointer.removeprefix("#/").split("/"):
        document = document[part]
    return document


@each_type
def test_a_misfit_is_pointed_to_where_its_value_comes_from(event_type: EventType[Any]) -> None:
    for name, parameter in event_type.parameters.items():
        assert event_type.pointer(Misfit(name, "too_long", "")) == parameter.source
    for order, link in enumerate(event_type.links):
        assert event_type.pointer(Misfit(f"links/{order}", "too_long", "")) == link.source
    for place in (None, "unknown", "links/9"):
        assert event_type.pointer(Misfit(place, "x", "")) == "#/data"


@each_type
def test_messages_of_one_series_do_not_overtake_each_other(event_type: EventType[Any]) -> None:
    if event_type.reminders is not None and event_type.reminders.event_type == event_type.name:
        assert event_type.name not in event_type.overtakes


@each_type
def test_what_meta_counts_as_marketing_answers_a_request_and_has_a_topic_of_its_own(event_type: EventType[Any]) -> None:
    others = {one.topic for one in TYPES if not one.is_promotional}
    if event_type.is_promotional:
        assert event_type.payload.model_fields["request"].annotation is CustomerRequest
        assert event_type.topic not in others
        assert event_type.topic != "marketing"


@each_type
def test_the_name_of_a_topic_says_whether_it_is_promotional(event_type: EventType[Any]) -> None:
    assert is_promotional(event_type.topic) is event_type.is_promotional


@each_type
def test_days_and_moments_are_named_alike_in_all_types(event_type: EventType[Any]) -> None:
    """`*_on` is a day, `*_by` a last day, `*_at` a moment."""
    endings = {"date": ("_on", "_by"), "date-time": ("_at",)}
    schema = event_type.payload.model_json_schema()
    objects = [schema, *(one for one in schema.get("$defs", {}).values() if "properties" in one)]
    fields = [
        (name, found) for one in objects for name, field in one["properties"].items() for found in _formats(field)
    ]
    assert [name for name, found in fields if not name.endswith(endings[found]) and name != "expected_end"] == []


def _formats(schema: dict[str, Any]) -> list[str]:
    return [one["format"] for one in (schema, *schema.get("anyOf", [])) if one.get("format") in ("date", "date-time")]


@each_template
def test_a_value_that_ends_with_a_full_stop_is_not_followed_by_another(
    event_type: EventType[Any], template: TemplateDefinition
) -> None:
    schema = event_type.payload.model_json_schema()
    for body in event_type.examples.values():
        data = event_type.payload.model_validate(_abbreviated(body["data"], schema, schema.get("$defs", {})))
        texts = event_type.fill(Occurrence(data, template.language, "Ayşe Yılmaz", "Europe/Istanbul")).texts
        parts = PLACEHOLDER.split(template.body)
        said = "".join(texts[part] if order % 2 else part for order, part in enumerate(parts))
        assert ".." not in said


def _abbreviated(value: Any, schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    """With a full stop after each of its free texts, as after the name of a company."""
    kinds = [one for one in (schema, *schema.get("anyOf", [])) if one.get("type") != "null"]
    kinds = [definitions[one["$ref"].rsplit("/", maxsplit=1)[1]] if "$ref" in one else one for one in kinds]
    if isinstance(value, dict):
        properties = next(one["properties"] for one in kinds if "properties" in one)
        no_words = {"help_phone", "time_zone"}
        return {
            name: one if name in no_words else _abbreviated(one, properties[name], definitions)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [
            _abbreviated(one, next(kind["items"] for kind in kinds if "items" in kind), definitions) for one in value
        ]
    is_free = any(one.get("type") == "string" and not {"format", "pattern", "enum", "const"} & {*one} for one in kinds)
    return f"{value}." if is_free else value
