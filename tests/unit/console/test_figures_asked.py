"""What the address of figures asks for."""

from datetime import UTC, date, datetime
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.console.figures.asked import BYS, FILTERS, KINDS, PERIODS, WIDTHS, question_in
from app.console.figures.views import Scale

NOW = datetime(2026, 11, 26, 21, 30, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Istanbul")

DAYS = st.dates(date(1990, 1, 1), date(2100, 1, 1)).map(date.isoformat)
ADDRESSES = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.one_of(st.sampled_from(KINDS), st.text()),
        "period": st.one_of(st.sampled_from(PERIODS), st.text()),
        "bucket": st.one_of(st.sampled_from(WIDTHS), st.text()),
        "by": st.one_of(st.sampled_from(["", *BYS["conversion"], *BYS["consent"]]), st.text()),
        "from": st.one_of(DAYS, st.text()),
        "to": st.one_of(DAYS, st.text()),
        **{name: st.one_of(st.text(), st.just("a\x00")) for name in FILTERS},
    },
)


@given(ADDRESSES)
def test_any_address_asks_for_something_that_can_be_drawn(told: dict[str, str]) -> None:
    question = question_in(told, NOW, ZONE)
    assert question.since <= question.until
    assert not any("\x00" in value for value in question.filters.values()), "the database would refuse it"
    per_day = {"hour": 24, "day": 1, "week": 1 / 7, "month": 1 / 30}[question.bucket]
    assert question.days * per_day <= 400
    again = question_in(dict(parse_qsl(urlsplit(question.url()).query, keep_blank_values=True)), NOW, ZONE)
    assert again == question if question.period != "custom" else again.query() == question.query()


def test_days_are_the_businesss_own() -> None:
    question = question_in({"period": "7"}, NOW, ZONE)
    assert (question.since, question.until, question.bucket) == (date(2026, 11, 21), date(2026, 11, 27), "day")
    assert question_in({"period": "today"}, NOW, ZONE).bucket == "hour"
    assert question_in({"period": "custom", "from": "2025-01-01", "to": "2024-01-01"}, NOW, ZONE).bucket == "week"


def test_a_row_leads_to_its_own_figures_told_apart_by_something_else() -> None:
    question = question_in({"by": "event_type", "kind": "cost"}, NOW, ZONE)
    inside = question.within("event_type", "order-shipped")
    assert (inside.by, dict(inside.filters), inside.kind) == ("template", {"event_type": "order-shipped"}, "cost")
    asked = inside.over_time()
    assert (asked.event_types, asked.by, asked.until) == (("order-shipped",), (), date(2026, 11, 27))
    assert inside.without("event_type").filters == {}
    assert question_in({"sender": "snd_nonsense"}, NOW, ZONE).over_time().senders == ()


def test_a_scale_holds_all_that_is_drawn_on_it() -> None:
    whole = Scale.of([])
    assert (whole.at(0), whole.at(1)) == (0, 100)
