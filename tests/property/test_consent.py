"""The algebra of consent, and whatever a person may type as a phone number or a name."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.consent.fold import NOTHING_HELD, Act, Deed, Holding, Since, Stance, after, fold, recorded
from app.consent.phones import PhoneError, normalize_phone
from app.consent.preferences import Channel, FrequencyCap, Preferences
from app.consent.rules import permits, permits_after_opt_out, permits_promotion, permits_to_any
from app.consent.schemas import ConsentIn, ContactIn

topics = st.sampled_from(["orders", "appointments", "billing"])
consenting = st.sampled_from([Act.OPT_IN, Act.OPT_OUT])
acts = st.lists(st.tuples(consenting, topics | st.just("*")), max_size=12)


def _fold(history: list[tuple[Act, str]]) -> dict[str, str]:
    return dict(fold(Deed(act, topic) for act, topic in history).states)


def apply(states: dict[str, str], act: Act, topic: str) -> dict[str, str]:
    return dict(after(Stance(states), Deed(act, topic)).states)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - naive bounds
caps = st.builds(lambda most, days: {"most": most, "days": days}, st.integers(1, 9), st.integers(1, 30))
quiet_hours = st.builds(
    lambda begins, ends: {"begins": begins, "ends": ends}, *[st.sampled_from(["07:30", "22:00"])] * 2
)
_named = topics | st.just("*")
deeds = st.one_of(
    st.builds(
        Deed,
        st.sampled_from(
            [Act.OPT_IN, Act.OPT_OUT, Act.OPT_IN_REQUEST, Act.MARKETING_STOP, Act.MARKETING_RESUME, Act.RESUME]
        ),
        _named,
    ),
    st.builds(Deed, st.just(Act.PAUSE), _named, moments.map(lambda at: {"until": at.isoformat()})),
    st.builds(Deed, st.just(Act.FREQUENCY), _named, caps | st.none()),
    st.builds(
        Deed, st.just(Act.CHANNEL), st.just("*"), st.sampled_from(list(Channel)).map(lambda one: {"channel": one})
    ),
    st.builds(Deed, st.just(Act.QUIET_HOURS), st.just("*"), quiet_hours | st.none()),
    st.builds(Deed, st.sampled_from([Act.ERASURE, Act.NUMBER_CHANGE])),
)
histories = st.lists(deeds, max_size=12)


@given(histories, st.integers(0, 12))
def test_any_history_folds_in_two_parts_as_in_one(history: list[Deed], cut: int) -> None:
    assert fold(history[cut:], fold(history[:cut])) == fold(history)


@given(histories)
def test_what_holds_survives_being_stored(history: list[Deed]) -> None:
    stance = fold(history)
    stored = orjson.loads(orjson.dumps(stance.as_json()))
    assert Preferences.from_json(stored["preferences"]) == stance.preferences
    assert after(Stance(), Deed(Act.MERGE, value={"stance": stored})) == stance


@given(histories, histories, _named)
def test_nothing_is_left_after_an_erasure(before: list[Deed], later: list[Deed], topic: str) -> None:
    assert fold([*before, Deed(Act.ERASURE), *later]) == fold(later)
    assert not permits(fold([*before, Deed(Act.ERASURE)]).states, topic).permitted


@given(histories, topics, moments)
def test_coming_back_ends_every_pause(history: list[Deed], topic: str, now: datetime) -> None:
    for back in (Deed(Act.OPT_IN, "*"), Deed(Act.RESUME, "*")):
        assert fold([*history, back]).preferences.paused_for(topic, now) is None


@given(histories, topics)
def test_what_meta_stopped_stays_stopped_whatever_the_business_hears(history: list[Deed], topic: str) -> None:
    said = [deed for deed in history if deed.act not in (Act.MARKETING_RESUME, Act.ERASURE)]
    stopped = fold([Deed(Act.MARKETING_STOP), *said]).states
    assert permits_promotion(stopped, "price_alerts").reason == "stopped_at_meta"
    assert permits(stopped, topic) == permits(fold(said).states, topic) or Deed(Act.MARKETING_STOP) in said


@given(histories, _named)
def test_a_request_alone_permits_nothing_new_and_takes_nothing_away(history: list[Deed], topic: str) -> None:
    before = fold(history).states
    asked = after(Stance(before), Deed(Act.OPT_IN_REQUEST, topic)).states
    for one in ("orders", "appointments", "billing"):
        assert permits(asked, one).permitted is False or permits(before, one).permitted
    if before.get(topic) == "opted_in":
        assert asked == before


@given(histories, topics, caps)
def test_caps_hold_for_their_topic_and_for_all(history: list[Deed], topic: str, cap: dict) -> None:
    wanted = fold([*history, Deed(Act.FREQUENCY, topic, cap)]).preferences
    assert wanted.caps_for(topic)[topic] == FrequencyCap(**cap)
    assert topic not in fold([*history, Deed(Act.FREQUENCY, topic)]).preferences.caps_for(topic)


@given(acts)
def test_folding_is_deterministic_and_may_be_done_in_two_parts(history: list) -> None:
    deeds = [Deed(act, topic) for act, topic in history]
    for cut in range(len(deeds) + 1):
        assert fold(deeds[cut:], fold(deeds[:cut])) == fold(deeds)


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
all_acts = st.lists(st.tuples(consenting, topics | promotional | st.just("*")), max_size=12)


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


@given(acts, consenting, topics, topics)
def test_an_act_on_one_topic_changes_no_other(history: list, act: Act, topic: str, other: str) -> None:
    assume(topic != other)
    states = _fold(history)
    assert permits(apply(states, act, topic), other) == permits(states, other)
    assert permits(apply(states, act, topic), topic).permitted is (act is Act.OPT_IN)


@given(acts, consenting, topics | st.just("*"))
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


@given(all_acts, promotional | topics | st.just("*"), promotional | topics)
def test_a_request_alone_permits_no_promotion(history: list, asked: str, topic: str) -> None:
    before = _fold(history)
    after_it = apply(before, Act.OPT_IN_REQUEST, asked)
    assert not permits_promotion(after_it, topic).permitted or permits_promotion(before, topic).permitted


BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
dated = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.builds(
            Deed,
            st.sampled_from([Act.OPT_IN, Act.OPT_OUT, Act.OPT_IN_REQUEST]),
            topics | promotional | st.just("*"),
        ),
    ),
    max_size=8,
)


def _held(history: list[tuple[int, Deed]], holding: Holding = NOTHING_HELD) -> Holding:
    """In the order in which they are told."""
    for number, (second, deed) in enumerate(history):
        holding = recorded(holding, deed, Since(UUID(int=number), BEGINNING + timedelta(seconds=second)))
    return holding


@given(dated, st.integers(1, 30), promotional | topics | st.just("*"), dated)
def test_nothing_agreed_to_before_a_refusal_lifts_it_however_late_it_is_told(
    before: list[tuple[int, Deed]], refused_at: int, refused: str, late: list[tuple[int, Deed]]
) -> None:
    refusing = _held([*before, (refused_at, Deed(Act.OPT_OUT, refused))])
    told = _held([(second % refused_at, deed) for second, deed in late], refusing).stance.states
    for topic in ("orders", "billing", "marketing", "price_alerts"):
        if refused in (topic, "*"):
            assert not permits(told, topic).permitted or permits(refusing.stance.states, topic).permitted
            assert not permits_promotion(told, topic).permitted


@given(dated, st.integers(1, 30))
def test_who_refuses_again_is_not_brought_back_by_what_was_between(
    before: list[tuple[int, Deed]], between: int
) -> None:
    twice = _held([*before, (0, Deed(Act.OPT_OUT)), (between + 1, Deed(Act.OPT_OUT))])
    assert _held([(between, Deed(Act.OPT_IN))], twice) == twice


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
