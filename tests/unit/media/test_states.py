"""What may be done with a file, by what is known of it. Every combination has an answer."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.media.states import LIFE, MARGIN, Gone, Known, Missing, Ready, RefusedFile, rest_after, shown

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(days=-40), timedelta(days=40)).map(lambda by: NOW + by)

KNOWN = st.builds(
    Known,
    exists=st.booleans(),
    meta_id=st.none() | st.just("77"),
    expires_at=st.none() | MOMENTS,
    is_refused=st.booleans(),
    code=st.none() | st.just(131053),
    details=st.just("too small"),
    retry_at=st.none() | MOMENTS,
)


@given(KNOWN)
def test_only_an_id_with_time_before_its_end_is_sent(known: Known) -> None:
    state = known.state(NOW)
    has_time = known.expires_at is not None and known.expires_at > NOW + MARGIN
    assert isinstance(state, Ready) == (known.exists and known.meta_id is not None and has_time)
    assert isinstance(state, Gone) == (not known.exists)


@given(KNOWN)
def test_missing_file_is_tried_at_once_or_at_a_time_that_comes(known: Known) -> None:
    match known.state(NOW):
        case Missing(retry_at=retry_at):
            assert retry_at is None or retry_at > NOW
            assert retry_at is None or not known.is_refused
        case RefusedFile(code=code, details=details):
            assert (code, details) == (known.code, known.details)
            assert known.retry_at is not None
            assert known.retry_at > NOW


@given(KNOWN, st.timedeltas(timedelta(days=41), timedelta(days=400)))
def test_nothing_stays_as_it_is_for_ever(known: Known, by: timedelta) -> None:
    """A refused file is tried again some time, an id is used no longer than it lives."""
    assert known.state(NOW + by) in (Gone(), Missing(None))


@given(known=KNOWN, is_leased=st.booleans())
def test_what_is_shown_agrees_with_what_is_done(known: Known, *, is_leased: bool) -> None:
    word = shown(known, NOW, is_leased=is_leased)
    if known.exists and isinstance(known.state(NOW), Ready):
        assert word == "ready"
    if known.exists and isinstance(known.state(NOW), RefusedFile) and not is_leased:
        assert word in ("refused", "ready")


@given(st.integers(1, 40), st.integers(0, 2**32), st.none() | st.floats(0, 1e7))
def test_rest_grows_and_ends(failures: int, seed: int, asked: float | None) -> None:
    rest = rest_after(failures, Random(seed), is_refused=False, asked=asked)
    assert timedelta(0) <= rest <= timedelta(hours=1)
    if asked is None:
        assert timedelta(seconds=1) <= rest <= timedelta(minutes=5)


@pytest.mark.parametrize("asked", [None, 5.0])
def test_refused_file_rests_longer_than_any_other(asked: float | None) -> None:
    assert rest_after(1, Random(0), is_refused=True, asked=asked) == timedelta(hours=1)


def test_margin_leaves_most_of_an_uploads_life() -> None:
    assert MARGIN < timedelta(hours=2) < LIFE  # the setting of renewals allows no less than this
