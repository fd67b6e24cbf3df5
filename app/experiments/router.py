"""Experiments: variants of a template on a share of the contacts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.errors import SenderMissing
from app.accounts.keys import Scope
from app.core.http import refuse_unknown_parameters
from app.core.ids import parse_id
from app.core.problems import (
    BodyTooLarge,
    Forbidden,
    InvalidRequest,
    MalformedBody,
    Unauthorized,
    Unavailable,
    responses,
)
from app.experiments.errors import ExperimentDecided, ExperimentMissing, ExperimentRunning
from app.experiments.running import EXPERIMENT_PREFIX
from app.experiments.schemas import (
    EventTypeName,
    ExperimentDetail,
    ExperimentIn,
    ExperimentPage,
    ExperimentStatus,
    GoIn,
)
from app.experiments.service import Experiments

ExperimentId = Annotated[str, Path(examples=["exp_019a8f3c2b7d7c31a4e5f60718293a4b"])]

_DECIDE = responses(Unauthorized, Forbidden, ExperimentMissing, ExperimentDecided, Unavailable)
_ITS_VARIANT = GoIn()
_GO = responses(
    Unauthorized,
    Forbidden,
    ExperimentMissing,
    ExperimentDecided,
    MalformedBody,
    BodyTooLarge,
    InvalidRequest,
    Unavailable,
)


def experiments_router(directory: Directory, experiments: Experiments) -> APIRouter:
    router = APIRouter(tags=["Experiments"])

    @router.post(
        "/v1/experiments",
        operation_id="create_experiment",
        summary="Try a variant of a template",
        status_code=201,
        responses=responses(
            Unauthorized,
            Forbidden,
            MalformedBody,
            BodyTooLarge,
            InvalidRequest,
            SenderMissing,
            ExperimentRunning,
            Unavailable,
        ),
    )
    async def create_experiment(request: Request, response: Response, body: ExperimentIn) -> ExperimentDetail:
        """From now on events of the type go by one template or the other; a contact always by the same one. A canary
        ends by itself: the variant becomes the template of all, or of nobody, by a test whose error rates are `alpha`
        and `beta` however often it is looked at. For the key's kind alone, and one at a time for an event type."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        made = await experiments.create(caller, body)
        response.headers["Location"] = f"/v1/experiments/{made.id}"
        return made

    @router.get(
        "/v1/experiments",
        operation_id="list_experiments",
        summary="Experiments, newest first",
        responses=responses(Unauthorized, Forbidden, InvalidRequest),
    )
    async def list_experiments(
        request: Request,
        event_type: Annotated[EventTypeName | None, Query()] = None,
        status: Annotated[ExperimentStatus | None, Query()] = None,
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> ExperimentPage:
        """Those of the key's kind, without their evidence."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_READ)
        refuse_unknown_parameters(request)
        return await experiments.list(
            caller.business_id, caller.mode, event_type=event_type, status=status, cursor=cursor, size=limit
        )

    @router.get(
        "/v1/experiments/{experiment_id}",
        operation_id="get_experiment",
        summary="An experiment with its evidence",
        responses=responses(Unauthorized, Forbidden, ExperimentMissing),
    )
    async def get_experiment(request: Request, experiment_id: ExperimentId) -> ExperimentDetail:
        """Counts and rates of each arm, and how far each metric is from a verdict: as of now, or, once it is decided,
        as of then."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_READ)
        return await experiments.one(caller.business_id, caller.mode, _id(experiment_id))

    _deciding(router, directory, experiments)
    return router


def _deciding(router: APIRouter, directory: Directory, experiments: Experiments) -> None:
    @router.post(
        "/v1/experiments/{experiment_id}/stop",
        operation_id="stop_experiment",
        summary="Go back for all",
        responses=_DECIDE,
    )
    async def stop_experiment(request: Request, experiment_id: ExperimentId) -> ExperimentDetail:
        """By hand, and noted as such. What waits keeps the template that it was made for."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        return await experiments.stop(caller, _id(experiment_id))

    @router.post(
        "/v1/experiments/{experiment_id}/go",
        operation_id="go_with_experiment",
        summary="Go on for all",
        responses=_GO,
    )
    async def go_with_experiment(
        request: Request, experiment_id: ExperimentId, body: GoIn = _ITS_VARIANT
    ) -> ExperimentDetail:
        """By hand, and noted as such, whatever the evidence says: the variant is the event type's first template from
        now on. Of fixed shares `arm` says which."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        return await experiments.go(caller, _id(experiment_id), body.arm)

    @router.post(
        "/v1/experiments/{experiment_id}/cancel",
        operation_id="cancel_experiment",
        summary="Withdraw an experiment",
        responses=_DECIDE,
    )
    async def cancel_experiment(request: Request, experiment_id: ExperimentId) -> ExperimentDetail:
        """It ends, and nothing is concluded from it."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        return await experiments.cancel(caller, _id(experiment_id))


def _id(text: str) -> UUID:
    found = parse_id(EXPERIMENT_PREFIX, text)
    if found is None:
        raise ExperimentMissing
    return found
