import pytest

from app.sandbox.settings import SandboxSettings
from tests.support.sandbox import Bench, Receiver


@pytest.fixture
def receiver():
    return Receiver()


@pytest.fixture
def make_bench(receiver):
    def make(**settings):
        return Bench(SandboxSettings(**({"clock": "manual", "delay_jitter": 0.0} | settings)), receiver)

    return make


@pytest.fixture
async def bench(make_bench):
    return await make_bench().open(display_phone_number="+908505550100", verified_name="Desk")
