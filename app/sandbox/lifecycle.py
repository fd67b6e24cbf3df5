"""A message after its acceptance: which statuses it gets, when, and what it costs."""

from collections.abc import Callable
from datetime import UTC, datetime

from app.sandbox import magic
from app.sandbox.clock import Job
from app.sandbox.errors import TEMPLATE_PAUSED, UNKNOWN
from app.sandbox.faults import share
from app.sandbox.magic import Course
from app.sandbox.outbox import Outbox
from app.sandbox.state import Chat, Json, Message, Number, StatusEntry, Update
from app.sandbox.updates import status_value
from app.sandbox.world import World

WINDOW = 86_400.0
ENTRY_POINT_WINDOW = 72 * 3600.0
RANK = {"accepted": 0, "sent": 1, "delivered": 2, "read": 3}


def window_open(chat: Chat, now: float) -> bool:
    """The customer wrote less than 24 hours ago."""
    return chat.last_inbound_at is not None and now - chat.last_inbound_at < WINDOW


class Lifecycle:
    def __init__(self, world: World, outbox: Outbox) -> None:
        self._world = world
        self._outbox = outbox
        self.observers: list[Callable[[Message, str], None]] = []
        """Told of every status that a message reaches, before anybody else is."""
        world.scheduler.handle("status", self._due)
        world.scheduler.handle("release", self._release)

    def begin(self, message: Message, course: Course) -> None:
        """Plans the statuses of an accepted message."""
        for status, delay in self._plan(message, course):
            self._world.scheduler.after(delay, "status", message.wamid, status)

    def at_once(self, message: Message, course: Course) -> list[Update]:
        """The whole course of a message in one moment; gives the webhooks that tell of it."""
        steps = [status for status, _ in self._plan(message, course)]
        return [update for status in steps if (update := self._reached(message, status)) is not None]

    def _plan(self, message: Message, course: Course) -> list[tuple[str, float]]:
        settings = self._world.settings
        jitter = 2 * share(settings.seed, "jitter", message.key, message.attempt) - 1
        stretch = course.stretch * (1 + settings.delay_jitter * jitter)
        if message.failure is not None:
            return [("failed", settings.sent_delay * stretch)]
        steps = {"sent": settings.sent_delay, "delivered": settings.delivered_delay}
        if settings.auto_read:
            steps["read"] = settings.read_delay
        # A reaction is only ever reported as sent.
        last = RANK["sent" if message.type == "reaction" else course.last]
        steps = {status: delay for status, delay in steps.items() if RANK[status] <= last}
        return [(status, delay * stretch) for status, delay in self._injured(message, steps).items()]

    def _injured(self, message: Message, steps: dict[str, float]) -> dict[str, float]:
        dial = self._world.dial
        if "sent" in steps and self._strikes("failed_after_sent", dial.failed_after_sent, message):
            message.failure = dial.failed_after_sent_code, ""
            return {"sent": steps["sent"], "failed": self._world.settings.delivered_delay}
        if "delivered" in steps:
            self._strikes("missing_delivered", dial.missing_delivered, message)
        return steps

    def _strikes(self, name: str, chance: float, message: Message) -> bool:
        struck = self._world.strikes(name, chance, message.key, message.attempt)
        if struck:
            message.faults.append(name)
        return struck

    def hold(self, message: Message) -> None:
        """Meta looks at how the first customers take a template before it lets the others have it."""
        self._world.scheduler.after(self._world.dial.held_seconds, "release", message.wamid)

    def _release(self, job: Job) -> None:
        message = self._world.state.messages.get(job.subject)
        if message is None or message.statuses:
            return
        if self._strikes("held_dropped", self._world.dial.held_dropped, message):
            self.report(message, "failed", code=TEMPLATE_PAUSED, details="The template was paused while it was held.")
            return
        _, course = magic.lookup(message.wa_id, self._world.settings.magic_pattern)
        self.begin(message, course)

    def _due(self, job: Job) -> None:
        message = self._world.state.messages.get(job.subject)
        if message is None or message.has(job.detail) or message.status == "failed":
            return
        if message.has("read") and job.detail == "delivered":
            return
        update = self._reached(message, job.detail)
        if update is not None:
            self._outbox.publish(update)

    def _reached(self, message: Message, status: str) -> Update | None:
        """Notes a status in its time; gives what tells of it, unless nobody is going to be told."""
        update = self._entered(message, status)
        if status == "delivered" and "missing_delivered" in message.faults:
            message.statuses[-1].delivery_id = ""
            return None
        return update

    def report(self, message: Message, status: str, *, code: int | None = None, details: str | None = None) -> None:
        """Notes a status and tells every subscriber."""
        if status == "failed":
            message.failure = code or UNKNOWN, details or ""
        self._outbox.publish(self._entered(message, status))

    def _entered(self, message: Message, status: str) -> Update:
        number = self._world.state.numbers[message.number_id]
        if status != "failed" and message.pricing is None:
            message.pricing = self._price(number, message)
        code, details = (message.failure or (UNKNOWN, "")) if status == "failed" else (None, None)
        entry = StatusEntry(status, self._world.clock.now(), code, details)
        value = status_value(self._world, number, message, entry)
        message.statuses.append(entry)
        place = len(message.statuses) - 1
        self._world.touch()
        for observer in self.observers:
            observer(message, entry.status)
        return Update(
            number.waba_id,
            "messages",
            value,
            int(entry.at),
            number_id=number.number_id,
            key=f"{message.key}/{status}",
            attempt=message.attempt,
            wamid=message.wamid,
            entry=place,
        )

    def read_by_customer(self, chat: Chat) -> None:
        """The customer looked at the chat: everything delivered in it is read now."""
        for wamid in chat.wamids:
            message = self._world.state.messages.get(wamid)
            if message is not None and message.direction == "out" and message.status == "delivered":
                self.report(message, "read")

    def _price(self, number: Number, message: Message) -> Json:
        now = self._world.clock.now()
        chat = self._world.state.chat(message.number_id, message.wa_id)
        kind = self._price_type(number, message, chat, now)
        return {
            "billable": kind == "regular",
            "pricing_model": "PMP",
            "type": kind,
            "category": message.category,
        }

    def _price_type(self, number: Number, message: Message, chat: Chat, now: float) -> str:
        if chat.free_until is not None and now < chat.free_until:
            return "free_entry_point"
        today = datetime.fromtimestamp(now, UTC)
        if today.date() < self._world.settings.pricing_since:
            free = message.category == "service" or (message.category == "utility" and window_open(chat, now))
            return "free_customer_service" if free else "regular"
        if message.category != "service":
            return "regular"
        month = f"{today:%Y-%m}"
        number.service_sends[month] = number.service_sends.get(month, 0) + 1
        free = number.service_sends[month] <= self._world.settings.free_service_messages
        return "free_customer_service" if free else "regular"
