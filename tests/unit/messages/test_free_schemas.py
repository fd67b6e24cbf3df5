"""What answers may say: Meta's limits, as faults of the request at their place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.core.problems import problem_of
from app.messages.free_form import FreeForm
from app.messages.free_schemas import AnswerIn, Content
from app.whatsapp.payloads import Recipient

REPLY = {"reply": "rep_" + "0" * 32}
BUTTON = {"id": "a", "title": "A"}


def rows(number: int) -> list[dict[str, str]]:
    return [{"id": str(one), "title": f"Satır {one}"} for one in range(number)]


def a_list(*sections: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"list": {"body": "Hangisi?", "button": "Seç", "sections": list(sections), **more}}


def faults(**body: Any) -> list[tuple[str | None, str]]:
    with pytest.raises(ValidationError) as refused:
        AnswerIn.model_validate({"to": REPLY, **body})
    return [(one.pointer, one.code) for one in problem_of(refused.value).errors]


@pytest.mark.parametrize(
    ("body", "place", "code"),
    [
        ({"text": {"body": "a" * 4097}}, "#/text/body", "string_too_long"),
        ({"text": {"body": "\u2800"}}, "#/text/body", "nothing_visible"),
        ({"buttons": {"body": "a" * 1025, "buttons": [BUTTON]}}, "#/buttons/body", "string_too_long"),
        ({"buttons": {"body": "A", "buttons": []}}, "#/buttons/buttons", "too_short"),
        (
            {"buttons": {"body": "A", "buttons": [{"id": str(n), "title": str(n)} for n in range(4)]}},
            "#/buttons/buttons",
            "too_long",
        ),
        ({"buttons": {"body": "A", "buttons": [BUTTON, BUTTON]}}, "#/buttons/buttons", "not_unique"),
        (
            {"buttons": {"body": "A", "buttons": [{"id": "a", "title": "a" * 21}]}},
            "#/buttons/buttons/0/title",
            "string_too_long",
        ),
        (
            {"buttons": {"body": "A", "buttons": [{"id": "a" * 257, "title": "A"}]}},
            "#/buttons/buttons/0/id",
            "string_too_long",
        ),
        ({"buttons": {"body": "A", "buttons": [BUTTON], "header": {}}}, "#/buttons/header", "one_header"),
        ({"buttons": {"body": "A", "buttons": [BUTTON], "footer": "a" * 61}}, "#/buttons/footer", "string_too_long"),
        (a_list({"rows": rows(11)}), "#/list/sections/0/rows", "too_long"),
        (a_list(*({"title": str(one), "rows": rows(6)} for one in range(2))), "#/list/sections", "too_many_rows"),
        (a_list({"rows": rows(1)}, {"rows": rows(1)}), "#/list/sections", "not_unique"),
        (a_list({"rows": rows(1)}, {"rows": [{"id": "b", "title": "B"}]}), "#/list/sections", "section_title"),
        (a_list({"rows": rows(1)}, header={"image": {"id": "1"}}), "#/list/header/image", "extra_forbidden"),
        (
            a_list({"rows": [{"id": "a", "title": "A", "description": "a" * 73}]}),
            "#/list/sections/0/rows/0/description",
            "string_too_long",
        ),
        (
            {"link_button": {"body": "A", "label": "B", "url": "javascript:alert(1)"}},
            "#/link_button/url",
            "string_pattern_mismatch",
        ),
        ({"media": {"type": "image", "link": "http://a.example/a.png"}}, "#/media/link", "string_pattern_mismatch"),
        ({"media": {"type": "image"}}, "#/media", "one_source"),
        ({"media": {"type": "sticker", "id": "1", "caption": "A"}}, "#/media", "caption"),
        ({"media": {"type": "image", "id": "1", "filename": "a.png"}}, "#/media", "filename"),
        ({"media": {"type": "audio", "media": "med_" + "0" * 32}}, "#/media", "media_kind"),
        ({"location": {"latitude": 91.0, "longitude": 0.0}}, "#/location/latitude", "less_than_equal"),
        ({}, "#", "one_content"),
        ({"text": {"body": "A"}, "location": {"latitude": 1.0, "longitude": 1.0}}, "#", "one_content"),
        ({"text": {"body": "A"}, "to": {"contact": "1"}, "quote": True}, "#", "needs_reply"),
        ({"text": {"body": "A"}, "to": {**REPLY, "sender": "snd_" + "0" * 32}}, "#/to", "sender_of_reply"),
    ],
)
def test_what_meta_does_not_take_is_refused_at_its_place(body: dict[str, Any], place: str, code: str) -> None:
    found = faults(**body)
    assert (place, code) in found or (place, code) in [(at, one) for at, one in found if at == place], found


TEXTS = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20)
CONTENTS = st.one_of(
    st.builds(lambda body: {"text": {"body": body}}, TEXTS),
    st.builds(
        lambda body, titles: {
            "buttons": {"body": body, "buttons": [{"id": f"b{n}", "title": one} for n, one in enumerate(titles)]}
        },
        TEXTS,
        st.lists(TEXTS, min_size=1, max_size=3, unique=True),
    ),
    st.builds(
        lambda body, titles: (
            a_list({"rows": [{"id": f"r{n}", "title": one} for n, one in enumerate(titles)]})
            | {
                "list": a_list({"rows": [{"id": f"r{n}", "title": one} for n, one in enumerate(titles)]}, body=body)[
                    "list"
                ]
            }
        ),
        TEXTS,
        st.lists(TEXTS, min_size=1, max_size=10),
    ),
    st.builds(
        lambda kind, footer: {
            "link_button": {
                "body": "A",
                "label": "B",
                "url": "https://a.example/ı",
                "header": {kind: {"id": "1"}},
                "footer": footer,
            }
        },
        st.sampled_from(["image", "video", "document"]),
        TEXTS,
    ),
)


@given(content=CONTENTS, quotes=st.none() | TEXTS)
def test_what_is_stored_goes_out_as_what_was_asked_for(content: dict[str, Any], quotes: str | None) -> None:
    asked = Content.model_validate(content)
    form = asked.free_form(quotes=quotes)
    again = FreeForm.of(form.stored())
    recipient = Recipient(phone="+905321112233")
    assert again.payload(recipient, "msg_1") == form.payload(recipient, "msg_1")
    assert Content.model_validate(asked.stored()) == asked
    sent = form.payload(recipient, "msg_1")
    assert sent.get("context") == ({"message_id": quotes} if quotes is not None else None)
    (kind,) = content
    said = content[kind]
    body = sent["text"]["body"] if kind == "text" else sent["interactive"]["body"]["text"]
    assert body == said["body"]
