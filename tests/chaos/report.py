"""What a run came to, as a table."""

from collections.abc import Iterator, Mapping

from tests.chaos.run import Outcome
from tests.chaos.verdict import Fault

_SHOWN_FLAWS = 20


def report(outcome: Outcome) -> str:
    lines = [f"{name:<36}{value}" for name, value in _rows(outcome)]
    flaws = outcome.flaws
    lines += ["", *(f"! {one}" for one in flaws[:_SHOWN_FLAWS])] if flaws else []
    lines += [f"! and {len(flaws) - _SHOWN_FLAWS} more"] if len(flaws) > _SHOWN_FLAWS else []
    for story in outcome.stories:
        lines += ["", story]
    return "\n".join([*lines, "", f"again: {outcome.plan.command}"])


def _rows(outcome: Outcome) -> Iterator[tuple[str, object]]:
    verdict = outcome.verdict
    yield "seed", outcome.plan.seed
    yield "workers", outcome.plan.workers
    yield "events reported", verdict.reported
    yield "  accepted with 202", verdict.told
    yield "  of these told only when repeated", verdict.replayed
    yield "messages accounted for", verdict.accounted_for
    yield "lost", outcome.count(Fault.LOST)
    yield "doubled", outcome.count(Fault.DOUBLED)
    yield "wrong", outcome.count(Fault.WRONG)
    yield "counted by figures alike", outcome.figures_counted
    yield "ended as", _listed(verdict.ends)
    yield "unconfirmed, settled by receipt", len(verdict.by_echo)
    yield "unconfirmed, sent again", len(verdict.resent)
    yield "unconfirmed, given up", len(verdict.given_up)
    yield "killed", _listed(outcome.kills)
    yield "answers to the backend", _listed(outcome.answers)
    yield "injected by the sandbox", _listed(outcome.sandbox.injected)
    yield "webhook POSTs", _listed(outcome.sandbox.webhooks)
    yield "seconds", f"{round(outcome.seconds)}, and the window is {outcome.window}"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"
