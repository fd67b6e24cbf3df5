"""Ten thousand waiting messages, two workers, and customers who leave in the middle of it."""

from collections.abc import Callable
from pathlib import Path

from tests.support.silencing import sending_stack, silence

MESSAGES = 10_000


def test_nothing_is_claimed_after_the_commit_of_an_opt_out(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with sending_stack(tmp_path, workers=2, throughput=600) as stack:
        outcome = silence(stack, messages=MESSAGES, contacts=50, opt_outs=5)
    assert outcome.messages >= MESSAGES
    assert len(outcome.silences) == 5
    for one in outcome.silences:
        record_property("silence", str(one))
        print(one)  # noqa: T201 - what was on the wire is to be seen
        assert one.claimed_after == 0
        assert one.claimed_before > 0, "it left before anything was sent"
        assert one.suppressed > 0, "it left after everything was sent"
        assert one.claimed_before + one.suppressed == one.messages
        assert one.on_the_wire <= one.claimed_before
    suppressed = sum(one.suppressed for one in outcome.silences)
    assert outcome.sent == outcome.messages - suppressed
    assert len(outcome.taken) <= outcome.sent, "of which a call that nobody answered may not have arrived"
