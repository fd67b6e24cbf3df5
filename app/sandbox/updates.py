"""The values that webhooks report, in the shape of autumn 2026."""

from app.sandbox.errors import webhook_error
from app.sandbox.state import Chat, Json, Message, Number, StatusEntry, Template
from app.sandbox.world import World


def metadata(number: Number) -> Json:
    return {"display_phone_number": number.digits, "phone_number_id": number.number_id}


def contact(world: World, number: Number, chat: Chat, *, named: bool) -> Json:
    """`named`: inbound contacts carry the profile name, those of statuses the username only."""
    profile = {"name": chat.profile_name} if named and chat.profile_name else {}
    if chat.username:
        profile["username"] = chat.username
    made: Json = {} if world.hides(chat.wa_id) else {"wa_id": chat.wa_id}
    if world.settings.bsuid:
        made["user_id"] = world.bsuid(number, chat.wa_id)
    return made | ({"profile": profile} if profile else {})


def status_value(world: World, number: Number, message: Message, entry: StatusEntry) -> Json:
    status: Json = {
        "id": message.wamid,
        "status": entry.status,
        "timestamp": str(int(entry.at)),
    }
    if not world.hides(message.wa_id):
        status["recipient_id"] = message.wa_id
    if world.settings.bsuid:
        status["recipient_user_id"] = world.bsuid(number, message.wa_id)
    if message.callback_data is not None:
        status["biz_opaque_callback_data"] = message.callback_data
    # Reported twice: when sent, and on whichever of delivered and read is reported first.
    if message.pricing is not None and (
        entry.status in {"sent", "delivered"} or (entry.status == "read" and not message.told("delivered"))
    ):
        status["pricing"] = message.pricing
    value: Json = {"messaging_product": "whatsapp", "metadata": metadata(number)}
    if entry.status == "failed":
        status["errors"] = [webhook_error(entry.code or 0, entry.details or "")]
    else:
        chat = world.state.chat(message.number_id, message.wa_id)
        value["contacts"] = [contact(world, number, chat, named=False)]
    return value | {"statuses": [status]}


def inbound_value(world: World, number: Number, message: Message) -> Json:
    value: Json = {"messaging_product": "whatsapp", "metadata": metadata(number)}
    if message.type != "system":
        chat = world.state.chat(message.number_id, message.wa_id)
        value["contacts"] = [contact(world, number, chat, named=True)]
    sent: Json = {"id": message.wamid, "timestamp": str(int(message.at)), "type": message.type}
    if not world.hides(message.wa_id):
        sent["from"] = message.wa_id
    if world.settings.bsuid:
        sent["from_user_id"] = world.bsuid(number, message.wa_id)
    context = _quoted(world, number, message) | (message.context or {})
    if context:
        sent["context"] = context
    return value | {"messages": [sent | message.content]}


def _quoted(world: World, number: Number, message: Message) -> Json:
    if message.context_id is None:
        return {}
    quoted = world.state.messages.get(message.context_id)
    if quoted is None or quoted.direction == "out":
        return {"from": number.digits, "id": message.context_id}
    author = {} if world.hides(message.wa_id) else {"from": message.wa_id}
    return author | {"id": message.context_id}


def _template(template: Template) -> Json:
    return {
        "message_template_id": int(template.template_id),
        "message_template_name": template.name,
        "message_template_language": template.language,
    }


_RECOMMENDATIONS = {
    "adjacent": ("Two variables touch each other.", "Put words between them."),
    "only_variables": ("The body has no words of its own.", "Write what the variables are about."),
    "blank_lines": ("The body has more than two blank lines in a row.", "Leave out the blank lines."),
    "sample": ("A sample value is a variable itself.", "Give a value as a customer would see it."),
    "short_link": (
        "A button leads to a link shortener or back to WhatsApp.",
        "Use the address of the page itself.",
    ),
    "duplicate": ("Another template has the same body and footer.", "Use that template, or write another text."),
    "magic": ("The text asks for this rejection.", "Remove the magic word."),
}
PAUSES = {
    "FIRST_PAUSE": "Your WhatsApp message template has been paused for 3 hours due to low quality.",
    "SECOND_PAUSE": "Your WhatsApp message template has been paused for 6 hours due to low quality.",
    "RATE_LIMITING_PAUSE": "Your WhatsApp message template has been paused, as the feedback of the first customers "
    "was low. The messages held meanwhile have been dropped.",
    "UNPAUSE": "Your WhatsApp message template has been unpaused.",
    "DISABLED": "Your WhatsApp message template has been disabled due to repeated low quality.",
}


def template_status_value(
    template: Template, event: str, reason: str | None, *, title: str = "", disabled_at: float | None = None
) -> Json:
    """`title` names what happens to a template that is paused, unpaused or disabled."""
    value = _template(template) | {
        "event": event,
        "reason": reason,
        "message_template_category": template.category,
    }
    if reason == "INVALID_FORMAT":
        what, advice = _RECOMMENDATIONS[template.cause or "magic"]
        value["rejection_info"] = {"reason": what, "recommendation": advice}
    if title:
        value["other_info"] = {"title": title, "description": PAUSES[title]}
    if disabled_at is not None:
        value["disable_info"] = {"disable_date": int(disabled_at)}
    return value


def template_quality_value(template: Template, previous: str) -> Json:
    return _template(template) | {"previous_quality_score": previous, "new_quality_score": template.quality}


def template_category_value(template: Template, previous: str) -> Json:
    return _template(template) | {"previous_category": previous, "new_category": template.category}


def template_category_notice(template: Template) -> Json:
    """Of a change to come: `new_category` is still the one in force."""
    return _template(template) | {
        "new_category": template.category,
        "correct_category": template.correct_category,
        "category_update_timestamp": int(template.category_due or 0),
    }


def template_detection_value(template: Template, correct_category: str) -> Json:
    return _template(template) | {"category": template.category, "correct_category": correct_category}


def template_components_value(template: Template) -> Json:
    """Sent after an edit; names its buttons by other words than creation does."""
    value = _template(template)
    for component in template.components:
        match component["type"]:
            case "HEADER" if "text" in component:
                value["message_template_title"] = component["text"]
            case "BODY":
                value["message_template_element"] = component.get("text", "")
            case "FOOTER":
                value["message_template_footer"] = component.get("text", "")
            case "BUTTONS":
                value["message_template_buttons"] = [_button(button) for button in component["buttons"]]
            case _:
                pass
    return value


def _button(button: Json) -> Json:
    made = {"message_template_button_type": button["type"], "message_template_button_text": button.get("text", "")}
    for key in ("url", "phone_number"):
        if key in button:
            made[f"message_template_button_{key}"] = button[key]
    return made
