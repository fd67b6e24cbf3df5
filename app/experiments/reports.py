"""How experiments and their evidence are told, and how their plans are kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from app.core.ids import public_id
from app.experiments.evidence import AtLimit, Count, Metric, Plan, Reading, Told, Verdict, Watch, count
from app.experiments.models import Experiment
from app.experiments.running import EXPERIMENT_PREFIX
from app.experiments.schemas import (
    DEFAULT_WATCH,
    ArmEvidence,
    ArmOut,
    EvidenceOut,
    ExperimentOut,
    MetricOut,
    PlanOut,
    RateOut,
    WagerOut,
)

_NOTHING = dict.fromkeys(
    ("messages", "contacts", "other_template", "waiting", "sent", "delivered", "read", "failed"), 0
)


def plan_as_json(plan: Plan) -> dict[str, Any]:
    return {
        "watched": {
            metric: {"margin": watch.margin, "window": watch.window.total_seconds()}
            for metric, watch in plan.watched.items()
        },
        "alpha": plan.alpha,
        "beta": plan.beta,
        "at_limit": plan.at_limit,
        "variants": plan.variants,
        "controls": plan.controls,
    }


def plan_of(row: Experiment) -> Plan | None:
    """Nothing for fixed shares."""
    if row.plan is None:
        return None
    kept = row.plan
    watched = {
        Metric(metric): Watch(watch["margin"], timedelta(seconds=watch["window"]))
        for metric, watch in kept["watched"].items()
    }
    return Plan(watched, kept["alpha"], kept["beta"], AtLimit(kept["at_limit"]), kept["variants"], kept["controls"])


def evidence_of(
    row: Experiment,
    plan: Plan | None,
    told: Sequence[Told],
    counted: Mapping[str, Mapping[str, int]],
    readings: Sequence[Reading],
    now: datetime,
) -> EvidenceOut:
    watched = plan.watched if plan is not None else DEFAULT_WATCH
    arms = [
        ArmEvidence(
            **arm,
            **{**_NOTHING, **counted.get(arm["name"], {})},
            rates={
                metric: _rate(count(metric, watch.window, told, arm["name"], now)) for metric, watch in watched.items()
            },
        )
        for arm in row.arms
    ]
    return EvidenceOut(at=now, arms=arms, metrics=[_metric(one, plan) for one in readings] if plan is not None else [])


def _rate(found: Count) -> RateOut:
    low, high = found.interval
    return RateOut(observed=found.observed, bad=found.bad, rate=found.rate, low=low, high=high)


def _metric(reading: Reading, plan: Plan) -> MetricOut:
    bounds = plan.bounds
    return MetricOut(
        metric=reading.metric,
        margin=reading.watch.margin,
        window=reading.watch.window,
        blocks=reading.blocks,
        against_no_worse=WagerOut(evidence=reading.against_no_worse, bound=bounds.worse),
        against_worse=WagerOut(evidence=reading.against_worse, bound=bounds.no_worse),
        verdict=reading.verdict,
        decided_at=reading.worse_at or reading.no_worse_at,
        maturing=reading.maturing,
        unpaired=reading.unpaired,
        missing=_missing(reading, plan),
    )


def _missing(reading: Reading, plan: Plan) -> list[Literal["evidence", "mature_messages", "control_messages"]]:
    if reading.verdict is not Verdict.UNDECIDED:
        return []
    missing: list[Literal["evidence", "mature_messages", "control_messages"]] = ["evidence"]
    if reading.maturing:
        missing.append("mature_messages")
    if reading.unpaired >= plan.variants:
        missing.append("control_messages")
    return missing


def shown(row: Experiment) -> ExperimentOut:
    plan = plan_of(row)
    return ExperimentOut.model_validate(
        {
            "id": public_id(EXPERIMENT_PREFIX, row.id),
            "event_type": row.event_type,
            "kind": row.kind,
            "status": row.status,
            "reason": row.reason,
            "decided_by": decider_of(row),
            "arms": [ArmOut(**arm) for arm in row.arms],
            "contacts": row.contacts,
            "taken": row.taken if row.contacts is not None else None,
            "plan": PlanOut.model_validate(plan, from_attributes=True) if plan is not None else None,
            "created_at": row.created_at,
            "ends_at": row.ends_at,
            "decided_at": row.decided_at,
        }
    )


def decider_of(row: Experiment) -> Literal["test", "hand"] | None:
    if row.decided_at is None:
        return None
    return "hand" if row.decided_by is not None else "test"
