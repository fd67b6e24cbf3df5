"""What customers did after they were told."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import TypeAdapter, ValidationError

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.analytics.conversions.attribution import AttributedBy
from app.analytics.conversions.errors import ReferenceReused, no_such_conversion
from app.analytics.conversions.repository import Filters
from app.analytics.conversions.schemas import (
    CONVERSION_PREFIX,
    ConversionBatchIn,
    ConversionBatchOut,
    ConversionIn,
    ConversionOut,
    ConversionPage,
    ConversionRefused,
    ConversionTaken,
    ConversionType,
)
from app.analytics.conversions.service import Conversions, Taken
from app.consent.router import contact_key
from app.core.http import refuse_unknown_parameters
from app.core.ids import parse_id
from app.core.moments import AnyMoment
from app.core.problems import (
    BodyTooLarge,
    FieldError,
    Forbidden,
    InvalidRequest,
    MalformedBody,
    NotFound,
    Problem,
    ProblemDetails,
    Unauthorized,
    Unavailable,
    problem_of,
    responses,
)
from app.messages.router import PLAIN
from app.messages.schemas import MESSAGE_PREFIX

ConversionId = Annotated[str, Path(max_length=64, examples=["cnv_019a8f3c2b7d7c31a4e5f60718293a4b"])]

_BODY: TypeAdapter[ConversionIn] = TypeAdapter(ConversionIn)


def conversions_router(directory: Directory, conversions: Conversions) -> APIRouter:
    router = APIRouter(tags=["Conversions"])

    @router.post(
        "/v1/conversions",
        operation_id="record_conversion",
        summary="Report a conversion",
        status_code=201,
        responses={
            200: {"model": ConversionOut, "description": "It was reported before, with this reference"},
            **responses(
                Unauthorized, Forbidden, MalformedBody, BodyTooLarge, InvalidRequest, ReferenceReused, Unavailable
            ),
        },
    )
    async def record_conversion(request: Request, response: Response, body: ConversionIn) -> ConversionOut:
        """A purchase, a booking, whatever the business counts. Which message it came of is decided now, by what is
        known now, within the business's `conversion_window_days` before it: the message of the click, or the message,
        that is named; of a contact the last message that was clicked, or else the last that was delivered or read. One
        that came of none is stored and counted all the same."""
        caller = await authenticate(directory, request, Scope.EVENTS_WRITE)
        taken = await conversions.record(caller, body)
        response.headers["Location"] = f"/v1/conversions/{taken.conversion.id}"
        if taken.is_repeated:
            response.status_code = 200
        return taken.conversion

    @router.post(
        "/v1/conversions/batch",
        operation_id="record_conversions",
        summary="Report many conversions",
        responses=responses(Unauthorized, Forbidden, MalformedBody, BodyTooLarge, InvalidRequest, Unavailable),
    )
    async def record_conversions(request: Request, body: ConversionBatchIn) -> ConversionBatchOut:
        """Up to 1,000, each as if it came alone: one that is refused holds no other back. Without references, a batch
        that is sent again counts again."""
        caller = await authenticate(directory, request, Scope.EVENTS_WRITE)
        given = [_read(item) for item in body.conversions]
        results = await conversions.record_many(caller, given)
        shown = [_shown(index, one) for index, one in enumerate(results)]
        refused = sum(isinstance(one, ConversionRefused) for one in shown)
        return ConversionBatchOut(taken=len(shown) - refused, refused=refused, results=shown)

    @router.get(
        "/v1/conversions",
        operation_id="list_conversions",
        summary="Conversions, the last reported first",
        responses=responses(Unauthorized, Forbidden, InvalidRequest, NotFound),
    )
    async def list_conversions(
        request: Request,
        *,
        type_: Annotated[
            list[ConversionType] | None, Query(alias="type", description="Any of these", max_length=20)
        ] = None,
        attributed: Annotated[bool | None, Query(description="Whether it came of a message")] = None,
        attributed_by: Annotated[list[AttributedBy] | None, Query(description="Any of these")] = None,
        event_type: Annotated[
            str | None, Query(description="Of the message that it came of", max_length=100), PLAIN
        ] = None,
        message: Annotated[str | None, Query(description="Id of the message that it came of", max_length=64)] = None,
        contact: Annotated[
            str | None, Query(description="A phone number, a BSUID, or the id of a contact", max_length=150), PLAIN
        ] = None,
        reference: Annotated[str | None, Query(description="Your own id of it", max_length=120), PLAIN] = None,
        canceled: Annotated[bool | None, Query(description="Whether it counts no more")] = None,
        occurred_from: Annotated[AnyMoment | None, Query(description="Inclusive")] = None,
        occurred_to: Annotated[AnyMoment | None, Query(description="Exclusive")] = None,
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> ConversionPage:
        """Those of the key's business and mode."""
        caller = await authenticate(directory, request, Scope.MESSAGES_READ)
        refuse_unknown_parameters(request)
        contact_id = None
        if contact:
            contact_id = await conversions.contact_id(await contact_key(directory, caller, contact))
        filters = Filters(
            types=type_ or (),
            attributed=attributed,
            attributed_by=attributed_by or (),
            event_type=event_type,
            message_id=_message(message) if message else None,
            contact_id=contact_id,
            references=await conversions.spellings(caller.business_id, reference) if reference else (),
            canceled=canceled,
            occurred_from=occurred_from,
            occurred_to=occurred_to,
        )
        return await conversions.page(caller.business_id, caller.mode, filters, cursor=cursor, size=limit)

    @router.get(
        "/v1/conversions/{conversion}",
        operation_id="get_conversion",
        summary="One conversion",
        responses=responses(Unauthorized, Forbidden, NotFound),
    )
    async def get_conversion(request: Request, conversion: ConversionId) -> ConversionOut:
        """Which message it came of and how that is known, or why it came of none."""
        caller = await authenticate(directory, request, Scope.MESSAGES_READ)
        return await conversions.one(caller.business_id, caller.mode, _conversion(conversion))

    @router.delete(
        "/v1/conversions/{conversion}",
        operation_id="cancel_conversion",
        summary="Cancel a conversion",
        responses=responses(Unauthorized, Forbidden, NotFound, Unavailable),
    )
    async def cancel_conversion(request: Request, conversion: ConversionId) -> ConversionOut:
        """The order was canceled or refunded: from now on it is not counted any more, as if it had never been. It stays
        to be seen, and its reference stays taken."""
        caller = await authenticate(directory, request, Scope.EVENTS_WRITE)
        return await conversions.cancel(caller.business_id, caller.mode, _conversion(conversion))

    return router


def _read(item: object) -> ConversionIn | Problem:
    try:
        return _BODY.validate_python(item)
    except ValidationError as error:
        return problem_of(error)


def _shown(index: int, result: Taken | Problem) -> ConversionTaken | ConversionRefused:
    if isinstance(result, Taken):
        return ConversionTaken(index=index, conversion=result.conversion, repeated=result.is_repeated)
    told = result.moved(f"/conversions/{index}") if isinstance(result, InvalidRequest) else result
    return ConversionRefused(index=index, problem=ProblemDetails.model_validate(told.as_dict()))


def _conversion(text: str) -> UUID:
    found = parse_id(CONVERSION_PREFIX, text)
    if found is None:
        raise no_such_conversion()
    return found


def _message(text: str) -> UUID:
    found = parse_id(MESSAGE_PREFIX, text)
    if found is None:
        fault = FieldError(parameter="message", code="id", message="is no id of a message")
        raise InvalidRequest.from_faults([fault])
    return found
