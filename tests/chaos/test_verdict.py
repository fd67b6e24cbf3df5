"""The judge is not blind: each way of losing, doubling or mistaking one message is found."""

from dataclasses import replace

import pytest

from tests.chaos.accounts import Held, Sandbox, Taken, Ulak
from tests.chaos.plan import PlannedEvent, draw
from tests.chaos.traffic import Told
from tests.chaos.verdict import NOT_TAKEN, Fault, Verdict, judge

EVENTS = draw(1, messages=40, kills=0, workers=1).events
ORDER = next(one for one in EVENTS if one.event_type == "order-confirmed")
REMINDER = next(one for one in EVENTS if one.event_type == "appointment-reminder")

WAMID = "wamid.1"
TAKEN = Taken(1, (WAMID,), frozenset({"sent", "delivered", "read"}))


def _read(event: PlannedEvent, message_id: str = "msg_1") -> Held:
    return Held(
        id=message_id,
        reference=event.key,
        event_type=event.event_type,
        phone=event.phone,
        status="read",
        reason=None,
        due=False,
        accepted_calls=1,
        unconfirmed=0,
        resent=0,
        given_up=False,
        receipts=frozenset({("sent", WAMID), ("read", WAMID)}),
        has_times=True,
    )


def _given_up(event: PlannedEvent) -> Held:
    return replace(
        _read(event),
        status="failed",
        reason="unconfirmed",
        accepted_calls=0,
        unconfirmed=1,
        given_up=True,
        receipts=frozenset(),
        has_times=False,
    )


def _judged(event: PlannedEvent, held: list[Held], taken: Taken, *, got: int | None = None) -> Verdict:
    told = [Told(event, "msg_1", posts=1, replayed=False)]
    shown = {one.id: (one.status, one.reason) for one in held}
    all_taken = {"msg_1": taken} if taken.accepted else {}
    by_recipient = {event.phone.lstrip("+"): taken.accepted if got is None else got}
    return judge(1, told, Ulak(tuple(held), shown, 0), Sandbox(all_taken, by_recipient, {}, {}))


def _faults(verdict: Verdict) -> set[Fault]:
    return {one.fault for one in verdict.findings}


@pytest.mark.parametrize(
    ("event", "held", "taken"),
    [
        (ORDER, _read(ORDER), TAKEN),
        (ORDER, replace(_read(ORDER), accepted_calls=0, unconfirmed=1), TAKEN),
        (ORDER, replace(_read(ORDER), unconfirmed=1, resent=1), TAKEN),
        (REMINDER, _given_up(REMINDER), NOT_TAKEN),
    ],
    ids=["read", "settled by its receipt", "sent again", "given up, and never taken"],
)
def test_what_is_right_is_not_blamed(event: PlannedEvent, held: Held, taken: Taken) -> None:
    verdict = _judged(event, [held], taken)
    assert verdict.findings == []
    assert verdict.accounted_for == 1


@pytest.mark.parametrize(
    ("event", "held", "taken"),
    [
        (ORDER, _given_up(ORDER), NOT_TAKEN),
        (ORDER, _read(ORDER), NOT_TAKEN),
        (REMINDER, replace(_read(REMINDER), status="accepted"), NOT_TAKEN),
        (REMINDER, _given_up(REMINDER), TAKEN),
        (ORDER, replace(_read(ORDER), status="queued", due=True), TAKEN),
    ],
    ids=["given up against its policy", "read by nobody", "accepted by nobody", "given up and read", "read and queued"],
)
def test_what_is_lost_is_found(event: PlannedEvent, held: Held, taken: Taken) -> None:
    verdict = _judged(event, [held], taken)
    assert Fault.LOST in _faults(verdict)
    assert verdict.accounted_for == 0


def test_an_accepted_event_without_a_message_is_lost() -> None:
    assert _faults(_judged(ORDER, [], NOT_TAKEN)) == {Fault.LOST}


def test_a_customer_who_got_less_than_ulak_says_is_found_without_our_ids() -> None:
    assert _faults(_judged(ORDER, [_read(ORDER)], TAKEN, got=0)) == {Fault.LOST}


def test_a_message_that_meta_took_twice_is_doubled() -> None:
    twice = replace(TAKEN, accepted=2, wamids=(WAMID, "wamid.2"))
    assert Fault.DOUBLED in _faults(_judged(ORDER, [_read(ORDER)], twice))


def test_one_key_with_two_messages_is_doubled() -> None:
    assert Fault.DOUBLED in _faults(_judged(ORDER, [_read(ORDER), _read(ORDER, "msg_2")], TAKEN))


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "delivered"},
        {"has_times": False},
        {"receipts": frozenset({("sent", WAMID)})},
        {"receipts": frozenset({("sent", WAMID), ("read", "wamid.other")})},
        {"due": True},
        {"accepted_calls": 2},
        {"phone": "+905320000000"},
    ],
    ids=["behind", "no times", "receipt missing", "receipt of another", "waits", "call of nobody", "other customer"],
)
def test_what_is_wrong_is_found(changes: dict) -> None:
    assert Fault.WRONG in _faults(_judged(ORDER, [replace(_read(ORDER), **changes)], TAKEN))


def test_a_plan_is_the_same_for_the_same_seed() -> None:
    assert draw(7, messages=100, kills=5, workers=2) == draw(7, messages=100, kills=5, workers=2)
    assert draw(7, messages=100, kills=5, workers=2) != draw(8, messages=100, kills=5, workers=2)


def test_figures_that_are_no_recount_are_blamed() -> None:
    told = [Told(ORDER, "msg_1", posts=1, replayed=False)]
    right = Ulak((_read(ORDER),), {"msg_1": ("read", None)}, 0, {"sent": 1, "read": 1}, {"sent": 1, "read": 1})
    sandbox = Sandbox({"msg_1": TAKEN}, {ORDER.phone.lstrip("+"): 1}, {}, {})
    assert judge(1, told, right, sandbox).findings == []
    (finding,) = judge(1, told, replace(right, figures={"sent": 1, "read": 0}), sandbox).findings
    assert finding.subject == "figures"
