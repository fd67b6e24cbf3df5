"""Which links are shortened, what stands in their place, and which lead nowhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messages.short_links import ShortLinks, is_code, new_code
from app.templates.compiled import CompiledTemplate, Fill, compile_template

OURS = "https://msg.example"
FORMER = "https://old.example"
WEBSITE = "https://shop.example"
TARGET = "https://carrier.example/track?n=YK1"

LINKS = ShortLinks([OURS, FORMER])


def template(*beginnings: str) -> CompiledTemplate:
    buttons = [{"type": "URL", "text": f"Open {each}", "url": f"{each}/{{{{1}}}}"} for each in beginnings]
    return compile_template([{"type": "BODY", "text": "Hello"}, {"type": "BUTTONS", "buttons": buttons}], "NAMED")


def test_a_button_that_begins_with_our_address_gets_a_short_link() -> None:
    compiled = template(f"{OURS}/l")
    short = LINKS.shorten(compiled, Fill({}, [TARGET], ["reply"]))
    (link,) = short.links
    assert (link.position, link.url) == (0, TARGET)
    assert is_code(link.code)
    assert short.fill == Fill({}, [f"{OURS}/l/{link.code}"], ["reply"])
    assert LINKS.address(link.code) == short.fill.links[0]
    assert compiled.misfits(short.fill) == []
    (button,) = compiled.components(short.fill)
    assert button["parameters"][0]["text"] == link.code


def test_a_button_of_the_website_is_left_alone() -> None:
    fill = Fill({}, [f"{WEBSITE}/track/1"])
    short = LINKS.shorten(template(WEBSITE), fill)
    assert (short.fill, short.links, short.misfits) == (fill, (), ())


def test_each_button_has_its_own_way() -> None:
    compiled = template(WEBSITE, f"{OURS}/l")
    short = LINKS.shorten(compiled, Fill({}, [f"{WEBSITE}/1", TARGET]))
    (link,) = short.links
    assert (link.position, link.url) == (1, TARGET)
    assert short.fill.links == [f"{WEBSITE}/1", f"{OURS}/l/{link.code}"]


def test_an_address_of_earlier_still_counts_and_stays_as_meta_approved_it() -> None:
    short = LINKS.shorten(template(f"{FORMER}/l"), Fill({}, [TARGET]))
    assert short.fill.links == [f"{FORMER}/l/{short.links[0].code}"]


@pytest.mark.parametrize("beginning", [OURS, f"{OURS}/long", "https://others.example/l", f"{OURS}.example/l"])
def test_other_addresses_are_not_ours(beginning: str) -> None:
    compiled = template(beginning)
    assert not LINKS.are_in(compiled)
    assert LINKS.shorten(compiled, Fill({}, [TARGET])).links == ()


def test_a_code_that_the_message_has_is_used_again() -> None:
    short = LINKS.shorten(template(f"{OURS}/l", f"{OURS}/l"), Fill({}, [TARGET, TARGET]), {1: "0123456789ab"})
    first, second = short.links
    assert second.code == "0123456789ab"
    assert first.code != second.code


def test_what_the_event_does_not_offer_is_left_to_the_template_to_miss() -> None:
    compiled = template(f"{OURS}/l")
    short = LINKS.shorten(compiled, Fill({}, []))
    assert (short.links, short.misfits) == ((), ())
    assert [one.code for one in compiled.misfits(short.fill)] == ["parameter_missing"]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://shop.example/a",
        "//shop.example/a",
        "shop.example",
        "https://",
        "https:///a",
        "https://shop.example/a b",
        "https://shop.example/\r\nSet-Cookie: a=b",
        "https://[::1",
        "https://shop.example:port/",
        "",
    ],
)
def test_a_link_must_lead_somewhere(url: str) -> None:
    short = LINKS.shorten(template(f"{OURS}/l"), Fill({}, [url]))
    assert [(one.parameter, one.code) for one in short.misfits] == [("links/0", "link")]


def test_a_link_may_be_as_long_as_any_other() -> None:
    longest = "https://shop.example/" + "a" * (2000 - 21)
    assert LINKS.shorten(template(f"{OURS}/l"), Fill({}, [longest])).misfits == ()
    (misfit,) = LINKS.shorten(template(f"{OURS}/l"), Fill({}, [longest + "a"])).misfits
    assert misfit.code == "too_long"


@given(st.lists(st.sampled_from([f"{OURS}/l", f"{FORMER}/l", WEBSITE]), max_size=4))
def test_exactly_the_buttons_of_ours_are_shortened_and_everything_fits(beginnings: list[str]) -> None:
    compiled = template(*beginnings)
    fill = Fill({}, [f"{WEBSITE}/{number}" for number in range(len(beginnings))])
    short = LINKS.shorten(compiled, fill)
    assert [link.position for link in short.links] == [
        number for number, each in enumerate(beginnings) if each != WEBSITE
    ]
    assert [link.url for link in short.links] == [fill.links[link.position] for link in short.links]
    assert compiled.misfits(short.fill) == []
    again = LINKS.shorten(compiled, fill, {link.position: link.code for link in short.links})
    assert again == short


def test_codes_are_of_twelve_letters_and_digits_and_none_comes_twice() -> None:
    codes = {new_code() for _ in range(10_000)}
    assert len(codes) == 10_000
    assert all(is_code(code) for code in codes)


@pytest.mark.parametrize(
    "text", ["", "abc", "0123456789a", "0123456789abc", "0123456789a_", "0123456789aı", "0123456789ab\n", "\u0660" * 12]
)
def test_garbage_is_no_code(text: str) -> None:
    assert not is_code(text)
