"""Whether each event type in use has a template that may be sent, and which templates need a person. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.doctor.outcomes import Check, Finding, Said, failed, ok, said, unknown, warning
from app.doctor.readings import Known, Reading, cannot_tell
from app.templates.clocks import ClockWarning, Warn
from app.templates.states import obstacle
from app.whatsapp.examining import TemplateFacts

_GONE = frozenset({"DELETED", "PENDING_DELETION"})
_TROUBLED = frozenset({"PAUSED", "REJECTED", "DISABLED", "LIMIT_EXCEEDED", "LOCKED", "ARCHIVED", "FLAGGED"})
_POOR = frozenset({"RED", "YELLOW"})
_TOLD = frozenset({Warn.ARCHIVAL_SOON, Warn.REVIEW_DEADLINE_SOON})
"""Clocks of ours; what the others tell stands in what Graph says."""

_MOST = 12
"""That are named; the rest is counted."""

Named = tuple[str, str]
"""Name and language."""


@dataclass(frozen=True, slots=True)
class EventTypeInUse:
    name: str
    expected_category: str
    chain: Sequence[str]
    """Names of the templates that it may be told by."""


@dataclass(frozen=True, slots=True)
class TemplatesKnown:
    """What Ulak knows of templates beside what Graph says of them."""

    accepted: Mapping[Named, str]
    """Categories of Meta's that a person accepted."""
    clocks: Mapping[Named, Sequence[ClockWarning]]
    recategorised: frozenset[Named]


def in_use(
    types: Sequence[EventTypeInUse], held: Sequence[TemplateFacts], used: frozenset[str]
) -> list[EventTypeInUse]:
    """Those of which there were messages lately, or for which the account has a template."""
    names = {one.name for one in held if one.status not in _GONE}
    return [one for one in types if one.name in used or not names.isdisjoint(one.chain)]


def coverage_finding(
    reading: Reading[list[TemplateFacts]],
    types: Sequence[EventTypeInUse],
    used: frozenset[str],
    languages: Sequence[str],
    known: TemplatesKnown,
) -> Finding:
    """`languages`: the business's own first, then those that are taken where there is no template in it."""
    check = Check.TEMPLATE_COVERAGE
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    held = [one for one in reading.value if one.status not in _GONE]
    looked_at = in_use(types, held, used)
    if not looked_at:
        return warning(check, said("no_event_type"), said("apply_templates"))
    mute, partly = [], []
    for event_type in looked_at:
        able, unable = _by_language(event_type, held, known)
        if not able.intersection(languages):
            why = sorted({reason for reasons in unable.values() for reason in reasons}) or ["template_missing"]
            mute.append(said("type_mute", event_type=event_type.name, why=_reasons(why)))
        partly += [
            said("type_partly", event_type=event_type.name, language=language, why=_reasons(sorted(reasons)))
            for language, reasons in sorted(unable.items())
            if able.intersection(languages)
        ]
    if mute:
        return failed(check, _cut([*mute, *partly]), said("mend_templates"))
    if partly:
        return warning(check, _cut(partly), said("mend_templates"))
    return ok(check, said("types_covered", count=len(looked_at), languages=sorted({one.language for one in held})))


def _by_language(
    event_type: EventTypeInUse, held: Sequence[TemplateFacts], known: TemplatesKnown
) -> tuple[set[str], dict[str, set[str]]]:
    """Languages in which one of its templates may be sent; and of the others, why none may."""
    able: set[str] = set()
    unable: dict[str, set[str]] = {}
    for one in held:
        if one.name not in event_type.chain:
            continue
        accepted = known.accepted.get((one.name, one.language))
        why = obstacle(one.status, one.category, event_type.expected_category, accepted=accepted)
        if why is None:
            able.add(one.language)
        else:
            unable.setdefault(one.language, set()).add(why)
    return able, {language: reasons for language, reasons in unable.items() if language not in able}


def _reasons(why: Sequence[str]) -> list[Said]:
    return [_reason(one) for one in why]


def _reason(why: str) -> Said:
    if why in ("template_missing", "template_recategorised"):
        return said(why)
    return _status(why.removeprefix("template_").upper())


def _status(status: str) -> Said:
    return said(f"status_{status}" if status in _STATUSES else "word", word=status)


_STATUSES = _TROUBLED | {"PENDING", "IN_APPEAL"}


def trouble_finding(reading: Reading[list[TemplateFacts]], known: TemplatesKnown) -> Finding:
    check = Check.TEMPLATES
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    held = [one for one in reading.value if one.status not in _GONE]
    if not held:
        return unknown(check, said("no_template"))
    troubles = [
        said("template", name=one.name, language=one.language, what=list(what))
        for one in sorted(held, key=lambda one: (one.name, one.language))
        if (what := tuple(_troubles(one, known)))
    ]
    if troubles:
        return warning(check, _cut(troubles), said("see_templates"))
    return ok(check, said("templates_fine", count=len(held)))


def _troubles(one: TemplateFacts, known: TemplatesKnown) -> Iterator[Said]:
    named = (one.name, one.language)
    if one.status in _TROUBLED:
        yield _status(one.status)
        if one.rejected_reason is not None and one.status == "REJECTED":
            yield said("word", word=one.rejected_reason)
    if one.correct_category is not None and one.correct_category not in (one.category, known.accepted.get(named)):
        yield said("category_coming", category=one.correct_category)
    elif named in known.recategorised and one.category not in ("UTILITY", known.accepted.get(named)):
        yield said("category_changed", category=one.category)
    if one.quality in _POOR:
        yield said(f"template_quality_{one.quality}")
    for clock in known.clocks.get(named, ()):
        if clock.code in _TOLD and clock.at is not None:
            yield said(f"clock_{clock.code.value}", at=clock.at)


def _cut(lines: Sequence[Said]) -> list[Said]:
    more = len(lines) - _MOST
    return [*lines[:_MOST], said("and_more", count=more)] if more > 0 else list(lines)
