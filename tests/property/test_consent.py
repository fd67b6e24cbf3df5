"""The algebra of consent, and whatever a person may type as a phone number or a name."""

from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.consent.phones import PhoneError, normalize_phone
from app.consent.rules import Act, apply, permits, permits_after_opt_out, permits_promotion, permits_to_any
from app.consent.schemas import ConsentIn, ContactIn

topics = st.sampled_from(["orders", "appointments", "billing"])
acts = st.lists(st.tuples(st.sampled_from(list(Act)), topics | st.just("*")), max_size=12)


def _fold(history: list[tuple[Act, str]], states: dict[str, str] | None = None) -> dict[str, str]:
    states = states or {}
    for act, topic in history:
        states = apply(states, act, topic)
    return states


@given(acts)
def test_folding_is_deterministic_and_may_be_done_in_two_parts(history: list) -> None:
    for cut in range(len(history) + 1):
        assert _fold(history[cut:], _fold(history[:cut])) == _fold(history)


@given(acts, topics)
def test_the_last_act_on_the_topic_or_on_all_topics_decides(history: list, topic: str) -> None:
    about = [act for act, named in history if named in (topic, "*")]
    assert permits(_fold(history), topic).permitted is (bool(about) and about[-1] is Act.OPT_IN)


@given(acts, topics)
def test_opting_out_of_everything_silences_every_topic(history: list, topic: str) -> None:
    verdict = permits(_fold([*history, (Act.OPT_OUT, "*")]), topic)
    assert (verdict.permitted, verdict.reason) == (False, "opted_out")


@given(acts, acts)
def test_what_was_before_a_refusal_of_everything_does_not_matter(one: list, other: list) -> None:
    assert _fold([*one, (Act.OPT_OUT, "*")]) == _fold([*other, (Act.OPT_OUT, "*")])


promotional = st.sampled_from(["price_alerts", "marketing"])
all_acts = st.lists(st.tuples(st.sampled_from(list(Act)), topics | promotional | st.just("*")), max_size=12)


def _promoted(history: list[tuple[Act, str]]) -> bool:
    return permits_promotion(_fold(history), "price_alerts").permitted


@given(all_acts)
def test_agreeing_to_everything_says_nothing_of_marketing(history: list) -> None:
    assert _promoted([*history, (Act.OPT_IN, "*")]) is _promoted(history)
    assert not _promoted([(Act.OPT_IN, topic) for topic in ("*", "orders", "billing")])


@given(all_acts)
def test_who_refuses_marketing_or_everything_gets_no_promotion(history: list) -> None:
    for refused in ("marketing", "price_alerts", "*"):
        assert not _promoted([*history, (Act.OPT_OUT, refused)])
        assert not _promoted([*history, (Act.OPT_OUT, refused), (Act.OPT_IN, "*")])


@given(acts, st.sampled_from(list(Act)), topics, topics)
def test_an_act_on_one_topic_changes_no_other(history: list, act: Act, topic: str, other: str) -> None:
    assume(topic != other)
    states = _fold(history)
    assert permits(apply(states, act, topic), other) == permits(states, other)
    assert permits(apply(states, act, topic), topic).permitted is (act is Act.OPT_IN)


@given(acts, st.sampled_from(list(Act)), topics | st.just("*"))
def test_an_act_recorded_twice_is_as_good_as_once(history: list, act: Act, topic: str) -> None:
    once = _fold([*history, (act, topic)])
    assert apply(once, act, topic) == once


@given(acts)
def test_somebody_gets_confirmations_of_an_opt_out_or_other_messages_never_both(history: list) -> None:
    states = _fold(history)
    confirms = permits_after_opt_out(states).permitted
    assert not (confirms and permits_to_any(states).permitted)
    assert not (confirms and any(permits(states, topic).permitted for topic in ("orders", "appointments", "billing")))
    assert permits_after_opt_out(apply(states, Act.OPT_OUT, "*")).permitted


@given(acts, topics)
def test_consent_to_any_topic_is_no_less_than_to_one(history: list, topic: str) -> None:
    states = _fold(history)
    assert permits_to_any(states).permitted or not permits(states, topic).permitted


@given(topics)
def test_without_any_act_nothing_is_permitted(topic: str) -> None:
    assert permits({}, topic).reason == "no_consent"


_PHONE_LETTERS = st.sampled_from("0123456789+-() ./xX;,#*\u00a0\u0660\uff10\x00\n") | st.characters()
_REGIONS = st.sampled_from(["TR", "US", "DE", "GB", "BR", "ZZ"])


@given(st.text(_PHONE_LETTERS, max_size=60), _REGIONS)
def test_any_text_is_a_number_in_e164_or_refused(text: str, region: str) -> None:
    try:
        number = normalize_phone(text, region)
    except PhoneError:
        return
    assert number.startswith("+")
    assert number[1:].isascii()
    assert number[1:].isdigit()
    assert 8 <= len(number) <= 16
    assert normalize_phone(number, "US") == number


@given(
    st.integers(0, 9_999_999), st.sampled_from(["0{}{}{}{}", "0 ({}) {} {} {}", "+90 {} {} {} {}", "0090{}-{}-{}-{}"])
)
def test_turkish_mobile_numbers_are_one_however_they_are_written(number: int, form: str) -> None:
    digits = f"{number:07}"
    written = form.format("532", digits[:3], digits[3:5], digits[5:])
    assert normalize_phone(written, "TR") == f"+90532{digits}"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def _stored_texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _stored_texts(inner)]
    return [text for inner in value for text in _stored_texts(inner)] if isinstance(value, list) else []


@given(st.dictionaries(st.sampled_from(list(ConsentIn.model_fields)), anything | st.text(max_size=5)))
def test_an_act_that_is_taken_can_be_stored(changes: dict) -> None:
    body = {"act": "opt_in", "source": "checkout", "wording": "Evet"} | changes
    try:
        act = ConsentIn.model_validate(body)
    except ValidationError:
        return
    for text in _stored_texts(act.model_dump()):
        assert "\x00" not in text
        text.encode()


@given(st.text(max_size=110))
def test_a_name_that_is_taken_is_one_line(name: str) -> None:
    try:
        contact = ContactIn(phone="+905321112233", name=name)
    except ValidationError:
        return
    assert contact.name
    assert contact.name == contact.name.strip()
    assert not set(contact.name) & set("\x00\n\r\t\x1b\x85")
