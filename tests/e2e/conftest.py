"""One running stack for all tests that change nothing of it: starting it takes seconds."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.stack import Stack, running_stack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    # Deliveries at once: what these tests wait for is the truth, not the time that it takes.
    quick = {
        "ULAK_SANDBOX_SENT_DELAY": "0.02",
        "ULAK_SANDBOX_DELIVERED_DELAY": "0.05",
        "ULAK_SANDBOX_READ_DELAY": "0.1",
        "ULAK_FORM_LEAST_FILL": "PT0S",
    }
    with running_stack(tmp_path_factory.mktemp("stack"), throughput=1000, **quick) as running:
        running.settle_in()
        yield running


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    with stack.api as client:
        yield client
