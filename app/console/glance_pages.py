"""The overview: what happens today, what is wrong, what waits. Its parts are fetched anew when something changed."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.accounts.directory import SenderAccount
from app.accounts.keys import Scope
from app.analytics.schemas import DeliveryCounts, DeliveryFigures
from app.analytics.service import Figures
from app.console.charts import Chart, Series, chart
from app.console.concerns import Concerns
from app.console.desk import Desk, Pages
from app.console.glance import Today, today_of
from app.console.rules import reason
from app.console.speaking import Speech
from app.console.visits import Visit
from app.console.waiting import MOST, Waiting, what_waits
from app.core.database import Database

_STEPS = ("accepted", "sent", "delivered", "read", "failed")
_REASONS_SHOWN = 8


def glance_pages(desk: Desk, database: Database, figures: Figures, concerns: Concerns) -> APIRouter:
    pages = Pages(desk)

    async def today(visit: Visit) -> dict[str, Any]:
        if not visit.may(Scope.ANALYTICS_READ):
            return {"today": None}
        return _told(visit, await today_of(figures, visit), f"{desk.public_url}/v1/events/order-confirmed")

    async def waiting(visit: Visit) -> Waiting:
        return await what_waits(database, visit.session.business_id, visit.mode, list(_numbers(visit)))

    def told_of(visit: Visit, found: Waiting) -> dict[str, Any]:
        return {"waiting": found, "numbers": _numbers(visit), "most": MOST}

    @pages.get("/", Scope.MESSAGES_READ)
    async def glance(visit: Visit) -> Response:
        found = await waiting(visit)
        return visit.page(
            "glance.html",
            visit.say("glance_title"),
            speech=Speech.to(visit),
            concerns=await concerns.of(visit, found),
            **await today(visit),
            **told_of(visit, found),
        )

    @pages.get("/glance/today", Scope.MESSAGES_READ, is_background=True)
    async def shown_today(visit: Visit) -> Response:
        return visit.fragment("glance_today.html", speech=Speech.to(visit), **await today(visit))

    @pages.get("/glance/concerns", Scope.MESSAGES_READ, is_background=True)
    async def shown_concerns(visit: Visit) -> Response:
        found = await concerns.of(visit, await waiting(visit))
        return visit.fragment("glance_concerns.html", speech=Speech.to(visit), concerns=found)

    @pages.get("/glance/waiting", Scope.MESSAGES_READ, is_background=True)
    async def shown_waiting(visit: Visit) -> Response:
        return visit.fragment("glance_waiting.html", speech=Speech.to(visit), **told_of(visit, await waiting(visit)))

    return pages.router


def _numbers(visit: Visit) -> dict[UUID, SenderAccount]:
    return {sender.id: sender for sender in visit.business.senders if sender.mode == visit.mode}


def _told(visit: Visit, found: Today, url: str) -> dict[str, Any]:
    return {
        "today": found.today,
        "yesterday": found.yesterday,
        "is_empty": found.today.totals.messages == 0,
        "funnel": _funnel(visit, found),
        "hours": _hours(visit, found.today, found.yesterday_whole),
        "reasons": [
            {
                "text": reason(one.reason) if one.reason else None,
                "meaning": one.meaning,
                "code": one.code,
                "status": one.status,
                "messages": one.messages,
            }
            for one in found.today.reasons[:_REASONS_SHOWN]
        ],
        "curl": _curl(url),
    }


def kept_back(counts: DeliveryCounts) -> int:
    return counts.suppressed + counts.canceled + counts.expired


def _funnel(visit: Visit, found: Today) -> Chart:
    def values(counts: DeliveryCounts) -> list[int]:
        return [*(int(getattr(counts, step)) for step in _STEPS), kept_back(counts)]

    labels = [*(visit.say(f"figure_{step}") for step in _STEPS), visit.say("figure_kept")]
    return chart(
        "bar",
        labels,
        [
            Series(visit.say("today"), values(found.today.totals)),
            Series(visit.say("last_week_then"), values(found.last_week.totals), "faint-1"),
        ],
        visit.formats.number,
        named=visit.say("funnel_step"),
        is_lying=True,
        is_labelled=True,
    )


def _hours(visit: Visit, today: DeliveryFigures, yesterday: DeliveryFigures) -> Chart:
    """An hour that is to come is no nought. A day that has 23 hours or 25 is compared by their numbers."""
    now = visit.now
    labels = [row.start.astimezone(visit.zone).strftime("%H:%M") for row in today.rows]
    before = [row.counts.messages for row in yesterday.rows][: len(labels)]
    return chart(
        "bar",
        labels,
        [
            Series(visit.say("today"), [row.counts.messages if row.start <= now else None for row in today.rows]),
            Series(visit.say("yesterday"), before + [None] * (len(labels) - len(before)), "series-6", kind="line"),
        ],
        visit.formats.number,
        named=visit.say("hour"),
    )


def _curl(url: str) -> str:
    body = (
        '{"contact": {"phone": "+905321112233", "name": "Ayşe Yılmaz"},\n'
        '       "data": {"order_number": "A-1001", "total": {"amount": 129990, "currency": "TRY"}}}'
    )
    return f"curl {url} \\\n  -H 'Authorization: Bearer ulak_…' -H 'Content-Type: application/json' \\\n  -d '{body}'"
