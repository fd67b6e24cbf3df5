"""Three accounts of the same messages compared: what the backend was told, what Ulak holds, what the sandbox took."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.events.catalogue import catalogue
from tests.chaos.accounts import Held, Sandbox, Taken, Ulak
from tests.chaos.traffic import Told


class Fault(StrEnum):
    LOST = "lost"
    DOUBLED = "doubled"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    fault: Fault
    subject: str
    what: str

    def __str__(self) -> str:
        return f"{self.fault}: {self.subject}: {self.what}"


@dataclass
class Verdict:
    reported: int
    told: int
    replayed: int
    accounted_for: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    """By how a message ended, as people would say it."""
    findings: list[Finding] = field(default_factory=list)
    by_echo: list[str] = field(default_factory=list)
    """Messages whose outcome was unknown until a receipt told it."""
    resent: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)

    def count(self, fault: Fault) -> int:
        return sum(one.fault is fault for one in self.findings)


NOT_TAKEN = Taken(0, (), frozenset())


def judge(reported: int, told: Sequence[Told], ulak: Ulak, sandbox: Sandbox) -> Verdict:
    verdict = Verdict(reported, len(told), sum(one.replayed for one in told))
    held = {one.id: one for one in ulak.messages}
    expected = {one.message_id: one for one in told}
    verdict.findings += _at_the_door(told, ulak.messages)
    for message_id, one in expected.items():
        message = held.get(message_id)
        if message is None:
            verdict.findings.append(Finding(Fault.LOST, one.event.key, "accepted with 202, and Ulak has no message"))
            continue
        found = list(_of_message(message, sandbox.taken.get(message_id, NOT_TAKEN)))
        if message.phone != one.event.phone or message.event_type != one.event.event_type:
            found.append(Finding(Fault.WRONG, message.id, "is not the message that was reported"))
        if ulak.shown.get(message_id) != (message.status, message.reason):
            found.append(Finding(Fault.WRONG, message.id, f"the API shows {ulak.shown.get(message_id)}"))
        verdict.findings += found
        verdict.accounted_for += not found
        _sort(verdict, message)
    for message_id in sandbox.taken.keys() - held.keys():
        verdict.findings.append(Finding(Fault.WRONG, message_id, "was sent, and Ulak has no message"))
    verdict.findings += _of_recipients(ulak.messages, sandbox.by_recipient)
    verdict.findings += _of_figures(ulak)
    return verdict


def _at_the_door(told: Sequence[Told], messages: Sequence[Held]) -> list[Finding]:
    """One event is one message, however often it was posted."""
    by_reference: defaultdict[str, list[str]] = defaultdict(list)
    for message in messages:
        by_reference[message.reference].append(message.id)
    found = [
        Finding(Fault.DOUBLED, reference, f"one key, {len(ids)} messages")
        for reference, ids in by_reference.items()
        if len(ids) > 1
    ]
    answered = Counter(one.event.key for one in told)
    unknown = by_reference.keys() - answered.keys()
    return found + [Finding(Fault.WRONG, reference, "stored, and never acknowledged") for reference in unknown]


def _of_message(message: Held, taken: Taken) -> list[Finding]:
    found = []
    if taken.accepted > 1:
        found.append(Finding(Fault.DOUBLED, message.id, f"Meta took it {taken.accepted} times"))
    if message.accepted_calls > taken.accepted:
        found.append(
            Finding(Fault.WRONG, message.id, f"{message.accepted_calls} accepted calls, Meta knows {taken.accepted}")
        )
    if message.due:
        found.append(Finding(Fault.WRONG, message.id, f"still waits as {message.status}"))
    return found + (_of_taken(message, taken) if taken.accepted else _of_not_taken(message))


def _of_taken(message: Held, taken: Taken) -> list[Finding]:
    if "read" not in taken.statuses:
        return [Finding(Fault.WRONG, message.id, f"got no further than {set(taken.statuses)} at Meta")]
    if message.status in ("accepted", "sent", "delivered"):
        return [Finding(Fault.WRONG, message.id, f"was read, and is {message.status}")]
    if message.status != "read":
        return [Finding(Fault.LOST, message.id, f"was read, and is {message.status} ({message.reason})")]
    found = []
    if not message.has_times:
        found.append(Finding(Fault.WRONG, message.id, "is read, without the times that this implies"))
    reports = {status for status, _ in message.receipts}
    if not {"sent", "read"} <= reports:
        found.append(Finding(Fault.WRONG, message.id, f"has only the receipts {reports}"))
    if {wamid for _, wamid in message.receipts} - set(taken.wamids):
        found.append(Finding(Fault.WRONG, message.id, "has receipts of another message"))
    return found


def _of_not_taken(message: Held) -> list[Finding]:
    """It may only be so where the event type would rather not tell than tell twice, and then it must say so."""
    policy = catalogue()[message.event_type].on_unconfirmed
    if policy == "fail" and (message.status, message.reason) == ("failed", "unconfirmed") and message.given_up:
        return []
    return [Finding(Fault.LOST, message.id, f"never reached Meta, and is {message.status} ({message.reason})")]


def _of_recipients(messages: Sequence[Held], by_recipient: Mapping[str, int]) -> list[Finding]:
    """What each customer got, counted by the sandbox without regard to our ids."""
    due = Counter(message.phone.lstrip("+") for message in messages if message.status == "read")
    return [
        Finding(
            Fault.DOUBLED if by_recipient.get(one, 0) > due[one] else Fault.LOST,
            f"customer {one}",
            f"got {by_recipient.get(one, 0)} messages instead of {due[one]}",
        )
        for one in sorted(due.keys() | by_recipient.keys())
        if by_recipient.get(one, 0) != due[one]
    ]


def _of_figures(ulak: Ulak) -> list[Finding]:
    """Counted by whoever was killed in between, they are what a recount of the receipts comes to."""
    return [
        Finding(Fault.WRONG, "figures", f"say {ulak.figures[name]} {name}, and the receipts {number}")
        for name, number in ulak.recounted.items()
        if ulak.figures[name] != number
    ]


def _sort(verdict: Verdict, message: Held) -> None:
    if message.resent:
        verdict.resent.append(message.id)
    elif message.given_up:
        verdict.given_up.append(message.id)
    elif message.unconfirmed:
        verdict.by_echo.append(message.id)
    verdict.ends[f"{message.status} ({message.reason})" if message.reason else message.status] += 1
