"""Masking in logs: the numbers of customers, wherever a log call or an exception quotes them; Meta's ids stay."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import structlog

from app.core.logging import configure_logging, mask_phone, mask_phones

PHONE = "+905321112233"
MASKED = "+9053…33"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What goes to standard output once logging has been configured as in production."""
    root = logging.getLogger()
    before = (root.handlers, root.level, structlog.get_config())
    yield _configured(monkeypatch, "json")
    root.handlers, _ = before[0], root.setLevel(before[1])
    structlog.configure(**before[2])


def _configured(monkeypatch: pytest.MonkeyPatch, style: str) -> io.StringIO:
    stream = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout", stream)
        configure_logging("info", style)
    structlog.configure(cache_logger_on_first_use=False)
    return stream


def _line(written: io.StringIO) -> dict:
    return json.loads(written.getvalue())


def _masked(value: object) -> object:
    return mask_phones(None, "info", {"value": value})["value"]


@dataclass
class _Contact:
    phone: str


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (PHONE, MASKED),
        ("905321112233", "90532…33"),
        ("05321112233", "05321…33"),
        (f"to {PHONE}, then +14155550123.", f"to {MASKED}, then +1415…23."),
        (f"wa.me/{PHONE[1:]}?text=1", "wa.me/90532…33?text=1"),
        ("+49151234567890", "+4915…90"),
        ("+123456789012345", "+1234…45"),
        ("+3545551234", "+3545…34"),
        ({"contact": {"phone": PHONE}}, {"contact": {"phone": MASKED}}),
        ({PHONE: "opted_in"}, {MASKED: "opted_in"}),
        ([PHONE, ("a", PHONE)], [MASKED, ["a", MASKED]]),
        (ValueError(f"no {PHONE}"), f"ValueError('no {MASKED}')"),
        (_Contact(PHONE), f"_Contact(phone='{MASKED}')"),
        (PHONE.encode(), f"b'{MASKED}'"),
    ],
)
def test_phone_numbers_are_masked_wherever_they_stand(value: object, shown: object) -> None:
    assert _masked(value) == shown


@pytest.mark.parametrize(
    "value",
    [
        "100000000000001",
        "msg_019a8f3c2b7d7c31a4e5f60718293a4b",
        "msg_01234567890123456789012345678901",
        "wamid.HBgLOTA1MzIxMTEyMjMz",
        "A905321112233B",
        "order 123456789",
        12,
        905.5,
        True,
        None,
    ],
)
def test_what_is_no_phone_number_is_kept(value: object) -> None:
    assert _masked(value) == value


@pytest.mark.parametrize("phone", ["", "1", "+905321"])
def test_a_number_too_short_to_show_a_part_of_is_not_shown(phone: str) -> None:
    assert mask_phone(phone) == "…"


def test_the_event_and_its_facts_are_masked(written: io.StringIO) -> None:
    structlog.get_logger("app.test").info(f"sent to {PHONE}", recipient=PHONE, phone_number_id="100000000000001")
    line = _line(written)
    assert line["event"] == f"sent to {MASKED}"
    assert line["recipient"] == MASKED
    assert line["phone_number_id"] == "100000000000001"
    assert line["level"] == "info"
    assert line["logger"] == "app.test"


def test_a_traceback_is_masked(written: io.StringIO) -> None:
    try:
        raise LookupError(f"Key (phone)=({PHONE}) already exists")  # noqa: TRY301 - the traceback is what is tested
    except LookupError:
        structlog.get_logger("app.test").exception("request failed")
    assert MASKED in _line(written)["exception"]
    assert PHONE not in written.getvalue()


def test_a_log_call_of_a_library_is_masked(written: io.StringIO) -> None:
    logging.getLogger("library").warning("could not reach %s", PHONE)
    assert _line(written)["event"] == f"could not reach {MASKED}"


def test_bound_context_is_masked(written: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(contact=PHONE):
        structlog.get_logger("app.test").info("seen")
    assert _line(written)["contact"] == MASKED


@pytest.mark.usefixtures("written")
def test_the_console_style_masks_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    written = _configured(monkeypatch, "console")
    structlog.get_logger("app.test").info("seen", contact=PHONE)
    assert MASKED in written.getvalue()
    assert PHONE not in written.getvalue()


def test_less_than_the_level_is_not_written(written: io.StringIO) -> None:
    structlog.get_logger("app.test").debug("detail")
    logging.getLogger("httpx").info("HTTP Request: POST https://graph.facebook.com/")
    assert written.getvalue() == ""


def test_what_an_error_quotes_of_a_row_or_a_body_is_cut() -> None:
    said = (
        "new row violates a check\nDETAIL:  Failing row contains (Ayşe Yılmaz, null).\n"
        "1 validation error\n  [type=missing, input_value={'name': 'Ayşe'}, input_type=dict]\n"
        "  [type=string, input_value='Ayşe \\' Y', input_type=str]\nand that was it"
    )
    told = str(mask_phones(None, "error", {"exception": said})["exception"])
    assert "Ayşe" not in told
    for kept in ("violates a check", "DETAIL:", "type=missing", "input_type=dict", "and that was it"):
        assert kept in told
