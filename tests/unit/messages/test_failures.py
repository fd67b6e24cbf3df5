"""What a failure means: whether it is tried again, when, and what the business is told."""

from datetime import timedelta
from random import Random, SystemRandom

import pytest

from app.messages.failures import WAITING_FOR, answered, event_of, ours, reported, retry_delay
from app.messages.states import Event
from app.whatsapp.errors import ErrorClass, GraphError
from app.whatsapp.webhook_items import ErrorData, StatusError

# One code of each class, and the first wait after it.
_CLASSES = {
    ErrorClass.AUTH: (190, 0),
    ErrorClass.BILLING: (131042, 0),
    ErrorClass.PAUSE: (131031, 0),
    ErrorClass.THROTTLE: (130429, 1),
    ErrorClass.PAIR: (131056, 1),
    ErrorClass.RETRY: (133004, 2),
    ErrorClass.TEMPLATE: (132015, 5),
}


class Highest(Random):
    def random(self) -> float:
        return 1.0


class Lowest(Random):
    def random(self) -> float:
        return 0.0


def _error(code: int, retry_after: float | None = None, **more: object) -> GraphError:
    return GraphError(code, "message", retry_after=retry_after, **more)


@pytest.mark.parametrize("error_class", ErrorClass)
def test_an_error_that_may_pass_is_tried_again_and_says_what_is_waited_for(error_class: ErrorClass) -> None:
    code = (
        _CLASSES.get(error_class, (0, 0))[0]
        or {ErrorClass.RECIPIENT: 131026, ErrorClass.PERMANENT: 131008}[error_class]
    )
    assert _error(code).entry.error_class is error_class
    again = error_class in _CLASSES
    assert event_of(_error(code)) is (Event.ANSWER_RETRY if again else Event.ANSWER_REFUSED)
    assert (error_class in WAITING_FOR) is again


@pytest.mark.parametrize("code", [1, 2, 131000, 131016])
def test_an_error_after_which_the_message_may_exist_leaves_it_in_doubt(code: int) -> None:
    assert event_of(_error(code)) is Event.ANSWER_LOST


def test_an_unknown_error_ends_the_message_unless_it_is_transient() -> None:
    assert event_of(_error(132999)) is Event.ANSWER_REFUSED
    assert event_of(_error(132999, is_transient=True)) is Event.ANSWER_LOST


def test_waits_for_a_customer_grow_fourfold_and_are_never_less_than_meta_says() -> None:
    for attempt in range(1, 40):
        least = min(4 ** (attempt - 1), 300)
        assert retry_delay(attempt, _error(131056), Lowest()) == timedelta(seconds=least)
        assert retry_delay(attempt, _error(131056), Highest()) == timedelta(seconds=least * 1.5)


@pytest.mark.parametrize(("code", "first"), [row for kind, row in _CLASSES.items() if kind is not ErrorClass.PAIR])
def test_waits_double_with_jitter_over_their_upper_half_up_to_five_minutes(code: int, first: int) -> None:
    for attempt in range(1, 40):
        full = min(first * 2 ** (attempt - 1), 300)
        assert retry_delay(attempt, _error(code), Highest()) == timedelta(seconds=full)
        assert retry_delay(attempt, _error(code), Lowest()) == timedelta(seconds=full / 2)


def test_a_call_that_never_left_is_tried_again_like_a_passing_fault() -> None:
    assert retry_delay(1, None, Highest()) == timedelta(seconds=2)
    assert retry_delay(3, None, Lowest()) == timedelta(seconds=4)


@pytest.mark.parametrize("attempt", [-1, 0, 10**6])
def test_no_count_of_attempts_leads_out_of_bounds(attempt: int) -> None:
    assert timedelta(0) < retry_delay(attempt, _error(4), SystemRandom()) <= timedelta(minutes=5)


def test_waits_of_two_messages_are_spread() -> None:
    random = SystemRandom()
    assert len({retry_delay(5, _error(4), random) for _ in range(50)}) > 40


@pytest.mark.parametrize("attempt", [1, 2, 9])
def test_retry_after_comes_first(attempt: int) -> None:
    assert retry_delay(attempt, _error(4, retry_after=17), SystemRandom()) == timedelta(seconds=17)


@pytest.mark.parametrize("retry_after", [3601, 10**8, 1e300])
def test_retry_after_is_bounded(retry_after: float) -> None:
    assert retry_delay(1, _error(4, retry_after=retry_after), SystemRandom()) == timedelta(hours=1)


def test_a_retry_after_of_nothing_does_not_take_the_wait_away() -> None:
    assert retry_delay(1, _error(4, retry_after=0), Highest()) == timedelta(seconds=60)


def test_an_answered_failure_says_who_what_and_what_next() -> None:
    failure = answered(_error(132001, details="template name (parcel_ready) …", trace_id="A1"))
    assert (failure["source"], failure["code"], failure["error_class"]) == ("answer", 132001, "template")
    assert (failure["details"], failure["trace_id"]) == ("template name (parcel_ready) …", "A1")
    assert failure["meaning"]
    assert failure["next_step"]


def test_an_answered_failure_without_details_shows_the_message() -> None:
    assert answered(_error(100))["details"] == "message"


@pytest.mark.parametrize(
    ("error", "details"),
    [
        (StatusError(131026, "Title", "Message", ErrorData("Details")), "Details"),
        (StatusError(131026, "Title", "Message", ErrorData(None)), "Message"),
        (StatusError(131026, "Title", "Message"), "Message"),
        (StatusError(131026, "Title"), "Title"),
        (StatusError(131026), None),
    ],
)
def test_a_reported_failure_shows_the_most_telling_text(error: StatusError, details: str | None) -> None:
    failure = reported([error, StatusError(1)])
    assert (failure["source"], failure["code"], failure["details"]) == ("receipt", 131026, details)
    assert failure["error_class"] == "recipient"


def test_a_failure_without_a_reason_is_told_as_such() -> None:
    failure = reported([])
    assert (failure["source"], failure["code"]) == ("ulak", "no_reason")
    assert failure["next_step"]


def test_our_own_failures_have_the_same_form() -> None:
    assert ours("unconfirmed", "meaning", "step")["source"] == "ulak"
