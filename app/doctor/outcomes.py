"""What a check comes to: an outcome, what was found, and what to do, to be told in whichever language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    FAILED = "failed"
    """Messages, or the news of them, do not get through, or will not before long."""
    WARNING = "warning"
    """It works, and something should be done, or known."""
    UNKNOWN = "unknown"
    """It could not be found out, or Meta does not say."""
    OK = "ok"


WORST_FIRST = tuple(Outcome)


class Check(StrEnum):
    """In the order in which they are shown."""

    DATABASE = "database"
    DATABASE_CLOCK = "database_clock"
    SECRET_KEYS = "secret_keys"  # noqa: S105 - a name, no secret
    WORKER = "worker"
    PUBLIC_URL = "public_url"
    GRAPH = "graph"
    CLOCK = "clock"
    TOKEN = "token"  # noqa: S105
    TOKEN_EXPIRY = "token_expiry"  # noqa: S105
    PERMISSIONS = "permissions"
    APP = "app"
    APP_SUBSCRIPTION = "app_subscription"
    WEBHOOK_FIELDS = "webhook_fields"
    SUBSCRIBED_APPS = "subscribed_apps"
    WEBHOOK_OVERRIDE = "webhook_override"
    WEBHOOK_DOOR = "webhook_door"
    WEBHOOKS_ARRIVE = "webhooks_arrive"
    NUMBER_STATUS = "number_status"
    NUMBER_VERIFICATION = "number_verification"
    QUALITY = "quality"
    PLATFORM = "platform"
    DISPLAY_NAME = "display_name"
    ACCOUNT_REVIEW = "account_review"
    BUSINESS_VERIFICATION = "business_verification"
    PAYMENT = "payment"
    HEALTH = "health"
    MESSAGING_LIMIT = "messaging_limit"
    PAUSE = "pause"
    QUEUE = "queue"
    TEMPLATE_COVERAGE = "template_coverage"
    TEMPLATES = "templates"


OF_INSTALLATION = frozenset({Check.DATABASE, Check.DATABASE_CLOCK, Check.SECRET_KEYS, Check.WORKER})
"""What is the same for every sender."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence by its key; values may be sentences, or lists of them."""

    key: str
    values: Mapping[str, object]


META_WORD = "meta"
"""The sentence that is a single word of Meta's, such as the status of a number."""


def meta(word: str | None) -> Said:
    return Said(META_WORD, {"word": word or "–"})


def said(key: str, **values: object) -> Said:
    return Said(key, values)


@dataclass(frozen=True, slots=True)
class Finding:
    check: Check
    outcome: Outcome
    found: tuple[Said, ...]
    advice: tuple[Said, ...] = ()
    """What to do; nothing where all is well."""


def ok(check: Check, *found: Said) -> Finding:
    return Finding(check, Outcome.OK, found)


def warning(check: Check, found: Said | Iterable[Said], *advice: Said) -> Finding:
    return Finding(check, Outcome.WARNING, _all(found), advice)


def failed(check: Check, found: Said | Iterable[Said], *advice: Said) -> Finding:
    return Finding(check, Outcome.FAILED, _all(found), advice)


def unknown(check: Check, *found: Said) -> Finding:
    return Finding(check, Outcome.UNKNOWN, found)


def _all(found: Said | Iterable[Said]) -> tuple[Said, ...]:
    return (found,) if isinstance(found, Said) else tuple(found)


def worst(findings: Iterable[Finding]) -> Outcome:
    """`ok` where nothing is wrong: what could not be found out is no fault by itself."""
    outcomes = {finding.outcome for finding in findings}
    return next((one for one in (Outcome.FAILED, Outcome.WARNING) if one in outcomes), Outcome.OK)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Worst first, and in the order of the checks."""
    places = {check: place for place, check in enumerate(Check)}
    return sorted(findings, key=lambda one: (WORST_FIRST.index(one.outcome), places[one.check]))
