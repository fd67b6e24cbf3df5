"""Every example of every event type, in both languages, on its way to `read`, with the text that the page shows."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from app.events.catalogue import catalogue
from app.events.event_type import EventType
from app.templates.bubble import Bubble, bubble_of
from app.templates.compiled import compile_template
from app.templates.definition import Bases, submission
from tests.support.stack import WORDING, Stack, wait_for

BASES = Bases("https://shop.example", "https://shop.example")
EXAMPLES = [(event_type, language) for event_type in catalogue().values() for language in event_type.examples]
each_example = pytest.mark.parametrize(
    ("event_type", "language"), EXAMPLES, ids=lambda value: value if isinstance(value, str) else value.name
)


@dataclass(frozen=True)
class Sent:
    """What was posted, what became of it, and what the sandbox showed."""

    story: dict[str, Any]
    shown: dict[str, Any]


@pytest.fixture(scope="module")
def sent(stack: Stack) -> dict[tuple[str, str], Sent]:
    with stack.api as api:
        ids = {
            (event_type.name, language): _post(api, event_type, language, f"+90532700{number:04d}")
            for number, (event_type, language) in enumerate(EXAMPLES)
        }
        stories = {key: _wait_until_read(api, message_id) for key, message_id in ids.items()}
    shown = {one["biz_opaque_callback_data"]: one for one in stack.received()}
    return {key: Sent(story, shown[story["id"]]) for key, story in stories.items()}


def _post(api: httpx.Client, event_type: EventType[Any], language: str, phone: str) -> str:
    acts = [{"act": "opt_in", "topics": ["*", event_type.topic]}]
    if getattr(event_type, "consent", None) == "after_opt_out":
        acts.append({"act": "opt_out", "topics": ["*"]})
    if getattr(event_type, "consent", None) == "pending":
        acts.append({"act": "opt_in", "topics": ["feedback"], "double_opt_in": True})
    for act in acts:
        body = {"source": "checkout", "wording": WORDING, **act}
        api.put(f"/v1/contacts/{phone}/consent", json=body).raise_for_status()
    example = event_type.examples[language]
    answer = api.post(
        f"/v1/events/{event_type.name}", json={**example, "contact": example["contact"] | {"phone": phone}}
    )
    assert answer.status_code == 202, (event_type.name, language, answer.text)
    message_id: str = answer.json()["id"]
    return message_id


def _wait_until_read(api: httpx.Client, message_id: str) -> dict[str, Any]:
    last: dict[str, Any] = {}

    def look() -> dict[str, Any] | None:
        story: dict[str, Any] = api.get(f"/v1/messages/{message_id}").json()
        assert story["status"] not in ("suppressed", "failed", "expired", "canceled"), story
        last.update(story)
        return story if story["status"] == "read" else None

    try:
        return wait_for(f"{message_id} to be read", look)
    except AssertionError as error:
        raise AssertionError(f"{error}, and it stays {last}") from None


@each_example
def test_an_example_is_read_with_exactly_the_text_of_the_page(
    sent: dict[tuple[str, str], Sent], event_type: EventType[Any], language: str
) -> None:
    found = sent[event_type.name, language]
    assert _seen(found.shown["view"]) == _expected(_bubble(event_type, language))
    assert (found.story["template"], found.story["language"]) == (event_type.template_name, language)
    assert {receipt["status"] for receipt in found.story["receipts"]} == {"sent", "delivered", "read"}
    assert found.story["price_category"] == event_type.expected_category.lower()


def _bubble(event_type: EventType[Any], language: str) -> Bubble:
    (template,) = [one for one in event_type.templates if one.language == language]
    body = submission(template, BASES)
    return bubble_of(compile_template(body["components"], body["parameter_format"]), event_type.fill_example(language))


def _seen(view: dict[str, Any]) -> dict[str, Any]:
    header = view.get("header")
    media = header is not None and header["type"] != "text"
    return {
        "header": None if header is None or media else header["text"],
        "media": header["type"] if media else None,
        "body": view["body"],
        "footer": view.get("footer"),
        "buttons": [(one["type"], one["text"], one.get("url", one.get("payload"))) for one in view.get("buttons", [])],
    }


def _expected(bubble: Bubble) -> dict[str, Any]:
    return {
        "header": bubble.header,
        "media": bubble.media["type"] if bubble.media is not None else None,
        "body": bubble.body,
        "footer": bubble.footer,
        "buttons": [(one.kind.upper(), one.text, one.value) for one in bubble.buttons],
    }
