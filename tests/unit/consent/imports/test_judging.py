"""What a row can prove by itself, which of several counts, and what it may still change."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.consent.fold import Act, Deed, Holding, Since, after, recorded
from app.consent.imports.judging import Claim, Fault, JudgedRow, claims_of, without_lost
from app.consent.imports.moments import moment_in
from app.consent.imports.standing import Standing, changing
from app.consent.rules import permits

ISTANBUL = ZoneInfo("Europe/Istanbul")
IMPORT = UUID(int=7)
DAY = datetime(2024, 5, 1, tzinfo=UTC)
ACT_ID = UUID(int=1)


def row(line: int = 2, act: Act = Act.OPT_IN, day: int = 0, *topics: str, value: str = "+905321112233") -> JudgedRow:
    nothing = dict.fromkeys(
        ("original_source", "place", "wording", "wording_version", "language", "name", "address"), None
    )
    at = DAY + timedelta(days=day)
    return JudgedRow(line, "phone", value, act, topics or ("*",), occurred_at=at, actor="customer", **nothing)


@pytest.mark.parametrize(
    ("text", "ends_day", "expected"),
    [
        ("2024-05-31", False, "2024-05-30T21:00:00+00:00"),
        ("2024-05-31", True, "2024-05-31T20:59:59.999999+00:00"),
        ("31.05.2024", False, "2024-05-30T21:00:00+00:00"),
        ("1.5.2024 9:05", False, "2024-05-01T06:05:00+00:00"),
        ("31.05.2024 14:30:05", True, "2024-05-31T11:30:05+00:00"),
        ("2024-05-31 14:30", False, "2024-05-31T11:30:00+00:00"),
        ("2024-05-31T14:30:00Z", False, "2024-05-31T14:30:00+00:00"),
        ("2024-05-31T14:30:00.25-05:00", False, "2024-05-31T19:30:00.250000+00:00"),
    ],
)
def test_moments_are_read_on_the_business_own_clock(text: str, ends_day: bool, expected: str) -> None:  # noqa: FBT001
    assert moment_in(text, ISTANBUL, ends_day=ends_day) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "31/05/2024", "05/31/2024", "20240531", "2024-13-01", "31.13.2024", "1700000000", "0001-01-01",
     "2024-W22-1", "2024-05-31_10:00", "9999-12-31"],
)  # fmt: skip
def test_what_may_mean_two_days_or_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        moment_in(text, ISTANBUL, ends_day=False)


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    try:
        found = moment_in(text, ISTANBUL, ends_day=True)
    except (ValueError, OverflowError):
        return
    assert found.tzinfo is UTC


ROWS = st.lists(
    st.builds(
        lambda line, act, day, topics, value: row(line, act, day, *topics, value=value),
        st.integers(2, 10_000),
        st.sampled_from([Act.OPT_IN, Act.OPT_OUT]),
        st.integers(0, 3),
        st.lists(st.sampled_from(["*", "orders", "billing"]), min_size=1, max_size=3, unique=True),
        st.sampled_from(["+905321112233", "+905321112234"]),
    ),
    unique_by=lambda one: one.line,
    max_size=12,
)


@given(ROWS, st.integers(0, 12))
def test_which_row_counts_does_not_depend_on_how_the_file_is_cut(rows: list[JudgedRow], cut: int) -> None:
    whole = claims_of(rows, IMPORT)
    merged: dict[bytes, Claim] = {}
    for part in (rows[cut:], rows[:cut]):
        for digest, claim in claims_of(part, IMPORT).items():
            if digest not in merged or claim.rank > merged[digest].rank:
                merged[digest] = claim
    assert merged == whole


@given(ROWS)
def test_one_row_counts_for_each_contact_and_topic_and_no_later_refusal_is_lost(rows: list[JudgedRow]) -> None:
    winners = {digest: claim.line for digest, claim in claims_of(rows, IMPORT).items()}
    kept = [one for one in (without_lost(one, winners, IMPORT) for one in rows) if isinstance(one, JudgedRow)]
    said = [(one.value, topic) for one in kept for topic in one.topics]
    assert len(said) == len(set(said)) == len(winners)
    for one in rows:
        for topic in one.topics:
            (counts,) = (other for other in kept if other.value == one.value and topic in other.topics)
            assert counts.occurred_at >= one.occurred_at
            if one.act is Act.OPT_OUT and counts.occurred_at == one.occurred_at:
                assert counts.act is Act.OPT_OUT


def test_a_judged_row_survives_its_way_through_the_database() -> None:
    told = {**row(5, Act.OPT_OUT, 3, "orders", "billing").as_json()}
    told["occurred_at"] = told["occurred_at"].isoformat()
    assert JudgedRow.from_json(told) == row(5, Act.OPT_OUT, 3, "orders", "billing")


TOPICS = ["*", "orders", "billing", "marketing", "price_alerts"]
HISTORY = st.lists(
    st.tuples(st.sampled_from([Act.OPT_IN, Act.OPT_OUT]), st.sampled_from(TOPICS), st.integers(1, 6)), max_size=6
)


def standing_of(history: list[tuple[Act, str, int]]) -> Standing:
    standing = Standing(Holding())
    for act, topic, day in sorted(history, key=lambda one: one[2]):
        at = DAY + timedelta(days=day)
        standing.holding = recorded(standing.holding, Deed(act, topic), Since(ACT_ID, at))
        if act is Act.OPT_OUT:
            standing.refusals[topic] = max(at, standing.refusals.get(topic, at))
    return standing


@given(HISTORY, st.sampled_from(TOPICS))
def test_an_opt_in_older_than_everything_permits_nothing_that_was_refused_since(
    history: list[tuple[Act, str, int]], topic: str
) -> None:
    standing = standing_of(history)
    topics = changing(row(2, Act.OPT_IN, 0, topic), Act.OPT_IN, standing)
    if isinstance(topics, Fault):
        return
    stance = standing.holding.stance
    for one in topics:
        stance = after(stance, Deed(Act.OPT_IN, one))
    for asked in ("orders", "billing"):
        before = permits(standing.holding.stance.states, asked)
        if before.reason == "opted_out":
            assert not permits(stance.states, asked).permitted


@given(HISTORY, st.sampled_from(TOPICS), st.sampled_from([Act.OPT_IN, Act.OPT_OUT]), st.integers(0, 7))
def test_a_row_that_was_recorded_is_unchanged_the_next_time(
    history: list[tuple[Act, str, int]], topic: str, act: Act, day: int
) -> None:
    standing = standing_of(history)
    one = row(2, act, day, topic)
    topics = changing(one, act, standing)
    if isinstance(topics, Fault):
        return
    for changed in topics:
        standing.holding = recorded(standing.holding, Deed(act, changed), Since(ACT_ID, one.occurred_at))
        if act is Act.OPT_OUT:
            standing.refusals[changed] = max(one.occurred_at, standing.refusals.get(changed, one.occurred_at))
    assert changing(one, act, standing) == ()
