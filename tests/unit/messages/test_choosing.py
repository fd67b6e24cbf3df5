"""Which language and which template an event is told by."""

from dataclasses import replace
from typing import Any

import pytest

from app.messages.choosing import Choice, choose_language, languages_for
from app.templates.book import BookedTemplate
from app.templates.compiled import compile_template
from app.templates.states import usability

NAME, SHORT, PLAIN = "order_confirmed", "order_confirmed_short", "order_confirmed_plain"
FIXED = compile_template([{"type": "BODY", "text": "Fixed."}], "NAMED")

Key = tuple[str, str]


def template(name: str, language: str, status: str = "APPROVED", **more: Any) -> BookedTemplate:
    return replace(BookedTemplate(name, language, status, "UTILITY", None, usability(status), FIXED), **more)


def choice(
    templates: list[BookedTemplate], languages: list[str], *, chain: tuple[str, ...] = (NAME, SHORT), **more: Any
) -> Choice:
    book = {(one.name, one.language): one for one in templates}
    return Choice(book, chain, languages, **{"expected": "UTILITY", "on_notice": "continue", **more})


def by_language(languages: list[str], **statuses: str) -> Choice:
    return choice([template(NAME, language, status) for language, status in statuses.items()], languages, chain=(NAME,))


def key(found: BookedTemplate | None) -> Key | None:
    return (found.name, found.language) if found is not None else None


@pytest.mark.parametrize(
    ("contact", "known", "request_", "expected"),
    [
        ("en", "de", "fr", ("en", "contact")),
        (None, "de", "fr", ("de", "contact")),
        (None, None, "fr", ("fr", "request")),
        (None, None, None, ("tr", "business")),
        ("pt-BR", None, None, ("pt_BR", "contact")),
        (None, "pt-BR", None, ("pt_BR", "contact")),
        (None, None, "pt-BR", ("pt_BR", "request")),
    ],
)
def test_the_customers_language_comes_before_the_requests_before_the_businesss(
    contact: str | None, known: str | None, request_: str | None, expected: tuple[str, str]
) -> None:
    found = choose_language(contact, known, request_, "tr")
    assert (found.language, found.source) == expected


@pytest.mark.parametrize(
    ("book", "language", "chosen"),
    [
        ({"tr": "APPROVED", "en": "APPROVED"}, "en", "en"),
        ({"tr": "APPROVED", "en": "APPROVED", "en_GB": "APPROVED"}, "en_GB", "en_GB"),
        ({"tr": "APPROVED", "en": "APPROVED"}, "en_GB", "en"),
        ({"tr": "APPROVED", "en": "APPROVED"}, "de", "tr"),
        ({"en": "APPROVED"}, "de", "en"),
        ({"de": "APPROVED"}, "fr", None),
        ({}, "tr", None),
        ({"tr": "APPROVED", "en": "REJECTED"}, "en", "tr"),
        ({"tr": "APPROVED", "en": "APPROVED", "en_GB": "DISABLED"}, "en_GB", "en"),
        ({"tr": "PENDING", "en": "REJECTED"}, "en", "tr"),
        ({"tr": "APPROVED", "en": "PAUSED"}, "en", "en"),
        ({"tr": "APPROVED", "en": "PENDING"}, "en", "en"),
        ({"tr": "REJECTED", "en": "DISABLED"}, "en", "en"),
        ({"tr": "REJECTED", "en": "REJECTED"}, "de", "tr"),
    ],
)
def test_the_first_is_in_the_language_or_the_nearest_that_can_be_used_or_waited_for(
    book: dict[str, str], language: str, chosen: str | None
) -> None:
    found = by_language(languages_for(language, ("tr", "en")), **book).first()
    assert (found.language if found else None) == chosen


@pytest.mark.parametrize(
    ("fallbacks", "language", "chosen"),
    [
        (("en", "tr"), "de", "en"),
        (("tr", "en"), "de", "tr"),
        (("pt_BR",), "de", "pt_BR"),
        (("fr", "pt_BR"), "de", "pt_BR"),
        (("en", "tr"), "tr", "tr"),
        ((), "tr", "tr"),
        ((), "tr_CY", "tr"),
        ((), "de", None),
    ],
)
def test_fallback_languages_come_after_the_language_and_its_base(
    fallbacks: tuple[str, ...], language: str, chosen: str | None
) -> None:
    found = by_language(languages_for(language, fallbacks), tr="APPROVED", en="APPROVED", pt_BR="APPROVED")
    for one in (found.first(), next(found.usable(), None)):
        assert (one.language if one else None) == chosen


def test_what_may_leave_just_now_is_whatever_is_approved_in_order() -> None:
    found = by_language(["tr", "en", "fr"], tr="PAUSED", en="PENDING", fr="APPROVED")
    assert [key(one) for one in found.usable()] == [(NAME, "fr")]


@pytest.mark.parametrize(
    ("statuses", "first", "usable"),
    [
        (
            {(NAME, "tr"): "APPROVED", (SHORT, "tr"): "APPROVED", (NAME, "en"): "APPROVED"},
            (NAME, "tr"),
            [(NAME, "tr"), (SHORT, "tr"), (NAME, "en")],
        ),
        (
            {(NAME, "tr"): "PAUSED", (SHORT, "tr"): "APPROVED", (NAME, "en"): "APPROVED"},
            (SHORT, "tr"),
            [(SHORT, "tr"), (NAME, "en")],
        ),
        (
            {(NAME, "tr"): "REJECTED", (SHORT, "tr"): "PENDING", (SHORT, "en"): "APPROVED"},
            (SHORT, "tr"),
            [(SHORT, "en")],
        ),
        (
            {(NAME, "tr"): "DISABLED", (SHORT, "tr"): "REJECTED", (SHORT, "en"): "APPROVED"},
            (SHORT, "en"),
            [(SHORT, "en")],
        ),
        ({(PLAIN, "tr"): "APPROVED"}, None, []),
    ],
)
def test_a_variant_in_the_same_language_comes_before_another_language(
    statuses: dict[Key, str], first: Key | None, usable: list[Key]
) -> None:
    found = choice([template(*at, status) for at, status in statuses.items()], ["tr", "en"])
    assert key(found.first()) == first
    assert [key(one) for one in found.usable()] == usable


def test_what_was_made_marketing_of_is_used_once_a_person_accepted_it_and_the_customer_agreed() -> None:
    lost = template(NAME, "tr", category="MARKETING")
    found = choice([lost, template(SHORT, "tr")], ["tr"])
    assert found.obstacle(lost) == "template_recategorised"
    assert key(found.first()) == (SHORT, "tr")
    accepted = replace(lost, accepted_category="MARKETING")
    found = choice([accepted, template(SHORT, "tr")], ["tr"])
    assert key(found.first()) == (NAME, "tr")
    assert key(found.first(lambda one: one.category == "UTILITY")) == (SHORT, "tr")
    assert choice([lost], ["tr"], expected="MARKETING").obstacle(lost) is None
    better = template(NAME, "tr", category="UTILITY")
    assert choice([better], ["tr"], expected="MARKETING").obstacle(better) is None


def test_a_notice_is_handled_as_the_business_wants() -> None:
    noticed = template(NAME, "tr", correct_category="MARKETING")
    sibling, english = template(SHORT, "tr"), template(SHORT, "en")
    there = [noticed, sibling, english]
    hold = choice(there, ["tr", "en"], on_notice="hold")
    assert hold.obstacle(noticed) == "template_category_notice"
    switch = choice(there, ["tr", "en"], on_notice="switch")
    assert switch.obstacle(noticed) is None
    assert key(switch.first()) == (SHORT, "tr")
    assert switch.rather_than(noticed) == [sibling]
    assert switch.rather_than(sibling) == []
    alone = choice([noticed, english], ["tr", "en"], on_notice="switch")
    assert alone.rather_than(noticed) == [], "another language is no reason to leave what still is utility"
    assert key(alone.first()) == (NAME, "tr")
    go_on = choice(there, ["tr", "en"], on_notice="continue")
    assert key(go_on.first()) == (NAME, "tr")
    assert go_on.rather_than(noticed) == []
    accepted = replace(noticed, accepted_category="MARKETING")
    assert choice([accepted], ["tr"], on_notice="hold").obstacle(accepted) is None
