"""What every part of the simulator shares: settings, time, memory, faults."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from app.sandbox.archive import Archive
from app.sandbox.clock import SandboxClock, Scheduler
from app.sandbox.faults import FaultDial
from app.sandbox.numbers import bsuid_of
from app.sandbox.settings import SandboxSettings
from app.sandbox.state import Chat, Message, Number, State, Waba

T = TypeVar("T")


def new_id() -> str:
    """Digits, as Meta's ids are; never from the seeded random, or a restart would give them twice."""
    return str(secrets.randbelow(9 * 10**14) + 10**14)


def new_wamid() -> str:
    return f"wamid.HBgL{secrets.token_urlsafe(24)}"


@dataclass(slots=True)
class World:
    settings: SandboxSettings
    clock: SandboxClock
    scheduler: Scheduler
    state: State = field(default_factory=State)
    archive: Archive = field(default_factory=Archive)
    version: int = 0
    """Grows with every change: what the snapshot and the phone page compare."""

    def touch(self) -> None:
        self.version += 1

    @property
    def dial(self) -> FaultDial:
        return self.state.dial or self.settings.faults

    def turn(self, dial: FaultDial | None) -> None:
        """None: as the settings say."""
        self.state.dial = dial
        self.touch()

    def strikes(self, name: str, chance: float, key: str, attempt: int = 0) -> bool:
        """Whether a fault is injected; counts it if so."""
        struck = self.dial.strikes(name, chance, key, attempt)
        if struck:
            self.inject(name)
        return struck

    def inject(self, name: str) -> None:
        self.state.injected[name] = self.state.injected.get(name, 0) + 1
        self.touch()

    def attempt(self, key: str) -> int:
        """How often a key was tried before; counts this try."""
        attempts = self.state.attempts
        before = attempts.get(key, 0)
        attempts[key] = before + 1
        if len(attempts) > self.settings.message_history:
            attempts.popitem(last=False)
        return before

    def hides(self, wa_id: str) -> bool:
        """A customer who took a username: their number is withheld, and the user id names them instead."""
        chosen = self.state.hidden.get(wa_id)
        if chosen is not None:
            return self.settings.bsuid and chosen
        return self.settings.bsuid and self.dial.strikes("hidden_numbers", self.dial.hidden_numbers, wa_id)

    def waba_of(self, number: Number) -> Waba:
        return self.state.wabas[number.waba_id]

    def bsuid(self, number: Number, wa_id: str) -> str:
        bsuid = bsuid_of(self.waba_of(number).business_id, wa_id)
        self.state.bsuids.setdefault(bsuid, wa_id)
        return bsuid

    def remember(self, message: Message) -> Chat:
        """Files a message of either direction under its chat, and forgets the oldest over the limit."""
        chat = self.state.chat(message.number_id, message.wa_id)
        chat.wamids.append(message.wamid)
        chat.last_at = message.at
        self.state.messages[message.wamid] = message
        self.archive.add(message)
        if len(self.state.messages) > self.settings.message_history:
            oldest = self.state.messages.pop(self.archive.oldest())
            self.archive.forget_oldest(oldest)
            self.state.chat(oldest.number_id, oldest.wa_id).wamids.remove(oldest.wamid)
        self.touch()
        return chat

    def snapshot(self) -> State:
        """The state with what is pending in it, and only the newest messages."""
        state, kept = self.state, self.settings.snapshot_messages
        jobs = self.scheduler.pending()
        pending = {job.subject for job in jobs if job.kind in {"status", "release"}}
        pending.update(wamid for template in state.templates.values() for wamid in template.held)
        wamids = list(state.messages)
        keep = set(wamids[max(0, len(wamids) - kept) :]) | pending
        return State(
            **{name: getattr(state, name) for name in _COPIED},
            messages={wamid: message for wamid, message in state.messages.items() if wamid in keep},
            chats={key: _trimmed(chat, keep) for key, chat in state.chats.items()},
            attempts=_newest(state.attempts, kept),
            dropped=_newest(state.dropped, kept),
            jobs=jobs,
            now=self.clock.now(),
        )

    def restore(self, state: State) -> None:
        self.clock.advance_to(state.now)
        self.scheduler.restore(state.jobs)
        state.jobs = []
        self.become(state)

    def become(self, state: State) -> None:
        self.state = state
        self.archive = Archive()
        for message in state.messages.values():
            self.archive.add(message)
        self.touch()


_COPIED = (
    "apps",
    "wabas",
    "numbers",
    "tokens",
    "templates",
    "media",
    "uploads",
    "bsuids",
    "hidden",
    "stopped",
    "deliveries",
    "held_updates",
    "dial",
    "injected",
    "conditions",
    "standings",
    "portfolios",
)


def _newest(counts: OrderedDict[str, T], most: int) -> OrderedDict[str, T]:
    return OrderedDict(islice(counts.items(), max(0, len(counts) - most), None))


def _trimmed(chat: Chat, keep: set[str]) -> Chat:
    return Chat(
        number_id=chat.number_id,
        wa_id=chat.wa_id,
        profile_name=chat.profile_name,
        username=chat.username,
        last_inbound_at=chat.last_inbound_at,
        entry_point_at=chat.entry_point_at,
        free_until=chat.free_until,
        typing_until=chat.typing_until,
        last_at=chat.last_at,
        wamids=[wamid for wamid in chat.wamids if wamid in keep],
    )
