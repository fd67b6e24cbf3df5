"""The edge message_history of a number: what became of its messages, and of the webhooks that told of it.

Its shape is that of Meta's OpenAPI document for v23.0; which accounts have the edge is not documented.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from app.sandbox.errors import CATALOGUE, invalid, unknown_object
from app.sandbox.graph import Call, Routes, select
from app.sandbox.paging import invalid_cursor, object_of, paging
from app.sandbox.state import Json, Message, State, StatusEntry

_KIND, _EVENT_KIND = "WhatsAppMessageHistory", "MessageDeliveryStatusEvent"
_DEFAULTS, _EVENT_DEFAULTS = ("id", "message_id"), ("id", "delivery_status", "timestamp", "webhook_update_state")
_PAGE, _LONGEST_PAGE = 25, 100
_EVENTS = re.compile(r"\bevents(?:\{([^{}]*)\})?")


async def get_history(call: Call, number_id: str) -> Json:
    """Newest message first; with `message_id` that one alone."""
    number = call.sandbox.accounts.number(call.token, number_id, "get")
    if not call.sandbox.settings.message_history_available:
        raise unknown_object(number_id)
    call.manage(number.waba_id)
    limit = _limit(call.argument("limit"))
    page, before, after = _page(call, number_id, limit)
    answer: Json = {"data": [_entry(call, message) for message in page]}
    if page:
        ids = [message.wamid for message in page]
        answer["paging"] = paging(call, ids, before=before, after=after, limit=limit)
    return answer


def _limit(asked: str) -> int:
    if not asked:
        return _PAGE
    if not asked.isdecimal() or not 1 <= int(asked) <= _LONGEST_PAGE:
        raise invalid(f"Param limit must be an integer from 1 to {_LONGEST_PAGE}.")
    return int(asked)


def _page(call: Call, number_id: str, limit: int) -> tuple[list[Message], bool, bool]:
    """Its messages, and whether there are others before and after them."""
    messages = call.sandbox.world.state.messages
    if wamid := call.argument("message_id"):
        found = messages.get(wamid)
        return ([found] if found is not None and _belongs(found, number_id) else []), False, False
    if before := call.argument("before"):
        rest = _beyond(messages.values(), number_id, object_of(before))
        return list(islice(rest, limit))[::-1], next(rest, None) is not None, True
    after = call.argument("after")
    rest = _beyond(reversed(messages.values()), number_id, object_of(after) if after else None)
    return list(islice(rest, limit)), bool(after), next(rest, None) is not None


def _belongs(message: Message, number_id: str) -> bool:
    return message.direction == "out" and message.number_id == number_id


def _beyond(messages: Iterable[Message], number_id: str, wamid: str | None) -> Iterator[Message]:
    """Messages of a number, from behind a certain one where that is given."""
    own = (message for message in messages if _belongs(message, number_id))
    if wamid is not None and all(message.wamid != wamid for message in own):
        raise invalid_cursor()
    return own


def _entry(call: Call, message: Message) -> Json:
    fields = call.argument("fields")
    events = _EVENTS.search(fields)
    plain = _EVENTS.sub("", fields) if events else fields
    entry = {"id": _digits(message.wamid), "message_id": message.wamid}
    chosen = select(entry, plain, _DEFAULTS, _KIND)
    if events:
        asked = events[1] or ""
        rows = [_event(call, message, place) for place in range(len(message.statuses))]
        chosen["events"] = {"data": [select(row, asked, _EVENT_DEFAULTS, _EVENT_KIND) for row in rows]}
    return chosen


def _event(call: Call, message: Message, place: int) -> Json:
    """None is what has no value."""
    entry = message.statuses[place]
    sandbox = call.sandbox
    state, error = _webhook(sandbox.world.state, entry)
    number = sandbox.world.state.numbers[message.number_id]
    target = sandbox.outbox.address(number.waba_id, number.number_id) if state else None
    if entry.code is not None and error is None:
        error = entry.details or (CATALOGUE[entry.code].title if entry.code in CATALOGUE else None)
    return {
        "id": _digits(f"{message.wamid}/{place}"),
        "delivery_status": entry.status.upper(),
        "timestamp": int(entry.at),
        "webhook_update_state": state,
        "application": {"id": target[0]} if target else None,
        "webhook_uri": target[1] if target else None,
        "error_description": error,
    }


def _webhook(state: State, entry: StatusEntry) -> tuple[str | None, str | None]:
    """How the webhook of a status fares, and why it failed. None where nobody was to be told."""
    if entry.delivery_id is None:
        return "PENDING", None
    if not entry.delivery_id:
        return None, None
    if entry.delivery_id in state.dropped:
        return "FAILED", state.dropped[entry.delivery_id]
    delivery = state.deliveries.get(entry.delivery_id)
    if delivery is None:
        return "DELIVERED", None
    return ("RETRYING", delivery.error) if delivery.attempts else ("PENDING", None)


def _digits(name: str) -> str:
    """An id as Meta's are, the same each time."""
    return str(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=6).digest(), "big") + 10**15)


ROUTES: Routes = {("GET", "number", "message_history"): get_history}
