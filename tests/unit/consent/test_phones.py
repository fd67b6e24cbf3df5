"""Phone numbers as people of the business's country write them, and what is none."""

import pytest

from app.consent.phones import PhoneError, normalize_phone


@pytest.mark.parametrize(
    "text",
    [
        "0532 111 22 33",
        "05321112233",
        "532 111 22 33",
        "5321112233",
        "(0532) 111 22 33",
        "0 (532) 111-22-33",
        "0532.111.22.33",
        "0532/111 22 33",
        "+905321112233",
        "+90 532 111 22 33",
        "+90 (532) 111 22 33",
        "+90-532-111-22-33",
        "00905321112233",
        "0090 532 111 22 33",
        "90 532 111 22 33",
        "  +90 532 111 22 33  ",
        "+90\u00a0532\u00a0111\u00a022\u00a033",
        "\uff0b90 532 111 22 33",
        "+90 0532 111 22 33",
        "\u0660\u0665\u0663\u0662 \u0661\u0661\u0661 \u0662\u0662 \u0663\u0663",
        "\uff10\uff15\uff13\uff12 \uff11\uff11\uff11 \uff12\uff12 \uff13\uff13",
    ],
)
def test_turkish_ways_of_writing_a_number_are_one(text: str) -> None:
    assert normalize_phone(text, "TR") == "+905321112233"


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("+491512 3456789", "TR", "+4915123456789"),
        ("0049 1512 3456789", "TR", "+4915123456789"),
        ("+33 6 12 34 56 78", "TR", "+33612345678"),
        ("+1 (650) 253-0000", "TR", "+16502530000"),
        ("+55 11 96123-4567", "TR", "+5511961234567"),
        ("+52 55 1234 5678", "TR", "+525512345678"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("(650) 253-0000", "US", "+16502530000"),
        ("0532 111 22 33", "TR", "+905321112233"),
        ("0212 555 10 10", "TR", "+902125551010"),
    ],
)
def test_numbers_of_other_countries_are_read_by_their_code_or_the_region(text: str, region: str, number: str) -> None:
    assert normalize_phone(text, region) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "+",
        "+90",
        "1",
        "155",
        "0532 111 22",
        "0532 111 22 3",
        "0532 111 22 333",
        "+90 132 111 22 33",
        "+999 532 111 22 33",
        "9" * 60,
        "+" + "9" * 39,
        "+90532111223345678",
        "112",
        "0532-111-22-33-44",
        "000000000000",
        "0000 532 111 22 33",
        "+0 532 111 22 33",
        "0532 111 22 33 / 0533 111 22 33",
        "0532\n111 22 33",
        "5321112233.0",
        "5.321112233e9",
        "0x5321112233",
        "+90532111223O",
        "null",
        "TR.88123",
        "call me",
        "0532 111 CAFE",
        "0532 111 22 3E",
        "phone: 0532 111 22 33",
        "tel:+905321112233",
        "0532 111 22 33 ext 5",
        "0532 111 22 33 x5",
        "0532 111 22 33#5",
        "0532 111 22 33;ext=5",
        "+90 532 111 22 33, +90 532 111 22 34",
        "0532 111 22 33 dahili 5",
        "\x00",
        "+90532\x001112233\x00",
        "\ud800",
        "🙂",
    ],
    ids=lambda text: ascii(text[:30]),
)
def test_what_nobody_can_be_reached_by_is_refused(text: str) -> None:
    with pytest.raises(PhoneError):
        normalize_phone(text, "TR")


def test_a_national_number_is_not_read_in_another_region() -> None:
    with pytest.raises(PhoneError):
        normalize_phone("0532 111 22 33", "US")


def test_e164_stays_as_it_is_in_every_region() -> None:
    assert {normalize_phone("+905321112233", region) for region in ("TR", "DE", "US", "BR")} == {"+905321112233"}
