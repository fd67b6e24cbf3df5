"""Recording what calls came to, and what that says of their senders, in one transaction."""

from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.accounts import health
from app.accounts.health import Trouble
from app.core.clock import Clock
from app.core.database import Database
from app.messages import failures, telling
from app.messages.claimed import Claimed
from app.messages.statements import outcomes, paces
from app.messages.statements.batch import Connection
from app.messages.statements.outcomes import Outcome
from app.messages.states import Event
from app.whatsapp.errors import ErrorClass, GraphError


@dataclass(frozen=True, slots=True)
class Answered:
    message: Claimed
    outcome: Outcome
    error: GraphError | None

    @property
    def says_something_of_the_sender(self) -> bool:
        if self.error is None:
            return False
        return self.error.entry.pauses_sender or self.error.entry.error_class is ErrorClass.THROTTLE

    @property
    def never_left(self) -> bool:
        return self.outcome.event in _NEVER_LEFT

    @property
    def is_about_the_pair(self) -> bool:
        return self.error is not None and self.error.entry.error_class is ErrorClass.PAIR


_NEVER_LEFT = (Event.ANSWER_RETRY, Event.ANSWER_REFUSED)


class Recorder:
    def __init__(self, database: Database, clock: Clock, probe_interval: timedelta, pair_interval: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._probe_interval = probe_interval
        self._pair_interval = pair_interval

    async def flush(self, answered: Sequence[Answered]) -> list[Exception | None]:
        rows = [one.outcome for one in answered]
        remarkable = [one for one in answered if one.says_something_of_the_sender or one.never_left]
        async with self._database.pool.acquire() as connection:
            interest = await telling.interest_in(connection, rows)
            if not remarkable and not interest:
                await outcomes.record(connection, rows)
            else:
                # Senders before customers before messages, as claims lock them.
                async with connection.transaction():
                    await self._apply(connection, [one for one in remarkable if one.says_something_of_the_sender])
                    await self._give_back(connection, [one for one in remarkable if one.never_left])
                    await self._block_pairs(connection, [one for one in remarkable if one.is_about_the_pair])
                    await telling.record(connection, interest, rows, self._clock.now())
        return [None] * len(answered)

    async def _give_back(self, connection: Connection, answered: Sequence[Answered]) -> None:
        by_sender: dict[tuple[UUID, UUID], Tally[UUID]] = {}
        for one in answered:
            sender = one.message.sender
            by_sender.setdefault((sender.business_id, sender.id), Tally())[one.message.contact_id] += 1
        for key in sorted(by_sender):
            await paces.give_back_pairs(connection, *key, by_sender[key], self._pair_interval)

    async def _block_pairs(self, connection: Connection, answered: Sequence[Answered]) -> None:
        until = {
            (one.message.sender.business_id, one.message.sender.id, one.message.contact_id): one.outcome.due_at
            for one in answered
        }
        for key in sorted(until):
            due_at = until[key]
            if due_at is not None:
                await paces.block_pair(connection, *key, due_at)

    async def _apply(self, connection: Connection, answered: Sequence[Answered]) -> None:
        """In the order of the senders, so that two recorders wait for each other instead of locking crosswise."""
        now = self._clock.now()
        for (business_id, sender_id, _), (error, started_at) in sorted(
            _one_of_each(answered).items(), key=lambda one: one[0]
        ):
            if error.entry.error_class is ErrorClass.THROTTLE:
                wait = failures.throttle_wait(error)
                await health.throttle(connection, business_id, sender_id, now=now, wait=wait)
            else:
                details = error.details or error.message
                trouble = Trouble(business_id, sender_id, error.entry.code, details, started_at or now)
                await health.pause(connection, trouble, now=now, probe_interval=self._probe_interval)


def _one_of_each(answered: Iterable[Answered]) -> dict[tuple[UUID, UUID, int], tuple[GraphError, datetime | None]]:
    """The latest error for each sender and code, and when its call began."""
    found = {}
    for one in answered:
        if one.error is not None:
            sender = one.message.sender
            found[sender.business_id, sender.id, one.error.entry.code] = (one.error, one.outcome.started_at)
    return found
