"""Who is who, by what Meta says in one breath."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.consent.persons import Finding, NamedContact, Names, Told, find, told

BUSINESS = UUID(int=9)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PHONE, WA_ID, BSUID, PARENT = "+905321112233", "905321112233", "TR.1", "TR.ENT.1"


def said(**names: Any) -> Told:
    return told(BUSINESS, "test", NOW, "wamid.1", **names)


def contact(number: int, **names: Any) -> NamedContact:
    given = {"phone": None, "wa_id": None, "bsuid": None, "parent_bsuid": None, "identified_at": None, **names}
    return NamedContact(UUID(int=number), **given)


def test_what_is_known_or_about_nobody_says_nothing_new() -> None:
    assert find(said(wa_id=WA_ID, bsuid=BSUID), []) is None
    assert find(said(wa_id=WA_ID, bsuid=BSUID), [contact(1, phone=PHONE, bsuid=BSUID)]) is None
    assert find(said(bsuid=BSUID), [contact(1, phone=PHONE, bsuid=BSUID, parent_bsuid=PARENT)]) is None


def test_a_user_id_is_learnt_by_the_number_and_a_number_by_the_user_id() -> None:
    names = Names(PHONE, WA_ID, BSUID, PARENT)
    heard = said(wa_id=WA_ID, bsuid=BSUID, parent_bsuid=PARENT)
    assert find(heard, [contact(1, phone=PHONE)]) == Finding(UUID(int=1), names)
    assert find(heard, [contact(1, bsuid=BSUID)]) == Finding(UUID(int=1), names)
    assert find(heard, [contact(1, bsuid=PARENT)]) == Finding(UUID(int=1), names)


def test_the_one_with_the_number_remains() -> None:
    known = [contact(1, bsuid=BSUID), contact(2, phone=PHONE), contact(3, parent_bsuid=PARENT, bsuid="TR.3")]
    found = find(said(wa_id=WA_ID, bsuid=BSUID, parent_bsuid=PARENT), known)
    assert found is not None
    assert (found.contact_id, set(found.same), found.bereft) == (UUID(int=2), {UUID(int=1), UUID(int=3)}, ())


def test_two_ways_of_writing_one_number_are_one_person() -> None:
    known = [contact(1, phone="+541112345678"), contact(2, phone="+5491112345678")]
    found = find(said(phone="+541112345678", wa_id="5491112345678"), known)
    assert found == Finding(UUID(int=1), Names("+541112345678", "5491112345678", None, None), same=(UUID(int=2),))


def test_whoever_has_another_number_loses_the_user_id_alone() -> None:
    known = [contact(1, phone=PHONE), contact(2, phone="+905330000000", bsuid=BSUID)]
    found = find(said(wa_id=WA_ID, bsuid=BSUID), known)
    assert found == Finding(UUID(int=1), Names(PHONE, WA_ID, BSUID, None), bereft=(UUID(int=2),))


def test_another_number_than_the_contacts_own_is_not_taken_over() -> None:
    assert find(said(wa_id="905330000000", bsuid=BSUID), [contact(1, phone=PHONE, bsuid=BSUID)]) is None


def test_what_was_said_before_something_newer_changes_nothing() -> None:
    later = NOW + timedelta(seconds=1)
    known = [contact(1, phone=PHONE, identified_at=later), contact(2, bsuid=BSUID)]
    assert find(said(wa_id=WA_ID, bsuid=BSUID), known) is None
    assert find(said(wa_id=WA_ID, bsuid=BSUID), [contact(1, phone=PHONE, identified_at=NOW)]) is not None


def test_what_names_nobody_is_left_out() -> None:
    heard = said(wa_id="120363-group", bsuid="")
    assert (heard.phones, heard.user_ids, heard.says_more_than_a_phone) == ((), (), False)
    assert not said(wa_id=WA_ID).says_more_than_a_phone
    assert said(wa_id="551161234567").says_more_than_a_phone


def test_a_number_with_the_user_id_of_another_is_anothers_now() -> None:
    heard = said(wa_id=WA_ID, bsuid="TR.2")
    former = contact(1, phone=PHONE, bsuid=BSUID)
    names = Names(PHONE, WA_ID, "TR.2", None)
    assert find(heard, [former]) == Finding(None, names, former=(UUID(int=1),))
    assert find(heard, [former, contact(2, bsuid="TR.2")]) == Finding(UUID(int=2), names, former=(UUID(int=1),))
    with_number = contact(2, phone="+905330000000", bsuid="TR.2")
    assert find(heard, [former, with_number]) == Finding(None, names, bereft=(UUID(int=2),), former=(UUID(int=1),))


def test_a_parents_id_tells_that_it_is_the_same_person_or_another() -> None:
    linked = contact(1, phone=PHONE, bsuid=BSUID, parent_bsuid=PARENT)
    found = find(said(wa_id=WA_ID, bsuid="TR.2", parent_bsuid=PARENT), [linked])
    assert found == Finding(UUID(int=1), Names(PHONE, WA_ID, "TR.2", PARENT))
    by_parent = contact(1, phone=PHONE, bsuid=PARENT)
    assert find(said(wa_id=WA_ID, bsuid="TR.2"), [by_parent]) is not None  # nothing says that they are two
    other = find(said(wa_id=WA_ID, parent_bsuid="TR.ENT.2"), [by_parent])
    assert other is not None
    assert other.former == (UUID(int=1),)
