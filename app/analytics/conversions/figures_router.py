"""Figures of conversions over HTTP, as JSON or as CSV."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.analytics.conversions.asked import OWN, ConversionBy, ConversionQuery
from app.analytics.conversions.figure_schemas import ConversionCounts, ConversionFigures
from app.analytics.conversions.figures import CountedConversions
from app.analytics.router import answer, csv_answers
from app.analytics.tables import Table, rate_cells, rate_columns, span_cells, span_columns


def conversion_figures_router(directory: Directory, counted: CountedConversions) -> APIRouter:
    router = APIRouter(tags=["Figures"])

    @router.get(
        "/v1/analytics/conversion",
        operation_id="get_conversion_figures",
        summary="What came of messages",
        response_model=ConversionFigures,
        responses=csv_answers(
            "start,end,event_type,conversions,attributed,…,conversion_rate,conversion_rate_low,…,amount_TRY,…\r\n"
        ),
    )
    async def get_conversion_figures(request: Request, query: Annotated[ConversionQuery, Query()]) -> Any:
        """Conversions, the messages that they came of, and their value by currency. Those of a message count where it
        does, whenever they were; those of none where they were, and only where rows are neither filtered nor told apart
        by what a message has. Canceled ones do not count."""
        caller = await authenticate(directory, request, Scope.ANALYTICS_READ)
        found = await counted.figures(caller.business_id, caller.mode, query.asked_of_conversions())
        return answer(request, query, "conversion", found, conversion_table)

    return router


def conversion_table(found: ConversionFigures) -> Table:
    """With two columns for each currency that there is."""
    counts = list(ConversionCounts.model_fields)
    of_messages = [one for one in found.by if one not in OWN]
    own: list[ConversionBy] = [one for one in found.by if one in OWN]
    currencies = [one.currency for one in found.values]
    amounts = [f"{name}_{currency}" for currency in currencies for name in ("amount", "attributed_amount")]
    columns = [*span_columns(of_messages), *own, *counts, *rate_columns(["conversion"]), *amounts]  # type: ignore[arg-type] # none of its own
    rows: list[list[object]] = []
    for row in found.rows:
        values = {one.currency: (one.amount, one.attributed_amount) for one in row.values}
        rows.append(
            [
                *span_cells(row, of_messages),  # type: ignore[arg-type]
                *(getattr(row.group, one) for one in own),
                *(getattr(row.counts, name) for name in counts),
                *rate_cells([row.rate]),
                *(amount for currency in currencies for amount in values.get(currency, (0, 0))),
            ]
        )
    return columns, rows
