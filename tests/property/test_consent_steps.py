"""What lines of the ledger did: gains less losses are who agrees, of each topic and of all customers, at any time."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.analytics.consents.steps import Door, Line, Person, Step, steps_of
from app.analytics.consents.sums import CUSTOMERS, Sums
from app.consent.fold import NOTHING, NOTHING_HELD, Act, Deed, Since, recorded
from app.consent.rules import META_MARKETING, ConsentState

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
DOORS = [Door("website_form", "https://shop.example"), Door("qr_till", "3. kasa", UUID(int=7)), Door("import")]
named = st.sampled_from(["orders", "billing", "marketing", "*"])
ANOTHERS = {"stance": {**NOTHING.as_json(), "states": {"orders": "opted_in", "*": "opted_out"}}, "from": "con_1"}
NOBODYS = {"stance": NOTHING.as_json()}

acts = st.one_of(
    st.tuples(st.sampled_from([Act.OPT_IN, Act.OPT_OUT, Act.OPT_IN_REQUEST]), named, st.none()),
    st.tuples(st.sampled_from([Act.MARKETING_STOP, Act.MARKETING_RESUME]), st.just(META_MARKETING), st.none()),
    st.tuples(st.just(Act.PAUSE), named, st.just({"until": "2027-01-01T00:00:00+00:00"})),
    st.tuples(st.sampled_from([Act.MERGE, Act.NUMBER_CHANGE]), st.just("*"), st.sampled_from([ANOTHERS, NOBODYS])),
    st.just((Act.ERASURE, "*", {"reason": "other"})),
)  # fmt: skip


def _line(number: int, act: tuple, door: Door, minutes: int, told_late: int) -> Line:
    recorded_at = BEGINNING + timedelta(minutes=minutes)
    kind, topic, value = act
    return Line(UUID(int=number), kind, topic, value, door, recorded_at - timedelta(minutes=told_late), recorded_at)


ledgers = st.lists(
    st.tuples(acts, st.sampled_from(DOORS), st.integers(0, 40), st.sampled_from([0, 0, 3, 500])), max_size=10
).map(
    lambda found: [
        _line(number, act, door, sum(step for *_, step, _ in found[: number + 1]), late)
        for number, (act, door, _, late) in enumerate(found)
    ]
)


@given(st.lists(ledgers, max_size=4))
def test_gains_less_losses_are_who_agrees(people: list[list[Line]]) -> None:
    sums = Sums()
    agreed: Counter[str] = Counter()
    for lines in people:
        sums.add_all("test", steps_of(lines))
        held = NOTHING_HELD
        for line in lines:
            held = recorded(held, Deed(line.act, line.topic, line.value), Since(line.id, line.occurred_at))
        topics = [topic for topic, state in held.stance.states.items() if state == ConsentState.OPTED_IN]
        agreed.update([*topics, *([CUSTOMERS] if topics else [])])
    net: Counter[str] = Counter()
    for (_, _, topic, *_), counts in sums.rows.items():
        net[topic] += counts["gained"] - counts["lost"]
    assert {topic: number for topic, number in net.items() if number} == dict(agreed)
    lines_of = Counter(line.act for lines in people for line in lines)
    by_topic = {place: counts for place, counts in sums.rows.items() if place[2] != CUSTOMERS}
    for act, name in ((Act.OPT_IN, "opt_ins"), (Act.OPT_OUT, "opt_outs"), (Act.PAUSE, "pauses")):
        assert sum(counts[name] for counts in by_topic.values()) == lines_of[act]


@given(ledgers, st.integers(0, 10))
def test_a_ledger_that_is_read_in_two_parts_comes_to_the_same(lines: list[Line], cut: int) -> None:
    whole, parts = Sums(), Sums()
    whole.add_all("test", steps_of(lines))
    parts.add_all("test", list(steps_of(lines[:cut])))
    parts.add_all("test", list(steps_of(lines))[cut:])
    assert parts.rows == whole.rows


def _steps(*told: tuple[Act, str, Door, int]) -> list[Step]:
    person = Person()
    return [
        person.after(_line(number, (act, topic, None), door, minutes, 0))
        for number, (act, topic, door, minutes) in enumerate(told)
    ]


def test_a_confirmed_opt_in_counts_at_the_door_where_it_was_asked_for() -> None:
    form, chat = DOORS[0], Door("whatsapp_button", "+90 850")
    asked, confirmed = _steps((Act.OPT_IN_REQUEST, "orders", form, 0), (Act.OPT_IN, "orders", chat, 5))
    assert (asked.gained, asked.customers) == (frozenset(), 0)
    assert (confirmed.door, confirmed.gained, confirmed.customers) == (form, {"orders"}, 1)
    again = _steps(
        (Act.OPT_IN_REQUEST, "orders", form, 0), (Act.OPT_IN, "orders", chat, 5), (Act.OPT_IN, "orders", chat, 9)
    )[-1]
    assert (again.door, again.gained) == (chat, frozenset()), "an act, and no gain"


def test_one_form_for_three_topics_is_one_customer_who_agreed_once() -> None:
    sums = Sums()
    till = DOORS[1]
    sums.add_all("live", _steps(*((Act.OPT_IN, topic, till, 0) for topic in ("orders", "billing", "marketing"))))
    customers = [counts for place, counts in sums.rows.items() if place[2] == CUSTOMERS]
    assert [(one["opt_ins"], one["gained"]) for one in customers] == [(1, 1)]
    sums.add_all("live", [])
    assert sum(counts["opt_ins"] for place, counts in sums.rows.items() if place[2] != CUSTOMERS) == 3
