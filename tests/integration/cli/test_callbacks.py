"""`ulak callbacks`, as it is typed."""

from datetime import timedelta
from ipaddress import ip_network

import asyncpg
import pytest

from app.cli.callbacks import callbacks
from app.cli.run import CommandError
from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from tests.integration.callbacks.endpoint import Endpoint, numbers, tell
from tests.integration.cli.test_businesses import run
from tests.support.driving import Driver
from tests.support.receiver import receiver


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"callback_networks": (ip_network("127.0.0.0/8"),)})


async def test_endpoints_are_shown_and_events_sent_again(
    settings: Settings,
    driver: Driver,
    container: Container,
    clock: ManualClock,
    connection: asyncpg.Connection,
) -> None:
    of = ("--business", f"biz_{driver.world.business_id.hex}", "--mode", "test")
    with receiver() as shop:
        await tell(connection, driver, 1)
        endpoint = await Endpoint.create(driver, shop.url, types=["consent.changed"])
        listed = await run(settings, callbacks, "list", *of)
        assert endpoint.id in listed.output
        assert "untried" in listed.output
        done = await run(
            settings, callbacks, "replay", *of, endpoint.id, "--since", "2020-01-01", "--until", "2998-01-01"
        )
        assert (done.exit_code, done.output.strip()) == (0, "1 events on their way")
        clock.advance(timedelta(hours=1))  # commands go by the time of the day
        await container.deliverer.step()
        assert numbers(shop.events) == [1]
        for typed in ((endpoint.id, "--since", "2998-01-01"), ("cbe_1", "--since", "2020-01-01")):
            refused = await run(settings, callbacks, "replay", *of, *typed)
            assert isinstance(refused.exception, CommandError)
