"""Templates as Meta lists them: what they demand, what fits, and what goes on the wire."""

from dataclasses import replace
from typing import Any

import pytest

from app.templates.compiled import (
    CompiledTemplate,
    Fill,
    compile_template,
    header_of_file,
    on_the_wire,
    own_file,
    with_id_at_meta,
)
from app.templates.definition import Bases, QuickReplyButton, TemplateDefinition, UrlButton, submission

HEADER = {"type": "HEADER", "format": "TEXT", "text": "Parcel {{parcel_no}}"}
BODY = {"type": "BODY", "text": "Hello {{first_name}}, your parcel waits until {{last_day}} included."}
URL = {"type": "URL", "text": "See parcel", "url": "https://ex.org/p/{{1}}", "example": ["https://ex.org/p/1"]}
STOP = {"type": "QUICK_REPLY", "text": "Stop updates"}
FULL = [HEADER, BODY, {"type": "FOOTER", "text": "Ex"}, {"type": "BUTTONS", "buttons": [URL, STOP]}]
TEXTS = {"parcel_no": "P-77", "first_name": "Ana", "last_day": "Friday"}
FILL = Fill(TEXTS, ["https://ex.org/p/P-77"], ["stop"])


def _compiled(*components: Any, parameter_format: str = "NAMED") -> CompiledTemplate:
    return compile_template(components, parameter_format)


def _codes(template: CompiledTemplate, fill: Fill) -> list[tuple[str | None, str]]:
    return [(misfit.parameter, misfit.code) for misfit in template.misfits(fill)]


def test_a_template_is_read_with_all_that_it_demands() -> None:
    template = _compiled(*FULL)
    assert (template.header_text, template.header_names) == ("Parcel {{parcel_no}}", ("parcel_no",))
    assert (template.body_text, template.body_names) == (BODY["text"], ("first_name", "last_day"))
    assert template.footer_text == "Ex"
    assert template.url_prefixes == ((0, "See parcel", "https://ex.org/p/"),)
    assert template.quick_replies == ((1, "Stop updates"),)
    assert template.unsupported == ()
    assert template.misfits(FILL) == []


def test_what_is_submitted_is_what_is_compiled() -> None:
    definition = TemplateDefinition(
        name="parcel_ready",
        language="fr",
        header="Parcel {{parcel_no}}",
        body=BODY["text"],
        footer="Ex",
        buttons=(
            QuickReplyButton(text="Yes"),
            QuickReplyButton(text="No"),
            UrlButton(text="See", url="{website}/p/{{1}}", sample="{website}/p/1"),
            UrlButton(text="Help", url="{website}/help"),
        ),
        samples=TEXTS,
    )
    body = submission(definition, Bases("https://ex.org", "https://ex.org"))
    template = compile_template(body["components"], body["parameter_format"])
    assert (template.header_text, template.body_text, template.footer_text) == (
        definition.header,
        definition.body,
        definition.footer,
    )
    assert {*template.header_names, *template.body_names} == set(definition.samples)
    assert template.quick_replies == ((0, "Yes"), (1, "No"))
    assert template.url_prefixes == ((2, "See", "https://ex.org/p/"),)
    assert template.static_urls == ((3, "Help", "https://ex.org/help"),)
    assert template.misfits(Fill(definition.samples, ["https://ex.org/p/1"], ["y", "n"])) == []


def _lower(value: Any) -> Any:
    if isinstance(value, list):
        return [_lower(one) for one in value]
    if isinstance(value, dict):
        return {
            key: one.lower() if key in ("type", "format") and isinstance(one, str) else _lower(one)
            for key, one in value.items()
        }
    return value


@pytest.mark.parametrize("parameter_format", ["NAMED", "named", "Named"])
def test_types_and_formats_are_read_in_either_case(parameter_format: str) -> None:
    assert _compiled(*_lower(FULL), parameter_format=parameter_format) == _compiled(*FULL)


def test_the_components_of_a_send_are_those_of_metas_page() -> None:
    stop = [{"type": "payload", "payload": "stop"}]
    assert _compiled(*FULL).components(FILL) == [
        {"type": "header", "parameters": [{"type": "text", "parameter_name": "parcel_no", "text": "P-77"}]},
        {
            "type": "body",
            "parameters": [
                {"type": "text", "parameter_name": "first_name", "text": "Ana"},
                {"type": "text", "parameter_name": "last_day", "text": "Friday"},
            ],
        },
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "P-77"}]},
        {"type": "button", "sub_type": "quick_reply", "index": "1", "parameters": stop},
    ]


@pytest.mark.parametrize(
    "components",
    [
        [{"type": "BODY", "text": "Fixed."}],
        [{"type": "HEADER", "format": "TEXT", "text": "Fixed"}, {"type": "BODY", "text": "Fixed."}],
        [{"type": "BODY", "text": "F."}, {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "S", "url": "https://e"}]}],
        [{"type": "BODY", "text": "F."}, {"type": "BUTTONS", "buttons": [{"type": "PHONE_NUMBER", "text": "Call"}]}],
        [{"type": "BODY", "text": "F."}, {"type": "BUTTONS", "buttons": [{"type": "REQUEST_CONTACT_INFO"}]}],
    ],
)  # fmt: skip
@pytest.mark.parametrize("parameter_format", ["NAMED", "POSITIONAL"])
def test_a_template_without_variables_takes_nothing(components: list, parameter_format: str) -> None:
    template = compile_template(components, parameter_format)
    assert template.misfits(Fill(TEXTS, ["https://ex.org"], ["yes"])) == []
    assert template.components(Fill(TEXTS, ["https://ex.org"], ["yes"])) == []


@pytest.mark.parametrize("missing", ["parcel_no", "first_name", "last_day"])
@pytest.mark.parametrize("how", [None, ""])
def test_a_text_that_is_missing_or_empty_is_named(missing: str, how: str | None) -> None:
    texts = {name: text for name, text in TEXTS.items() if name != missing} | ({} if how is None else {missing: how})
    assert _codes(_compiled(*FULL), Fill(texts, FILL.links)) == [(missing, "parameter_missing")]


def test_a_text_that_stands_in_header_and_body_is_named_once() -> None:
    template = _compiled(HEADER, {"type": "BODY", "text": "Parcel {{parcel_no}}, again {{parcel_no}}."})
    assert _codes(template, Fill({})) == [("parcel_no", "parameter_missing")]


def test_texts_that_the_template_does_not_ask_for_are_left_out() -> None:
    template = _compiled(BODY)
    assert template.misfits(Fill(TEXTS | {"more": "x"})) == []
    (body,) = template.components(Fill(TEXTS | {"more": "x"}, ["https://ex.org/p/1"], ["yes"]))
    assert [parameter["parameter_name"] for parameter in body["parameters"]] == ["first_name", "last_day"]


@pytest.mark.parametrize(
    ("links", "code"),
    [
        ([], "parameter_missing"),
        ([""], "link_outside_template"),
        (["https://ex.org/p/"], "link_outside_template"),
        (["https://ex.org/q/1"], "link_outside_template"),
        (["http://ex.org/p/1"], "link_outside_template"),
        (["HTTPS://EX.ORG/p/1"], "link_outside_template"),
        (["https://ex.org.evil.test/p/1"], "link_outside_template"),
        ([" https://ex.org/p/1"], "link_outside_template"),
        (["https://ex.org/p/" + "a" * 2000], "too_long"),
    ],
)
def test_a_link_must_go_on_from_the_fixed_beginning(links: list[str], code: str) -> None:
    assert _codes(_compiled(*FULL), Fill(TEXTS, links)) == [("links/0", code)]


def test_a_link_of_just_the_longest_length_fits() -> None:
    link = "https://ex.org/p/".ljust(2000, "a")
    assert _compiled(*FULL).misfits(Fill(TEXTS, [link])) == []


def test_links_belong_to_the_varying_buttons_in_their_order() -> None:
    fixed = {"type": "URL", "text": "Help", "url": "https://ex.org/help"}
    second = {"type": "URL", "text": "Bill", "url": "https://ex.org/b/{{1}}"}
    template = _compiled(BODY, {"type": "BUTTONS", "buttons": [STOP, fixed, URL, second]})
    fill = Fill(TEXTS, ["https://ex.org/p/1", "https://ex.org/b/2"], ["stop"])
    assert template.misfits(fill) == []
    buttons = template.components(fill)[1:]
    assert [(row["sub_type"], row["index"]) for row in buttons] == [("url", "2"), ("url", "3"), ("quick_reply", "0")]
    assert [row["parameters"][0].get("text") for row in buttons] == ["1", "2", None]
    assert _codes(template, Fill(TEXTS, fill.links[::-1])) == [
        ("links/0", "link_outside_template"),
        ("links/1", "link_outside_template"),
    ]


def test_all_misfits_are_told_at_once() -> None:
    assert _codes(_compiled(*FULL), Fill({})) == [
        ("parcel_no", "parameter_missing"),
        ("first_name", "parameter_missing"),
        ("last_day", "parameter_missing"),
        ("links/0", "parameter_missing"),
    ]


@pytest.mark.parametrize(("length", "fits"), [(1024, True), (1025, False)])
def test_the_filled_body_is_limited(length: int, *, fits: bool) -> None:
    template = _compiled({"type": "BODY", "text": "Hello {{a}} and {{b}}."})
    fill = Fill({"a": "x", "b": "ş" * (length - len("Hello x and ."))})
    assert _codes(template, fill) == ([] if fits else [("b", "too_long")])


@pytest.mark.parametrize(("length", "fits"), [(60, True), (61, False)])
def test_the_filled_header_is_limited(length: int, *, fits: bool) -> None:
    fill = Fill(TEXTS | {"parcel_no": "🙂" * (length - len("Parcel "))}, FILL.links)
    assert _codes(_compiled(*FULL), fill) == ([] if fits else [("parcel_no", "too_long")])


def test_a_value_that_looks_like_a_placeholder_is_just_text() -> None:
    template = _compiled(BODY)
    fill = Fill({"first_name": "{{last_day}}" * 60, "last_day": "x" * 100})
    assert template.misfits(fill) == []
    assert template.components(fill)[0]["parameters"][0]["text"] == "{{last_day}}" * 60


@pytest.mark.parametrize("parameter_format", ["POSITIONAL", "positional", ""])
def test_positional_templates_cannot_be_filled(parameter_format: str) -> None:
    template = _compiled({"type": "BODY", "text": "Hello {{1}}."}, parameter_format=parameter_format)
    assert _codes(template, Fill({"1": "Ana"}))[0] == (None, "template_unsupported")


@pytest.mark.parametrize(
    "component",
    [
        {"type": "header", "format": "gif"},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "text": "Copy"}]},
        {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "text": "Copy"}]},
        {"type": "buttons", "buttons": [{"type": "flow", "text": "Open"}]},
        {"type": "BUTTONS", "buttons": [{"type": "A TYPE OF A LATER YEAR"}]},
        {"type": "CAROUSEL", "cards": []},
        {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "x"}},
    ],
)
def test_what_no_event_can_fill_makes_the_template_unusable_with_the_reason(component: dict) -> None:
    (misfit,) = _compiled({"type": "BODY", "text": "Fixed."}, component).misfits(Fill({}))
    assert (misfit.parameter, misfit.code) == (None, "template_unsupported")
    assert misfit.message


@pytest.mark.parametrize("components", [[], [{}], [{"type": "BODY"}], [{"type": "BUTTONS"}], [{"type": "HEADER"}]])
def test_components_without_their_content_are_read(components: list) -> None:
    assert compile_template(components, "NAMED").body_text == ""


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"),
        ("", ""),
        (" \t\r\n", ""),
        ("a\nb", "a b"),
        ("a\r\n\r\nb", "a b"),
        ("a\tb", "a b"),
        ("a     b", "a b"),
        ("  a  ", "a"),
        ("1.299,90\u00a0₺", "1.299,90 ₺"),
        ("a\u2028b\u2029c\x85d\x0be\x0cf", "a b c d e f"),
        ("a\x00b\x1fc", "a b c"),
        ("İıŞş 👩‍👩‍👧 مريم", "İıŞş 👩‍👩‍👧 مريم"),
    ],
)
def test_white_space_becomes_single_spaces(text: str, written: str) -> None:
    assert on_the_wire(text) == written


_PICTURE = {"type": "image", "image": {"link": "https://ex.org/a.png"}}
_PDF = {"type": "document", "document": {"id": "1209", "filename": "slip.pdf"}}


@pytest.mark.parametrize(("kind", "given"), [("IMAGE", _PICTURE), ("document", _PDF)])
def test_a_media_header_goes_out_as_it_was_given(kind: str, given: dict[str, Any]) -> None:
    template = _compiled({"type": "HEADER", "format": kind}, {"type": "BODY", "text": "Fixed."})
    fill = Fill({}, header=given)
    assert template.misfits(fill) == []
    assert template.components(fill) == [{"type": "header", "parameters": [given]}]
    assert Fill.from_json(fill.as_json()).header == given


@pytest.mark.parametrize(("given", "code"), [(None, "parameter_missing"), (_PDF, "header_format")])
def test_a_media_header_of_another_kind_is_refused_before_meta_does(given: dict[str, Any] | None, code: str) -> None:
    template = _compiled({"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Fixed."})
    assert _codes(template, Fill({}, header=given)) == [("header", code)]


@pytest.mark.parametrize(("given", "code"), [(None, "parameter_missing"), (_PICTURE, "header_format")])
def test_a_film_that_the_template_has_no_sample_of_is_asked_for(given: dict[str, Any] | None, code: str) -> None:
    template = _compiled({"type": "HEADER", "format": "VIDEO"}, {"type": "BODY", "text": "Fixed."})
    (misfit,) = template.misfits(Fill({}, header=given))
    assert (misfit.parameter, misfit.code) == ("header", code)
    assert "sample" in misfit.message


def test_media_that_the_template_does_not_ask_for_is_left_out() -> None:
    assert _compiled({"type": "BODY", "text": "Fixed."}).components(Fill({}, header=_PICTURE)) == []


FILE = header_of_file("image", "med_1", "a.png")
PICTURE_HEADER = {"type": "HEADER", "format": "IMAGE"}


def test_file_of_ours_becomes_metas_when_it_goes_out() -> None:
    assert own_file(FILE) == "med_1"
    assert with_id_at_meta(FILE, "77") == {"type": "image", "image": {"id": "77"}}
    document = header_of_file("document", "med_2", "a.pdf")
    assert with_id_at_meta(document, "78") == {"type": "document", "document": {"id": "78", "filename": "a.pdf"}}
    film = header_of_file("video", "med_3", "a.mp4")
    assert with_id_at_meta(film, "79") == {"type": "video", "video": {"id": "79"}}


@pytest.mark.parametrize(
    "header",
    [
        None,
        {"type": "image", "image": {"link": "https://ex.org/a.png"}},
        {"type": "document", "document": {"id": "77", "filename": "a.pdf"}},
        {"type": "location", "location": {"latitude": "1", "longitude": "2", "name": "A", "address": "B"}},
    ],
)
def test_other_headers_name_no_file_of_ours(header: Any) -> None:
    assert own_file(header) is None


@pytest.mark.parametrize("kind", ["image", "video", "document"])
def test_template_that_always_shows_the_same_file_needs_none_of_the_event(kind: str) -> None:
    file = header_of_file(kind, "med_1", "a")
    template = compile_template([{"type": "HEADER", "format": kind.upper()}, BODY], "NAMED", file)
    assert _codes(template, FILL) == [("header", "parameter_missing")]
    completed = template.completed(FILL)
    assert completed.header == file
    assert template.components(completed)[0] == {"type": "header", "parameters": [file]}
    assert template.misfits(completed) == []
    assert Fill.from_json(completed.as_json()) == completed


def test_file_of_the_event_goes_before_the_template_s() -> None:
    template = compile_template([PICTURE_HEADER, BODY], "NAMED", FILE)
    own = replace(FILL, header={"type": "image", "image": {"link": "https://ex.org/a.png"}})
    assert template.completed(own) is own


def test_film_of_the_template_is_shown_whatever_the_event_brings() -> None:
    film = header_of_file("video", "med_1", "a.mp4")
    template = compile_template([{"type": "HEADER", "format": "VIDEO"}, BODY], "NAMED", film)
    completed = template.completed(replace(FILL, header=_PDF))
    assert completed == replace(FILL, header=film)
    assert template.misfits(completed) == []


@pytest.mark.parametrize("components", [[HEADER, BODY], [BODY], [{"type": "HEADER", "format": "LOCATION"}, BODY]])
def test_file_is_shown_by_no_header_that_shows_no_files(components: Any) -> None:
    assert compile_template(components, "NAMED", FILE).completed(FILL) is FILL
