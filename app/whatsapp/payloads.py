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


def reply_buttons_message(
    recipient: Recipient, text: str, buttons: Mapping[str, str], callback_data: str
) -> dict[str, Any]:
    """A free message with up to three buttons, their titles of at most 20 characters by what comes back. Meta takes it
    only within 24 hours of what the customer wrote last (page "Interactive reply buttons messages")."""
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **recipient.as_fields(),
        "type": "interactive",
        "biz_opaque_callback_data": callback_data,
        "interactive": {
            "type": "button",
            "body": {"text": text},
            "action": {
                "buttons": [{"type": "reply", "reply": {"id": said, "title": title}} for said, title in buttons.items()]
            },
        },
    }
