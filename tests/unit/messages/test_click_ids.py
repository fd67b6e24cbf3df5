"""The click's id in the address that a link leads to."""

from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messages.click_ids import with_click

CLICK = UUID("019a8f3c-2b7d-7c31-a4e5-f60718293a4b")
TOLD = f"ulak_click=clk_{CLICK.hex}"


@pytest.mark.parametrize(
    ("url", "led_to"),
    [
        ("https://a.example", f"https://a.example?{TOLD}"),
        ("https://a.example/?", f"https://a.example/?{TOLD}"),
        ("https://a.example/p?a=1&&b=%20x&c", f"https://a.example/p?a=1&&b=%20x&c&{TOLD}"),
        ("https://a.example/p?a=1#top?b=2", f"https://a.example/p?a=1&{TOLD}#top?b=2"),
        ("https://a.example/#/route?ulak_click=1", f"https://a.example/?{TOLD}#/route?ulak_click=1"),
        ("https://a.example/?ulak_click=clk_old&a=1&ulak%5Fclick=2", f"https://a.example/?a=1&{TOLD}"),
        ("https://a.example/?not_ulak_click=1", f"https://a.example/?not_ulak_click=1&{TOLD}"),
    ],
)
def test_the_click_is_added_and_all_else_stays_as_it_was_written(url: str, led_to: str) -> None:
    assert with_click(url, "ulak_click", CLICK) == led_to


names = st.text(st.sampled_from("ulak_click%5F&=+#"), max_size=12)


@given(st.lists(st.tuples(names, names), max_size=4), names)
def test_it_is_told_once_however_the_query_is_written(pairs: list[tuple[str, str]], fragment: str) -> None:
    query = "&".join(f"{name}={value}" for name, value in pairs).replace("#", "")
    led_to = with_click(f"https://a.example/p?{query}#{fragment}", "ulak_click", CLICK)
    told = [value for name, value in parse_qsl(urlsplit(led_to).query, keep_blank_values=True) if name == "ulak_click"]
    assert told == [f"clk_{CLICK.hex}"]
    assert urlsplit(led_to).fragment == fragment
    assert with_click(led_to, "ulak_click", CLICK) == led_to
