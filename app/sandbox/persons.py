"""What customers do apart from any chat: take another number, hide it, stop a business's marketing and let it again."""

from typing import Literal

from app.sandbox.outbox import Outbox
from app.sandbox.state import Chat, Json, Message, Number, Update
from app.sandbox.updates import contact, inbound_value, metadata
from app.sandbox.world import World, new_wamid

Value = Literal["stop", "resume"]


class Persons:
    def __init__(self, world: World, outbox: Outbox) -> None:
        self._world = world
        self._outbox = outbox

    def change_number(self, wa_id: str, new: str) -> list[Message]:
        """Every business that the customer has a chat with is told. What was written stays under the old number, and
        goes on under the new one; the user id is another, too."""
        world = self._world
        state = world.state
        chats = [chat for chat in state.chats.values() if chat.wa_id == wa_id and chat.number_id in state.numbers]
        if wa_id in state.hidden:
            state.hidden[new] = state.hidden[wa_id]
        told = []
        for chat in chats:
            number = state.numbers[chat.number_id]
            told.append(self._tell_change(number, chat, new))
            opened = state.chat(number.number_id, new)
            opened.profile_name = chat.profile_name or opened.profile_name
            opened.username = chat.username or opened.username
            opened.last_at = world.clock.now()
            stopped = state.stopped.pop(_pair(number, wa_id), None)
            if stopped is not None:
                state.stopped[_pair(number, new)] = stopped
        state.hidden.pop(wa_id, None)
        world.touch()
        return told

    def _tell_change(self, number: Number, chat: Chat, new: str) -> Message:
        world, wa_id = self._world, chat.wa_id
        is_hidden = world.hides(wa_id)
        who = f"User {chat.profile_name}".strip()
        system: Json = {
            "type": "user_changed_user_id" if is_hidden else "user_changed_number",
            "body": f"{who} changed their number" if is_hidden else f"{who} changed from {wa_id} to {new}",
        }
        if not is_hidden:
            system["wa_id"] = new
        if world.settings.bsuid:
            old_id = world.bsuid(number, wa_id)
            system |= {"user_id": world.bsuid(number, new), "previous_user_id": old_id}
        message = Message(
            wamid=new_wamid(),
            direction="in",
            number_id=number.number_id,
            wa_id=wa_id,
            type="system",
            at=world.clock.now(),
            content={"system": system},
            view={"body": system["body"]},
        )
        message.key = f"from/{wa_id}"
        message.attempt = world.attempt(message.key)
        world.remember(message)
        self._publish(number, "messages", inbound_value(world, number, message), message)
        return message

    def hide(self, wa_id: str, *, hidden: bool) -> None:
        """From then on webhooks name the customer by the user id alone, or by the number again."""
        self._world.state.hidden[wa_id] = hidden
        self._world.touch()

    def choose_marketing(self, number: Number, wa_id: str, value: Value) -> bool:
        """Whether that is something new; only then the business is told."""
        world = self._world
        stopped, pair = world.state.stopped, _pair(number, wa_id)
        if (pair in stopped) == (value == "stop"):
            return False
        now = world.clock.now()
        if value == "stop":
            stopped[pair] = now
        else:
            del stopped[pair]
        named = contact(world, number, world.state.chat(number.number_id, wa_id), named=False)
        named.pop("profile", None)
        row = named | {
            "detail": f"User requested to {value} marketing messages",
            "category": "marketing_messages",
            "value": value,
            "timestamp": int(now),
        }
        told = {"messaging_product": "whatsapp", "metadata": metadata(number)}
        self._publish(number, "user_preferences", told | {"contacts": [named], "user_preferences": [row]})
        world.touch()
        return True

    def _publish(self, number: Number, field: str, value: Json, message: Message | None = None) -> None:
        update = Update(number.waba_id, field, value, int(self._world.clock.now()), number_id=number.number_id)
        if message is not None:
            update.key, update.attempt, update.wamid = message.key, message.attempt, message.wamid
        self._outbox.publish(update)


def _pair(number: Number, wa_id: str) -> str:
    return f"{number.number_id}:{wa_id}"
