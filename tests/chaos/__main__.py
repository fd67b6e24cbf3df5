"""`make chaos`: a larger run than CI's, which ends by itself; exit code 1 when it proves nothing."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from random import SystemRandom

from tests.chaos.plan import draw
from tests.chaos.report import report
from tests.chaos.run import carry_out


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    seed = os.environ.get("ULAK_CHAOS_SEED")
    parser.add_argument("--seed", type=int, default=int(seed) if seed else None, help="ULAK_CHAOS_SEED; by chance")
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=25, help="of each: API, PostgreSQL, and the workers together")
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


_BEGUN = time.monotonic()


def _say(what: str) -> None:
    sys.stdout.write(f"{time.monotonic() - _BEGUN:7.1f} s  {what}\n")
    sys.stdout.flush()


def main() -> int:
    options = _options()
    seed = options.seed if options.seed is not None else SystemRandom().randrange(2**32)
    plan = draw(seed, messages=options.messages, kills=options.kills, workers=options.workers)
    _say(f"ULAK_CHAOS_SEED={seed}: {len(plan.events)} events, {3 * plan.kills} kills")
    directory = Path(tempfile.mkdtemp(prefix="ulak-chaos-"))
    _say(f"logs are in {directory}, and stay there when the run proves nothing")
    outcome = carry_out(plan, directory, _say)
    sys.stdout.write(f"\n{report(outcome)}\n")
    if outcome.flaws:
        return 1
    shutil.rmtree(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
