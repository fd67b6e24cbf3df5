"""Receipts of a batch, folded to one row a message."""

import json
from datetime import UTC, datetime, timedelta
from itertools import permutations, product
from typing import Any
from uuid import UUID

import pytest

from app.messages.statements.receipts import Reported
from app.provider_events.fold import fold
from app.provider_events.sorting import OwnedStatus
from app.whatsapp.webhook_items import ErrorData, Pricing, StatusError, StatusItem

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
BUSINESS, OTHER_BUSINESS = UUID(int=1), UUID(int=2)
MESSAGE, OTHER_MESSAGE = UUID(int=11), UUID(int=12)

Located = tuple[UUID, OwnedStatus]


def receipt(
    status: Any, *, seconds: int = 0, business: UUID = BUSINESS, message: UUID = MESSAGE, **more: Any
) -> Located:
    about = {
        "phone_number_id": "1065",
        "wamid": "wamid.1",
        "callback_data": None,
        "recipient_id": None,
        "recipient_user_id": None,
        "pricing": None,
        "errors": [],
        "raw": repr((status, more)).encode(),  # bytes differ where items do
    } | more
    return message, OwnedStatus(
        business, UUID(int=9), StatusItem(status=status, at=AT + timedelta(seconds=seconds), **about)
    )


SENT = receipt("sent", pricing=Pricing(category="utility"))
DELIVERED = receipt("delivered", seconds=1, pricing=Pricing(category="utility"))
READ = receipt("read", seconds=2)
FAILED = receipt("failed", seconds=3, errors=[StatusError(131026, "Title", "Message", ErrorData("Details"))])


def _one(*receipts: Located) -> Reported:
    (row,) = fold(receipts)
    return row


def test_nothing_folds_to_nothing() -> None:
    assert fold([]) == []


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_any_order_and_repetition_of_receipts_folds_to_the_same(size: int) -> None:
    for chosen in product([SENT, DELIVERED, READ, FAILED], repeat=size):
        expected = _one(*sorted(set_of(chosen), key=lambda one: one[1].item.at))
        for order in permutations(chosen):
            assert _one(*order) == expected


def set_of(receipts: tuple[Located, ...]) -> list[Located]:
    return [one for one in (SENT, DELIVERED, READ, FAILED) if one in receipts]


@pytest.mark.parametrize(
    ("receipts", "event"),
    [
        ([SENT], "receipt_sent"),
        ([DELIVERED], "receipt_delivered"),
        ([READ], "receipt_read"),
        ([FAILED], "receipt_failed"),
        ([SENT, DELIVERED], "receipt_delivered"),
        ([SENT, FAILED], "receipt_failed"),
        ([FAILED, DELIVERED], "receipt_delivered"),
        ([SENT, DELIVERED, READ, FAILED], "receipt_read"),
    ],
)
def test_the_highest_receipt_is_the_event(receipts: list[Located], event: str) -> None:
    assert _one(*receipts).event == event


def test_every_receipt_leaves_its_time() -> None:
    row = _one(READ, FAILED, SENT, DELIVERED)
    assert (row.sent_at, row.delivered_at) == (AT, AT + timedelta(seconds=1))
    assert (row.read_at, row.failed_at) == (AT + timedelta(seconds=2), AT + timedelta(seconds=3))
    assert _one(READ).sent_at is None


@pytest.mark.parametrize("seconds", [(5, 3), (3, 5)])
def test_of_two_times_of_one_status_the_earlier_holds(seconds: tuple[int, int]) -> None:
    row = _one(*(receipt("delivered", seconds=one) for one in seconds))
    assert row.delivered_at == AT + timedelta(seconds=3)


def test_the_price_category_and_the_failure_are_kept() -> None:
    row = _one(SENT, FAILED)
    assert row.price_category == "utility"
    assert row.wamid == "wamid.1"
    assert row.failure is not None
    assert json.loads(row.failure)["code"] == 131026
    assert json.loads(row.failure)["details"] == "Details"


@pytest.mark.parametrize("pricing", [None, Pricing(), Pricing(category="")])
def test_a_receipt_without_a_category_does_not_take_it_away(pricing: Pricing | None) -> None:
    assert _one(SENT, receipt("delivered", pricing=pricing)).price_category == "utility"
    assert _one(receipt("delivered", pricing=pricing), SENT).price_category == "utility"


def test_a_failure_without_errors_says_so() -> None:
    row = _one(receipt("failed"))
    assert row.failure is not None
    assert json.loads(row.failure)["code"] == "no_reason"


def test_messages_and_businesses_do_not_mix() -> None:
    rows = fold(
        [
            SENT,
            receipt("read", message=OTHER_MESSAGE, wamid="wamid.2"),
            receipt("failed", business=OTHER_BUSINESS, wamid="wamid.3"),
            DELIVERED,
            receipt("sent", business=OTHER_BUSINESS, message=OTHER_MESSAGE, wamid="wamid.4"),
        ]
    )
    rows.sort(key=lambda row: (row.business_id, row.id))
    assert [(row.business_id, row.id, row.event, row.wamid) for row in rows] == [
        (BUSINESS, MESSAGE, "receipt_delivered", "wamid.1"),
        (BUSINESS, OTHER_MESSAGE, "receipt_read", "wamid.2"),
        (OTHER_BUSINESS, MESSAGE, "receipt_failed", "wamid.3"),
        (OTHER_BUSINESS, OTHER_MESSAGE, "receipt_sent", "wamid.4"),
    ]
    assert rows[0].read_at is None
    assert rows[0].failed_at is None


@pytest.mark.parametrize(
    "pair",
    [
        (receipt("sent", wamid="wamid.1"), receipt("delivered", seconds=1, wamid="wamid.2")),
        (receipt("sent", pricing=Pricing(category="utility")), receipt("read", pricing=Pricing(category="marketing"))),
        (receipt("failed", errors=[StatusError(131026)]), receipt("failed", seconds=1, errors=[StatusError(131047)])),
        (receipt("failed", errors=[StatusError(131026)]), receipt("failed", seconds=1)),
    ],
    ids=["two sends of one message", "two prices", "two failures", "a failure with a reason and one without"],
)
def test_the_order_does_not_matter_where_receipts_contradict_each_other(pair: tuple[Located, Located]) -> None:
    assert _one(*pair) == _one(*pair[::-1])
