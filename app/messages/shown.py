"""What a customer saw of a message."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import repository as accounts
from app.messages.models import Message
from app.templates import repository as templates
from app.templates.bubble import bubble_of
from app.templates.compiled import Fill, compile_template


async def text_shown(session: AsyncSession, message: Message) -> str | None:
    """Header, text and footer, line by line; nothing where the template is no longer known, or no longer takes what
    the message was filled with."""
    sender = await accounts.sender(session, message.business_id, message.sender_id)
    if sender is None:
        return None
    name, language = message.template_name, message.language
    template = await templates.as_known(session, message.business_id, sender.waba_id, name, language)
    if template is None:
        return None
    compiled = compile_template(template.components, template.parameter_format)
    fill = Fill(**message.fill)
    if compiled.misfits(fill):
        return None
    bubble = bubble_of(compiled, fill)
    return "\n".join(part for part in (bubble.header, bubble.body, bubble.footer) if part)
