"""What the phone page shows of a chat."""

from app.sandbox.engine import Sandbox
from app.sandbox.lifecycle import WINDOW
from app.sandbox.numbers import formatted
from app.sandbox.sending import LONG_AGO, rendered_text
from app.sandbox.state import Chat, Json, Message

_MESSAGES = 200
_SAYING = {"header", "body", "location", "reaction", "contacts", "order"}


def row(sandbox: Sandbox, chat: Chat) -> Json:
    """Its line in the list of chats."""
    last = sandbox.world.state.messages.get(chat.wamids[-1]) if chat.wamids else None
    return {
        "key": f"{chat.number_id}:{chat.wa_id}",
        "number": chat.number_id,
        "customer": chat.wa_id,
        "phone": formatted(chat.wa_id),
        "name": chat.profile_name,
        "at": chat.last_at,
        "text": _summary(last) if last is not None else "",
        "type": last.type if last is not None else "",
        "direction": last.direction if last is not None else "",
        "status": last.status if last is not None else "",
    }


def opened(sandbox: Sandbox, chat: Chat) -> Json:
    messages = [sandbox.world.state.messages[wamid] for wamid in chat.wamids[-_MESSAGES:]]
    since = chat.last_inbound_at
    reactions = _reactions(messages)
    return row(sandbox, chat) | {
        "window_until": since + WINDOW if since is not None else None,
        "typing_until": chat.typing_until,
        "hidden": sandbox.world.hides(chat.wa_id),
        "stopped": f"{chat.number_id}:{chat.wa_id}" in sandbox.world.state.stopped,
        "messages": [
            _bubble(sandbox, message) | {"reactions": reactions.get(message.wamid, [])} for message in messages
        ],
    }


def _summary(message: Message) -> str:
    """What it says, without what can be tapped. Empty where the page has a word for it."""
    view = message.view
    return rendered_text({part: view[part] for part in view.keys() & _SAYING})


def _reactions(messages: list[Message]) -> dict[str, list[Json]]:
    """Each side's last one, unless taken back, by the message that it is to."""
    last: dict[tuple[str, str], str] = {}
    for message in messages:
        reaction = message.view.get("reaction")
        if reaction is not None and message.failure is None:
            last[reaction["message_id"], message.direction] = reaction["emoji"]
    found: dict[str, list[Json]] = {}
    for (wamid, direction), emoji in last.items():
        if emoji:
            found.setdefault(wamid, []).append({"direction": direction, "emoji": emoji})
    return found


def _bubble(sandbox: Sandbox, message: Message) -> Json:
    settings = sandbox.settings
    bubble: Json = {
        "wamid": message.wamid,
        "direction": message.direction,
        "type": message.type,
        "alone": message.stands_alone,
        "at": message.at,
        "view": message.view,
        "category": message.category,
        "status": message.status,
        "seen": message.seen_by_business,
        "edited": message.edited_at is not None,
        "revoked": message.revoked_at is not None,
        "forwarded": _forwarded(message),
        "edit_until": message.at + settings.edit_within,
        "revoke_until": message.at + settings.revoke_within,
    }
    failed = next((entry for entry in message.statuses if entry.status == "failed"), None)
    if failed is not None:
        bubble["failure"] = {"code": failed.code, "details": failed.details}
    quoted = sandbox.world.state.messages.get(message.context_id or "")
    if quoted is not None and _quotes(message, quoted):
        bubble["quote"] = {
            "wamid": quoted.wamid,
            "direction": quoted.direction,
            "text": _summary(quoted),
            "type": "revoke" if quoted.revoked_at is not None else quoted.type,
        }
    return bubble


def _forwarded(message: Message) -> str:
    context = message.context or {}
    if "frequently_forwarded" in context:
        return "often"
    return "once" if "forwarded" in context else ""


def _quotes(message: Message, quoted: Message) -> bool:
    """Meta shows no quote over a template, nor one of a message that is long gone."""
    return message.type != "template" and message.at - quoted.at <= LONG_AGO
