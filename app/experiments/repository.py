"""Every query about experiments, but those of acceptance, which are `statements`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, bindparam, select, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncSession

from app.experiments.evidence import Told
from app.experiments.models import Experiment

__all__ = ["Experiment"]

NOTED_MOST = 20_000
"""Messages of one arm that are read for evidence: the earliest."""


async def running_of(session: AsyncSession, business_id: UUID) -> Sequence[Experiment]:
    query = select(Experiment).where(Experiment.business_id == business_id, Experiment.status == "running")
    return (await session.scalars(query.order_by(Experiment.id))).all()


async def running_everywhere(session: AsyncSession) -> Sequence[tuple[UUID, UUID]]:
    """Business and id."""
    query = select(Experiment.business_id, Experiment.id).where(Experiment.status == "running")
    return [(row[0], row[1]) for row in await session.execute(query.order_by(Experiment.business_id, Experiment.id))]


async def one(session: AsyncSession, business_id: UUID, mode: str, experiment_id: UUID) -> Experiment | None:
    found = await session.get(Experiment, (business_id, experiment_id))
    return found if found is not None and found.mode == mode else None


async def one_for_update(session: AsyncSession, business_id: UUID, experiment_id: UUID) -> Experiment | None:
    """Locked: whoever decides, decides alone."""
    query = select(Experiment).where(Experiment.business_id == business_id, Experiment.id == experiment_id)
    return await session.scalar(query.with_for_update())


async def page(
    session: AsyncSession,
    business_id: UUID,
    mode: str,
    *,
    event_type: str | None,
    status: str | None,
    before: UUID | None,
    size: int,
) -> Sequence[Experiment]:
    """Newest first."""
    query = select(Experiment).where(Experiment.business_id == business_id, Experiment.mode == mode)
    if event_type is not None:
        query = query.where(Experiment.event_type == event_type)
    if status is not None:
        query = query.where(Experiment.status == status)
    if before is not None:
        query = query.where(Experiment.id < before)
    return (await session.scalars(query.order_by(Experiment.id.desc()).limit(size))).all()


_NOTED = """
    SELECT a.arm, a.template, x.message_id, x.contact_id
      FROM unnest(CAST(:arms AS text[]), CAST(:templates AS text[])) AS a(arm, template),
           LATERAL (SELECT e.message_id, e.contact_id FROM experiment_messages e
                     WHERE e.business_id = :business_id AND e.experiment_id = :experiment_id AND e.arm = a.arm
                     ORDER BY e.message_id LIMIT :most) x
"""

_LEFT = """coalesce(m.accepted_at, m.sent_at, m.delivered_at, m.read_at,
                    CASE WHEN m.failure ->> 'source' <> 'ulak' THEN m.failed_at END)"""
"""When Meta had it. Of what was never heard of again nobody knows whether it left: it says nothing of its template."""

# The tables of messages are read by name: their models belong to a floor above this one.
_TOLD = text(
    f"""
    WITH noted AS MATERIALIZED ({_NOTED}),
    counting AS (
        SELECT DISTINCT ON (n.contact_id)
               n.arm, n.message_id, n.contact_id, m.contact_id AS current_contact_id, {_LEFT} AS left_at,
               m.delivered_at, m.read_at, m.failed_at
          FROM noted n JOIN messages m ON m.business_id = :business_id AND m.id = n.message_id
         WHERE m.template_name = n.template AND {_LEFT} <= :now
         ORDER BY n.contact_id, {_LEFT}, n.message_id)
    SELECT c.arm, c.message_id, c.contact_id, c.left_at, c.delivered_at, c.read_at, c.failed_at,
           (SELECT min(l.failed_at) FROM messages l
             WHERE l.business_id = :business_id AND l.contact_id = c.current_contact_id AND l.id >= c.message_id
               AND l.failure ->> 'code' = ANY(:blocks)) AS blocked_at,
           (SELECT min(o.occurred_at) FROM consent_acts o
             WHERE o.business_id = :business_id AND o.contact_id = c.current_contact_id
               AND o.act IN ('opt_out', 'marketing_stop') AND o.occurred_at >= c.left_at) AS opted_out_at
      FROM counting c
     ORDER BY c.left_at, c.message_id
    """  # noqa: S608 - constants
).bindparams(
    bindparam("arms", type_=ARRAY(Text)),
    bindparam("templates", type_=ARRAY(Text)),
    bindparam("blocks", type_=ARRAY(Text)),
    bindparam("now", type_=TIMESTAMP(timezone=True)),
)

_COUNTED = text(
    f"""
    WITH noted AS MATERIALIZED ({_NOTED})
    SELECT n.arm,
           count(*) AS messages,
           count(DISTINCT n.contact_id) AS contacts,
           count(*) FILTER (WHERE m.template_name <> n.template) AS elsewhere,
           count(*) FILTER (WHERE m.status IN ('scheduled', 'queued', 'sending', 'unconfirmed')
                              AND m.template_name = n.template AND {_LEFT} IS NULL) AS waiting,
           count(*) FILTER (WHERE m.template_name = n.template AND {_LEFT} IS NOT NULL) AS left_,
           count(*) FILTER (WHERE m.template_name = n.template AND m.delivered_at IS NOT NULL) AS delivered,
           count(*) FILTER (WHERE m.template_name = n.template AND m.read_at IS NOT NULL) AS read_,
           count(*) FILTER (WHERE m.template_name = n.template AND m.status = 'failed') AS failed
      FROM noted n JOIN messages m ON m.business_id = :business_id AND m.id = n.message_id
     GROUP BY n.arm
    """  # noqa: S608 - constants
).bindparams(bindparam("arms", type_=ARRAY(Text)), bindparam("templates", type_=ARRAY(Text)))


def _asked(experiment: Experiment) -> dict[str, Any]:
    return {
        "business_id": experiment.business_id,
        "experiment_id": experiment.id,
        "arms": [arm["name"] for arm in experiment.arms],
        "templates": [arm["template"] for arm in experiment.arms],
        "most": NOTED_MOST,
    }


async def told(session: AsyncSession, experiment: Experiment, blocks: Sequence[int], now: datetime) -> list[Told]:
    """Each contact's first message that left by its arm's template, in the order in which they left. `blocks`: Meta's
    codes of messages that come back from who does not want them."""
    asked = {**_asked(experiment), "blocks": [str(code) for code in blocks], "now": now}
    return [
        Told(
            row.message_id,
            row.contact_id,
            row.arm,
            row.left_at,
            row.delivered_at,
            row.read_at,
            row.failed_at,
            row.blocked_at,
            row.opted_out_at,
        )
        for row in await session.execute(_TOLD, asked)
    ]


async def counted(session: AsyncSession, experiment: Experiment) -> dict[str, dict[str, int]]:
    """By arm."""
    rows = await session.execute(_COUNTED, _asked(experiment))
    return {
        row.arm: {
            "messages": row.messages,
            "contacts": row.contacts,
            "other_template": row.elsewhere,
            "waiting": row.waiting,
            "sent": row.left_,
            "delivered": row.delivered,
            "read": row.read_,
            "failed": row.failed,
        }
        for row in rows
    }
