"""Whatever is said of a template, in whatever order and however often: the same is taken over once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from app.container import Container
from app.core.ids import new_id
from app.templates import repository
from app.templates.mirror import UNSAID, By, Seen, take, unknown
from app.templates.models import Template
from tests.support.world import World

BEGAN = datetime(2026, 11, 26, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TEXTS = ["Siparişiniz alındı.", "Siparişinizi aldık.", "Siparişiniz bize ulaştı."]
CATEGORIES = st.sampled_from(["UTILITY", "MARKETING", "AUTHENTICATION"])
STATUSES = st.sampled_from(
    ["APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED", "ARCHIVED", "PENDING_DELETION", "DELETED", "NEW"]
)


def unsaid_or(said: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.just(UNSAID) | said


SAID = st.builds(
    Seen,
    meta_id=unsaid_or(st.sampled_from(["1", "1", "1", "2"])),
    status=unsaid_or(STATUSES),
    category=unsaid_or(CATEGORIES),
    previous_category=unsaid_or(st.none() | CATEGORIES),
    correct_category=unsaid_or(st.none() | CATEGORIES),
    category_effective_at=unsaid_or(st.none() | st.sampled_from([BEGAN + timedelta(days=1), BEGAN])),
    quality=unsaid_or(st.sampled_from(["GREEN", "YELLOW", "RED", "UNKNOWN"])),
    components=unsaid_or(st.sampled_from([[{"type": "BODY", "text": text}] for text in TEXTS])),
    rejected_reason=unsaid_or(st.none() | st.sampled_from(["SCAM", "PROMOTIONAL"])),
    rejection=unsaid_or(st.none() | st.just({"explanation": "…"})),
    pause=unsaid_or(st.none() | st.sampled_from(["FIRST_PAUSE", "RATE_LIMITING_PAUSE"])),
    disabled_from=unsaid_or(st.none() | st.just(BEGAN)),
)


async def stored(session: AsyncSession, business_id: UUID, template_id: UUID) -> dict[str, Any]:
    """Everything that is known of the template, but when it was last heard of."""
    await session.flush()
    session.expire_all()
    found = await repository.by_id(session, business_id, template_id)
    assert found is not None
    row = {column.name: getattr(found, column.name) for column in Template.__table__.columns}
    del row["known_at"]
    changes = [(one.kind, one.details) for one in await repository.changes(session, business_id, template_id, most=999)]
    versions = [(one.number, one.components) for one in await repository.versions(session, business_id, template_id)]
    return {"row": row, "changes": changes[::-1], "versions": versions}


async def took(
    session: AsyncSession, business_id: UUID, template_id: UUID, seen: Seen, at: datetime
) -> tuple[bool, dict[str, Any]]:
    row = await repository.by_id(session, business_id, template_id, to_change=True)
    assert row is not None
    changed = await take(session, row, seen, By("webhook", at, ["test"], unpause_after=MINUTE))
    return changed, await stored(session, business_id, template_id)


@given(said=st.lists(SAID, min_size=1, max_size=8))
@settings(
    max_examples=40,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_what_is_said_again_changes_nothing_and_versions_only_rise(
    container: Container, world: World, said: Sequence[Seen]
) -> None:
    business_id = world.business_id
    async with container.database.transaction() as session:
        row = unknown(business_id, world.waba_id, f"t_{new_id().hex}", "tr", BEGAN)
        session.add(row)
        template_id = row.id
        before = await stored(session, business_id, template_id)
        at = BEGAN
        for seen in said:
            at += MINUTE
            changed, once = await took(session, business_id, template_id, seen, at)
            repeated, twice = await took(session, business_id, template_id, seen, at + MINUTE)
            assert (repeated, twice) == (False, once)
            matters = ("status", "category", "correct_category", "version")
            assert changed or all(once["row"][name] == before["row"][name] for name in matters)
            assert once["row"]["version"] >= before["row"]["version"]
            before = once
    assert [number for number, _ in before["versions"]] == list(range(1, before["row"]["version"] + 1))
    assert all(one != after for (_, one), (_, after) in pairwise(before["versions"]))
    assert not before["versions"] or before["versions"][-1][1] == before["row"]["components"]
    for kind in ("status", "category", "quality"):
        lines = [details for found, details in before["changes"] if found == kind]
        assert all(one["from"] != one["to"] for one in lines)
        assert not lines or lines[-1]["to"] == before["row"][kind] or "2" in {one.meta_id for one in said}
