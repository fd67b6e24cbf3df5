"""Bodies of POST /{phone-number-id}/messages.

Source: Meta's pages "Template messages" and "Send messages". Field order follows Meta's examples.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CALLBACK_DATA_MAX = 512
"""Characters of `biz_opaque_callback_data` (raised from 256 in 2026)."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A phone in E.164 (with the plus: without it Meta prepends the business's own country code) or a BSUID."""

    phone: str | None = None
    bsuid: str | None = None

    def as_fields(self) -> dict[str, str]:
        if self.phone is not None:
            return {"to": self.phone}
        if self.bsuid is not None:
            return {"recipient": self.bsuid}
        raise ValueError("a recipient has a phone or a BSUID")


def text_parameters(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"type": "text", "parameter_name": name, "text": text} for name, text in values.items()]


def url_button(index: int, suffix: str) -> dict[str, Any]:
    parameters = [{"type": "text", "text": suffix}]
    return {"type": "button", "sub_type": "url", "index": str(index), "parameters": parameters}


def quick_reply_button(index: int, payload: str) -> dict[str, Any]:
    parameters = [{"type": "payload", "payload": payload}]
    return {"type": "button", "sub_type": "quick_reply", "index": str(index), "parameters": parameters}


def template_message(
    recipient: Recipient, name: str, language: str, components: Sequence[Mapping[str, Any]], callback_data: str
) -> dict[str, Any]:
    """`callback_data` comes back in every receipt of the message, which is how receipts find their message."""
    template: dict[str, Any] = {"name": name, "language": {"code": language}}
    if components:
        template["components"] = components
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **recipient.as_fields(),
        "type": "template",
        "biz_opaque_callback_data": callback_data,
        "template": template,
    }


Content = tuple[str, Mapping[str, Any]]
"""Of a free message, which Meta takes only within 24 hours of what the customer wrote last: its type, and the object of
that name (pages "Text messages", "Interactive reply buttons messages", "Interactive list messages", "Interactive
call-to-action URL button messages", and those on media and location)."""


def free_message(
    recipient: Recipient, content: Content, callback_data: str, *, quotes: str | None = None
) -> dict[str, Any]:
    """`quotes`: Meta's id of a message of this chat, which is shown above it."""
    kind, what = content
    context = {"context": {"message_id": quotes}} if quotes is not None else {}
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **recipient.as_fields(),
        "type": kind,
        "biz_opaque_callback_data": callback_data,
        **context,
        kind: what,
    }


def text(body: str, *, preview_url: bool = False) -> Content:
    return "text", {"body": body, "preview_url": preview_url}


def reply_buttons(
    body: str, buttons: Mapping[str, str], header: Mapping[str, Any] | None = None, footer: str | None = None
) -> Content:
    """Up to three buttons: their titles of at most 20 characters by what comes back."""
    replies = [{"type": "reply", "reply": {"id": said, "title": title}} for said, title in buttons.items()]
    return _interactive("button", body, {"buttons": replies}, header, footer)


def choices(
    body: str,
    label: str,
    sections: Sequence[Mapping[str, Any]],
    header: Mapping[str, Any] | None = None,
    footer: str | None = None,
) -> Content:
    """A list that opens by a button; `sections` as the wire has them."""
    return _interactive("list", body, {"button": label, "sections": sections}, header, footer)


def link_button(
    body: str, label: str, url: str, header: Mapping[str, Any] | None = None, footer: str | None = None
) -> Content:
    parameters = {"display_text": label, "url": url}
    return _interactive("cta_url", body, {"name": "cta_url", "parameters": parameters}, header, footer)


def media(kind: str, file: Mapping[str, Any], caption: str | None = None) -> Content:
    """`file`: `id` or `link`, and of a document its `filename`."""
    return kind, {**file, "caption": caption} if caption is not None else file


def location(place: Mapping[str, Any]) -> Content:
    return "location", place


def _interactive(
    kind: str, body: str, action: Mapping[str, Any], header: Mapping[str, Any] | None, footer: str | None
) -> Content:
    around: dict[str, Any] = {"type": kind}
    if header is not None:
        around["header"] = header
    around["body"] = {"text": body}
    if footer is not None:
        around["footer"] = {"text": footer}
    return "interactive", around | {"action": action}


def mark_read(wamid: str, *, typing: bool = False) -> dict[str, Any]:
    """`typing`: the customer sees that an answer is being written, for 25 seconds (page "Typing indicators")."""
    told: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    return {**told, "typing_indicator": {"type": "text"}} if typing else told
