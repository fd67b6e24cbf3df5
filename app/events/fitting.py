"""Whether events of a type can fill a template: by the names and links that it asks for, and by its header."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.events.event_type import EventType
from app.events.service import EventTypes
from app.templates.compiled import CompiledTemplate, compile_template

TEMPLATE_UNFIT = "template_unfit"
"""Code of a fault, wherever a template is named that an event type could not use."""


def unfit(event_type: EventType[Any], template: CompiledTemplate, *, has_sample: bool = False) -> list[str]:
    """Why events of the type could never fill the template, in words. `has_sample`: it shows a file of its own where
    the event brings none."""
    why = [f"cannot be filled: {reason}" for reason in template.unsupported]
    asked = {*template.header_names, *template.body_names}
    if unknown := sorted(asked - event_type.parameters.keys()):
        offered = ", ".join(sorted(event_type.parameters))
        why.append(f"asks for {', '.join(unknown)}, which the event type does not tell; it tells {offered}")
    if len(template.url_prefixes) > len(event_type.links):
        why.append(f"has {len(template.url_prefixes)} links that vary; the event type tells {len(event_type.links)}")
    brought = event_type.attachment.format if event_type.attachment is not None else None
    is_shown = has_sample or template.fixed_header is not None
    if template.media_format not in (None, brought) and not is_shown:
        offered = f"a header of the format {brought}" if brought is not None else "nothing for a header"
        why.append(f"has a header of the format {template.media_format}; the event type tells {offered}")
    return why


async def unfit_for(
    event_types: EventTypes, business_id: UUID, name: str, components: Sequence[Mapping[str, Any]]
) -> list[str]:
    """The same of what is to be submitted, and of an event type by its name, which may not exist."""
    event_type = (await event_types.of(business_id)).get(name)
    if event_type is None:
        return ["there is no such event type"]
    has_sample = any((component.get("example") or {}).get("header_handle") for component in components)
    return unfit(event_type, compile_template(components, "NAMED"), has_sample=has_sample)
