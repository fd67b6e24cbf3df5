"""Meta's error codes: the class of each, and reading envelopes loosely."""

from collections.abc import Iterable

import pytest

from app.whatsapp.errors import ENTRIES, ErrorClass, describe, parse_error

# By hand from Meta's page of error codes, its notes "do not retry", "wait" and so on reduced to who must act.
_BY_CLASS: dict[ErrorClass, Iterable[int]] = {
    ErrorClass.AUTH: [0, 3, 10, 104, 190, *range(200, 300), 131005],
    ErrorClass.BILLING: [131042, 131044, 134011],
    ErrorClass.PAUSE: [
        *[33, 368, 131031, 131037, 131045, 131048, 131064],
        *[133000, 133006, 133010, 133016, 139200],
    ],
    ErrorClass.THROTTLE: [4, 80007, 130429, 132069],
    ErrorClass.PAIR: [131056],
    ErrorClass.RETRY: [
        *[1, 2, 131000, 131016, 131057],
        *[133004, 133008, 133009, 133015, 134101, 139102, 139103, 2494100],
    ],
    ErrorClass.TEMPLATE: [
        *[131063, 132000, 132001, 132007, 132012, 132015, 132016, 132021, 132068, 134102],
    ],
    ErrorClass.RECIPIENT: [
        *[130403, 130472, 130497, 131021, 131026, 131030, 131049, 131050, 137000],
    ],
    ErrorClass.PERMANENT: [
        *[100, 131008, 131009, 131020, 131041, 131047, 131051, 131052, 131053, 131055, 131059, 131062],
        *range(131200, 131300),
        *[132005, 132008, 132018, 133005, 134100, 135000, 136024, 136025, 138000, 138001],
        *[*range(139000, 139005), 139100, 139101, *range(147001, 147006), 1752041],
        *[200005, 200006, 200007, 2593107, 2593108, 2593109],
    ],
}
_CLASS_OF = {code: error_class for error_class, codes in _BY_CLASS.items() for code in codes}

# Meta may have taken the message although it answered with one of these.
_DOUBTFUL = {1, 2, 131000, 131016}


@pytest.mark.parametrize(("code", "error_class"), _CLASS_OF.items())
def test_every_documented_code_has_its_class(code: int, error_class: ErrorClass) -> None:
    entry = describe(code)
    assert entry.error_class is error_class
    assert entry.code == code
    assert entry.may_exist is (code in _DOUBTFUL)
    assert entry.title
    assert entry.meaning.endswith(".")
    assert entry.next_step.endswith(".")


def test_the_table_holds_no_code_that_nobody_documented() -> None:
    assert {entry.code for entry in ENTRIES} - {136000} <= set(_CLASS_OF)


@pytest.mark.parametrize("code", [-1, 5, 199, 300, 99, 130430, 132999, 10**9])
def test_an_unknown_code_ends_the_message(code: int) -> None:
    entry = describe(code)
    assert (entry.error_class, entry.may_exist) == (ErrorClass.PERMANENT, False)


def test_an_unknown_code_that_meta_calls_transient_is_in_doubt_until_a_receipt_comes() -> None:
    entry = describe(132999, is_transient=True)
    assert (entry.error_class, entry.may_exist) == (ErrorClass.RETRY, True)


@pytest.mark.parametrize("code", [100, 131026, 200, 190])
def test_transient_changes_nothing_for_a_code_that_is_known(code: int) -> None:
    assert describe(code, is_transient=True) == describe(code)


def _parsed(error: object, retry_after: str | None = None):
    return parse_error({"error": error}, 400, retry_after)


def test_a_full_envelope_is_read() -> None:
    error = _parsed(
        {
            "message": "(#132001) Template name does not exist in the translation",
            "type": "OAuthException",
            "code": 132001,
            "error_subcode": 2494073,
            "error_data": {"messaging_product": "whatsapp", "details": "template name (parcel_ready) …"},
            "fbtrace_id": "Abc123",
        }
    )
    assert error is not None
    assert (error.code, error.subcode, error.trace_id, error.http_status) == (132001, 2494073, "Abc123", 400)
    assert error.details == "template name (parcel_ready) …"
    assert error.entry.error_class is ErrorClass.TEMPLATE
    assert str(error) == (
        "(132001) (#132001) Template name does not exist in the translation: template name (parcel_ready) …"
    )


@pytest.mark.parametrize(
    ("more", "details"),
    [
        ({}, None),
        ({"error_data": None}, None),
        ({"error_data": {}}, None),
        ({"error_data": {"details": None}}, None),
        ({"error_data": {"details": ""}}, None),
        ({"error_data": "bare"}, "bare"),
        ({"error_data": {"details": {"a": 1}}}, "{'a': 1}"),
        ({"error_user_title": "T", "error_user_msg": "Name is taken"}, "Name is taken"),
        ({"error_data": {"details": "first"}, "error_user_msg": "second"}, "first"),
    ],
)
def test_details_are_read_loosely(more: dict, details: str | None) -> None:
    error = _parsed({"code": 100, "message": "m"} | more)
    assert error is not None
    assert error.details == details


@pytest.mark.parametrize(
    "oddity", [{"message": None}, {"error_subcode": "x"}, {"fbtrace_id": 7}, {"is_transient": 1}, {}]
)
def test_only_the_code_is_needed(oddity: dict) -> None:
    error = _parsed({"code": 131000} | oddity)
    assert error is not None
    assert error.code == 131000
    assert error.is_transient is False
    assert error.subcode is None


@pytest.mark.parametrize("flag", [True, False])
def test_transient_is_read(flag: object) -> None:
    error = _parsed({"code": 7, "is_transient": flag})
    assert error is not None
    assert error.is_transient is flag


@pytest.mark.parametrize(
    "document",
    [None, [], "x", {}, {"error": None}, {"error": "text"}, {"error": {}}, {"error": {"code": "190"}}, {"error": [1]}],
)
def test_what_is_no_envelope_is_none(document: object) -> None:
    assert parse_error(document, 500) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        ("30", 30),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("\u0663", None),
        ("9" * 400, None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_retry_after_is_read_where_it_is_a_number_of_seconds(header: str | None, seconds: float | None) -> None:
    error = _parsed({"code": 4}, header)
    assert error is not None
    assert error.retry_after == seconds
