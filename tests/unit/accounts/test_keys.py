"""API keys: what is shown, what is stored, and whose they claim to be."""

import re
from typing import Literal
from uuid import UUID, uuid4

import pytest

from app.accounts.keys import PREFIX_LENGTH, Scope, new_key, read_key
from app.core.secrets import hash_token

BUSINESS = UUID("019a8f3c-2b7d-7c31-a4e5-f60718293a4b")


@pytest.mark.parametrize("mode", ["live", "test"])
def test_a_new_key_says_whose_and_of_which_mode_it_is(mode: Literal["live", "test"]) -> None:
    key = new_key(BUSINESS, mode)
    assert re.fullmatch(rf"ulak_{mode}_[a-z2-7]{{77}}", key.token)
    assert read_key(key.token) == (BUSINESS, mode)
    assert key.token_hash == hash_token(key.token)


def test_what_is_shown_of_a_key_gives_little_of_it_away() -> None:
    key = new_key(BUSINESS, "live")
    assert key.prefix == f"{key.token[:PREFIX_LENGTH]}…{key.token[-4:]}"
    assert len(key.token) - len(key.prefix) > 60


def test_no_two_keys_are_the_same() -> None:
    keys = {new_key(BUSINESS, "live").token for _ in range(100)}
    assert len(keys) == 100
    assert len({token[-52:] for token in keys}) == 100


def _key(text: str) -> str:
    return text.replace("KEY", new_key(BUSINESS, "live").token.split("_")[2])


@pytest.mark.parametrize(
    "form",
    [
        "",
        "_",
        "__",
        "ulak",
        "ulak_live",
        "ulak_live_",
        "ulak__KEY",
        "ulak_prod_KEY",
        "ulak_LIVE_KEY",
        "Ulak_live_KEY",
        "other_live_KEY",
        "ulak_live_KEY_",
        "ulak_live_KEY_KEY",
        "_ulak_live_KEY",
        "ulak_live_KEYa",
        "ulak_live_KEYaaaaaaaa",
        "ulak_live_1KEY",
        "ulak_live_KEY ",
        "ulak_live_" + "a" * 76,
        "ulak_live_" + "a" * 78,
        "ulak_live_" + "0" * 77,
        "ulak_live_" + "1" * 77,
        "ulak_live_" + "ş" * 77,
        "ulak_live_" + "=" * 77,
        "ulak_live_" + "a" * 100_000,
        "ulak_live_\x00",
        "ulak_live_\ud800",
    ],
    ids=lambda form: repr(form[:30]),
)
def test_what_cannot_be_a_key_is_none(form: str) -> None:
    assert read_key(_key(form)) is None


def test_a_key_claims_the_business_that_it_holds() -> None:
    other = uuid4()
    assert read_key(new_key(other, "test").token) == (other, "test")


def test_scopes_are_stable_names() -> None:
    assert all(re.fullmatch(r"[a-z]+:(read|write)", scope) for scope in Scope)
