"""What is made of Ulak's own state: its database, clocks, secrets, worker, queue and address. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from app.accounts.models import Mode
from app.doctor.outcomes import Check, Finding, failed, ok, said, unknown, warning
from app.doctor.readings import Known, Reading, Silent, cannot_tell
from app.whatsapp.errors import ErrorClass

_SKEW_NOTED = timedelta(seconds=30)
_SKEW_HARMFUL = timedelta(minutes=5)
"""By our clock windows close, messages expire and quiet hours begin; Meta's moments are compared with it."""

_QUEUE_NOTED = timedelta(minutes=5)
"""Longer than any pause of a worker that is restarted."""


@dataclass(frozen=True, slots=True)
class Told:
    """What another clock said, and when by ours it was asked and had answered."""

    moment: datetime
    asked_at: datetime
    answered_at: datetime
    resolution: timedelta = timedelta(0)
    """The header Date counts whole seconds."""

    @property
    def skew(self) -> timedelta:
        """By how much the other clock is certainly ahead; negative where it is behind."""
        if self.moment > self.answered_at:
            return self.moment - self.answered_at
        if self.moment + self.resolution < self.asked_at:
            return self.moment + self.resolution - self.asked_at
        return timedelta(0)


def clock_finding(check: Check, reading: Reading[Told | None]) -> Finding:
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    if reading.value is None:
        return unknown(check, said("not_said"))
    skew = reading.value.skew
    seconds = round(abs(skew) / timedelta(seconds=1))
    if abs(skew) < _SKEW_NOTED:
        return ok(check, said("clocks_agree", seconds=seconds))
    told = said("clock_behind" if skew > timedelta(0) else "clock_ahead", seconds=seconds)
    find = failed if abs(skew) >= _SKEW_HARMFUL else warning
    return find(check, told, said("set_clock" if check is Check.CLOCK else "set_database_clock"))


def graph_finding(url: str, readings: Mapping[str, Reading[object]]) -> Finding:
    """By all that was asked: whether Graph answers at all."""
    check = Check.GRAPH
    silent = [one for one in readings.values() if isinstance(one, Silent)]
    answered = [one for one in readings.values() if isinstance(one, Known) or hasattr(one, "error")]
    if not silent and not answered:
        return next(cannot_tell(check, one) for one in readings.values())
    if not answered:
        return failed(check, said("graph_silent", url=url, reason=silent[0].reason), said("reach_graph", url=url))
    if silent:
        return warning(check, said("graph_slow", count=len(silent), reason=silent[0].reason), said("ask_again"))
    slowed = [one for one in answered if _is_throttled(one)]
    if slowed:
        return warning(check, said("graph_throttles"), said("ask_later"))
    return ok(check, said("graph_answers", url=url))


def _is_throttled(reading: object) -> bool:
    error = getattr(reading, "error", None)
    return error is not None and error.entry.error_class is ErrorClass.THROTTLE


def database_finding(found: str | None, wanted: str, *, is_reachable: bool) -> Finding:
    check = Check.DATABASE
    if not is_reachable:
        return failed(check, said("database_away"), said("start_database"))
    if found is None:
        return failed(check, said("database_empty"), said("migrate"))
    if found != wanted:
        return failed(check, said("schema_differs", found=found, wanted=wanted), said("migrate"))
    return ok(check, said("schema_fits", version=found))


def secrets_finding(sealed: int, unreadable: int) -> Finding:
    check = Check.SECRET_KEYS
    if unreadable:
        return failed(check, said("secrets_unreadable", count=unreadable, of=sealed), said("give_old_key"))
    return ok(check, said("secrets_open", count=sealed))


def worker_finding(since: datetime | None, count: int) -> Finding:
    check = Check.WORKER
    if not count:
        return failed(check, said("no_worker"), said("start_worker"))
    return ok(check, said("workers", count=count, at=since))


def queue_finding(oldest_due_at: datetime | None, now: datetime, *, is_paused: bool) -> Finding:
    check = Check.QUEUE
    if oldest_due_at is None:
        return ok(check, said("queue_empty"))
    age = now - oldest_due_at
    told = said("queue_oldest", at=oldest_due_at, minutes=max(0, int(age / timedelta(minutes=1))))
    if is_paused:
        return warning(check, told, said("queue_paused"))
    if age >= _QUEUE_NOTED:
        return warning(check, told, said("look_at_worker"))
    return ok(check, told)


def public_url_finding(url: str | None, mode: Mode) -> Finding:
    """Customers open its links, and Meta calls it; those of test senders are opened on this machine."""
    check = Check.PUBLIC_URL
    if mode == "test":
        return ok(check, said("url_for_tests", url=url) if url else said("url_not_needed"))
    if url is None:
        return failed(check, said("url_missing"), said("set_url"))
    parts = urlsplit(url)
    if parts.scheme != "https":
        return failed(check, said("url_plain", url=url), said("set_url"))
    if _is_private(parts.hostname or ""):
        return failed(check, said("url_private", url=url), said("set_url"))
    return ok(check, said("url_fine", url=url))


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host
