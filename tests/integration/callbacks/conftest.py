"""Fixtures of the feed and of delivery by HTTP, to receivers on this machine."""

from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from app.core.settings import Settings
from tests.support.fixtures import dispatcher, driver
from tests.support.receiver import Receiver, receiver

__all__ = ["dispatcher", "driver"]

CONCURRENCY = 4


@pytest.fixture
def settings(settings: Settings) -> Settings:
    here = (ip_network("127.0.0.0/8"),)
    return settings.model_copy(update={"callback_networks": here, "callback_concurrency": CONCURRENCY})


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def other_shop() -> Iterator[Receiver]:
    with receiver() as running:
        yield running
