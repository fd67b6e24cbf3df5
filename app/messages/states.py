"""A message's life as a total, pure function: every status with every event has an answer.

Receipts are facts about the customer's phone and come late, twice and in any order. They rank
sent < failed < delivered < read, and a status never moves down that ladder: so any order of the same receipts ends in
the same status, and whatever we believed before (waiting, lost, even failed) gives way to what Meta reports.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    SUPPRESSED = "suppressed"
    CANCELED = "canceled"
    EXPIRED = "expired"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"


class Event(StrEnum):
    CLAIMED = "claimed"
    HELD = "held"
    SUPPRESSED = "suppressed"
    CANCELED = "canceled"
    EXPIRED = "expired"
    ANSWER_ACCEPTED = "answer_accepted"
    ANSWER_RETRY = "answer_retry"
    """Refused, or never sent, in a way that may be tried again."""
    ANSWER_REFUSED = "answer_refused"
    ANSWER_LOST = "answer_lost"
    """The request went out and no readable answer came."""
    LEASE_ENDED = "lease_ended"
    """The worker that was sending it is gone."""
    WINDOW_RESEND = "window_resend"
    WINDOW_FAILED = "window_failed"
    RECEIPT_SENT = "receipt_sent"
    RECEIPT_FAILED = "receipt_failed"
    RECEIPT_DELIVERED = "receipt_delivered"
    RECEIPT_READ = "receipt_read"


WAITING = frozenset({Status.SCHEDULED, Status.QUEUED})
"""Nothing has left yet: it can still be stopped."""

FINAL = frozenset({Status.READ, Status.SUPPRESSED, Status.CANCELED, Status.EXPIRED, Status.FAILED, Status.DELIVERED})
"""Nothing of ours will follow; a receipt still may (delivered → read)."""

_RANK = {Status.SENT: 1, Status.FAILED: 2, Status.DELIVERED: 3, Status.READ: 4}

_RECEIPTS = {
    Event.RECEIPT_SENT: Status.SENT,
    Event.RECEIPT_FAILED: Status.FAILED,
    Event.RECEIPT_DELIVERED: Status.DELIVERED,
    Event.RECEIPT_READ: Status.READ,
}

IN_DOUBT = frozenset({Status.SENDING, Status.UNCONFIRMED})
"""It may have left, or be leaving just now."""

_FROM: Mapping[Event, tuple[frozenset[Status], Status]] = {
    Event.CLAIMED: (WAITING, Status.SENDING),
    Event.HELD: (WAITING, Status.QUEUED),
    Event.SUPPRESSED: (WAITING, Status.SUPPRESSED),
    Event.CANCELED: (WAITING, Status.CANCELED),
    Event.EXPIRED: (WAITING, Status.EXPIRED),
    # An acceptance that comes after we gave up on the answer is still the truth.
    Event.ANSWER_ACCEPTED: (frozenset(Status) - set(_RANK), Status.ACCEPTED),
    Event.ANSWER_RETRY: (IN_DOUBT, Status.QUEUED),
    Event.ANSWER_REFUSED: (IN_DOUBT, Status.FAILED),
    Event.ANSWER_LOST: (frozenset({Status.SENDING}), Status.UNCONFIRMED),
    Event.LEASE_ENDED: (frozenset({Status.SENDING}), Status.UNCONFIRMED),
    Event.WINDOW_RESEND: (frozenset({Status.UNCONFIRMED}), Status.QUEUED),
    Event.WINDOW_FAILED: (frozenset({Status.UNCONFIRMED}), Status.FAILED),
}


def _after(status: Status, event: Event) -> Status:
    if event in _RECEIPTS:
        reported = _RECEIPTS[event]
        return reported if _RANK[reported] > _RANK.get(status, 0) else status
    origins, target = _FROM[event]
    return target if status in origins else status


TRANSITIONS: Mapping[tuple[Status, Event], Status] = MappingProxyType(
    {(status, event): _after(status, event) for status in Status for event in Event}
)


def after(status: Status, event: Event) -> Status:
    return TRANSITIONS[status, event]


def moves(event: Event) -> Mapping[Status, Status]:
    """Only the statuses that the event changes."""
    return {status: after(status, event) for status in Status if after(status, event) is not status}


TOLD = frozenset(Status) - {Status.SCHEDULED, Status.QUEUED, Status.SENDING}
"""What the business is told of: what left, what did not, and what nobody knows of."""


def told_of(before: Status, now: Status, reported: Collection[Status] = ()) -> list[tuple[Status, bool]]:
    """The steps that the business is told of a move, in order, and whether each is only implied: no move leads down the
    ladder, so of one message no step is told twice.

    `reported` is all that Meta said when it moved the message. What was delivered has been sent, though Meta need not
    say so. What was reported as sent and has failed by now is told as both; of what has failed and was delivered after
    all, only that.
    """
    if now is before or now not in TOLD:
        return []
    if now not in _RANK:
        return [(now, False)]
    passed = [one for one in _RANK if one is not Status.FAILED and _RANK.get(before, 0) < _RANK[one] < _RANK[now]]
    if now is Status.FAILED:
        passed = [one for one in passed if one in reported]
    return [*((one, one not in reported) for one in passed), (now, False)]
