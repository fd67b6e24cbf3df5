import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from tests.support.fixtures import dispatcher, driver
from tests.support.postgres import Clones

__all__ = ["dispatcher", "driver"]


@pytest.fixture
def run() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """For tests that call what has an event loop of its own."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture
def scratch_url(clones: Clones, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> Iterator[str]:
    """As database_url, for a test that is no coroutine."""
    clone = clones.clone()
    yield run(clone.__aenter__())
    run(clone.__aexit__(None, None, None))
