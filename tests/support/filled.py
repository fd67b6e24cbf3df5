"""A business of which there is something to see: weeks of messages, with what became of them, as rows."""

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from app.analytics.conversions.schemas import ConversionIn
from app.consent.schemas import ConsentIn
from app.container import Container
from app.core.clock import ManualClock
from app.core.ids import first_id_at, public_id
from tests.support.driving import numbered_phone, opt_in_many
from tests.support.world import World, wording_of

DAYS = 8
"""Enough to be compared with the same day of last week."""
CONTACTS = 60

_TYPES = (
    # Event type and template, how many a day, the shares of them that are delivered and read.
    ("order-confirmed", "order_confirmed", 42, 0.97, 0.82),
    ("order-shipped", "order_shipped", 34, 0.96, 0.88),
    ("order-delivered", "order_delivered", 26, 0.97, 0.71),
    ("appointment-reminder", "appointment_reminder", 14, 0.94, 0.90),
    ("payment-failed", "payment_failed", 4, 0.90, 0.66),
)
_FAILURES = (
    (131026, "Message undeliverable"),
    (131049, "Not delivered to maintain healthy ecosystem engagement"),
    (131026, "Message undeliverable"),
    (130472, "User's number is part of an experiment"),
)
_CONVERT = 0.07
"""Of those that were read."""
_WAITING = (("quiet_hours", "order-shipped"), ("quiet_hours", "order-delivered"), ("template", "payment-failed"))


@dataclass(frozen=True, slots=True)
class _Customer:
    id: UUID
    phone: str


async def fill(container: Container, world: World, *, days: int = DAYS, seed: int = 8) -> None:
    """The same whenever it is asked for, but for its days, which end now."""
    chance = random.Random(seed)
    await opt_in_many(container, world, CONTACTS)
    found = await container.database.pool.fetch(
        "SELECT id, phone FROM contacts WHERE business_id = $1 AND phone = ANY($2::text[]) ORDER BY phone",
        world.business_id,
        [numbered_phone(one) for one in range(CONTACTS)],
    )
    customers = [_Customer(row["id"], row["phone"]) for row in found]
    now = container.clock.now()
    rows = [
        _message(chance, world, chance.choice(customers), moment, now, kind)
        for moment in _moments(chance, now, days)
        for kind in chance.choices(_TYPES, weights=[one[2] for one in _TYPES])
    ]
    rows += [_waiting(chance, world, chance.choice(customers), now, *why) for why in _WAITING for _ in range(7)]
    rows.sort(key=lambda row: row["id"])
    columns = list(rows[0])
    await container.database.pool.copy_records_to_table(
        "messages", records=[tuple(row[column] for column in columns) for row in rows], columns=columns
    )
    await _reply(container, world, chance, rows)
    await _convert(container, world, chance, rows)
    await _agree(container, world, chance, days)
    await container.refresher.mark_all(world.business_id)
    await container.figures.refresh()


async def _reply(container: Container, world: World, chance: random.Random, rows: list[dict[str, Any]]) -> None:
    """Some of those who read it."""
    replies = []
    for row in rows:
        kind = chance.choices(("text", "confirmed", "opt_out", ""), weights=(4, 5, 1, 90))[0]
        if row["status"] != "read" or not kind:
            continue
        at = row["read_at"] + timedelta(seconds=20 + chance.expovariate(1 / 300))
        is_tap = kind == "confirmed"
        payload = orjson.dumps({"text": {"body": "Teşekkürler"}} if not is_tap else {"button": {"text": "Onaylıyorum"}})
        replies.append(
            {
                "business_id": world.business_id,
                "id": _id_at(at, chance),
                "mode": world.mode,
                "sender_id": world.sender_id,
                "contact_id": row["contact_id"],
                "message_id": row["id"],
                "tied_by": "button" if is_tap else "context",
                "wamid": f"wamid.reply.{row['id'].hex}",
                "type": "button" if is_tap else "text",
                "kind": kind,
                "occurred_at": at,
                "received_at": at,
                "payload": payload.decode(),
            }
        )
    columns = list(replies[0])
    await container.database.pool.copy_records_to_table(
        "replies", records=[tuple(row[column] for column in columns) for row in replies], columns=columns
    )


async def _convert(container: Container, world: World, chance: random.Random, rows: list[dict[str, Any]]) -> None:
    until = container.clock.now() - timedelta(days=1)
    caller = await container.directory.caller(world.token)
    assert caller is not None
    bodies = [
        ConversionIn.model_validate(
            {
                "type": chance.choice(("purchase", "purchase", "booking")),
                "message": public_id("msg", row["id"]),
                "occurred_at": (row["read_at"] + timedelta(seconds=chance.expovariate(1 / 2000))).isoformat(),
                "value": {"amount": chance.randrange(5_000, 250_000), "currency": "TRY"},
            }
        )
        for row in rows
        if row["status"] == "read" and row["read_at"] < until and chance.random() < _CONVERT
    ]
    await container.conversions.record_many(caller, bodies)


async def _agree(container: Container, world: World, chance: random.Random, days: int) -> None:
    """By several doors, over the weeks, as far as the clock is one's own to set; some leave again."""
    clock = container.clock
    if not isinstance(clock, ManualClock):
        return
    doors = (("checkout", None), ("qr_till", "Kadıköy, 3. kasa"), ("qr_till", "Beşiktaş"), ("website_form", None))
    clock.advance(-timedelta(days=days))
    for number in range(days):
        for one in range(chance.randrange(1, 4)):
            source, place = chance.choices(doors, weights=(5, 3, 2, 2))[0]
            phone = numbered_phone(CONTACTS + number * 3 + one)
            act = ConsentIn(act="opt_in", source=source, place=place, wording=wording_of(world.name))
            await container.consent.record(world.contact(phone), act)
            if chance.random() < 0.12:
                await world.opt_out(phone)
        clock.advance(timedelta(days=1))


def _id_at(at: datetime, chance: random.Random) -> UUID:
    return UUID(int=first_id_at(at).int | 0x7000_8000_0000_0000_0000 | chance.getrandbits(60))


def _moments(chance: random.Random, now: datetime, days: int) -> list[datetime]:
    """More by day than by night, fewer on Sundays, a few more each week."""
    begins = now - timedelta(days=days)
    found = []
    hours = int((now - begins).total_seconds() // 3600)
    for hour in range(hours):
        at = begins + timedelta(hours=hour)
        by_day = 0.15 + 0.85 * math.exp(-(((at.hour + 3) % 24 - 14) ** 2) / 22)
        many = 9.5 * by_day * (0.55 if at.weekday() == 6 else 1.0) * (0.75 + 0.25 * hour / hours)
        found += [at + timedelta(seconds=chance.random() * 3600) for _ in range(_poisson(chance, many))]
    return [at for at in found if at < now]


def _poisson(chance: random.Random, mean: float) -> int:
    limit, product, count = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count


def _message(
    chance: random.Random, world: World, customer: _Customer, at: datetime, now: datetime, kind: tuple[Any, ...]
) -> dict[str, Any]:
    name, template, _, delivered, read = kind
    row = _row(chance, world, customer, at, name, template)
    luck = chance.random()
    if luck < 0.03:
        return row | {"status": "suppressed", "reason": "no_consent"}
    if luck < 0.04:
        return row | {"status": "canceled", "reason": "superseded"}
    taken = at + timedelta(seconds=0.4 + chance.random())
    row |= {"accepted_at": taken, "attempt_count": 1, "wamid": f"wamid.{row['id'].hex}", "price_category": "utility"}
    if chance.random() > delivered:
        code, title = chance.choice(_FAILURES)
        failure = orjson.dumps({"code": code, "title": title, "source": "receipt"}).decode()
        return row | {"status": "failed", "failed_at": taken + timedelta(seconds=2), "failure": failure}
    row["sent_at"] = taken + timedelta(seconds=1)
    arrives = taken + timedelta(seconds=1 + chance.expovariate(1 / 40))
    if arrives > now:
        return row | {"status": "sent"}
    row["delivered_at"] = arrives
    seen = arrives + timedelta(seconds=30 + chance.expovariate(1 / 1500))
    if chance.random() > read or seen > now:
        return row | {"status": "delivered"}
    return row | {"status": "read", "read_at": seen}


def _waiting(
    chance: random.Random, world: World, customer: _Customer, now: datetime, what: str, name: str
) -> dict[str, Any]:
    row = _row(
        chance, world, customer, now - timedelta(seconds=1 + chance.random() * 600), name, name.replace("-", "_")
    )
    until = now + timedelta(hours=2 + chance.random() * 8)
    return row | {"status": "queued", "reason": what, "waiting_for": what, "due_at": until}


def _row(
    chance: random.Random, world: World, customer: _Customer, at: datetime, name: str, template: str
) -> dict[str, Any]:
    return {
        "business_id": world.business_id,
        "id": _id_at(at, chance),
        "created_at": at,
        "due_at": None,
        "expires_at": at + timedelta(days=2),
        "accepted_at": None,
        "sent_at": None,
        "delivered_at": None,
        "read_at": None,
        "failed_at": None,
        "sender_id": world.sender_id,
        "contact_id": customer.id,
        "priority": 20,
        "attempt_count": 0,
        "mode": world.mode,
        "event_type": name,
        "status": "queued",
        "reason": None,
        "waiting_for": None,
        "recipient": customer.phone,
        "language": "en" if chance.random() < 0.2 else "tr",
        "template_name": template,
        "template_version": 1,
        "reference": f"A-{chance.randrange(10**5):05d}",
        "wamid": None,
        "price_category": None,
        "data": "{}",
        "fill": "{}",
        "decision": "[]",
        "failure": None,
    }
