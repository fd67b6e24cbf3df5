"""How many messages customers want, held to when messages leave: exactly, however many workers send."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from app.consent.preferences import Preferences
from app.events.service import BusinessTypes
from app.messages import preferring
from app.messages.claimed import Claimed, kept_back
from app.messages.preferring import Left
from app.messages.statements import frequency
from app.messages.statements.batch import Connection
from app.messages.statements.claims import Settled


async def what_left(
    connection: Connection,
    business_id: UUID,
    known: BusinessTypes,
    customers: Mapping[UUID, Preferences],
    now: datetime,
    *,
    but: Iterable[UUID] = (),
) -> dict[UUID, list[Left]]:
    """What left of late for each of the customers, who all have caps; `but`: messages that have not, though it looks as
    if they were about to."""
    since = {one: now - max(cap.window for cap in wanted.caps.values()) for one, wanted in customers.items()}
    found: defaultdict[UUID, list[Left]] = defaultdict(list)
    for row in await frequency.what_left(connection, business_id, since, but=list(but), now=now):
        found[row["contact_id"]].append(Left(known.get(row["event_type"]), row["left_at"]))
    return found


async def within_caps(
    connection: Connection,
    business_id: UUID,
    known: BusinessTypes,
    ready: list[Claimed],
    settled: list[Settled],
    now: datetime,
    *,
    staying: Sequence[UUID] = (),
) -> list[Claimed]:
    """Those of which their customers do not have enough; the others are added to what is settled. `staying`: messages
    that the same claim took and that will not leave now, whatever the table says until it ends."""
    capped = [one for one in ready if preferring.caps_of(one.preferences, one.event_type)]
    if not capped:
        return ready
    customers = {one.contact_id: one.preferences for one in capped}
    await frequency.take_turns(connection, business_id, list(customers))
    left = await what_left(connection, business_id, known, customers, now, but=[*staying, *(one.id for one in ready)])
    over: set[UUID] = set()
    for message in sorted(capped, key=lambda one: one.id):
        rule = preferring.over_cap(message.preferences, message.event_type, left[message.contact_id], now)
        if rule is None:
            left[message.contact_id].append(Left(message.event_type, now))
        else:
            over.add(message.id)
            settled.append(kept_back(message, reason=preferring.FREQUENCY_CAP, rule=rule))
    return [one for one in ready if one.id not in over]
