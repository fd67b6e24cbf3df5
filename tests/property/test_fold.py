"""Receipts of one webhook or of many fold to the same, however Meta's deliveries cut and repeat them."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.messages.states import Event, Status, after
from app.provider_events.fold import fold
from app.provider_events.sorting import OwnedStatus
from app.whatsapp.webhook_items import Pricing, StatusError, StatusItem

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


def _located(business: int, message: int, name: str, seconds: int) -> tuple[UUID, OwnedStatus]:
    """What Meta says of one message never contradicts itself: one wamid, one price, one reason."""
    priced = Pricing(category=f"category-{business}-{message}") if name != "failed" else None
    item = StatusItem(
        phone_number_id=str(business),
        wamid=f"wamid.{business}.{message}",
        status=name,  # type: ignore[arg-type]
        at=AT + timedelta(seconds=seconds),
        callback_data=None,
        recipient_id=None,
        recipient_user_id=None,
        pricing=priced,
        errors=[StatusError(131000 + message)] if name == "failed" else [],
        raw=b"{}",
    )
    return UUID(int=message), OwnedStatus(UUID(int=business), UUID(int=9), item)


receipts = st.lists(
    st.builds(
        _located,
        st.integers(1, 2),
        st.integers(1, 3),
        st.sampled_from(["sent", "delivered", "read", "failed"]),
        st.integers(0, 3),
    ),
    max_size=15,
)


def _by_message(rows: list) -> dict:
    return {(row.business_id, row.id): row for row in rows}


@given(receipts, st.data())
def test_any_permutation_with_any_repetition_folds_to_the_same(
    located: list[tuple[UUID, OwnedStatus]], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(located), max_size=10)) if located else []
    other = data.draw(st.permutations(located + again))
    assert _by_message(fold(other)) == _by_message(fold(located))


@given(receipts)
def test_a_message_folds_alone_as_it_does_among_others(located: list[tuple[UUID, OwnedStatus]]) -> None:
    alone = defaultdict(list)
    for message, owned in located:
        alone[owned.business_id, message].append((message, owned))
    together = _by_message(fold(located))
    assert set(together) == set(alone)
    for key, rows in alone.items():
        assert [together[key]] == fold(rows)


@given(receipts)
def test_the_event_leads_to_where_the_receipts_one_by_one_would(located: list[tuple[UUID, OwnedStatus]]) -> None:
    for row in fold(located):
        status = Status.ACCEPTED
        for message, owned in located:
            if (owned.business_id, message) == (row.business_id, row.id):
                status = after(status, Event(f"receipt_{owned.item.status}"))
        assert after(Status.ACCEPTED, Event(row.event)) is status
