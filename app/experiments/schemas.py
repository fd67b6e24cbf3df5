"""Bodies of the operations on experiments."""

from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.consent.schemas import Strict, faulty
from app.experiments.evidence import AtLimit, Metric, Verdict, Watch
from app.experiments.repository import NOTED_MOST

Kind = Literal["canary", "share"]
ExperimentStatus = Literal["running", "going", "stopped", "canceled"]
Reason = Literal["worse", "no_worse", "limit", "template", "by_hand", "withdrawn"]

TemplateName = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,512}$", examples=["order_confirmed_short"])]
EventTypeName = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,100}$", examples=["order-confirmed"])]
Share = Annotated[int, Field(ge=1, le=100, strict=True, description="Per cent of the contacts")]
ErrorRate = Annotated[float, Field(ge=0.001, le=0.5)]

DEFAULT_WATCH: dict[Metric, Watch] = {
    Metric.FAILED: Watch(0.03, timedelta(hours=1)),
    Metric.BLOCKED: Watch(0.02, timedelta(days=1)),
    Metric.OPT_OUT: Watch(0.02, timedelta(days=1)),
    Metric.NOT_READ: Watch(0.1, timedelta(days=1)),
}

MOST_DAYS = 90


class WatchIn(Strict):
    """How one metric is watched; what is missing is as by default."""

    margin: float | None = Field(
        default=None,
        ge=0.001,
        le=0.5,
        description="By how much worse than the control's rate the variant's must not be: 0.02 is 2 of 100 messages. "
        "By default 0.03 (`failed`), 0.02 (`blocked`, `opt_out`), 0.1 (`not_read`)",
    )
    window: timedelta | None = Field(
        default=None,
        ge=timedelta(minutes=1),
        le=timedelta(days=7),
        description="How long after it left a message is watched before it counts. By default an hour (`failed`), a "
        "day (the others)",
        examples=["PT24H"],
    )


class ArmIn(Strict):
    template: TemplateName
    share: Share


_OF_CANARY = ("variant", "control", "share", "contacts", "metrics")


class ExperimentIn(Strict):
    """What is to be tried on an event type."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "event_type": "order-confirmed",
                    "kind": "canary",
                    "variant": "order_confirmed_short",
                    "share": 20,
                    "contacts": 2000,
                    "metrics": {"failed": {}, "blocked": {}, "opt_out": {"margin": 0.01}, "not_read": {}},
                },
                {
                    "event_type": "order-confirmed",
                    "kind": "share",
                    "arms": [
                        {"template": "order_confirmed", "share": 70},
                        {"template": "order_confirmed_short", "share": 30},
                    ],
                },
            ]
        },
    )

    event_type: EventTypeName
    kind: Kind = Field(
        description="`canary`: a variant on a few, then by itself for all or for nobody. `share`: fixed shares, until "
        "somebody ends it"
    )
    variant: TemplateName | None = Field(default=None, description="Of a canary: the template that is tried")
    control: TemplateName | None = Field(
        default=None,
        description="Of a canary: what it is compared with; by default the template that the event type uses first",
        examples=["order_confirmed"],
    )
    share: Share | None = Field(
        default=None,
        description="Of a canary: per cent of the contacts that get the variant. With 100 the first `contacts` get it, "
        "one and all, and are compared with those after them; with less the two groups run side by side, which is "
        "fairer, since no hour of the day tells them apart",
    )
    contacts: int | None = Field(
        default=None,
        ge=1,
        le=NOTED_MOST,
        strict=True,
        description="Of a canary: how many contacts get the variant at most. Needed with a share of 100",
    )
    metrics: dict[Metric, WatchIn] | None = Field(
        default=None, description="Of a canary: what is watched; by default everything", min_length=1
    )
    alpha: ErrorRate = Field(
        default=0.05, description="Of a canary: the chance that a variant is found worse which is worse in nothing"
    )
    beta: ErrorRate = Field(
        default=0.05,
        description="Of a canary: the chance that a variant is found no worse which is worse by its margin in anything",
    )
    at_limit: AtLimit = Field(
        default=AtLimit.STOP,
        description="Of a canary: what is done where `contacts` or `days` are over before either was found. `stop` "
        "keeps `beta`, `go` keeps `alpha`",
    )
    days: int = Field(default=14, ge=1, le=MOST_DAYS, strict=True, description="Of a canary: after which it ends")
    arms: Annotated[list[ArmIn], Field(min_length=2, max_length=10)] | None = Field(
        default=None, description="Of fixed shares: the variants; their shares sum to 100"
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed, useless = (("variant", "share"), ("arms",)) if self.kind == "canary" else (("arms",), _OF_CANARY)
        for field in needed:
            if getattr(self, field) is None:
                raise faulty(self, field, PydanticCustomError("missing", "is needed for this kind"))
        for field in useless:
            if getattr(self, field) is not None:
                raise faulty(self, field, PydanticCustomError("not_of_this_kind", "is not for this kind"))
        if self.share == 100 and self.contacts is None:  # noqa: PLR2004 - all of them
            raise faulty(self, "contacts", PydanticCustomError("missing", "is needed with a share of 100"))
        if self.arms is not None:
            self._check_arms(self.arms)
        return self

    def _check_arms(self, arms: list[ArmIn]) -> None:
        if len({arm.template for arm in arms}) < len(arms):
            raise faulty(self, "arms", PydanticCustomError("same_template", "must be different templates"))
        if sum(arm.share for arm in arms) != 100:  # noqa: PLR2004 - per cent
            raise faulty(self, "arms", PydanticCustomError("shares", "must have shares that sum to 100"))

    @property
    def watched(self) -> dict[Metric, Watch]:
        asked = self.metrics if self.metrics is not None else dict.fromkeys(Metric, WatchIn())
        return {
            metric: Watch(
                wanted.margin if wanted.margin is not None else DEFAULT_WATCH[metric].margin,
                wanted.window if wanted.window is not None else DEFAULT_WATCH[metric].window,
            )
            for metric, wanted in asked.items()
        }


class GoIn(Strict):
    """What is to be sent from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}, {"arm": "order_confirmed_short"}]})

    arm: str | None = Field(
        default=None,
        max_length=512,
        description="Of fixed shares: which arm; a canary has one variant",
        examples=["order_confirmed_short"],
    )


class RateOut(BaseModel):
    """Of an arm's mature messages, how many show what is bad; each contact counts once."""

    observed: int
    bad: int
    rate: float | None = Field(description="Null where nothing is observed yet", examples=[0.021])
    low: float = Field(description="The rate lies between these two with 95 % (Wilson)", examples=[0.011])
    high: float = Field(examples=[0.039])


class ArmOut(BaseModel):
    name: str = Field(description="Of a canary `variant` and `control`, otherwise the template's", examples=["variant"])
    template: str = Field(examples=["order_confirmed_short"])
    share: int = Field(examples=[20])


class ArmEvidence(ArmOut):
    """What came of an arm's messages; suppressed ones and those for test lists are none."""

    contacts: int
    messages: int
    other_template: int = Field(description="Those that were sent or wait by another template: they say nothing here")
    waiting: int = Field(description="Those that have not left yet")
    sent: int = Field(description="Those that Meta took, or refused")
    delivered: int
    read: int
    failed: int
    rates: dict[Metric, RateOut]


class WagerOut(BaseModel):
    """Capital of a wager against a claim: once it reaches the bound, the claim is given up."""

    evidence: float = Field(examples=[3.2])
    bound: float = Field(examples=[80.0])


class MetricOut(BaseModel):
    """How a canary's variant compares with its control in one metric."""

    metric: Metric
    margin: float = Field(examples=[0.03])
    window: timedelta = Field(examples=["PT1H"])
    blocks: int = Field(description="Comparisons made: so many messages by the variant with so many by the control")
    against_no_worse: WagerOut = Field(description="Against the variant: at its bound it is `worse`")
    against_worse: WagerOut = Field(description="For the variant: at its bound it is `no_worse` by the margin")
    verdict: Verdict
    decided_at: datetime | None = Field(description="When what was needed for the verdict was mature")
    maturing: int = Field(description="Messages whose window is not over")
    unpaired: int = Field(description="Mature messages by the variant that wait for ones by the control")
    missing: list[Literal["evidence", "mature_messages", "control_messages"]] = Field(
        description="What a verdict waits for; nothing where there is one"
    )


class EvidenceOut(BaseModel):
    at: datetime = Field(description="What was known at this time")
    arms: list[ArmEvidence]
    metrics: list[MetricOut] = Field(description="Of a canary; nothing is compared for fixed shares")


class PlanOut(BaseModel):
    """By what a canary is decided."""

    alpha: float
    beta: float
    at_limit: AtLimit
    variants: int = Field(description="Messages by the variant in one comparison")
    controls: int = Field(description="Messages by the control in it")


class ExperimentOut(BaseModel):
    """An experiment."""

    id: str = Field(examples=["exp_019a8f3c2b7d7c31a4e5f60718293a4b"])
    event_type: str = Field(examples=["order-confirmed"])
    kind: Kind
    status: ExperimentStatus = Field(
        description="`going`: what was tried is what all get now. `stopped`: all get what they got before. `canceled`: "
        "the same, and nothing was concluded"
    )
    reason: Reason | None = Field(
        description="`worse` in at least one metric; `no_worse` in any; `limit`: neither was found in the contacts or "
        "days that were planned; `template`: Meta no longer takes the variant's; `by_hand`; `withdrawn`. Null while it "
        "runs"
    )
    decided_by: Literal["test", "hand"] | None
    arms: list[ArmOut]
    contacts: int | None = Field(description="That get the variant at most")
    taken: int | None = Field(description="Of these, how many have got it; null where there is no such limit")
    plan: PlanOut | None = Field(description="Null for fixed shares")
    created_at: datetime
    ends_at: datetime | None
    decided_at: datetime | None


class ExperimentDetail(ExperimentOut):
    """An experiment with its evidence: as it stands, or as it stood when it was decided."""

    evidence: EvidenceOut


class ExperimentPage(BaseModel):
    experiments: list[ExperimentOut]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last")
