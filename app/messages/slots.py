"""Who may have how many calls under way: one slow sender, or business, must not take them all from the others.

Whoever holds some may hold at most `SHARE` times what is still free, so something is free for the next one who comes,
however many slots are taken already (the dynamic thresholds of Choudhury and Hahne, "Dynamic Queue Length Thresholds
for Shared-Memory Packet Switches", IEEE/ACM Transactions on Networking 6, 1998).
"""

from collections import Counter
from uuid import UUID

SHARE = 4
"""Alone, a sender gets four fifths of all slots; two slow ones leave a ninth to the rest, and so on."""


class Slots:
    def __init__(self, total: int) -> None:
        self._total = total
        self._by_business: Counter[UUID] = Counter()
        self._by_sender: Counter[UUID] = Counter()

    @property
    def free(self) -> int:
        return max(0, self._total - self._by_business.total())

    def open_to(self, business_id: UUID, sender_id: UUID) -> int:
        """How many more this sender may take now; one at least where any is free and it has none."""
        held = max(self._by_business[business_id], self._by_sender[sender_id])
        free = self.free
        # Taking n leaves free - n, and held + n may be SHARE times that at most.
        most = (SHARE * free - held) // (SHARE + 1)
        return max(most, 1 if free and not held else 0)

    def take(self, business_id: UUID, sender_id: UUID) -> None:
        self._by_business[business_id] += 1
        self._by_sender[sender_id] += 1

    def give_back(self, business_id: UUID, sender_id: UUID) -> None:
        for counter, key in ((self._by_business, business_id), (self._by_sender, sender_id)):
            counter[key] -= 1
            if not counter[key]:
                del counter[key]
