"""Finding what a customer's act is about."""

from app.sandbox.state import Message, Number
from app.sandbox.world import World


class ActError(Exception):
    """A customer's phone would not let them do that. `path` leads to what it is about, in the request."""

    def __init__(self, code: str, path: tuple[str, ...], detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.path = path


def of_chat(world: World, number: Number, wa_id: str, wamid: str, path: tuple[str, ...]) -> Message:
    message = world.state.messages.get(wamid)
    if message is None or (message.number_id, message.wa_id) != (number.number_id, wa_id):
        raise ActError("unknown_context", path, f"{'.'.join(path)} must be the wamid of a message of this chat.")
    return message
