"""Ways inside the console lead nowhere else."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.console.navigation import LOGIN, START, login_for, section_of, way_back

HERE = "https://msg.example"


@given(
    st.one_of(
        st.text(),
        st.text(alphabet="/\\.:@%?#&=aconsle\t\n ").map(lambda rest: f"/console/{rest}"),
        st.sampled_from(["//", "/\\", "https://", "/console/..//", "/console//", "javascript:"]).map(
            "{}evil.example".format
        ),
    )
)
def test_whatever_is_asked_for_one_stays_here(asked: str) -> None:
    led = urlsplit(urljoin(f"{HERE}/console/login", way_back(asked)))
    assert (led.scheme, led.netloc) == ("https", "msg.example")
    assert led.path.startswith("/console/")
    assert not led.path.startswith(LOGIN)


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/console/figures?kind=cost&from=2026-01-01", "/console/figures?kind=cost&from=2026-01-01"),
        ("/console/messages/msg_1?q=//x", "/console/messages/msg_1?q=//x"),
        ("/console/../v1/messages", START),
        ("/console/%2e%2E/r/abc", START),
        ("/console/.%2e/r/abc", START),
        ("/console/login?back=/console/login", START),
        ("/console/link/abc", START),
        (None, START),
    ],
)
def test_pages_are_come_back_to_and_doors_are_not(asked: str | None, led: str) -> None:
    assert way_back(asked) == led
    assert login_for(led).startswith("/console/login?back=%2Fconsole%2F")


def test_a_page_lights_its_section() -> None:
    assert [section_of(path) for path in ("/console/", "/console/messages/msg_1", "/console/messagesx")] == [
        "glance",
        "messages",
        "",
    ]
