"""Consent: who may be told what, and how acts change it."""

from collections.abc import Iterable, Mapping

import pytest

from app.consent.fold import Act, Deed, Stance, after, fold
from app.consent.rules import permits, permits_after_opt_out, permits_pending, permits_to_any

IN, OUT = Act.OPT_IN, Act.OPT_OUT


def _fold(acts: Iterable[tuple[Act, str]]) -> Mapping[str, str]:
    return fold(Deed(act, topic) for act, topic in acts).states


@pytest.mark.parametrize(
    ("states", "permitted", "reason", "decided_by"),
    [
        ({}, False, "no_consent", "*"),
        ({"*": "opted_in"}, True, "opted_in", "*"),
        ({"*": "opted_out"}, False, "opted_out", "*"),
        ({"orders": "opted_in"}, True, "opted_in", "orders"),
        ({"orders": "opted_out"}, False, "opted_out", "orders"),
        ({"billing": "opted_in"}, False, "no_consent", "*"),
        ({"*": "opted_in", "orders": "opted_out"}, False, "opted_out", "orders"),
        ({"*": "opted_out", "orders": "opted_in"}, True, "opted_in", "orders"),
        ({"*": "opted_in", "orders": "a state of a later year"}, False, "no_consent", "orders"),
    ],
)
def test_the_own_topic_decides_before_all_topics(
    states: dict[str, str], *, permitted: bool, reason: str, decided_by: str
) -> None:
    verdict = permits(states, "orders")
    assert (verdict.permitted, verdict.reason, verdict.topic) == (permitted, reason, decided_by)


@pytest.mark.parametrize(
    ("acts", "permitted"),
    [
        ([], False),
        ([(IN, "*")], True),
        ([(IN, "orders")], True),
        ([(IN, "billing")], False),
        ([(IN, "*"), (OUT, "*")], False),
        ([(IN, "orders"), (OUT, "*")], False),
        ([(OUT, "*"), (IN, "*")], True),
        ([(OUT, "orders"), (IN, "*")], True),
        ([(OUT, "*"), (IN, "orders")], True),
        ([(OUT, "*"), (IN, "billing")], False),
        ([(IN, "*"), (OUT, "orders")], False),
        ([(IN, "*"), (OUT, "billing")], True),
        ([(IN, "*"), (OUT, "orders"), (IN, "orders")], True),
    ],
)
def test_the_last_act_about_a_topic_or_all_topics_holds(acts: list[tuple[Act, str]], *, permitted: bool) -> None:
    assert permits(_fold(acts), "orders").permitted is permitted


def test_an_act_leaves_the_state_before_it_as_it_was() -> None:
    before = Stance({"*": "opted_in"})
    after(before, Deed(OUT, "orders"))
    after(before, Deed(OUT, "*"))
    assert before.states == {"*": "opted_in"}


@pytest.mark.parametrize(
    ("states", "permitted", "reason", "decided_by"),
    [
        ({}, False, "no_consent", "*"),
        ({"*": "opted_in"}, True, "opted_in", "*"),
        ({"orders": "opted_in"}, True, "opted_in", "orders"),
        ({"*": "opted_out", "orders": "opted_in"}, True, "opted_in", "orders"),
        ({"*": "opted_in", "orders": "opted_out"}, True, "opted_in", "*"),
        ({"*": "opted_out"}, False, "opted_out", "*"),
        ({"orders": "opted_out"}, False, "opted_out", "orders"),
        ({"orders": "a state of a later year"}, False, "no_consent", "*"),
    ],
)
def test_consent_to_any_topic_is_enough_to_confirm_it(
    states: dict[str, str], *, permitted: bool, reason: str, decided_by: str
) -> None:
    verdict = permits_to_any(states)
    assert (verdict.permitted, verdict.reason, verdict.topic) == (permitted, reason, decided_by)


@pytest.mark.parametrize(
    ("states", "permitted", "reason", "decided_by"),
    [
        ({}, False, "not_opted_out", "*"),
        ({"*": "opted_in"}, False, "not_opted_out", "*"),
        ({"orders": "opted_out"}, False, "not_opted_out", "*"),
        ({"*": "opted_out"}, True, "opted_out", "*"),
        ({"*": "opted_out", "orders": "opted_out"}, True, "opted_out", "*"),
        ({"*": "opted_out", "orders": "opted_in"}, False, "not_opted_out", "orders"),
    ],
)
def test_an_opt_out_is_confirmed_only_to_who_refused_everything(
    states: dict[str, str], *, permitted: bool, reason: str, decided_by: str
) -> None:
    verdict = permits_after_opt_out(states)
    assert (verdict.permitted, verdict.reason, verdict.topic) == (permitted, reason, decided_by)


@pytest.mark.parametrize(
    ("states", "permitted", "reason", "decided_by"),
    [
        ({}, False, "nothing_pending", "*"),
        ({"*": "opted_in"}, False, "nothing_pending", "*"),
        ({"*": "opted_out"}, False, "nothing_pending", "*"),
        ({"*": "pending"}, True, "pending", "*"),
        ({"*": "opted_out", "orders": "pending"}, True, "pending", "orders"),
        ({"orders": "opted_in", "marketing": "pending"}, True, "pending", "marketing"),
    ],
)
def test_a_confirmation_is_asked_for_only_while_something_waits_for_it(
    states: dict[str, str], *, permitted: bool, reason: str, decided_by: str
) -> None:
    verdict = permits_pending(states)
    assert (verdict.permitted, verdict.reason, verdict.topic) == (permitted, reason, decided_by)
