"""The transition table: each move that is meant, and none besides."""

import pytest

from app.messages.states import FINAL, TRANSITIONS, WAITING, Event, Status, after, moves

S, E = Status, Event

_WAITING = {S.SCHEDULED, S.QUEUED}
_IN_DOUBT = {S.SENDING, S.UNCONFIRMED}
_REPORTED = {S.SENT, S.DELIVERED, S.READ}

# By event: from which statuses it leads to which. Written down once more, from the design and not from the code.
_MOVES: dict[Event, tuple[set[Status], Status]] = {
    E.CLAIMED: (_WAITING, S.SENDING),
    E.HELD: ({S.SCHEDULED}, S.QUEUED),
    E.SUPPRESSED: (_WAITING, S.SUPPRESSED),
    E.CANCELED: (_WAITING, S.CANCELED),
    E.EXPIRED: (_WAITING, S.EXPIRED),
    E.ANSWER_ACCEPTED: (set(S) - _REPORTED - {S.FAILED, S.ACCEPTED}, S.ACCEPTED),
    E.ANSWER_RETRY: (_IN_DOUBT, S.QUEUED),
    E.ANSWER_REFUSED: (_IN_DOUBT, S.FAILED),
    E.ANSWER_LOST: ({S.SENDING}, S.UNCONFIRMED),
    E.LEASE_ENDED: ({S.SENDING}, S.UNCONFIRMED),
    E.WINDOW_RESEND: ({S.UNCONFIRMED}, S.QUEUED),
    E.WINDOW_FAILED: ({S.UNCONFIRMED}, S.FAILED),
    E.RECEIPT_SENT: (set(S) - _REPORTED - {S.FAILED}, S.SENT),
    E.RECEIPT_FAILED: (set(S) - {S.DELIVERED, S.READ, S.FAILED}, S.FAILED),
    E.RECEIPT_DELIVERED: (set(S) - {S.DELIVERED, S.READ}, S.DELIVERED),
    E.RECEIPT_READ: (set(S) - {S.READ}, S.READ),
}

LOCAL = set(Event) - {
    *[E.ANSWER_ACCEPTED, E.RECEIPT_SENT, E.RECEIPT_FAILED, E.RECEIPT_DELIVERED, E.RECEIPT_READ],
}
"""What is ours to say; the rest is Meta's."""


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("status", Status)
def test_every_status_answers_every_event(status: Status, event: Event) -> None:
    origins, target = _MOVES[event]
    assert after(status, event) is (target if status in origins else status)


@pytest.mark.parametrize("event", Event)
def test_moves_are_the_changes_of_after(event: Event) -> None:
    assert moves(event) == {status: after(status, event) for status in Status if after(status, event) != status}
    assert set(moves(event)) == _MOVES[event][0]


def test_the_table_is_total_and_cannot_be_changed() -> None:
    assert set(TRANSITIONS) == {(status, event) for status in Status for event in Event}
    with pytest.raises(TypeError):
        TRANSITIONS[S.READ, E.CLAIMED] = S.SENDING  # type: ignore[index]


@pytest.mark.parametrize("event", sorted(LOCAL))
@pytest.mark.parametrize("status", sorted(FINAL))
def test_nothing_of_ours_moves_a_final_status(status: Status, event: Event) -> None:
    assert after(status, event) is status


def test_only_what_waits_can_be_stopped() -> None:
    assert WAITING == _WAITING
    for event in (E.SUPPRESSED, E.CANCELED, E.EXPIRED):
        assert set(moves(event)) == WAITING


@pytest.mark.parametrize("status", Status)
def test_every_status_can_be_reached(status: Status) -> None:
    reached = {S.SCHEDULED, S.QUEUED, S.SUPPRESSED}
    for _ in Status:
        reached |= {after(one, event) for one in reached for event in Event}
    assert status in reached
