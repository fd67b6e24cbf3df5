"""Figures over HTTP, as JSON or as CSV."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.analytics.asked import FiguresQuery, TimesQuery
from app.analytics.price_schemas import PriceRatesIn, PriceRatesOut
from app.analytics.schemas import CostFigures, DeliveryFigures, EngagementFigures
from app.analytics.service import Figures
from app.analytics.tables import CSV, Table, cost_table, csv_of, delivery_table, engagement_table, wants_csv
from app.core.problems import (
    BodyTooLarge,
    Forbidden,
    InvalidRequest,
    MalformedBody,
    Unauthorized,
    Unavailable,
    responses,
)

Found = TypeVar("Found")

Asking = Annotated[FiguresQuery, Query()]


def csv_answers(example: str) -> dict[int | str, dict[str, Any]]:
    """Of an operation that answers with figures: as a table, too."""
    table = {"schema": {"type": "string"}, "example": example}
    return {200: {"content": {CSV: table}}, **responses(Unauthorized, Forbidden, InvalidRequest, Unavailable)}


def answer(request: Request, query: TimesQuery, name: str, found: Found, table: Callable[[Found], Table]) -> Any:
    """The figures, or as the caller would rather have them, their table."""
    if not wants_csv(request.headers.get("accept", ""), query.format):
        return found
    return csv_response(f"{name}.csv", table(found))


def csv_response(filename: str, table: Table, headers: Mapping[str, str] = MappingProxyType({})) -> Response:
    return StreamingResponse(
        csv_of(*table),
        media_type=f"{CSV}; charset=utf-8; header=present",
        headers={**headers, "Content-Disposition": f'attachment; filename="{filename}"'},
    )


def analytics_router(directory: Directory, figures: Figures) -> APIRouter:
    router = APIRouter(tags=["Figures"])

    @router.get(
        "/v1/analytics/delivery",
        operation_id="get_delivery_figures",
        summary="What became of messages",
        response_model=DeliveryFigures,
        responses=csv_answers(
            "start,end,event_type,messages,…,delivered_rate,delivered_rate_low,delivered_rate_high,…\r\n"
        ),
    )
    async def get_delivery_figures(request: Request, query: Asking) -> Any:
        """How many messages came to each step, with rates, and why the others did not. Exact, not sampled: counted from
        the messages themselves, of the key's kind. A message belongs to the time at which it was to leave: a reminder
        that was made in May for June is one of June, whenever it was read."""
        caller = await authenticate(directory, request, Scope.ANALYTICS_READ)
        found = await figures.delivery(caller.business_id, caller.mode, query.asked())
        return answer(request, query, "delivery", found, delivery_table)

    @router.get(
        "/v1/analytics/engagement",
        operation_id="get_engagement_figures",
        summary="What customers made of messages",
        response_model=EngagementFigures,
        responses=csv_answers(
            "start,end,event_type,delivered,read,replied,…,read_rate,read_rate_low,read_rate_high,…\r\n"
        ),
    )
    async def get_engagement_figures(request: Request, query: Asking) -> Any:
        """Answers, taps, clicks and opt-outs, with rates of what was delivered, and how soon messages are read. Each
        counts where its message does, whenever it came. Who has turned off read receipts on WhatsApp reads unseen, and
        clicks are known of tracked links alone."""
        caller = await authenticate(directory, request, Scope.ANALYTICS_READ)
        found = await figures.engagement(caller.business_id, caller.mode, query.asked())
        return answer(request, query, "engagement", found, engagement_table)

    _costs(router, directory, figures)
    return router


def _costs(router: APIRouter, directory: Directory, figures: Figures) -> None:
    @router.get(
        "/v1/analytics/cost",
        operation_id="get_cost_figures",
        summary="What messages cost",
        response_model=CostFigures,
        responses=csv_answers("start,end,category,price_type,country,messages,paid,free,unrated,currency,amount\r\n"),
    )
    async def get_cost_figures(request: Request, query: Asking) -> Any:
        """By Meta's category, kind of price and country, as Meta reported them with receipts, times the business's own
        rates, `/v1/analytics/rates`, that hold on the message's day. Amounts are exact; no currency is turned into
        another. It is no invoice: that is Meta's, or the partner's by whom the account is billed."""
        caller = await authenticate(directory, request, Scope.ANALYTICS_READ)
        found = await figures.cost(caller.business_id, caller.mode, query.asked())
        return answer(request, query, "cost", found, cost_table)

    @router.get(
        "/v1/analytics/rates",
        operation_id="get_price_rates",
        summary="What a message costs the business",
        responses=responses(Unauthorized, Forbidden, Unavailable),
    )
    async def get_price_rates(request: Request) -> PriceRatesOut:
        """The table as it was set; for both kinds of keys. Empty until then: Meta does not tell prices."""
        caller = await authenticate(directory, request, Scope.ANALYTICS_READ)
        return await figures.price_rates(caller.business_id)

    @router.put(
        "/v1/analytics/rates",
        operation_id="set_price_rates",
        summary="Set what a message costs the business",
        responses=responses(Unauthorized, Forbidden, MalformedBody, BodyTooLarge, InvalidRequest, Unavailable),
    )
    async def set_price_rates(request: Request, body: PriceRatesIn) -> PriceRatesOut:
        """Replaces the whole table. A rate holds from the day in `from`, on the business's clock, until one of the same
        category and country follows it; that of a country goes before that of `*`. The past is reckoned anew, too."""
        caller = await authenticate(directory, request, Scope.ANALYTICS_WRITE)
        return await figures.set_price_rates(caller.business_id, body)
