"""Where to find messages without looking at all of them: kept beside them, and built anew after a restart."""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping

from app.sandbox.state import Message


class Archive:
    def __init__(self) -> None:
        self._order: deque[str] = deque()
        self._customers: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._by_callback_data: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, message: Message) -> None:
        self._order.append(message.wamid)
        self._customers[message.direction][message.wa_id] += 1
        if message.callback_data is not None:
            self._by_callback_data[message.callback_data].append(message.wamid)

    def oldest(self) -> str:
        """Asking a dict for its first key after many first ones were popped would step over all of those."""
        return self._order[0]

    def forget_oldest(self, message: Message) -> None:
        self._order.popleft()
        counts = self._customers[message.direction]
        counts[message.wa_id] -= 1
        if not counts[message.wa_id]:
            del counts[message.wa_id]
        if message.callback_data is not None:
            wamids = self._by_callback_data[message.callback_data]
            wamids.remove(message.wamid)
            if not wamids:
                del self._by_callback_data[message.callback_data]

    def customers(self, direction: str) -> Counter[str]:
        """How many messages each was sent (`out`), or sent (`in`)."""
        return self._customers[direction]

    @property
    def by_callback_data(self) -> Mapping[str, list[str]]:
        """Wamids of what was accepted with it, oldest first."""
        return self._by_callback_data
