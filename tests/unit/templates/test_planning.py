"""What a plan says of each template, and what it would do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.templates.definition import Bases, CopyCodeButton, PhoneNumberButton, TemplateDefinition, UrlButton, submission
from app.templates.planning import OBSTACLES, Held, Kind, Obstacle, Step, Wanted, changes, plan, sections

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BASES = Bases("https://shop.example", "https://u.example/l")


def definition(**changes: Any) -> TemplateDefinition:
    fields: dict[str, Any] = {
        "event_type": "order-shipped",
        "name": "order_shipped",
        "language": "tr",
        "body": "Merhaba {{customer_name}},\nsiparişiniz yola çıktı.",
        "samples": {"customer_name": "Ayşe"},
        "buttons": (UrlButton(text="Siparişi gör", url="{links}/{{1}}", sample="{links}/1"),),
    }
    return TemplateDefinition(**fields | changes)


def wanted(**changes: Any) -> Wanted:
    one = definition(**changes)
    return Wanted(one, submission(one, BASES))


def held(status: str = "APPROVED", **changes: Any) -> Held:
    body = submission(definition(), BASES)
    found = Held("order_shipped", "tr", "77", status, "UTILITY", body["components"])
    return replace(found, **changes)


def components(**changes: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = submission(definition(**changes), BASES)["components"]
    return found


def only(wanted_one: Wanted | None, held_one: Held | None, **options: Any) -> Step:
    (step,) = plan([wanted_one] if wanted_one else [], [held_one] if held_one else [], NOW, **options)
    return step


OTHER = {"body": "Merhaba {{customer_name}},\nsiparişiniz bugün yola çıktı."}
FOREIGN = {"body": "Merhaba {{customer_name}},\nbaşkası değiştirdi."}


def test_what_meta_does_not_have_is_new() -> None:
    step = only(wanted(), None)
    assert (step.kind, step.action) == (Kind.NEW, "submit")
    assert step.diff == (
        "body:",
        "+ Merhaba {{customer_name}},",
        "+ siparişiniz yola çıktı.",
        "buttons:",
        '+ URL "Siparişi gör" https://u.example/l/{{1}}',
    )


@pytest.mark.parametrize("status", ["APPROVED", "PENDING", "REJECTED", "DISABLED", "ARCHIVED", "PENDING_DELETION"])
def test_what_is_alike_is_the_same_in_every_status(status: str) -> None:
    step = only(wanted(), held(status))
    assert (step.kind, step.action, step.diff) == (Kind.SAME, None, ())


def test_letter_case_samples_and_names_of_link_variables_make_no_difference() -> None:
    listed = [
        {"type": "body", "text": "Merhaba {{customer_name}},\r\nsiparişiniz yola çıktı. "},
        {
            "type": "Buttons",
            "buttons": [{"type": "url", "text": "Siparişi gör", "url": "https://u.example/l/{{code}}"}],
        },
    ]
    assert only(wanted(), held(components=listed, category="utility")).kind is Kind.SAME


def test_what_meta_adds_to_buttons_makes_no_difference() -> None:
    buttons = (CopyCodeButton(example="AB1"), PhoneNumberButton(text="Ara", number="+90 850 555 10 10"))
    listed = [
        {"type": "BODY", "text": "x"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "COPY_CODE", "text": "Copy offer code", "example": ["AB1"]},
                {"type": "PHONE_NUMBER", "text": "Ara", "phone_number": "+908505551010"},
            ],
        },
    ]
    assert sections(components(body="x", samples={}, buttons=buttons)) == sections(listed)


def test_what_meta_knows_beyond_a_definition_is_a_difference() -> None:
    listed = [*held().components, {"type": "CAROUSEL", "cards": [{"components": []}]}]
    step = only(wanted(), held(components=listed))
    assert (step.kind, step.diff) == (Kind.CHANGED, ("carousel:", '- cards: [{"components": []}]'))


@pytest.mark.parametrize(
    ("file", "submitted", "at_meta", "kind"),
    [
        (OTHER, {}, {}, Kind.CHANGED),
        ({}, {}, FOREIGN, Kind.DRIFTED),
        (OTHER, {}, FOREIGN, Kind.CONFLICT),
        (OTHER, OTHER, {}, Kind.DRIFTED),
        (OTHER, {}, OTHER, Kind.SAME),
        (OTHER, FOREIGN, OTHER, Kind.SAME),
        (OTHER, None, {}, Kind.CHANGED),
        ({}, None, FOREIGN, Kind.CHANGED),
    ],
)
def test_who_moved_away_from_what_was_submitted_changed_it(
    file: dict, submitted: dict | None, at_meta: dict, kind: Kind
) -> None:
    one = held(
        components=components(**at_meta),
        submitted_components=None if submitted is None else components(**submitted),
    )
    assert only(wanted(**file), one).kind is kind


def test_drift_and_conflict_are_overwritten_only_on_demand() -> None:
    drifted = held(components=components(**FOREIGN), submitted_components=components())
    for file in ({}, OTHER):
        assert only(wanted(**file), drifted).action is None
        assert only(wanted(**file), drifted, overwrite_drift=True).action == "edit"
    assert only(wanted(), replace(drifted, edits=(NOW,))).kind is Kind.DRIFTED
    forbidden = only(wanted(), replace(drifted, edits=(NOW,)), overwrite_drift=True)
    assert (forbidden.kind, forbidden.obstacle) == (Kind.FORBIDDEN, Obstacle.EDIT_LIMIT)


def test_a_change_shows_the_lines_that_differ() -> None:
    step = only(wanted(**OTHER), held())
    assert (step.kind, step.action) == (Kind.CHANGED, "edit")
    assert step.diff == (
        "body:",
        "  Merhaba {{customer_name}},",
        "- siparişiniz yola çıktı.",
        "+ siparişiniz bugün yola çıktı.",
    )


def test_what_is_in_no_file_is_orphaned_and_deleted_on_demand() -> None:
    assert (only(None, held()).kind, only(None, held()).action) == (Kind.ORPHANED, None)
    assert only(None, held(), delete_orphans=True).action == "delete"
    for status in ("DISABLED", "PENDING_DELETION"):
        assert only(None, held(status), delete_orphans=True).action is None


def test_what_is_gone_is_no_orphan() -> None:
    assert plan([], [held("DELETED")], NOW) == []


@pytest.mark.parametrize(
    ("one", "obstacle", "possible_at"),
    [
        (held(edits=(NOW - HOUR,)), Obstacle.EDIT_LIMIT, NOW + 23 * HOUR),
        (held(edits=tuple(NOW - day * DAY for day in range(1, 11))), Obstacle.EDIT_LIMIT, NOW + 20 * DAY),
        (held("PENDING"), Obstacle.IN_REVIEW, None),
        (held("IN_APPEAL"), Obstacle.IN_REVIEW, None),
        (held("DISABLED"), Obstacle.DISABLED, None),
        (held("ARCHIVED"), Obstacle.ARCHIVED, None),
        (held("LIMIT_EXCEEDED"), Obstacle.STATUS, None),
        (held("PENDING_DELETION", deleted_at=NOW - DAY), Obstacle.BEING_DELETED, NOW + 29 * DAY),
        (held("PENDING_DELETION"), Obstacle.BEING_DELETED, None),
        (held("DELETED", deleted_at=NOW - DAY, was_approved=True), Obstacle.NAME_BARRED, NOW + 29 * DAY),
        (held(parameter_format="POSITIONAL"), Obstacle.PARAMETERS, None),
    ],
)
def test_what_meta_does_not_allow_is_forbidden_with_its_time(
    one: Held, obstacle: Obstacle, possible_at: datetime | None
) -> None:
    step = only(wanted(**OTHER), one)
    assert (step.kind, step.obstacle, step.possible_at) == (Kind.FORBIDDEN, obstacle, possible_at)
    assert step.action is None
    assert step.diff


@pytest.mark.parametrize(
    "one",
    [
        held(edits=(NOW - DAY,)),
        held("REJECTED", edits=(NOW - HOUR,)),
        held("PAUSED", edits=(NOW - HOUR,)),
    ],
)
def test_what_meta_allows_again_is_done(one: Held) -> None:
    assert only(wanted(**OTHER), one).action == "edit"


@pytest.mark.parametrize(
    "gone", [held("DELETED", deleted_at=NOW), held("DELETED", deleted_at=NOW - 30 * DAY, was_approved=True)]
)
def test_what_is_gone_and_may_come_back_is_new(gone: Held) -> None:
    assert only(wanted(), gone).action == "submit"


def test_the_category_of_an_approved_template_is_metas() -> None:
    step = only(wanted(), held(category="MARKETING"))
    assert (step.kind, step.obstacle) == (Kind.FORBIDDEN, Obstacle.CATEGORY)
    assert step.diff == ("category:", "- MARKETING", "+ UTILITY")


def test_another_category_goes_along_with_an_edit_of_what_was_rejected() -> None:
    rejected = held("REJECTED", category="MARKETING")
    assert only(wanted(), rejected).action == "edit"
    assert changes(wanted(), rejected) == {"category": "UTILITY"}
    assert changes(wanted(**OTHER), rejected) == {"components": components(**OTHER), "category": "UTILITY"}


def test_a_time_to_live_is_changed_without_the_text() -> None:
    file = wanted(time_to_live=3600)
    step = only(file, held())
    assert (step.kind, step.diff) == (Kind.CHANGED, ("time to live:", "+ 3600 seconds"))
    assert changes(file, held()) == {"message_send_ttl_seconds": 3600}


@pytest.mark.parametrize(("file", "at_meta"), [(None, 3600), (None, None), (-1, None), (-1, -1), (3600, 3600)])
def test_a_time_to_live_that_is_metas_own_makes_no_difference(file: int | None, at_meta: int | None) -> None:
    assert only(wanted(time_to_live=file), held(time_to_live=at_meta)).kind is Kind.SAME


def test_a_time_to_live_that_a_change_of_category_cleared_is_not_asked_for() -> None:
    assert set(changes(wanted(time_to_live=3600), held(category="MARKETING"))) == {"category"}


def test_a_template_that_is_written_twice_has_no_plan() -> None:
    with pytest.raises(ValueError, match="more than once"):
        plan([wanted(), wanted()], [], NOW)


def test_every_obstacle_says_something_to_people() -> None:
    assert set(OBSTACLES) == set(Obstacle)
