"""Learning names costs nothing where nothing is new, and two who learn the same at once agree."""

import asyncio
from datetime import timedelta

import asyncpg
from prometheus_client import REGISTRY

from app.consent.persons import Told, told
from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from tests.support.driving import PHONE, another_container, numbered_phone, rows
from tests.support.world import World

BSUID = "TR.88123"


def heard(world: World, clock: ManualClock, phone: str = PHONE, bsuid: str = BSUID) -> Told:
    return told(world.business_id, world.mode, clock.now(), "wamid.1", wa_id=phone.lstrip("+"), bsuid=bsuid)


def asked() -> float:
    """How often the database was asked about names."""
    return REGISTRY.get_sample_value("ulak_group_commit_batch_size_count", {"path": "identities"}) or 0


async def test_of_names_that_were_heard_before_the_database_is_not_asked_again(
    container: Container, world: World, clock: ManualClock
) -> None:
    await world.opt_in(PHONE)
    await container.identities.learn([heard(world, clock)])
    before = asked()
    for _ in range(3):
        clock.advance(timedelta(seconds=1))
        await container.identities.learn([heard(world, clock)])
    await container.identities.learn(
        [told(world.business_id, world.mode, clock.now(), "wamid.2", wa_id="905321112233")]
    )
    assert asked() == before
    await container.identities.learn([heard(world, clock, bsuid="TR.2")])
    assert asked() == before + 1


async def test_many_names_are_learnt_together(
    container: Container, world: World, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    phones = [numbered_phone(one) for one in range(20)]
    await world.opt_in(*phones)
    before = asked()
    await container.identities.learn([heard(world, clock, one, f"TR.{one[-4:]}") for one in phones])
    assert asked() == before + 1
    found = (await rows(connection, "contacts"))["contacts"]
    assert {one["phone"]: one["bsuid"] for one in found} == {one: f"TR.{one[-4:]}" for one in phones}


async def test_two_processes_that_join_the_same_contacts_at_once_do_it_once(
    container: Container, world: World, clock: ManualClock, settings: Settings, connection: asyncpg.Connection
) -> None:
    await world.opt_in(PHONE)
    await connection.execute(
        "INSERT INTO contacts (business_id, id, mode, bsuid) VALUES ($1, gen_random_uuid(), $2, $3)",
        world.business_id,
        world.mode,
        BSUID,
    )
    async with another_container(settings, clock) as other:
        said = [heard(world, clock)]
        await asyncio.gather(*(one.identities.learn(said) for one in (container, other, container, other)))
    found = await rows(connection, "contacts", "consent_acts")
    ended = [one for one in found["contacts"] if one["ended_at"] is not None]
    kept = [one for one in found["contacts"] if one["ended_at"] is None]
    assert [(one["phone"], one["bsuid"]) for one in kept] == [(PHONE, BSUID)]
    assert [one["successor_id"] for one in ended] == [kept[0]["id"]]
    assert sorted(one["act"] for one in found["consent_acts"]) == ["merge", "merge", "opt_in"]
