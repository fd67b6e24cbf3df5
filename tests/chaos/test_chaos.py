"""API, worker and PostgreSQL are killed while Meta is at its worst: nothing is lost, nothing is doubled."""

import os
from pathlib import Path
from random import SystemRandom

import pytest

from tests.chaos.plan import draw
from tests.chaos.report import report
from tests.chaos.run import carry_out

MESSAGES = 400
KILLS = 3


@pytest.mark.parametrize("workers", [2])
def test_nothing_is_lost_and_nothing_is_doubled(tmp_path: Path, workers: int) -> None:
    seed = int(os.environ.get("ULAK_CHAOS_SEED") or SystemRandom().randrange(2**32))
    outcome = carry_out(draw(seed, messages=MESSAGES, kills=KILLS, workers=workers), tmp_path)
    told = report(outcome)
    print(told)  # noqa: T201 - pytest shows it when the test fails, or with -s
    assert not outcome.flaws, told
    assert outcome.verdict.accounted_for == MESSAGES
    assert all(outcome.kills[process] >= KILLS for process in ("api", "worker", "postgres"))
    assert all(outcome.sandbox.injected[fault] for fault in ("lost_answers", "duplicate_webhooks", "disorder"))
