"""A contact's arm: always the same one, in the share that was asked for, and a raised share takes nobody away."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.experiments.assignment import arm_at, place_of
from app.experiments.running import Arm, Running

PLACES = st.floats(0, 1, exclude_max=True)
IDS = st.uuids()


def shares_of(draw: st.DrawFn) -> list[int]:
    cuts = sorted(draw(st.sets(st.integers(1, 99), max_size=9)))
    return [after - before for before, after in zip([0, *cuts], [*cuts, 100], strict=True)]


SHARES = st.composite(shares_of)()


@given(IDS, IDS)
def test_place_is_the_same_each_time_and_lies_in_the_unit_interval(experiment: UUID, contact: UUID) -> None:
    place = place_of(experiment, contact)
    assert 0 <= place < 1
    assert place == place_of(UUID(str(experiment)), UUID(str(contact)))


@given(PLACES, SHARES)
def test_every_place_has_one_arm_and_lies_in_its_part(place: float, shares: list[int]) -> None:
    arm = arm_at(place, shares)
    assert sum(shares[:arm]) <= place * 100 < sum(shares[: arm + 1])


@given(IDS, IDS, st.integers(0, 100), st.integers(0, 100))
def test_raised_share_moves_contacts_to_the_variant_and_none_from_it(
    experiment: UUID, contact: UUID, one: int, other: int
) -> None:
    low, high = sorted((one, other))
    place = place_of(experiment, contact)
    before, after = arm_at(place, [low, 100 - low]), arm_at(place, [high, 100 - high])
    assert after <= before, "the variant is the first arm"


@given(IDS, st.integers(1, 99))
def test_share_of_many_contacts_is_what_was_asked_for(experiment: UUID, share: int) -> None:
    """Six standard deviations from it: once in half a thousand million."""
    arms = (Arm("variant", "short", share), Arm("control", "long", 100 - share))
    running = Running(experiment, "order-confirmed", arms, is_limited=False, notes=True)
    number = 1000
    got = sum(running.arm_of(UUID(int=contact)).name == "variant" for contact in range(number))
    expected, deviation = number * share / 100, (number * share * (100 - share)) ** 0.5 / 100
    assert abs(got - expected) <= 6 * deviation


@given(IDS, IDS)
def test_experiments_choose_independently(experiment: UUID, other: UUID) -> None:
    """Who got one variant does not get the next one for that."""
    if experiment == other:
        return
    both = sum(
        arm_at(place_of(experiment, UUID(int=contact)), [50, 50])
        == arm_at(place_of(other, UUID(int=contact)), [50, 50])
        for contact in range(1000)
    )
    assert abs(both - 500) <= 6 * 1000**0.5 / 2
