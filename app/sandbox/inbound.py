"""What customers do: write, tap, react. Everything here opens the service window and leaves as a webhook."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.sandbox.lifecycle import Lifecycle
from app.sandbox.outbox import Outbox
from app.sandbox.state import Json, Message, Number, Update
from app.sandbox.updates import inbound_value
from app.sandbox.world import World, new_wamid

Kind = Literal[
    "text",
    "button",
    "button_reply",
    "list_reply",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "reaction",
    "order",
    "unsupported",
    "request_welcome",
    "system",
]
_ANSWERS = {"button", "button_reply", "list_reply"}


class Inbound(BaseModel):
    """What a customer sends. `content` is the object named by `kind` as Meta reports it, for kinds without a field."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: Annotated[str, Field(alias="from", pattern=r"^\+?\d{7,15}$")]
    phone_number_id: str
    kind: Kind = "text"
    text: str = Field(default="", max_length=4096)
    """Of a text, or the label of a tapped button."""
    id: str = ""
    """Of a reply button or a list row."""
    payload: str | None = None
    """Of a tapped quick reply; without it the payload of the button with that label, in the message of `context`."""
    description: str = ""
    context: str | None = None
    """wamid of the message that is answered."""
    profile_name: str | None = None
    username: str | None = None
    content: Any = None
    referral: Json | None = None
    """Makes the customer come from an advertisement, which opens a free entry point."""


class UnknownContextError(Exception):
    pass


class Customers:
    def __init__(self, world: World, outbox: Outbox, lifecycle: Lifecycle) -> None:
        self._world = world
        self._outbox = outbox
        self._lifecycle = lifecycle

    def send(self, number: Number, inbound: Inbound) -> Message:
        world = self._world
        wa_id = inbound.from_.removeprefix("+")
        answered = world.state.messages.get(inbound.context) if inbound.context else None
        if inbound.kind in _ANSWERS and (answered is None or answered.wa_id != wa_id):
            raise UnknownContextError(
                f"kind {inbound.kind!r} answers a message of this chat: `context` must be its wamid"
            )
        kind = "interactive" if inbound.kind in {"button_reply", "list_reply"} else inbound.kind
        now = world.clock.now()
        message = Message(
            wamid=new_wamid(),
            direction="in",
            number_id=number.number_id,
            wa_id=wa_id,
            type=kind,
            at=now,
            content=_content(inbound, answered),
            view={},
            context_id=inbound.context,
        )
        message.view = _view(message)
        message.key = f"from/{wa_id}"
        message.attempt = world.attempt(message.key)
        chat = world.remember(message)
        chat.profile_name = inbound.profile_name or chat.profile_name or f"Customer {wa_id[-4:]}"
        chat.username = inbound.username or chat.username
        if inbound.kind != "system":
            chat.last_inbound_at = now
        if inbound.referral is not None:
            chat.entry_point_at, chat.free_until = now, None
            message.content["referral"] = inbound.referral
        # Whoever answers has read.
        self._lifecycle.read_by_customer(chat)
        self._outbox.publish(
            Update(
                number.waba_id,
                "messages",
                inbound_value(world, number, message),
                int(now),
                number_id=number.number_id,
                key=message.key,
                attempt=message.attempt,
                wamid=message.wamid,
            )
        )
        return message


def _content(inbound: Inbound, answered: Message | None) -> Json:
    match inbound.kind:
        case "text":
            return {"text": {"body": inbound.text}}
        case "button":
            payload = inbound.payload if inbound.payload is not None else _payload(answered, inbound.text)
            button: Json = {"text": inbound.text}
            return {"button": button if payload is None else {"payload": payload} | button}
        case "button_reply" | "list_reply":
            reply: Json = {"id": inbound.id, "title": inbound.text}
            if inbound.description:
                reply["description"] = inbound.description
            return {"interactive": {"type": inbound.kind, inbound.kind: reply}}
        case "request_welcome":
            return {}
        case "unsupported":
            details = {"details": "Message type is currently not supported."}
            title = "Message type unknown"
            error = {"code": 131051, "title": title, "message": title, "error_data": details}
            return {"errors": [error], "unsupported": inbound.content or {"type": "unknown"}}
        case kind:
            return {kind: {} if inbound.content is None else inbound.content}


def _payload(answered: Message | None, label: str) -> str | None:
    buttons = answered.view.get("buttons", []) if answered is not None else []
    return next((b.get("payload") for b in buttons if b["type"] == "QUICK_REPLY" and b["text"] == label), label)


def _view(message: Message) -> Json:
    content = message.content.get(message.type)
    match message.type:
        case "text" if isinstance(content, dict):
            return {"body": content["body"]}
        case "button" if isinstance(content, dict):
            return {"body": content["text"]}
        case "interactive" if isinstance(content, dict):
            return {"body": content[content["type"]]["title"]}
        case "reaction" if isinstance(content, dict):
            return {"reaction": {"message_id": content.get("message_id", ""), "emoji": content.get("emoji", "")}}
        case _:
            caption = content.get("caption") if isinstance(content, dict) else None
            return {"body": caption or f"[{message.type}]"}
