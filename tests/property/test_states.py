"""Whatever happens to a message, in whatever order, repeated and late."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messages.states import FINAL, TOLD, Event, Status, after, told_of

E, S = Event, Status

RECEIPTS = [E.RECEIPT_SENT, E.RECEIPT_FAILED, E.RECEIPT_DELIVERED, E.RECEIPT_READ]
LADDER = [S.SENT, S.FAILED, S.DELIVERED, S.READ]
OURS = sorted(set(Event) - {*RECEIPTS, E.ANSWER_ACCEPTED})

# A message whose request went out. (`failed` may also be our own verdict, which a mere `sent` does not overrule.)
out_there = st.sampled_from([S.SENDING, S.UNCONFIRMED, S.ACCEPTED, S.QUEUED])
some_receipts = st.lists(st.sampled_from(RECEIPTS), min_size=1, max_size=12)


def _fold(status: Status, events: Iterable[Event]) -> Status:
    for event in events:
        status = after(status, event)
    return status


@st.composite
def shuffled_twice(draw: st.DrawFn) -> tuple[list[Event], list[Event]]:
    """The same receipts in two orders, each with repetitions and acceptances of its own in between."""
    receipts = draw(some_receipts)
    orders = []
    for _ in range(2):
        more = draw(st.lists(st.sampled_from([*receipts, E.ANSWER_ACCEPTED]), max_size=8))
        orders.append(draw(st.permutations(receipts + more)))
    return orders[0], orders[1]


@given(out_there, shuffled_twice())
def test_receipts_in_any_order_repeated_and_mixed_with_the_answer_end_in_one_status(
    status: Status, orders: tuple[list[Event], list[Event]]
) -> None:
    assert _fold(status, orders[0]) is _fold(status, orders[1])


@given(out_there, shuffled_twice())
def test_the_end_is_the_highest_receipt(status: Status, orders: tuple[list[Event], list[Event]]) -> None:
    highest = max(RECEIPTS.index(event) for event in orders[0] if event in RECEIPTS)
    assert _fold(status, orders[0]) is LADDER[highest]


@given(out_there, shuffled_twice(), st.lists(st.sampled_from(OURS), max_size=5), st.data())
def test_after_a_receipt_nothing_of_ours_changes_the_end(
    status: Status, orders: tuple[list[Event], list[Event]], ours: list[Event], data: st.DataObject
) -> None:
    first = next(place for place, event in enumerate(orders[0]) if event in RECEIPTS) + 1
    events = list(orders[0])
    for event in ours:
        events.insert(data.draw(st.integers(first, len(events))), event)
    assert _fold(status, events) is _fold(status, orders[1])


@given(st.sampled_from(list(Status)), st.lists(st.sampled_from(list(Event)), max_size=30))
def test_read_beats_everything(status: Status, events: list[Event]) -> None:
    assert _fold(status, [*events, E.RECEIPT_READ]) is S.READ
    assert _fold(_fold(status, [E.RECEIPT_READ]), events) is S.READ


@given(st.sampled_from(list(Status)), some_receipts)
def test_a_receipt_never_moves_a_status_down(status: Status, receipts: list[Event]) -> None:
    rank = {one: place for place, one in enumerate(LADDER, 1)}
    for receipt in receipts:
        following = after(status, receipt)
        assert rank[following] >= rank.get(status, 0)
        status = following


@given(st.sampled_from(sorted(FINAL)), st.lists(st.sampled_from(OURS), max_size=30))
def test_what_is_final_stays_so_whatever_we_do(status: Status, events: list[Event]) -> None:
    assert _fold(status, events) is status


@given(st.lists(st.sampled_from(list(Event)), max_size=40))
def test_a_message_that_was_stopped_while_it_waited_was_never_being_sent(events: list[Event]) -> None:
    status = S.QUEUED
    claimed = False
    for event in events:
        status = after(status, event)
        claimed = claimed or status is S.SENDING
        if status in (S.UNCONFIRMED, S.SENDING):
            assert claimed


@given(out_there, st.lists(st.sets(st.sampled_from(RECEIPTS), min_size=1), min_size=1, max_size=6))
def test_what_is_told_goes_up_the_ladder_to_what_holds_however_receipts_come_together(
    status: Status, batches: list[set[Event]]
) -> None:
    told: list[tuple[Status, bool]] = []
    heard: set[Status] = set()
    for batch in batches:
        highest = max(batch, key=RECEIPTS.index)
        reported = {LADDER[RECEIPTS.index(receipt)] for receipt in batch}
        following = after(status, highest)
        told += told_of(status, following, reported)
        heard |= reported
        status = following
    places = [LADDER.index(step) for step, _ in told]
    assert places == sorted(set(places))
    assert told[-1] == (status, False)
    assert all(step in heard for step, is_implied in told if not is_implied)
    if S.FAILED not in heard:
        assert [step for step, _ in told] == [step for step in LADDER[: places[-1] + 1] if step is not S.FAILED]


@given(st.sampled_from(list(Status)), st.sampled_from(sorted(set(Event) - set(RECEIPTS))))
def test_what_we_do_ourselves_is_told_where_it_changes_anything(status: Status, event: Event) -> None:
    following = after(status, event)
    is_news = following is not status and following in TOLD
    assert told_of(status, following) == ([(following, False)] if is_news else [])


STORIES = {
    "answered": [E.CLAIMED, E.ANSWER_ACCEPTED],
    "answer lost": [E.CLAIMED, E.ANSWER_LOST],
    "lost, answered late": [E.CLAIMED, E.LEASE_ENDED, E.ANSWER_ACCEPTED],
    "worker died": [E.CLAIMED, E.LEASE_ENDED],
    "given up": [E.CLAIMED, E.ANSWER_LOST, E.WINDOW_FAILED],
    "given up, answered late": [E.CLAIMED, E.LEASE_ENDED, E.WINDOW_FAILED, E.ANSWER_ACCEPTED],
    "sent again": [E.CLAIMED, E.LEASE_ENDED, E.WINDOW_RESEND, E.CLAIMED, E.ANSWER_ACCEPTED],
    "sent again, lost again": [
        E.CLAIMED, E.ANSWER_LOST, E.WINDOW_RESEND, E.CLAIMED, E.LEASE_ENDED, E.WINDOW_RESEND, E.CLAIMED, E.ANSWER_LOST,
        E.WINDOW_FAILED,
    ],
    "tried again": [E.CLAIMED, E.ANSWER_RETRY, E.HELD, E.CLAIMED, E.ANSWER_ACCEPTED],
    "refused": [E.CLAIMED, E.ANSWER_RETRY, E.CLAIMED, E.ANSWER_REFUSED],
    "sent again, then expired": [E.CLAIMED, E.ANSWER_LOST, E.WINDOW_RESEND, E.EXPIRED],
    "sent again, then silenced": [E.CLAIMED, E.ANSWER_LOST, E.WINDOW_RESEND, E.SUPPRESSED],
}  # fmt: skip
"""What may happen to a message on our side, each in the order in which it does."""


@dataclass(frozen=True)
class Place:
    """How far story and receipts have come, in some order, and what the message is by then."""

    told: int
    """Of the story's events."""
    heard: tuple[Event, ...]
    status: Status
    given_up: bool
    """It had failed by our own word before Meta reported anything."""

    def following(self, story: Sequence[Event], receipts: Sequence[Event]) -> Iterator["Place"]:
        if self.told < len(story):
            status = after(self.status, story[self.told])
            given_up = self.given_up or (not self.heard and status is S.FAILED)
            yield Place(self.told + 1, self.heard, status, given_up)
        if self.told:  # Meta cannot report what was not sent
            for receipt in Counter(receipts) - Counter(self.heard):
                heard = tuple(sorted([*self.heard, receipt]))
                yield Place(self.told, heard, after(self.status, receipt), self.given_up)


def _places(story: Sequence[Event], receipts: Sequence[Event]) -> set[Place]:
    """Everywhere that any interleaving of the story with any permutation of the receipts leads through.

    Two ways to one place go on alike, so each place is looked at once: that is every order, without walking each.
    """
    found = {Place(0, (), S.QUEUED, given_up=False)}
    ahead = list(found)
    while ahead:
        new = set(ahead.pop().following(story, receipts)) - found
        found |= new
        ahead += new
    return found


REPORTS = list(chain.from_iterable(combinations_with_replacement(RECEIPTS, count) for count in range(1, 6)))
"""Every bag of up to five receipts, so with every kind of repetition."""


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
def test_every_order_of_every_story_and_its_receipts_ends_in_what_meta_reported(story: list[Event]) -> None:
    for receipts in REPORTS:
        for place in _places(story, receipts):
            if not place.heard:
                assert place.status is _fold(S.QUEUED, story[: place.told])
                continue
            # Our own "failed" stands on the ladder where Meta's does: a mere `sent` does not overrule it.
            highest = max(RECEIPTS.index(receipt) for receipt in place.heard)
            least = RECEIPTS.index(E.RECEIPT_FAILED) if place.given_up else 0
            assert place.status is LADDER[max(highest, least)], place
