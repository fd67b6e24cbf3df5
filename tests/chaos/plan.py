"""What a run will do, drawn from its seed: the events, and when which processes are killed."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

DIAL: dict[str, Any] = {
    "lost_answers": 0.05,
    "slow_answers": 0.20,
    "slow_answer_seconds": 0.5,
    "duplicate_webhooks": 0.20,
    "disorder": 0.30,
    "disorder_seconds": 2.0,
    "missing_delivered": 0.10,
    "errors_before": 0.01,
    "errors_after": 0.01,
}
"""What Meta does wrong besides. Of the 2 % 5xx, one half comes before anything was done, the other after everything.
Slow answers are there so that kills find calls under way."""

POSTGRES = "postgres"

_REGULARS = 0.1
"""Share of the messages that go to customers who get several."""
_PER_REGULAR = 3
"""On the average: Meta's pace for one customer is a message in six seconds."""

_TOGETHER = 0.15
"""Share of the strikes that hit two processes at once."""

_CALM = 0.03
"""Share of the messages before the first strike, and after the last one."""


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    number: int
    event_type: str
    phone: str
    body: dict[str, Any]

    @property
    def key(self) -> str:
        """Idempotency key and reference in one: what the backend calls what happened."""
        reference: str = self.body["reference"]
        return reference


@dataclass(frozen=True, slots=True)
class Strike:
    """Processes killed together as soon as so many events are acknowledged."""

    after: int
    victims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    workers: int
    kills: int
    """Of each: API, PostgreSQL, and the workers together."""
    events: Sequence[PlannedEvent]
    strikes: Sequence[Strike]

    @property
    def command(self) -> str:
        return (
            f"make chaos ARGS='--seed {self.seed} --messages {len(self.events)} "
            f"--kills {self.kills} --workers {self.workers}'"
        )


def draw(seed: int, *, messages: int, kills: int, workers: int) -> Plan:
    random = Random(seed)
    regulars = max(1, round(messages * _REGULARS / _PER_REGULAR))
    events = [_event(random, number, regulars) for number in range(messages)]
    return Plan(seed, workers, kills, events, _strikes(random, messages, kills, workers))


def _event(random: Random, number: int, regulars: int) -> PlannedEvent:
    customer = random.randrange(regulars) if random.random() < _REGULARS else 1_000_000 + number
    phone = f"+90532{customer:07d}"
    event_type, data = random.choice((("order-confirmed", _order), ("appointment-reminder", _appointment)))
    body = {
        "contact": {"phone": phone, "name": "Ayşe Yılmaz", "language": random.choice(("tr", "en"))},
        "data": data(random, number),
        "reference": f"{event_type}-{number}",
    }
    return PlannedEvent(number, event_type, phone, body)


def _order(random: Random, number: int) -> dict[str, Any]:
    return {"order_number": f"A-{number}", "total": {"amount": random.randrange(1_00, 10_000_00), "currency": "TRY"}}


def _appointment(random: Random, _number: int) -> dict[str, Any]:
    moment = f"2030-0{random.randrange(1, 10)}-1{random.randrange(10)}T1{random.randrange(10)}:30:00+03:00"
    return {"starts_at": moment, "place": "Demo Klinik, Kadıköy"}


def _strikes(random: Random, messages: int, kills: int, workers: int) -> list[Strike]:
    worker_names = ["worker", *(f"worker-{number}" for number in range(2, workers + 1))]
    victims = ["api"] * kills + [POSTGRES] * kills + [worker_names[turn % workers] for turn in range(kills)]
    random.shuffle(victims)
    groups: list[tuple[str, ...]] = []
    for victim in victims:
        if groups and len(groups[-1]) == 1 and groups[-1][0] != victim and random.random() < _TOGETHER:
            groups[-1] += (victim,)
        else:
            groups.append((victim,))
    first, last = int(messages * _CALM), int(messages * (1 - _CALM))
    moments = sorted(random.sample(range(first, last), len(groups)))
    return [Strike(after, group) for after, group in zip(moments, groups, strict=True)]
