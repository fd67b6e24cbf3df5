"""What is made of a number, its account and its portfolio as Graph tells of them. Pure.

Source: Meta's pages "Business phone numbers", "Display names", "Messaging health status", "Messaging limits" and
"Quality rating". A word that they do not name is told as it is, and judged by nobody.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.accounts.portfolio import limit_of_tier
from app.doctor.outcomes import Check, Finding, Outcome, Said, failed, meta, ok, said, unknown, warning
from app.doctor.readings import Known, Reading, cannot_tell, is_invisible, value_of
from app.whatsapp.errors import ErrorClass, describe
from app.whatsapp.examining import AccountFacts, Health, HealthFault, HealthOf, NumberFacts

_ABLE = "CONNECTED"

_NAME_FINE = frozenset({"APPROVED", "AVAILABLE_WITHOUT_REVIEW"})
_NAME_WAITS = frozenset({"PENDING_REVIEW", "PENDING", "NONE", "DEFERRED"})
_NAME_WRONG = frozenset({"DECLINED", "EXPIRED", "REJECTED"})

_UNVERIFIED = frozenset({"not_verified", "pending", "pending_need_more_info", "pending_submission", "not_submitted"})
_VERIFICATION_WRONG = frozenset({"failed", "rejected", "expired", "revoked"})

_PAYMENT_FAULTS = frozenset({141006})
"""Of health; what refused sends with the same meaning is of the error class billing."""

_NEARLY = 0.8
"""Share of the messaging limit from which on it is worth knowing."""


def status_finding(reading: Reading[NumberFacts], *, is_token_fine: bool) -> Finding:
    check = Check.NUMBER_STATUS
    if is_invisible(reading) and is_token_fine:
        return failed(check, said("number_gone"), said("connect_again"))
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    status = reading.value.status
    if status is None:
        return unknown(check, said("not_said"))
    outcome = _STATUSES.get(status, Outcome.UNKNOWN)
    advice = (said(_STATUS_ADVICE.get(status, "number_unable")),) if outcome in _BAD else ()
    return Finding(check, outcome, (said("number_status", status=meta(status)),), advice)


_BAD = frozenset({Outcome.WARNING, Outcome.FAILED})
_STATUSES = {
    _ABLE: Outcome.OK,
    "FLAGGED": Outcome.WARNING,
    "RATE_LIMITED": Outcome.WARNING,
    **dict.fromkeys(("PENDING", "RESTRICTED", "BANNED", "DISCONNECTED", "MIGRATED", "DELETED"), Outcome.FAILED),
}
_STATUS_ADVICE = {
    "FLAGGED": "number_slowed",
    "RATE_LIMITED": "number_slowed",
    "PENDING": "register_number",
    "DISCONNECTED": "register_number",
}


def verification_finding(reading: Reading[NumberFacts]) -> Finding:
    check = Check.NUMBER_VERIFICATION
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    number = reading.value
    match number.code_verification:
        case None:
            return unknown(check, said("not_said"))
        case "VERIFIED":
            return ok(check, said("number_verified"))
        case "EXPIRED" if number.status == _ABLE:
            # Meta lets the code's result lapse; a number that is registered stays so.
            return ok(check, said("number_verified_once"))
        case "NOT_VERIFIED" | "UNVERIFIED" | "EXPIRED" as word:
            find = warning if number.status == _ABLE else failed
            return find(check, said("number_unverified", status=meta(word)), said("verify_number"))
        case word:
            return unknown(check, said("word", word=word))


def quality_finding(reading: Reading[NumberFacts]) -> Finding:
    check = Check.QUALITY
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    word = reading.value.quality
    if word is None:
        return unknown(check, said("not_said"))
    outcome, key = _QUALITIES.get(word, (Outcome.UNKNOWN, "word"))
    advice = (said("raise_quality"),) if outcome in _BAD else ()
    return Finding(check, outcome, (said(key, word=word),), advice)


_QUALITIES = {
    "GREEN": (Outcome.OK, "quality_green"),
    "UNKNOWN": (Outcome.OK, "quality_new"),
    "NA": (Outcome.OK, "quality_new"),
    "YELLOW": (Outcome.WARNING, "quality_yellow"),
    "RED": (Outcome.FAILED, "quality_red"),
}


def platform_finding(reading: Reading[NumberFacts], throughput: int) -> Finding:
    """`throughput`: what Ulak sends by at most, per second."""
    check = Check.PLATFORM
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    number = reading.value
    if number.platform is None:
        return unknown(check, said("not_said"))
    if number.platform != "CLOUD_API":
        return failed(check, said("platform_other", platform=number.platform), said("move_to_cloud"))
    if number.is_on_business_app:
        told = said("platform_shared", throughput=throughput)
        if throughput > _SHARED_THROUGHPUT:
            return warning(check, told, said("slow_down", most=_SHARED_THROUGHPUT))
        return ok(check, told)
    return ok(check, said("platform_cloud", throughput=throughput, level=meta(number.throughput_level)))


_SHARED_THROUGHPUT = 20
"""Messages per second of a number that is shared with the Business app, fixed by Meta; Graph does not tell it."""


def name_finding(reading: Reading[NumberFacts]) -> Finding:
    check = Check.DISPLAY_NAME
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    number = reading.value
    if number.name_status is None:
        return unknown(check, said("not_said"))
    told = said("name", name=number.verified_name or "–", status=meta(number.name_status))
    if number.name_status in _NAME_FINE:
        return ok(check, told)
    if number.name_status in _NAME_WAITS:
        return warning(check, told, said("wait_for_name"))
    if number.name_status in _NAME_WRONG:
        return failed(check, told, said("change_name"))
    return unknown(check, told)


def review_finding(reading: Reading[AccountFacts]) -> Finding:
    check = Check.ACCOUNT_REVIEW
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    told = said("account_review", status=meta(reading.value.review))
    match reading.value.review:
        case None:
            return unknown(check, said("not_said"))
        case "APPROVED":
            return ok(check, told)
        case "REJECTED" | "DISABLED":
            return failed(check, told, said("appeal_account"))
        case "PENDING" | "DEFERRED" | "DEFERED":
            return warning(check, told, said("wait_for_account"))
        case _:
            return unknown(check, told)


def business_finding(reading: Reading[AccountFacts]) -> Finding:
    check = Check.BUSINESS_VERIFICATION
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    status = reading.value.business_verification
    told = said("business_verification", status=meta(status))
    if status is None:
        return unknown(check, said("not_said"))
    if status == "verified":
        return ok(check, told)
    if status in _UNVERIFIED:
        return warning(check, told, said("verify_business"))
    if status in _VERIFICATION_WRONG:
        return failed(check, told, said("verify_business_again"))
    return unknown(check, told)


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """What paused the sender."""

    code: int
    details: str | None


def payment_finding(
    number: Reading[NumberFacts], account: Reading[AccountFacts], alerts: Sequence[OpenAlert]
) -> Finding:
    """Meta says nothing of a payment method that is there: only that one is missing."""
    check = Check.PAYMENT
    for fault in _faults(_healths(number, account)):
        if fault.code in _PAYMENT_FAULTS:
            return failed(check, _fault(fault), said("pay"))
    for alert in alerts:
        if alert.code and describe(alert.code).error_class is ErrorClass.BILLING:
            told = said("meta_refused", code=str(alert.code), title=describe(alert.code).title)
            return failed(check, told, said("pay"), said("resume_after"))
    if not any(isinstance(one, Known) for one in (number, account)):
        return cannot_tell(check, number)
    if not _healths(number, account):
        return unknown(check, said("not_said"))
    return ok(check, said("payment_fine"))


def health_finding(number: Reading[NumberFacts], account: Reading[AccountFacts]) -> Finding:
    check = Check.HEALTH
    healths = _healths(number, account)
    if not healths:
        readings: tuple[Reading[NumberFacts] | Reading[AccountFacts], ...] = (number, account)
        unread = next((one for one in readings if not isinstance(one, Known)), None)
        return cannot_tell(check, unread) if unread is not None else unknown(check, said("not_said"))
    entities = _entities(healths)
    lame = [one for one in entities if one.can_send != "AVAILABLE"]
    if not lame and all(one.can_send == "AVAILABLE" for one in healths):
        return ok(check, said("health_fine", entities=[_kind(one.kind) for one in entities]))
    told = [line for one in lame for line in _of_entity(one)] or [said("health_word", word=meta(healths[0].can_send))]
    words = {one.can_send for one in healths} | {one.can_send for one in lame}
    outcome = Outcome.FAILED if "BLOCKED" in words else Outcome.WARNING if "LIMITED" in words else Outcome.UNKNOWN
    solutions = dict.fromkeys(fault.solution for one in lame for fault in one.faults if fault.solution)
    advice = [said("meta_advises", words=words) for words in solutions] or [said("see_account_quality")]
    return Finding(check, outcome, tuple(told), tuple(advice) if outcome is not Outcome.UNKNOWN else ())


def _healths(number: Reading[NumberFacts], account: Reading[AccountFacts]) -> list[Health]:
    found = (value_of(number), value_of(account))
    return [one.health for one in found if one is not None and one.health is not None]


def _entities(healths: Iterable[Health]) -> list[HealthOf]:
    """Each once: number and account both tell of the account."""
    found: dict[str, HealthOf] = {}
    for health in healths:
        for entity in health.entities:
            known = found.get(entity.kind)
            if known is None or known.can_send == "AVAILABLE":
                found[entity.kind] = entity
    return list(found.values())


def _faults(healths: Iterable[Health]) -> Iterator[HealthFault]:
    for entity in _entities(healths):
        yield from entity.faults


def _of_entity(entity: HealthOf) -> Iterator[Said]:
    kind = _kind(entity.kind)
    if not entity.faults and not entity.more:
        yield said("health_of", entity=kind, can_send=meta(entity.can_send))
    for fault in entity.faults:
        yield said("health_fault", entity=kind, can_send=meta(entity.can_send), fault=_fault(fault))
    for words in entity.more:
        yield said("health_fault", entity=kind, can_send=meta(entity.can_send), fault=said("word", word=words))


def _kind(kind: str) -> Said:
    return said(f"entity_{kind}" if kind in _ENTITIES else "word", word=kind)


_ENTITIES = frozenset({"PHONE_NUMBER", "WABA", "BUSINESS", "APP"})


def _fault(fault: HealthFault) -> Said:
    if fault.code is None:
        return said("word", word=fault.description)
    return said("fault", code=str(fault.code), words=fault.description)


def limit_finding(reading: Reading[NumberFacts], used: int) -> Finding:
    """`used`: customers that Ulak began with in the last 24 hours, by all numbers of the portfolio together."""
    check = Check.MESSAGING_LIMIT
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    is_known, limit = limit_of_tier(reading.value.messaging_limit)
    if not is_known:
        return unknown(check, said("not_said"))
    if limit is None:
        return ok(check, said("limit_none", used=used))
    told = said("limit", limit=limit, used=used)
    if used >= limit:
        return failed(check, told, said("wait_for_limit"), said("raise_limit"))
    if used >= limit * _NEARLY:
        return warning(check, told, said("raise_limit"))
    return ok(check, told)


def pause_finding(paused_by: str | None, paused_at: datetime | None, alerts: Sequence[OpenAlert]) -> Finding:
    """Of Ulak itself, which lets nothing of a paused sender leave."""
    check = Check.PAUSE
    if paused_at is None:
        return ok(check, said("not_paused"))
    if paused_by == "person":
        return warning(check, said("paused_by_person", at=paused_at), said("resume"))
    told = [said("paused_by_meta", at=paused_at)]
    told += [said("meta_refused", code=str(one.code), title=describe(one.code).title) for one in alerts if one.code]
    return failed(check, told, said("resume_after"))
