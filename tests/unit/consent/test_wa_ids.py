"""Phones and the digits that Meta has for them."""

import pytest

from app.consent.wa_ids import is_wa_id, other_phones, phones_of


@pytest.mark.parametrize(
    ("wa_id", "phones"),
    [
        ("905321112233", ("+905321112233",)),
        ("551161234567", ("+5511961234567", "+551161234567")),
        ("5511961234567", ("+5511961234567", "+551161234567")),
        ("551131234567", ("+551131234567",)),
        ("5215512345678", ("+525512345678", "+5215512345678")),
        ("525512345678", ("+525512345678", "+5215512345678")),
        ("5491112345678", ("+5491112345678", "+541112345678")),
        ("541112345678", ("+541112345678", "+5491112345678")),
    ],
)
def test_the_digits_lead_to_every_way_of_writing_the_number(wa_id: str, phones: tuple[str, ...]) -> None:
    assert phones_of(wa_id) == phones


@pytest.mark.parametrize("phone", ["+5511961234567", "+525512345678", "+5491112345678", "+541112345678"])
def test_each_way_of_writing_leads_to_the_other(phone: str) -> None:
    (other,) = other_phones(phone)
    assert other_phones(other) == (phone,)


def test_elsewhere_there_is_one_way() -> None:
    assert other_phones("+905321112233") == ()


@pytest.mark.parametrize("text", [None, "", "0532", "+905321112233", "120363-group", "1" * 16, "٠٩٠٥٣٢١١١٢٢"])
def test_what_is_no_number_is_none(text: str | None) -> None:
    assert not is_wa_id(text)
