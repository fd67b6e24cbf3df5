"""Alerts as people and other systems are told of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from app.accounts.schemas import AlertOut
from app.core.database import Connection
from app.core.ids import public_id
from app.core.outbox import NewEvent, tell_many
from app.whatsapp.errors import describe

SENDER_ALERT = "sender.alert"
"""Something is wrong with a sender that a person should mend, or is no longer."""

ALERT_PREFIX = "alr"

PERSON = 0
"""The code of an alert that no error of Meta's raised."""


def alert_out(alert: Mapping[str, Any]) -> AlertOut:
    """From the columns of its row."""
    by_person = alert["code"] == PERSON
    entry = describe(alert["code"])
    return AlertOut(
        id=public_id(ALERT_PREFIX, alert["id"]),
        kind=alert["kind"],
        sender=public_id("snd", alert["sender_id"]),
        code=alert["code"],
        error_class=None if by_person else entry.error_class.value,
        title="Paused by a person" if by_person else entry.title,
        meaning="A person paused the sender." if by_person else entry.meaning,
        next_step="Resume it when it may send again." if by_person else entry.next_step,
        details=alert["details"],
        occurrences=alert["occurrences"],
        raised_at=alert["raised_at"],
        last_seen_at=alert["last_seen_at"],
        resolved_at=alert["resolved_at"],
        resolution=alert["resolution"],
    )


async def tell_alert(
    connection: Connection,
    business_id: UUID,
    mode: str,
    alert: Mapping[str, Any],
    change: Literal["opened", "resolved"],
    now: datetime,
) -> None:
    """As callbacks.schemas.SenderAlert, in the caller's transaction."""
    told = alert_out(alert).model_dump(mode="json")
    data = {"alert": told.pop("id"), "change": change, **told}
    await tell_many(connection, business_id, [NewEvent(business_id, mode, SENDER_ALERT, data, now)])
