"""Uploads are renewed before Meta forgets them, as long as somebody needs them; by the clock."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import respx

from app.accounts.directory import SenderAccount
from app.container import Container
from app.core.clock import ManualClock
from app.core.ids import parse_id
from app.housekeeping import Housekeeping
from app.media import repository
from app.media.states import LIFE
from tests.support.driving import Driver, count, refusal
from tests.support.files import png
from tests.support.media import MediaAtGraph, added

DAYS_BEFORE = 3


@pytest.fixture
def meta(graph: respx.MockRouter, driver: Driver) -> MediaAtGraph:
    return MediaAtGraph(graph, driver.world)


@pytest.fixture
async def sender(driver: Driver, container: Container) -> SenderAccount:
    business = await container.directory.business(driver.world.business_id)
    assert business is not None
    return business.senders[0]


@pytest.fixture
def housekeeping(container: Container) -> Housekeeping:
    return Housekeeping(container)


async def uploaded(driver: Driver, container: Container, sender: SenderAccount, **file: Any) -> UUID:
    """A file at Meta that a message just used."""
    media_id = parse_id("med", await added(driver, **file))
    assert media_id is not None
    await container.uploads.make(sender, media_id)
    await container.uploads.note_use(driver.world.business_id, media_id)
    return media_id


async def known(driver: Driver, media_id: UUID) -> list[dict[str, Any]]:
    answer = await driver.request("GET", f"/v1/media/med_{media_id.hex}")
    found: list[dict[str, Any]] = answer.json()["uploads"]
    return found


async def test_used_file_is_renewed_before_its_end_and_not_long_before(
    driver: Driver,
    container: Container,
    sender: SenderAccount,
    housekeeping: Housekeeping,
    meta: MediaAtGraph,
    clock: ManualClock,
) -> None:
    media_id = await uploaded(driver, container, sender)
    clock.advance(LIFE - timedelta(days=DAYS_BEFORE, minutes=1))
    await housekeeping.look_after_media()
    assert meta.ids == ["7001"]
    clock.advance(timedelta(minutes=2))
    await housekeeping.look_after_media()
    assert meta.ids == ["7001", "7002"]
    (upload,) = await known(driver, media_id)
    assert (upload["state"], upload["uploaded_at"]) == ("ready", clock.now().isoformat().replace("+00:00", "Z"))
    await housekeeping.look_after_media()
    assert meta.ids == ["7001", "7002"], "what was renewed is left alone"


async def test_forgotten_file_ends_at_meta_and_is_uploaded_again_when_needed(
    driver: Driver,
    container: Container,
    sender: SenderAccount,
    housekeeping: Housekeeping,
    meta: MediaAtGraph,
    clock: ManualClock,
    connection: asyncpg.Connection,
) -> None:
    media_id = await uploaded(driver, container, sender)
    clock.advance(timedelta(days=20))
    await connection.execute("UPDATE media SET used_at = $1", clock.now() - timedelta(days=21))
    clock.advance(timedelta(days=9))
    await housekeeping.look_after_media()
    assert meta.ids == ["7001"]
    assert [one["state"] for one in await known(driver, media_id)] == ["ready"]
    clock.advance(timedelta(days=2))
    await housekeeping.look_after_media()
    assert (await known(driver, media_id), await count(connection, "media")) == ([], 1)
    await container.uploads.make(sender, media_id)
    assert meta.ids == ["7001", "7002"]


async def test_sample_of_a_template_is_renewed_though_no_message_used_it_lately(
    driver: Driver,
    container: Container,
    sender: SenderAccount,
    housekeeping: Housekeeping,
    meta: MediaAtGraph,
    clock: ManualClock,
    connection: asyncpg.Connection,
) -> None:
    media_id = await uploaded(driver, container, sender)
    async with container.database.transaction() as session:
        await repository.keep_sample(
            session, driver.world.business_id, driver.world.waba_id, "product_care", "tr", media_id
        )
    await connection.execute("UPDATE media SET used_at = NULL")
    clock.advance(timedelta(days=28))
    await housekeeping.look_after_media()
    assert meta.ids == ["7001", "7002"]


async def test_renewal_that_fails_leaves_what_lies_at_meta(
    driver: Driver,
    container: Container,
    sender: SenderAccount,
    housekeeping: Housekeeping,
    meta: MediaAtGraph,
    clock: ManualClock,
) -> None:
    media_id = await uploaded(driver, container, sender)
    clock.advance(timedelta(days=28))
    meta.planned = [refusal(131053)]
    await housekeeping.look_after_media()
    (upload,) = await known(driver, media_id)
    assert (upload["state"], upload["error"]["code"]) == ("ready", 131053)
    state = await container.uploads.state(driver.world.business_id, media_id, sender.phone_number_id)
    assert getattr(state, "meta_id", None) == "7001", "messages go on with it"
    clock.advance(timedelta(hours=2))
    await housekeeping.look_after_media()
    (upload,) = await known(driver, media_id)
    assert (upload["error"], meta.ids) == (None, ["7001", "7002"])


async def test_two_workers_renew_once(
    driver: Driver,
    container: Container,
    sender: SenderAccount,
    meta: MediaAtGraph,
    clock: ManualClock,
) -> None:
    for shade in range(3):
        await uploaded(driver, container, sender, content=png(shade=shade), mime_type="image/png", name=None)
    clock.advance(timedelta(days=28))
    await container.uploads.renew()
    await container.uploads.renew()
    assert meta.uploads.call_count == 6


async def test_upload_of_a_number_that_is_gone_ends(
    driver: Driver,
    container: Container,
    sender: SenderAccount,
    housekeeping: Housekeeping,
    meta: MediaAtGraph,
    clock: ManualClock,
    connection: asyncpg.Connection,
) -> None:
    media_id = await uploaded(driver, container, sender)
    await connection.execute("UPDATE media_uploads SET phone_number_id = 'gone'")
    (upload,) = await known(driver, media_id)
    assert upload["sender"] is None
    clock.advance(timedelta(days=28))
    await housekeeping.look_after_media()
    assert meta.uploads.call_count == 1
    assert (await driver.request("DELETE", f"/v1/media/med_{media_id.hex}")).status_code == 204
    assert await count(connection, "media") == 0
