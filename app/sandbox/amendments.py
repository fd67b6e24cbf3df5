"""Second thoughts: a customer changes a message, or takes it back."""

from app.sandbox.chats import ActError, of_chat
from app.sandbox.inbound_contents import Written, unsupported
from app.sandbox.inbound_kinds import Edited, Revoked
from app.sandbox.state import Json, Message, Number
from app.sandbox.world import World

_CAPTIONED = {"image", "video", "document"}
_PATH = ("content", "original_message_id")


class Amendments:
    def __init__(self, world: World) -> None:
        self._world = world

    def written(self, number: Number, wa_id: str, inbound: Edited | Revoked) -> Written:
        original = of_chat(self._world, number, wa_id, inbound.content.original_message_id, _PATH)
        if original.direction == "out":
            raise ActError("not_own", _PATH, "Customers change and take back only what they sent themselves.")
        if original.revoked_at is not None:
            raise ActError("revoked", _PATH, "This message was taken back.")
        if isinstance(inbound, Edited):
            self._check_editable(original, inbound.text)
            content, body = _edit(original, inbound.text), inbound.text
        else:
            self._check_revocable(original)
            content, body = {"revoke": {"original_message_id": original.wamid}}, ""
        view = {"amends": original.wamid, "body": body}
        how = self._world.settings.amendments
        if how == "unsupported":
            return Written("unsupported", unsupported(inbound.kind), view)
        return Written(inbound.kind, content, view, untold=how == "untold")

    def _check_editable(self, original: Message, text: str) -> None:
        caption = original.view.get("body") if original.type in _CAPTIONED else None
        if not caption and original.type != "text":
            raise ActError("not_editable", _PATH, "Only texts and captions can be changed.")
        if caption and len(text) > _LONGEST_CAPTION:
            raise ActError("caption_too_long", ("text",), f"A caption has at most {_LONGEST_CAPTION} characters.")
        self._check_age(original, self._world.settings.edit_within)

    def _check_revocable(self, original: Message) -> None:
        if not original.stands_alone:
            raise ActError("not_revocable", _PATH, "This cannot be taken back.")
        self._check_age(original, self._world.settings.revoke_within)

    def _check_age(self, original: Message, most: float) -> None:
        if self._world.clock.now() - original.at > most:
            raise ActError("too_late", _PATH, f"That is possible within {most:g} seconds only.")

    def apply(self, inbound: Edited | Revoked, now: float) -> None:
        """To the message as the customer sees it."""
        original = self._world.state.messages[inbound.content.original_message_id]
        if isinstance(inbound, Edited):
            original.view = original.view | {"body": inbound.text}
            original.edited_at = now
        else:
            original.view = {"event": "revoked"}
            original.revoked_at = now


_LONGEST_CAPTION = 1024


def _edit(original: Message, text: str) -> Json:
    """The whole message anew."""
    name = "body" if original.type == "text" else "caption"
    message: Json = {"type": original.type, original.type: original.content[original.type] | {name: text}}
    if original.context_id is not None:
        message["context"] = {"id": original.context_id}
    return {"edit": {"original_message_id": original.wamid, "message": message}}
