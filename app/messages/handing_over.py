"""Handing messages over to the business, whose other channels carry them where a customer prefers one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from app.callbacks import outbox
from app.callbacks.outbox import NewEvent
from app.callbacks.schemas import HandedOver, HandedOverContact
from app.consent.preferences import Channel
from app.core.ids import public_id
from app.messages import preferring
from app.messages.claimed import Claimed, Filled, kept_back
from app.messages.rendering import plain_text, rendered
from app.messages.schemas import MESSAGE_PREFIX
from app.messages.statements.batch import Connection
from app.messages.statements.claims import Settled
from app.messages.statements.handing_over import what_is_said
from app.messages.verdicts import verdict
from app.templates.bubble import bubble_of


async def hand_over(
    connection: Connection, business_id: UUID, ready: Sequence[Claimed], settled: list[Settled], now: datetime
) -> list[Claimed]:
    """Tells the business of those whose customers prefer another channel, in the transaction that ends them here;
    they are added to what is settled, and the others remain: what answers a customer is among those."""
    others = [
        (one, one.said, channel)
        for one in ready
        if isinstance(one.said, Filled) and (channel := one.other_channel) is not None
    ]
    if not others:
        return list(ready)
    said = await what_is_said(connection, business_id, [message.id for message, _, _ in others])
    events = [_event(business_id, one, filled, channel, said[one.id], now) for one, filled, channel in others]
    await outbox.tell_many(connection, business_id, events)
    for message, _, channel in others:
        rule = verdict("channel", "suppress", now, channel=channel.value)
        settled.append(kept_back(message, reason=preferring.PREFERRED_CHANNEL, rule=rule))
    gone = {one.id for one, _, _ in others}
    return [one for one in ready if one.id not in gone]


def _event(
    business_id: UUID, message: Claimed, filled: Filled, channel: Channel, said: asyncpg.Record, now: datetime
) -> NewEvent:
    bubble = bubble_of(filled.template.compiled, filled.fill)
    told = HandedOver(
        message=public_id(MESSAGE_PREFIX, message.id),
        event_type=message.event_type.name,
        contact=HandedOverContact(
            id=public_id("con", said["contact_id"]), phone=said["phone"], bsuid=said["bsuid"], name=said["name"]
        ),
        channel=channel.value,
        language=filled.template.language,
        reference=said["reference"],
        metadata=orjson.loads(said["metadata"]) if said["metadata"] is not None else None,
        rendered=rendered(bubble),
        text=plain_text(bubble),
    )
    return NewEvent(
        business_id,
        said["mode"],
        outbox.MESSAGE_HANDED_OVER,
        told.model_dump(mode="json"),
        now,
        said["contact_id"],
        message.id,
    )
