"""A message after its acceptance: which statuses it gets, when, and what it costs."""

from datetime import UTC, datetime

from app.sandbox.clock import Job
from app.sandbox.magic import Course
from app.sandbox.outbox import Outbox
from app.sandbox.state import Chat, Json, Message, Number, StatusEntry
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
        world.scheduler.handle("status", self._due)

    def begin(self, message: Message, course: Course) -> None:
        """Plans the statuses of an accepted message."""
        settings, schedule = self._world.settings, self._world.scheduler
        stretch = course.stretch * (1 + settings.delay_jitter * self._world.random.uniform(-1, 1))
        if message.failure is not None:
            schedule.after(settings.sent_delay * stretch, "status", message.wamid, "failed")
            return
        steps = [("sent", settings.sent_delay), ("delivered", settings.delivered_delay)]
        if settings.auto_read:
            steps.append(("read", settings.read_delay))
        for status, delay in steps:
            # A reaction is only ever reported as sent.
            if RANK[status] <= RANK["sent" if message.type == "reaction" else course.last]:
                schedule.after(delay * stretch, "status", message.wamid, status)

    def _due(self, job: Job) -> None:
        message = self._world.state.messages.get(job.subject)
        if message is None or message.has(job.detail) or message.status == "failed":
            return
        if job.detail == "failed":
            code, details = message.failure or (131000, "")
            self.report(message, "failed", code=code, details=details)
        elif not (message.has("read") and job.detail == "delivered"):
            self.report(message, job.detail)

    def report(self, message: Message, status: str, *, code: int | None = None, details: str | None = None) -> None:
        """Notes a status and tells every subscriber."""
        number = self._world.state.numbers[message.number_id]
        if status != "failed" and message.pricing is None:
            message.pricing = self._price(number, message)
        entry = StatusEntry(status, self._world.clock.now(), code, details)
        self._outbox.publish(
            number.waba_id, "messages", status_value(self._world, number, message, entry), number=number
        )
        message.statuses.append(entry)
        self._world.touch()

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
