"""What stands between templates as they are written and as Meta holds them, and what can be done about it. Pure.

Three texts are compared: the file's, the one that we submitted last, and the one that Meta holds. Who moved away from
what was submitted is who changed it: we, Meta (or somebody at Meta's own pages), or both.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from app.templates.clocks import PENDING_DELETION_FOR, editable, name_free_at, next_edit_at
from app.templates.definition import META_TIME_TO_LIVE, PLACEHOLDER, TemplateDefinition

Components = Sequence[Mapping[str, Any]]


class Kind(StrEnum):
    SAME = "same"
    NEW = "new"
    """Meta has no such template."""
    CHANGED = "changed"
    """The file says something else than what was submitted, and Meta holds what was."""
    DRIFTED = "drifted"
    """Meta holds something else than what was submitted, and the file says what was."""
    CONFLICT = "conflict"
    """Both say something else than what was submitted."""
    ORPHANED = "orphaned"
    """At Meta, and in no file."""
    FORBIDDEN = "forbidden"
    """It differs, and Meta does not let it be changed, or not now."""


class Obstacle(StrEnum):
    EDIT_LIMIT = "edit_limit"
    IN_REVIEW = "in_review"
    NAME_BARRED = "name_barred"
    BEING_DELETED = "being_deleted"
    DISABLED = "disabled"
    ARCHIVED = "archived"
    CATEGORY = "category"
    """That of an approved template is Meta's to change."""
    PARAMETERS = "parameters"
    """Positional at Meta, named in the file: that takes a template of another name."""
    STATUS = "status"
    """One in which nothing can be edited."""


OBSTACLES: Mapping[Obstacle, str] = {
    Obstacle.EDIT_LIMIT: "an approved template takes one edit in 24 hours and ten in 30 days",
    Obstacle.IN_REVIEW: "it is in review",
    Obstacle.NAME_BARRED: "it was deleted, and its name cannot be used again yet",
    Obstacle.BEING_DELETED: "it is being deleted",
    Obstacle.DISABLED: "Meta disabled it: write it anew under another name",
    Obstacle.ARCHIVED: "it is archived: take it out of the archive first",
    Obstacle.CATEGORY: "the category of an approved template cannot be changed",
    Obstacle.PARAMETERS: "its parameters are positional at Meta: write it anew under another name",
    Obstacle.STATUS: "in its status nothing can be edited",
}
"""For people."""

_OBSTACLE_OF_STATUS = {
    "PENDING": Obstacle.IN_REVIEW,
    "IN_APPEAL": Obstacle.IN_REVIEW,
    "PENDING_DELETION": Obstacle.BEING_DELETED,
    "DISABLED": Obstacle.DISABLED,
    "ARCHIVED": Obstacle.ARCHIVED,
}
_UNDELETABLE = frozenset({"DISABLED", "PENDING_DELETION"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A template as it is written, and the body that would submit it."""

    definition: TemplateDefinition
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """A template as Meta holds it, or held it, and what we know of its past."""

    name: str
    language: str
    meta_id: str
    status: str
    category: str
    components: Components
    parameter_format: str = "NAMED"
    time_to_live: int | None = None
    submitted_components: Components | None = None
    """What we submitted last; nothing where we do not know, and then whatever differs was changed in the file."""
    edits: Sequence[datetime] = ()
    """While it was approved."""
    deleted_at: datetime | None = None
    was_approved: bool = False
    event_type: str | None = None
    """Which it was written for, where that is known."""


@dataclass(frozen=True, slots=True)
class Step:
    kind: Kind
    name: str
    language: str
    wanted: Wanted | None
    held: Held | None
    diff: tuple[str, ...] = ()
    """From what Meta holds to what the file says: lines that begin with `+`, `-` or a space under the name of each
    component that differs."""
    acts: bool = False
    """Whether applying the plan does something here."""
    obstacle: Obstacle | None = None
    possible_at: datetime | None = None
    """When what is forbidden becomes possible, where time alone brings that about and says when."""

    @property
    def action(self) -> Literal["submit", "edit", "delete"] | None:
        if not self.acts:
            return None
        if self.kind is Kind.NEW:
            return "submit"
        return "delete" if self.kind is Kind.ORPHANED else "edit"


def plan(
    wanted: Sequence[Wanted],
    held: Sequence[Held],
    now: datetime,
    *,
    overwrite_drift: bool = False,
    delete_orphans: bool = False,
) -> list[Step]:
    """A step for each template, by name and language. Raises ValueError where one is written twice."""
    at_meta = {(one.name, one.language): one for one in held}
    written = {(one.definition.name, one.definition.language): one for one in wanted}
    if len(written) != len(wanted):
        raise ValueError("a template is written more than once")
    steps = [_step_of_file(one, at_meta.get(key), now, overwrite_drift=overwrite_drift) for key, one in written.items()]
    orphans = (one for key, one in at_meta.items() if key not in written and one.status != "DELETED")
    steps += [_orphan(one, delete=delete_orphans) for one in orphans]
    return sorted(steps, key=lambda step: (step.name, step.language))


def _orphan(held: Held, *, delete: bool) -> Step:
    diff = _diff(sections(held.components), {})
    acts = delete and held.status not in _UNDELETABLE
    return Step(Kind.ORPHANED, held.name, held.language, None, held, diff, acts)


def _step_of_file(wanted: Wanted, held: Held | None, now: datetime, *, overwrite_drift: bool) -> Step:
    name, language = wanted.definition.name, wanted.definition.language
    said = sections(wanted.body["components"])
    if held is None or held.status == "DELETED":
        diff = _diff({}, said)
        free_at = name_free_at(held.deleted_at, was_approved=held.was_approved) if held is not None else None
        if free_at is not None and free_at > now:
            return Step(
                Kind.FORBIDDEN, name, language, wanted, held, diff, obstacle=Obstacle.NAME_BARRED, possible_at=free_at
            )
        return Step(Kind.NEW, name, language, wanted, held, diff, acts=True)
    kind = _kind(wanted, held)
    if kind is Kind.SAME:
        return Step(kind, name, language, wanted, held)
    diff = _diff(_about(held) | sections(held.components), _about_file(wanted, held) | said)
    if kind is not Kind.CHANGED and not overwrite_drift:
        return Step(kind, name, language, wanted, held, diff)
    obstacle = _obstacle(wanted, held, now)
    if obstacle is not None:
        possible_at = _possible_at(obstacle, held, now)
        return Step(Kind.FORBIDDEN, name, language, wanted, held, diff, obstacle=obstacle, possible_at=possible_at)
    return Step(kind, name, language, wanted, held, diff, acts=True)


def _kind(wanted: Wanted, held: Held) -> Kind:
    said, found = sections(wanted.body["components"]), sections(held.components)
    if said == found:
        return Kind.SAME if not changes(wanted, held) else Kind.CHANGED
    submitted = sections(held.submitted_components) if held.submitted_components is not None else found
    if submitted == found:
        return Kind.CHANGED
    return Kind.DRIFTED if submitted == said else Kind.CONFLICT


def changes(wanted: Wanted, held: Held) -> dict[str, Any]:
    """What an edit would have to change of a template, as the body of POST /{template} has it."""
    found: dict[str, Any] = {}
    if sections(wanted.body["components"]) != sections(held.components):
        found["components"] = wanted.body["components"]
    if wanted.body["category"] != held.category.upper():
        found["category"] = wanted.body["category"]
    elif _seconds(wanted, held) != held.time_to_live:
        found["message_send_ttl_seconds"] = _seconds(wanted, held)
    return found


def _seconds(wanted: Wanted, held: Held) -> int | None:
    """The file's time to live, as far as it has a say: without one, or with Meta's own, what Meta holds is right. A
    change of category clears it, and only that of the file's category can be asked for."""
    seconds = wanted.definition.time_to_live
    if seconds is None or (seconds == META_TIME_TO_LIVE and held.time_to_live is None):
        return held.time_to_live
    return seconds


def _obstacle(wanted: Wanted, held: Held, now: datetime) -> Obstacle | None:
    if not editable(held.status):
        return _OBSTACLE_OF_STATUS.get(held.status, Obstacle.STATUS)
    if held.status == "APPROVED" and set(changes(wanted, held)) == {"category"}:
        return Obstacle.CATEGORY
    if held.parameter_format.upper() != "NAMED" and _has_variables(wanted.definition):
        return Obstacle.PARAMETERS
    return Obstacle.EDIT_LIMIT if next_edit_at(held.status, held.edits, now) is not None else None


def _has_variables(definition: TemplateDefinition) -> bool:
    return PLACEHOLDER.search(f"{definition.header_text} {definition.body}") is not None


def _possible_at(obstacle: Obstacle, held: Held, now: datetime) -> datetime | None:
    match obstacle:
        case Obstacle.EDIT_LIMIT:
            return next_edit_at(held.status, held.edits, now)
        case Obstacle.BEING_DELETED if held.deleted_at is not None:
            gone_at = held.deleted_at + PENDING_DELETION_FOR
            free_at = name_free_at(held.deleted_at, was_approved=held.was_approved)
            return max(gone_at, free_at or gone_at)
    return None


Sections = Mapping[str, tuple[str, ...]]
"""What a template says, by component, in lines that people can read."""


def sections(components: Components) -> dict[str, tuple[str, ...]]:
    """Two templates with the same sections are the same: letter case of types, samples, white space around texts and
    the name of a link's variable make no difference."""
    found = {str(component.get("type", "")).lower(): tuple(_lines(component)) for component in components}
    return {kind: lines for kind, lines in found.items() if lines}


def _lines(component: Mapping[str, Any]) -> Iterator[str]:
    media_format = str(component.get("format", "TEXT")).upper()
    if media_format != "TEXT":
        yield media_format
    if "text" in component:
        yield from str(component["text"]).replace("\r\n", "\n").strip().split("\n")
    for button in component.get("buttons", ()):
        yield _button(button)
    yield from _rest(component, "type", "format", "text", "buttons")


def _button(button: Mapping[str, Any]) -> str:
    kind = str(button.get("type", "")).upper()
    # A button that copies a code has a label of Meta's, which is in its listing and not in what was submitted.
    parts = [kind] if kind == "COPY_CODE" else [kind, json.dumps(str(button.get("text", "")), ensure_ascii=False)]
    if "url" in button:
        parts.append(_URL_VARIABLE.sub("{{1}}", str(button["url"])))
    if "phone_number" in button:
        parts.append("+" + _NO_DIGIT.sub("", str(button["phone_number"])))
    return " ".join((*parts, *_rest(button, "type", "text", "url", "phone_number")))


def _rest(part: Mapping[str, Any], *known: str) -> Iterator[str]:
    """Whatever else Meta knows of it, so that a difference in it is one."""
    for key in sorted(set(part) - {*known, "example"}):
        if part[key] not in (None, False, [], {}):
            yield f"{key}: {json.dumps(part[key], ensure_ascii=False, sort_keys=True)}"


_URL_VARIABLE = re.compile(r"\{\{[^{}]*\}\}$")
_NO_DIGIT = re.compile(r"\D")


def _about(held: Held) -> dict[str, tuple[str, ...]]:
    return {"category": (held.category.upper(),), "time to live": _in_seconds(held.time_to_live)}


def _about_file(wanted: Wanted, held: Held) -> dict[str, tuple[str, ...]]:
    category = wanted.body["category"]
    seconds = _seconds(wanted, held) if category == held.category.upper() else held.time_to_live
    return {"category": (category,), "time to live": _in_seconds(seconds)}


def _in_seconds(seconds: int | None) -> tuple[str, ...]:
    return (f"{seconds} seconds",) if seconds is not None else ()


def _diff(before: Sections, after: Sections) -> tuple[str, ...]:
    lines: list[str] = []
    for kind in dict.fromkeys((*after, *before)):
        old, new = before.get(kind, ()), after.get(kind, ())
        if old != new:
            lines.append(f"{kind}:")
            lines += [line for line in difflib.ndiff(old, new) if not line.startswith("?")]
    return tuple(lines)
