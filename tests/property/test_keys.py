"""API keys and public ids: whatever is sent instead of one is none, and raises nothing."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.accounts.keys import new_key, read_key
from app.core.ids import parse_id, public_id

modes = st.sampled_from(["live", "test"])
shaped = st.builds(lambda mode, rest: f"ulak_{mode}_{rest}", modes, st.text(max_size=90))
encoded = st.builds(
    lambda mode, rest: f"ulak_{mode}_{rest}", modes, st.text("abcdefghijklmnopqrstuvwxyz234567", max_size=90)
)


@given(st.uuids(), modes)
def test_a_new_key_is_read_as_what_it_was_made_for(business_id: UUID, mode: str) -> None:
    key = new_key(business_id, mode)  # type: ignore[arg-type]
    assert read_key(key.token) == (business_id, mode)


@given(st.text(max_size=120) | shaped | encoded)
def test_garbage_is_no_key_or_claims_to_be_of_a_business(token: str) -> None:
    claimed = read_key(token)
    if claimed is not None:
        business_id, mode = claimed
        assert isinstance(business_id, UUID)
        assert token.startswith(f"ulak_{mode}_")
        assert len(token) == len(new_key(business_id, mode).token)


@given(st.uuids(), st.integers(0, 200), st.characters())
def test_a_key_with_one_letter_changed_never_passes_for_another_mode(
    business_id: UUID, place: int, letter: str
) -> None:
    token = new_key(business_id, "test").token
    place %= len(token)
    claimed = read_key(token[:place] + letter + token[place + 1 :])
    assert claimed is None or claimed[1] == "test"


@given(st.uuids())
def test_an_id_is_read_back(value: UUID) -> None:
    assert parse_id("msg", public_id("msg", value)) == value


spellings = st.builds(
    lambda value, spell: "msg_" + spell(value),
    st.uuids(),
    st.sampled_from(
        [str, lambda value: value.hex.upper(), lambda value: "0x" + value.hex[2:], lambda value: value.hex + "\n", repr]
    ),
)


@given(st.text(max_size=40) | st.text("0123456789abcdef", min_size=31, max_size=33).map("msg_{}".format) | spellings)
def test_an_id_has_one_spelling(text: str) -> None:
    value = parse_id("msg", text)
    assert value is None or public_id("msg", value) == text
