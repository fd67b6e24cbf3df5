"""What a person should know of and mend: paused numbers, templates in trouble, endpoints and shops that fail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from app.accounts.alerts import PERSON
from app.accounts.keys import Scope
from app.accounts.schemas import SenderOut
from app.accounts.senders import SenderService
from app.callbacks.endpoint_schemas import ENDPOINT_PREFIX
from app.console.navigation import PATH
from app.console.visits import Visit
from app.console.waiting import Waiting
from app.core.database import Database
from app.core.ids import first_id_at, public_id
from app.templates.mirror import TEMPLATE_PREFIX

Weight = Literal["bad", "warn"]

_DAY = timedelta(days=1)

TEMPLATES_IN_TROUBLE = """
    SELECT t.id, t.name, t.language, t.status, t.status_at, t.rejected_reason, t.unpause_at, t.correct_category,
           t.category, t.category_noticed_at, t.category_effective_at
      FROM templates t
     WHERE t.business_id = $1 AND t.waba_id = ANY($2::text[])
       AND (t.status IN ('PAUSED', 'REJECTED', 'DISABLED', 'FLAGGED')
            OR t.status <> 'DELETED' AND t.correct_category IS NOT NULL AND t.correct_category <> t.category
               AND t.correct_category IS DISTINCT FROM t.accepted_category)
     ORDER BY t.status_at DESC, t.id
     LIMIT 50
"""

ENDPOINTS_IN_TROUBLE = """
    SELECT e.id, e.url, e.disabled_at, e.disabled_reason, e.failing_since, e.consecutive_failures, e.last_error
      FROM callback_endpoints e
     WHERE e.business_id = $1 AND e.mode = $2 AND e.deleted_at IS NULL
       AND (e.disabled_reason IN ('gone', 'failing') OR e.disabled_at IS NULL AND e.failing_since IS NOT NULL)
     ORDER BY e.id
     LIMIT 50
"""

SHOPS_REFUSED = """
    SELECT i.id, i.shop, refused.count, refused.last_at
      FROM integrations i,
           LATERAL (SELECT count(*) AS count, max(d.received_at) AS last_at FROM integration_deliveries d
                     WHERE d.business_id = $1 AND d.integration_id = i.id AND d.id >= $3
                       AND d.outcome = 'refused') AS refused
     WHERE i.business_id = $1 AND i.mode = $2 AND i.disabled_at IS NULL AND refused.count > 0
     ORDER BY i.id
"""


@dataclass(frozen=True, slots=True)
class Concern:
    weight: Weight
    key: str
    """Of the words: `{key}` says what is wrong, `{key}_step` what to do."""
    values: dict[str, Any]
    link: str
    at: datetime
    meaning: str | None = None
    step: str | None = None
    """As the table of Meta's errors says it, in English."""


class Concerns:
    def __init__(self, database: Database, senders: SenderService) -> None:
        self._database = database
        self._senders = senders

    async def of(self, visit: Visit, waiting: Waiting) -> list[Concern]:
        """What the session may know of, the worst first; `waiting` is what waits just now."""
        found: list[Concern] = []
        if visit.may(Scope.SENDERS_READ):
            found += _of_senders(await self._senders.list(visit.session.business_id, visit.mode))
        if visit.may(Scope.TEMPLATES_READ):
            found += await self._of_templates(visit)
            found += _of_missing_templates(waiting)
        if visit.may(Scope.CALLBACKS_READ):
            found += await self._of_endpoints(visit)
            found += await self._of_shops(visit)
        return sorted(found, key=lambda one: (one.weight != "bad", -one.at.timestamp()))

    async def _of_templates(self, visit: Visit) -> list[Concern]:
        wabas = sorted({sender.waba_id for sender in visit.business.senders if sender.mode == visit.mode})
        rows = await self._database.pool.fetch(TEMPLATES_IN_TROUBLE, visit.session.business_id, wabas)
        return [_of_template(row) for row in rows]

    async def _of_endpoints(self, visit: Visit) -> list[Concern]:
        rows = await self._database.pool.fetch(ENDPOINTS_IN_TROUBLE, visit.session.business_id, visit.mode)
        found = []
        for row in rows:
            is_off = row["disabled_at"] is not None
            key = f"concern_endpoint_{row['disabled_reason']}" if is_off else "concern_endpoint_fails"
            values = {"url": row["url"], "failures": row["consecutive_failures"], "error": row["last_error"] or "–"}
            at = row["disabled_at"] or row["failing_since"]
            link = f"{PATH}/callbacks/{public_id(ENDPOINT_PREFIX, row['id'])}"
            found.append(Concern("bad" if is_off else "warn", key, values, link, at))
        return found

    async def _of_shops(self, visit: Visit) -> list[Concern]:
        since = first_id_at(visit.now - _DAY)
        rows = await self._database.pool.fetch(SHOPS_REFUSED, visit.session.business_id, visit.mode, since)
        return [
            Concern(
                "warn",
                "concern_shop_refused",
                {"shop": row["shop"], "count": row["count"]},
                f"{PATH}/doctor",
                row["last_at"],
            )
            for row in rows
        ]


def _of_senders(senders: Sequence[SenderOut]) -> list[Concern]:
    found = []
    for sender in senders:
        link = f"{PATH}/senders/{sender.id}"
        for alert in sender.alerts:
            values = {"number": sender.display_phone_number, "code": alert.code}
            if alert.code == PERSON:
                found.append(Concern("warn", "concern_sender_person", values, link, alert.raised_at))
            else:
                found.append(
                    Concern(
                        "bad",
                        "concern_sender_paused",
                        values,
                        link,
                        alert.raised_at,
                        meaning=alert.meaning,
                        step=alert.next_step,
                    )
                )
    return found


def _of_missing_templates(waiting: Waiting) -> list[Concern]:
    """Messages that wait for a template, which may be in trouble, or not there at all."""
    groups = [group for group in waiting.groups if group.waiting_for == "template"]
    if not groups:
        return []
    count, since = sum(group.count for group in groups), min(group.oldest_at for group in groups)
    return [Concern("warn", "concern_template_missing", {"count": count}, f"{PATH}/doctor", since)]


def _of_template(row: Any) -> Concern:
    link = f"{PATH}/templates/{public_id(TEMPLATE_PREFIX, row['id'])}"
    values = {"name": row["name"], "language": row["language"]}
    if row["status"] in ("PAUSED", "REJECTED", "DISABLED", "FLAGGED"):
        weight: Weight = "bad" if row["status"] in ("REJECTED", "DISABLED") else "warn"
        return Concern(weight, f"concern_template_{row['status'].lower()}", values, link, row["status_at"])
    values |= {"category": row["correct_category"], "at": row["category_effective_at"]}
    key = "concern_template_category" if row["category_effective_at"] is not None else "concern_template_category_soon"
    return Concern("warn", key, values, link, row["category_noticed_at"] or row["status_at"])
