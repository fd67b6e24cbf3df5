"""Asking Meta what became of a message that it accepted and of which no receipt came.

Meta's Message History API (`GET /{phone-number-id}/message_history`) knows a message by Meta's own id only: what was
never answered cannot be asked for. Not every account may use it, hence the setting.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import structlog

from app.core.clock import Clock
from app.core.database import Database
from app.core.ids import public_id
from app.messages import telling
from app.messages.claimed import Unheard
from app.messages.schemas import MESSAGE_PREFIX
from app.messages.statements import claims, receipts
from app.messages.statements.receipts import NewReceipt, Reported
from app.messages.states import Event
from app.whatsapp.client import GraphClient, GraphUnreachableError
from app.whatsapp.errors import GraphError

log = structlog.get_logger(__name__)

_LOOKS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
"""After the acceptance. What Meta has not reported by then is found out by nobody."""

_EVENTS = {"SENT": Event.RECEIPT_SENT, "DELIVERED": Event.RECEIPT_DELIVERED, "READ": Event.RECEIPT_READ}
"""Failures are left to their receipt, which says why; the history does not."""


class History:
    first_look = _LOOKS[0]

    def __init__(self, database: Database, graph: GraphClient, clock: Clock) -> None:
        self._database = database
        self._graph = graph
        self._clock = clock

    async def ask(self, silent: Unheard) -> None:
        """Applies what Meta knows, as if it had been reported; or sets the time for the next look."""
        sender = silent.sender
        try:
            events = await self._graph.message_history(sender.access, sender.phone_number_id, silent.wamid)
        except (GraphError, GraphUnreachableError) as error:
            log.warning("history not told", message=public_id(MESSAGE_PREFIX, silent.id), error=str(error))
            events = []
        found = _receipts(silent, events, self._clock.now())
        async with self._database.pool.acquire() as connection, connection.transaction():
            if found:
                await telling.apply_receipts(connection, [_folded(silent, found)], self._clock.now())
                await receipts.store_receipts(connection, found)
            else:
                await claims.ask_later(connection, sender.business_id, silent.id, self._next_look(silent))

    def _next_look(self, silent: Unheard) -> datetime | None:
        now = self._clock.now()
        return next((silent.accepted_at + look for look in _LOOKS if silent.accepted_at + look > now), None)


def _receipts(silent: Unheard, events: list[dict[str, Any]], now: datetime) -> list[NewReceipt]:
    found = {}
    for event in events:
        status, moment = event.get("delivery_status"), event.get("timestamp")
        if status in _EVENTS and isinstance(moment, int):
            found[status] = NewReceipt(
                business_id=silent.sender.business_id,
                message_id=silent.id,
                status=status.lower(),
                wamid=silent.wamid,
                occurred_at=datetime.fromtimestamp(moment, UTC),
                received_at=now,
                payload=orjson.dumps({"source": "message_history", **event}).decode(),
            )
    return list(found.values())


def _folded(silent: Unheard, found: list[NewReceipt]) -> Reported:
    times = {one.status: one.occurred_at for one in found}
    highest = [event for name, event in _EVENTS.items() if name.lower() in times][-1]
    return Reported(
        silent.sender.business_id,
        silent.id,
        highest,
        sent_at=times.get("sent"),
        delivered_at=times.get("delivered"),
        read_at=times.get("read"),
        wamid=silent.wamid,
    )
