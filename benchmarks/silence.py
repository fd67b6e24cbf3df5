"""`python -m benchmarks.silence`: how long it takes from the request to opt out until nothing more is sent.

API, workers and the sandbox run as they are run in earnest, on loopback, and are in the middle of sending a backlog;
events about the customers who leave go on coming in. Silence is counted from the request to the last call to Meta that
began for the customer, by the clock of the machine that they all run on; what was claimed before or after the opt-out's
commit, by what PostgreSQL says of its transactions.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import percentile
from benchmarks.report import machine
from tests.support.silencing import Outcome, Silence, sending_stack, silence


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.silence", description=__doc__)
    add = parser.add_argument
    add("--messages", type=int, default=20_000, help="messages that wait (default: %(default)s)")
    add("--contacts", type=int, default=100, help="contacts that they are spread over (default: %(default)s)")
    add("--opt-outs", type=int, default=20, help="contacts that leave, one after another (default: %(default)s)")
    add("--workers", type=int, default=2, help="worker processes (default: %(default)s)")
    add("--throughput", type=int, default=1000, help="messages per second that the number may send (default: 1000)")
    return parser.parse_args()


def _lines(outcome: Outcome) -> list[tuple[str, str]]:
    found = outcome.silences
    return [
        ("messages", f"{outcome.messages:,}"),
        ("  sent", f"{outcome.sent:,}"),
        ("  silenced", f"{sum(one.suppressed for one in found):,}"),
        ("sent per second meanwhile", f"{outcome.per_second:,.0f}"),
        ("opt-outs", str(len(found))),
        ("claimed after their commit", str(sum(one.claimed_after for one in found))),
        ("on the wire at their commit", _spread(found, "on_the_wire", "{:.0f}")),
        ("ms to the answer", _spread(found, "answered_in", "{:.0f}", 1000)),
        ("ms to silence", _spread(found, "silent_in", "{:.0f}", 1000)),
    ]


def _spread(found: Sequence[Silence], name: str, form: str, scale: float = 1) -> str:
    values = [getattr(one, name) * scale for one in found]
    median, worst = percentile(values, 50), max(values)
    return f"median {form.format(median)}, at most {form.format(worst)}"


def main() -> int:
    options = _options()
    print(", ".join(f"{name} {value}" for name, value in machine().items()), flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="ulak-silence-") as directory,
        sending_stack(Path(directory), workers=options.workers, throughput=options.throughput) as stack,
    ):
        outcome = silence(stack, messages=options.messages, contacts=options.contacts, opt_outs=options.opt_outs)
    for name, value in _lines(outcome):
        print(f"{name:<28}{value}")
    return 1 if any(one.claimed_after for one in outcome.silences) else 0


if __name__ == "__main__":
    sys.exit(main())
