"""Figures over time and in parts, with what they say in words, and as CSV."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app.accounts.keys import Scope
from app.analytics.consents.router import consent_table
from app.analytics.consents.service import CountedConsents
from app.analytics.conversions.figures import CountedConversions
from app.analytics.conversions.figures_router import conversion_table
from app.analytics.router import csv_response
from app.analytics.service import Figures
from app.analytics.tables import Table, cost_table, delivery_table, engagement_table
from app.console.desk import Desk, Pages
from app.console.figures.asked import BYS, FIGURES, KINDS, PERIODS, WIDTHS, Kind, Question, question_in
from app.console.figures.consent import consent_view
from app.console.figures.conversion import conversion_view
from app.console.figures.cost import cost_view
from app.console.figures.delivery import delivery_view
from app.console.figures.engagement import engagement_view
from app.console.figures.telling import Telling
from app.console.figures.views import View, scales_of
from app.console.rendering import HEADERS
from app.console.visits import Visit

CSV_PATH = f"{FIGURES}.csv"

Asking = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Sources:
    """Whom to ask for which kind of figures."""

    figures: Figures
    conversions: CountedConversions
    consents: CountedConsents

    def asking(self, visit: Visit, kind: Kind) -> Asking:
        async def ask(asked: Any) -> Any:
            return await by_kind[kind](visit.session.business_id, visit.mode, asked)

        by_kind: dict[Kind, Callable[..., Awaitable[Any]]] = {
            "delivery": self.figures.delivery,
            "engagement": self.figures.engagement,
            "conversion": self.conversions.figures,
            "cost": self.figures.cost,
            "consent": self.consents.figures,
        }
        return ask


def figures_pages(desk: Desk, sources: Sources) -> APIRouter:
    pages = Pages(desk)
    rates_url = f"{desk.public_url}/v1/analytics/rates"
    conversions_url = f"{desk.public_url}/v1/conversions"

    async def view_of(visit: Visit, question: Question) -> View:
        telling = Telling(visit, question)
        over_time, parts = await _both(question, sources.asking(visit, question.kind))
        match question.kind:
            case "engagement":
                return engagement_view(telling, over_time, parts)
            case "cost":
                return cost_view(telling, over_time, parts, rates_url)
            case "conversion":
                return conversion_view(telling, over_time, parts, conversions_url)
            case "consent":
                return consent_view(telling, over_time, parts)
        return delivery_view(telling, over_time, parts)

    @pages.get("/figures", Scope.ANALYTICS_READ)
    async def shown(visit: Visit) -> Response:
        question = _question(visit)
        view = await view_of(visit, question)
        telling = Telling(visit, question)
        return visit.page(
            "figures.html",
            visit.say("figures_title"),
            question=question,
            view=view,
            tables=[(table, scales_of(table)) for table in view.tables],
            kinds=[(one, question.of_kind(one).url()) for one in KINDS],
            periods=[(one, visit.say(f"period_{one}")) for one in PERIODS],
            widths=[(one, visit.say(f"bucket_{one}")) for one in WIDTHS],
            bys=[("", visit.say("by_nothing")), *((one, visit.say(f"by_{one}")) for one in BYS[question.kind])],
            chosen=[
                (visit.say(f"by_{name}"), telling.named(name, value), question.without(name).url())
                for name, value in question.chosen.items()
            ],
            csv_url=question.url(CSV_PATH),
        )

    @pages.get("/figures.csv", Scope.ANALYTICS_READ)
    async def as_csv(visit: Visit) -> Response:
        question = _question(visit)
        found = await sources.asking(visit, question.kind)(question.as_table())
        name = f"ulak-{question.kind}-{question.since}-{question.until}.csv"
        return csv_response(name, _TABLES[question.kind](found), HEADERS)

    return pages.router


_TABLES: dict[Kind, Callable[[Any], Table]] = {
    "delivery": delivery_table,
    "engagement": engagement_table,
    "cost": cost_table,
    "conversion": conversion_table,
    "consent": consent_table,
}


def _question(visit: Visit) -> Question:
    return question_in(visit.request.query_params, visit.now, visit.zone)


async def _both(question: Question, ask: Asking) -> tuple[Any, Any]:
    """Over time, and in parts where that is wanted."""
    broken_down = question.broken_down()
    return await ask(question.over_time()), await ask(broken_down) if broken_down is not None else None
