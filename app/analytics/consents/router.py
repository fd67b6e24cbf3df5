"""Figures of consent over HTTP, as JSON or as CSV."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.analytics.consents.asked import ConsentQuery
from app.analytics.consents.schemas import ConsentCounts, ConsentFigures
from app.analytics.consents.service import CountedConsents
from app.analytics.router import answer, csv_answers
from app.analytics.tables import Table


def consent_figures_router(directory: Directory, counted: CountedConsents) -> APIRouter:
    router = APIRouter(tags=["Figures"])

    @router.get(
        "/v1/analytics/consent",
        operation_id="get_consent_figures",
        summary="Who agreed and who left",
        response_model=ConsentFigures,
        responses=csv_answers("start,end,source,opt_ins,opt_outs,…,gained,lost,net,opted_in\r\n"),
    )
    async def get_consent_figures(request: Request, query: Annotated[ConsentQuery, Query()]) -> Any:
        """Acts of consent, by when they were recorded, by door and topic; and what they changed: an import that repeats
        what holds is an act and no gain, so `net` is by how much the number of those who agree has grown. Counted from
        the ledger, of the key's kind. An opt-in that is to be confirmed counts when it is."""
        caller = await authenticate(directory, request, Scope.ANALYTICS_READ)
        found = await counted.figures(caller.business_id, caller.mode, query.asked())
        return answer(request, query, "consent", found, consent_table)

    return router


def consent_table(found: ConsentFigures) -> Table:
    counts = list(ConsentCounts.model_fields)
    return ["start", "end", *found.by, *counts, "opted_in"], [
        [
            row.start,
            row.end,
            *(getattr(row.group, one) for one in found.by),
            *(getattr(row.counts, name) for name in counts),
            row.opted_in,
        ]
        for row in found.rows
    ]
