"""Fixtures for tests that drive the API and a dispatcher; a conftest beside the tests imports them."""

import httpx
import pytest

from app.container import Container
from app.messages.dispatch import Dispatcher
from app.worker import build_dispatcher
from tests.support.driving import Driver
from tests.support.world import World


@pytest.fixture
def driver(http: httpx.AsyncClient, world: World) -> Driver:
    return Driver(http, world)


@pytest.fixture
def dispatcher(container: Container) -> Dispatcher:
    return build_dispatcher(container)
