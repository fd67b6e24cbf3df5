"""Customers who wrote, as rows: for tests of what may be answered to them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from app.container import Container
from app.core.ids import new_id, public_id
from tests.support.driving import PHONE
from tests.support.world import World

A_DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Wrote:
    """What a customer wrote, and whose it is."""

    contact_id: UUID
    reply_id: UUID
    wamid: str
    kind: str

    @property
    def id(self) -> UUID:
        return self.reply_id

    @property
    def contact(self) -> str:
        return public_id("con", self.contact_id)

    @property
    def reply(self) -> str:
        return public_id("rep", self.reply_id)


async def wrote(
    container: Container,
    world: World,
    *,
    phone: str = PHONE,
    ago: timedelta = timedelta(0),
    kind: str = "text",
    answers: str | None = None,
    sender_id: UUID | None = None,
) -> Wrote:
    """Some time ago, in answer to a message (its public id) or to none; the window is open for a day from then."""
    pool, business_id = container.database.pool, world.business_id
    contact_id = await pool.fetchval(
        """
        INSERT INTO contacts (business_id, id, mode, phone, name, language) VALUES ($1, $2, $3, $4, 'Ayşe Yılmaz', 'tr')
        ON CONFLICT (business_id, mode, phone) DO UPDATE SET phone = EXCLUDED.phone RETURNING id
        """,
        business_id,
        new_id(),
        world.mode,
        phone,
    )
    reply_id, at = new_id(), container.clock.now() - ago
    sender, wamid = sender_id or world.sender_id, f"wamid.in.{reply_id}"
    message_id = UUID(answers.removeprefix("msg_")) if answers is not None else None
    payload: dict[str, Any] = {"type": "text", "text": {"body": "Kargom nerede?"}}
    await pool.execute(
        """
        INSERT INTO replies (business_id, id, mode, sender_id, contact_id, message_id, tied_by, wamid, type, kind,
                             from_wa_id, occurred_at, received_at, payload)
        VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $6::uuid IS NOT NULL THEN 'context' END, $7, 'text', $8, $9, $10, $10,
                $11)
        """,
        business_id,
        reply_id,
        world.mode,
        sender,
        contact_id,
        message_id,
        wamid,
        kind,
        phone.lstrip("+"),
        at,
        orjson.dumps(payload).decode(),
    )
    await pool.execute(
        """
        INSERT INTO service_windows AS w (business_id, sender_id, contact_id, opened_at, expires_at, last_reply_id)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (business_id, sender_id, contact_id) DO UPDATE
           SET expires_at = greatest(w.expires_at, EXCLUDED.expires_at), last_reply_id = EXCLUDED.last_reply_id
        """,
        business_id,
        sender,
        contact_id,
        at,
        at + A_DAY,
        reply_id,
    )
    return Wrote(contact_id, reply_id, wamid, kind)
