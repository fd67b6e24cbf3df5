"""The fault dial: how far the simulated Meta is from its best day, and the chance of each thing that goes wrong."""

import hashlib
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.sandbox.errors import CATALOGUE, SPAM_LIMIT

Chance = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]


def _known(code: int) -> int:
    if code not in CATALOGUE:
        raise ValueError(f"{code} is not in the table of error codes")
    return code


Code = Annotated[int, AfterValidator(_known)]


_YEAR = 366 * 86_400.0
_THROUGHPUT, _PAIR_INTERVAL, _PAIR_BURST, _QUOTA = 80.0, 6.0, 45, 5_000
_FAULTS = {
    "lost_answers",
    "slow_answers",
    "errors_before",
    "errors_after",
    "codes",
    "held",
    "duplicate_webhooks",
    "disorder",
    "webhook_delay",
    "missing_delivered",
    "failed_after_sent",
    "early_receipts",
    "hidden_numbers",
    "blocks",
    "reports",
    "clock_skew",
}


class FaultDial(BaseModel):
    """Chances are per send or per webhook update, from 0 to 1. Only Meta's own limits are on by default."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    seed: int = 0
    """Every chance below derives from it, so that the same sends meet the same faults again."""

    throughput: Annotated[float, Field(gt=0)] | None = _THROUGHPUT
    """Messages per second of a number that has no figure of its own; None: no limit. Over it: 130429."""
    throughput_burst: Annotated[float, Field(gt=0, le=3600)] = 1.0
    """Seconds' worth of messages that may go at once after a rest."""
    pair_interval: Seconds = _PAIR_INTERVAL
    """Seconds per message to one customer; 0: no limit. Over it: 131056."""
    pair_burst: Annotated[int, Field(ge=1)] = _PAIR_BURST
    """Messages that one interval may hold, borrowed from the next ones."""
    messaging_limit: Annotated[int, Field(ge=0)] | None = None
    """Customers that a portfolio may start a conversation with in 24 hours; None: any number."""
    messaging_limit_code: Code = SPAM_LIMIT
    """Meta does not say which code it is."""
    messaging_limit_mode: Literal["async", "sync"] = "async"
    management_quota: Annotated[int, Field(ge=0)] = _QUOTA
    """Management calls of an account per hour. Over it: 80007."""
    maintenance_seconds: Seconds = 0.0
    """How long a number answers 131057 when its throughput is changed; up to a minute at Meta."""

    lost_answers: Chance = 0.0
    """The send is processed, and the connection is reset before the first byte of the answer."""
    slow_answers: Chance = 0.0
    slow_answer_seconds: Seconds = 5.0
    errors_before: Chance = 0.0
    """A 5xx, and nothing was processed."""
    errors_after: Chance = 0.0
    """A 5xx, though the message was accepted."""
    error_shape: Literal["bare", "graph"] = "bare"
    """A gateway's page (502, 503), or Graph's envelope (131000 with 500, 2 with 503)."""
    codes: dict[Code, Chance] = Field(default_factory=dict)
    """By error code: in the answer, or in a `failed` status where the code shows there."""
    held: Chance = 0.0
    """A template send is held for quality assessment: no status follows until it is released."""
    held_seconds: Annotated[float, Field(ge=0, le=7 * 86_400)] = 60.0
    held_dropped: Chance = 0.0
    """Of the held ones: dropped with 132015 instead of released."""

    review_seconds: Annotated[float, Field(ge=0, le=7 * 86_400)] | None = None
    """From the submission of a template to the decision; None: as the settings say."""
    blocks: Chance = 0.0
    """A customer who gets a template blocks the business."""
    reports: Chance = 0.0
    """A customer who gets a template reports it."""
    pacing_threshold: Annotated[int, Field(ge=0)] | None = None
    """Sends of a template that is paced before the others are held; None: none is paced."""
    pacing_seconds: Annotated[float, Field(ge=0, le=7 * 86_400)] = 300.0
    """From the first that is held to the decision on all of them."""

    duplicate_webhooks: Chance = 0.0
    """An update comes again, in a later POST of its own."""
    disorder: Chance = 0.0
    """An update is held back, so that later ones overtake it."""
    disorder_seconds: Seconds = 5.0
    webhook_delay: Seconds = 0.0
    """Added to every update."""
    missing_delivered: Chance = 0.0
    """The customer's phone got the message, and no webhook says so."""
    failed_after_sent: Chance = 0.0
    failed_after_sent_code: Code = 131026
    early_receipts: Chance = 0.0
    """Every receipt has arrived before the send itself is answered."""
    webhook_batch: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Most updates in one POST; None: as the settings say."""
    hidden_numbers: Chance = 0.0
    """By customer: webhooks name them by business-scoped user id alone."""
    clock_skew: Annotated[float, Field(ge=-_YEAR, le=_YEAR)] = 0.0
    """Seconds by which Graph's clock is ahead of ours, as the header Date of its answers says."""

    @property
    def active(self) -> list[str]:
        """Names of what goes wrong that would not on Meta's best day."""
        tighter = {
            "throughput": self.throughput is not None and self.throughput < _THROUGHPUT,
            "pair_interval": self.pair_interval > _PAIR_INTERVAL,
            "pair_burst": self.pair_burst < _PAIR_BURST,
            "messaging_limit": self.messaging_limit is not None,
            "management_quota": self.management_quota < _QUOTA,
            "pacing_threshold": self.pacing_threshold is not None,
        }
        return [name for name, value in self if tighter.get(name) or (name in _FAULTS and value)]

    def share(self, name: str, key: str, attempt: int = 0) -> float:
        """A figure from 0 up to 1 that depends on nothing but its arguments and the seed.

        Hashed instead of drawn: sends race, and a shared generator would give each run other faults.
        """
        return share(self.seed, name, key, attempt)

    def strikes(self, name: str, chance: float, key: str, attempt: int = 0) -> bool:
        return chance > 0 and self.share(name, key, attempt) < chance


def share(seed: int, name: str, key: str, attempt: int = 0) -> float:
    # The key stands last: it is the caller's, and may hold the separator.
    digest = hashlib.blake2b(f"{seed}/{name}/{attempt}/{key}".encode(errors="surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53
