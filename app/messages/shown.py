"""What a customer saw of a message."""

from collections.abc import Container, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import repository as accounts
from app.events.event_type import EventType
from app.messages.free_form import FreeForm
from app.messages.models import Message
from app.templates import repository as templates
from app.templates.bubble import Bubble, bubble_of
from app.templates.compiled import CompiledTemplate, Fill, compile_template


async def text_shown(session: AsyncSession, message: Message, event_type: EventType[Any]) -> str | None:
    """Header, text and footer, line by line, addressed to nobody by name, since it goes where nothing is ever erased;
    nothing where the template is no longer known or no longer takes what the message was filled with, or that is
    forgotten."""
    compiled = await _template(session, message)
    if compiled is None or message.content_erased_at is not None:
        return None
    filled = Fill(**message.fill)
    texts: Mapping[str, str] = {**filled.texts, **event_type.nameless(message.language)}
    fill = replace(filled, texts=texts)
    if compiled.misfits(fill):
        return None
    bubble = bubble_of(compiled, fill)
    return "\n".join(part for part in (bubble.header, bubble.body, bubble.footer) if part)


async def bubble_shown(session: AsyncSession, message: Message) -> Bubble | None:
    """As it stood on the customer's phone, its name and all; nothing where that is no longer known or forgotten."""
    if message.content_erased_at is not None:
        return None
    if message.template_name is None:
        return FreeForm.of(message.fill).bubble
    compiled = await _template(session, message)
    fill = Fill(**message.fill)
    return bubble_of(compiled, fill) if compiled is not None and not compiled.misfits(fill) else None


async def asks_something(session: AsyncSession, message: Message, besides: Container[str]) -> bool:
    """Whether it put a question to the customer, with answers to choose from that say something else than these
    payloads."""
    payloads = message.fill.get("replies", ())
    if message.template_name is None:
        return any(payload not in besides for payload in payloads)
    compiled = await _template(session, message)
    if compiled is None:
        return False
    chosen = (payloads[order] if order < len(payloads) else None for order in range(len(compiled.quick_replies)))
    return any(payload is None or payload not in besides for payload in chosen)


async def _template(session: AsyncSession, message: Message) -> CompiledTemplate | None:
    """In the version that the message was sent by; nothing of what went by none."""
    sender = await accounts.sender(session, message.business_id, message.sender_id)
    if sender is None or message.template_name is None:
        return None
    name, language = message.template_name, message.language
    template = await templates.as_known(session, message.business_id, sender.waba_id, name, language)
    if template is None:
        return None
    if message.template_version not in (None, template.version):
        version = await templates.version(session, message.business_id, template.id, message.template_version)
        if version is not None:
            return compile_template(version.components, version.parameter_format)
    return compile_template(template.components, template.parameter_format)
