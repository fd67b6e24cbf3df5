"""What cookies and forms must be to be taken for ours."""

from uuid import uuid4

import pytest
from starlette.requests import Request

from app.console.guarding import comes_from_here, proves
from app.console.secrets import new_pass, read_pass


def _request(**headers: str) -> Request:
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "headers": told})


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"sec_fetch_site": "same-origin", "origin": "https://msg.example"}, True),
        ({"sec_fetch_site": "none"}, True),
        ({"sec_fetch_site": "same-site", "origin": "https://msg.example"}, False),
        ({"sec_fetch_site": "cross-site", "origin": "https://msg.example"}, False),
        ({"origin": "https://msg.example", "host": "internal:8000"}, True),
        ({"origin": "http://internal:8000", "host": "internal:8000"}, True),
        ({"origin": "https://msg.example.evil.example", "host": "internal:8000"}, False),
        ({"origin": "null", "host": "internal:8000"}, False),
        ({"host": "internal:8000"}, True),
    ],
)
def test_where_a_form_stood_is_believed_of_the_browser(headers: dict[str, str], *, is_ours: bool) -> None:
    assert comes_from_here(_request(**headers), "https://msg.example") is is_ours


def test_a_pass_is_read_as_it_was_made_and_nothing_else_fits() -> None:
    one, other = new_pass(uuid4()), new_pass(uuid4())
    assert read_pass(one.text) == one
    assert one.fits(one.secret_hash)
    assert not other.fits(one.secret_hash)
    assert proves(one.proof(), one.proof())
    for wrong in (other.proof(), "", None, "ü"):
        assert not proves(wrong, one.proof())
    assert one.secret.hex() not in one.proof()
    for text in ("", "a", one.text[:-1], f"{one.text}A", f"{one.text[:-1]}!", "ü" * 90):
        assert read_pass(text) is None
