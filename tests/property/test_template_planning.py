"""Plans: every template once, and nothing left to do once a plan was applied."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.templates.clocks import editable, name_free_at, next_edit_at
from app.templates.definition import TemplateDefinition, submission
from app.templates.planning import Held, Kind, Step, Wanted, changes, plan
from tests.support.template_definitions import WEBSITES, definitions

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
STATUSES = ["APPROVED", "REJECTED", "PAUSED", "PENDING", "DISABLED", "IN_APPEAL", "PENDING_DELETION", "DELETED"]
STATUSES += ["LIMIT_EXCEEDED", "ARCHIVED", "LOCKED"]
LEFT = {Kind.SAME, Kind.FORBIDDEN}


def wanted_of(definition: TemplateDefinition) -> Wanted:
    return Wanted(definition, submission(definition, WEBSITES, "4::aW"))


moments = st.integers(0, 40 * 24).map(lambda hours: NOW - timedelta(hours=hours))


@st.composite
def held_of(draw: st.DrawFn, definition: TemplateDefinition) -> Held:
    """As Meta might hold a template of that name: as it is written, or with another text."""
    texts = [definition, draw(definitions(name=definition.name, language=definition.language))]
    found = submission(draw(st.sampled_from(texts)), WEBSITES, "https://scontent.example/sample")
    submitted = draw(st.none() | st.sampled_from(texts))
    return Held(
        definition.name,
        definition.language,
        draw(st.uuids().map(str)),
        draw(st.sampled_from(STATUSES)),
        found["category"],
        found["components"],
        draw(st.sampled_from(["NAMED", "POSITIONAL"])),
        found.get("message_send_ttl_seconds"),
        None if submitted is None else submission(submitted, WEBSITES)["components"],
        tuple(draw(st.lists(moments, max_size=12))),
        draw(st.none() | moments),
        draw(st.booleans()),
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Wanted], list[Held]]:
    known = draw(st.lists(definitions(), max_size=5, unique_by=lambda one: (one.name, one.language)))
    wanted = [wanted_of(one) for one in known if draw(st.booleans())]
    held = [draw(held_of(one)) for one in known if draw(st.booleans())]
    return wanted, held


def applied(steps: Sequence[Step], held: Sequence[Held]) -> list[Held]:
    """What Meta holds after it took every action of a plan."""
    found = {(one.name, one.language): one for one in held}
    for step in steps:
        key = (step.name, step.language)
        match step.action:
            case "submit":
                assert step.wanted is not None
                assert key not in found or found[key].status == "DELETED"
                body = step.wanted.body
                found[key] = Held(
                    step.name, step.language, "new", "PENDING", body["category"], body["components"],
                    time_to_live=body.get("message_send_ttl_seconds"), submitted_components=body["components"],
                )  # fmt: skip
            case "edit":
                assert step.wanted is not None
                found[key] = edited(found[key], step.wanted)
            case "delete":
                assert found[key].status not in {"DISABLED", "PENDING_DELETION", "DELETED"}
                found[key] = replace(found[key], status="DELETED", deleted_at=NOW)
    return list(found.values())


def edited(held: Held, wanted: Wanted) -> Held:
    """An edit replaces all components, and leaves an approved template its category."""
    body = changes(wanted, held)
    if held.status == "APPROVED":
        body.pop("category", None)
    assert body, "an edit changes something"
    assert editable(held.status)
    assert next_edit_at(held.status, held.edits, NOW) is None
    category = body.get("category", held.category)
    return replace(
        held,
        status="PENDING",
        category=category,
        components=wanted.body["components"],
        time_to_live=None if category != held.category else body.get("message_send_ttl_seconds", held.time_to_live),
        submitted_components=wanted.body["components"],
        edits=(*held.edits, NOW),
    )


options_of_plans = st.fixed_dictionaries({"overwrite_drift": st.booleans(), "delete_orphans": st.booleans()})


@given(situations(), options_of_plans)
def test_once_applied_a_plan_leaves_nothing_to_do(
    situation: tuple[list[Wanted], list[Held]], options: dict[str, bool]
) -> None:
    wanted, held = situation
    after = applied(plan(wanted, held, NOW, **options), held)
    again = plan(wanted, after, NOW, **options)
    assert not any(step.acts for step in again)
    left = LEFT | (set() if options["overwrite_drift"] else {Kind.DRIFTED, Kind.CONFLICT})
    assert {step.kind for step in again if step.wanted is not None} <= left
    undeletable = {"DISABLED", "PENDING_DELETION"}
    assert (
        not options["delete_orphans"]
        or {step.held.status for step in again if step.kind is Kind.ORPHANED} <= undeletable
    )


@given(situations())
def test_every_template_is_in_the_plan_once(situation: tuple[list[Wanted], list[Held]]) -> None:
    wanted, held = situation
    keys = [(step.name, step.language) for step in plan(wanted, held, NOW)]
    written = {(one.definition.name, one.definition.language) for one in wanted}
    assert keys == sorted(written | {(one.name, one.language) for one in held if one.status != "DELETED"})


@given(situations())
def test_what_differs_is_shown_and_what_does_not_is_not(situation: tuple[list[Wanted], list[Held]]) -> None:
    for step in plan(*situation, NOW):
        assert (step.kind is Kind.SAME) == (not step.diff)
        if step.wanted is not None and step.held is not None and step.held.status != "DELETED":
            assert (step.kind is Kind.SAME) == (not changes(step.wanted, step.held))


@given(situations())
def test_what_is_forbidden_says_why_and_never_a_time_that_is_over(situation: tuple[list[Wanted], list[Held]]) -> None:
    for step in plan(*situation, NOW, overwrite_drift=True):
        assert (step.kind is Kind.FORBIDDEN) == (step.obstacle is not None)
        assert step.possible_at is None or step.obstacle is not None


@given(definitions(), moments)
def test_a_name_is_barred_until_the_clock_says_otherwise(definition: TemplateDefinition, deleted_at: datetime) -> None:
    gone = Held(
        definition.name, definition.language, "1", "DELETED", "UTILITY", (), deleted_at=deleted_at, was_approved=True
    )
    (step,) = plan([wanted_of(definition)], [gone], NOW)
    free_at = name_free_at(deleted_at, was_approved=True)
    assert free_at is not None
    assert step.kind is (Kind.FORBIDDEN if free_at > NOW else Kind.NEW)
    (later,) = plan([wanted_of(definition)], [gone], step.possible_at or NOW)
    assert later.kind is Kind.NEW
