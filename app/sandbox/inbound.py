"""What customers do in a chat: write, tap, react, think better of it. It leaves as a webhook, and most of it opens the
service window."""

from app.sandbox.amendments import Amendments
from app.sandbox.chats import ActError, of_chat
from app.sandbox.inbound_contents import Contents, Written
from app.sandbox.inbound_kinds import Edited, Inbound, ReactionSent, Revoked
from app.sandbox.lifecycle import Lifecycle
from app.sandbox.media import MediaBook
from app.sandbox.outbox import Outbox
from app.sandbox.state import Chat, Json, Message, Number, Update
from app.sandbox.updates import inbound_value
from app.sandbox.world import World, new_wamid

_FORWARDED = {"once": "forwarded", "often": "frequently_forwarded"}


class Customers:
    def __init__(self, world: World, outbox: Outbox, lifecycle: Lifecycle, media: MediaBook) -> None:
        self._world = world
        self._outbox = outbox
        self._lifecycle = lifecycle
        self._contents = Contents(world.settings, media)
        self._amendments = Amendments(world)

    def send(self, number: Number, inbound: Inbound, *, base_url: str = "") -> Message:
        """Raises ActError, having changed nothing. `base_url` is where this sandbox is asked for media."""
        wa_id = inbound.from_.removeprefix("+")
        answered = None
        if inbound.context is not None:
            answered = of_chat(self._world, number, wa_id, inbound.context, ("context",))
        written = self._written(number, wa_id, inbound, answered, base_url)
        message = self._file(number, wa_id, inbound, written)
        if not written.untold:
            self._publish(number, message)
        return message

    def _written(
        self, number: Number, wa_id: str, inbound: Inbound, answered: Message | None, base_url: str
    ) -> Written:
        match inbound:
            case Edited() | Revoked():
                return self._amendments.written(number, wa_id, inbound)
            case ReactionSent(content=reaction):
                path = ("content", "message_id")
                target = of_chat(self._world, number, wa_id, reaction.message_id, path)
                if not target.takes_reactions:
                    raise ActError("no_reaction", path, "Nobody can react to this message.")
                told: Json = {"message_id": reaction.message_id}
                told |= {"emoji": reaction.emoji} if reaction.emoji else {}
                return Written("reaction", {"reaction": told}, {"reaction": {"emoji": ""} | told})
            case _:
                return self._contents.written(number, inbound, answered, base_url)

    def _file(self, number: Number, wa_id: str, inbound: Inbound, written: Written) -> Message:
        world = self._world
        now = world.clock.now()
        message = Message(
            wamid=new_wamid(),
            direction="in",
            number_id=number.number_id,
            wa_id=wa_id,
            type=written.type,
            at=now,
            content=written.content,
            view=written.view,
            context_id=inbound.context,
            context=_context(inbound),
        )
        message.key = f"from/{wa_id}"
        message.attempt = world.attempt(message.key)
        if isinstance(inbound, Edited | Revoked):
            self._amendments.apply(inbound, now)
        chat = world.remember(message)
        chat.profile_name = inbound.profile_name or chat.profile_name or f"Customer {wa_id[-4:]}"
        chat.username = inbound.username or chat.username
        self._enter(chat, inbound, message)
        # Whoever answers has read.
        self._lifecycle.read_by_customer(chat)
        return message

    def _enter(self, chat: Chat, inbound: Inbound, message: Message) -> None:
        if inbound.kind not in self._world.settings.quiet_kinds:
            chat.last_inbound_at = message.at
        if inbound.referral is not None:
            chat.entry_point_at, chat.free_until = message.at, None
            message.content["referral"] = inbound.referral

    def _publish(self, number: Number, message: Message) -> None:
        self._outbox.publish(
            Update(
                number.waba_id,
                "messages",
                inbound_value(self._world, number, message),
                int(message.at),
                number_id=number.number_id,
                key=message.key,
                attempt=message.attempt,
                wamid=message.wamid,
            )
        )


def _context(inbound: Inbound) -> Json | None:
    context: Json = {_FORWARDED[inbound.forwarded]: True} if inbound.forwarded else {}
    if inbound.referred_product is not None:
        context["referred_product"] = inbound.referred_product.model_dump()
    return context or None
