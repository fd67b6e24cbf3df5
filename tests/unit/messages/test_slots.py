"""Calls under way are shared: whoever comes finds something free."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.messages.slots import SHARE, Slots

BUSINESS, OTHER = UUID(int=1), UUID(int=2)


def fill(slots: Slots, business: UUID, sender: UUID) -> int:
    taken = 0
    while wanted := slots.open_to(business, sender):
        for _ in range(wanted):
            slots.take(business, sender)
        taken += wanted
    return taken


def test_one_sender_leaves_a_fifth_to_others() -> None:
    slots = Slots(400)
    assert fill(slots, BUSINESS, UUID(int=10)) == 320
    assert slots.free == 80


def test_another_business_gets_slots_at_once_though_the_first_is_stuck() -> None:
    slots = Slots(400)
    fill(slots, BUSINESS, UUID(int=10))
    assert fill(slots, OTHER, UUID(int=20)) == 64


def test_many_senders_of_one_business_get_no_more_than_one_would() -> None:
    slots = Slots(400)
    taken = sum(fill(slots, BUSINESS, UUID(int=10 + number)) for number in range(50))
    assert taken <= 320 + 50, "one each at the most, beyond the business's share"
    assert slots.free


def test_a_slot_that_is_given_back_can_be_taken_again() -> None:
    slots = Slots(1)
    assert fill(slots, BUSINESS, UUID(int=10)) == 1
    assert slots.open_to(OTHER, UUID(int=20)) == 0
    slots.give_back(BUSINESS, UUID(int=10))
    assert slots.open_to(OTHER, UUID(int=20)) == 1


@given(st.integers(1, 500), st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), max_size=40))
def test_never_more_than_there_are_and_none_beyond_its_share(total: int, comers: list[tuple[int, int]]) -> None:
    slots = Slots(total)
    held: dict[UUID, int] = {}
    for business, sender in comers:
        key = UUID(int=business)
        wanted = slots.open_to(key, UUID(int=business * 10 + sender))
        assert 0 <= wanted <= slots.free
        for _ in range(wanted):
            slots.take(key, UUID(int=business * 10 + sender))
        held[key] = held.get(key, 0) + wanted
        if wanted > 1:
            assert held[key] <= SHARE * slots.free
    assert sum(held.values()) + slots.free == total
