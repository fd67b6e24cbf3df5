"""Bodies about contacts and consent: strict, and harmless to a database."""

import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from pydantic import BaseModel, ValidationError

from app.consent.link_schemas import OptInLinkChange, OptInLinkIn
from app.consent.schemas import ConsentIn, ContactIn
from app.core.problems import field_errors

OPT_IN = {"act": "opt_in", "source": "checkout", "wording": "Evet, WhatsApp ile haber verin."}
OPT_OUT = {"act": "opt_out", "source": "sms_invitation"}
CONTACT = {"phone": "+905321112233"}


def _taken(model: type[BaseModel], body: Any) -> Any:
    return model.model_validate_json(orjson.dumps(body))


def _faults(model: type[BaseModel], body: Any) -> list[tuple]:
    raw = body if isinstance(body, str) else orjson.dumps(body)
    with pytest.raises(ValidationError) as error:
        model.model_validate_json(raw)
    return [item["loc"] for item in error.value.errors(include_url=False)]


def test_an_opt_in_is_taken_with_its_defaults() -> None:
    act = _taken(ConsentIn, OPT_IN)
    assert (act.topics, act.actor, act.occurred_at) == (["*"], "customer", None)


def test_everything_that_may_be_said_of_an_act_is_taken() -> None:
    body = OPT_IN | {
        "topics": ["orders", "appointments"],
        "place": "Kadıköy, kasa 3",
        "actor": "staff:Derya",
        "wording": "Satır bir\nSatır iki\tİ",
        "wording_version": "2026-11",
        "language": "tr",
        "address": "2001:db8::1",
        "occurred_at": "2026-11-23T10:00:00+03:00",
        "contact": {"name": "  Iğdır Şahin  ", "language": "tr", "time_zone": "Europe/Istanbul"},
    }
    act = _taken(ConsentIn, body)
    assert act.occurred_at == datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert act.wording == body["wording"]
    assert act.contact is not None
    assert act.contact.name == "Iğdır Şahin"


def test_an_empty_wording_is_refused() -> None:
    assert _faults(ConsentIn, OPT_IN | {"wording": ""}) == [("wording",)]


def test_an_opt_out_needs_no_wording() -> None:
    assert _taken(ConsentIn, OPT_OUT).wording is None


@pytest.mark.parametrize("act", ["opt_up", "OPT_IN", "", None, 1])
def test_only_two_acts_are_known(act: object) -> None:
    assert ("act",) in _faults(ConsentIn, OPT_IN | {"act": act})


@pytest.mark.parametrize("topics", [[], ["Orders"], ["1a"], ["a b"], ["a-b"], ["*", ""], ["a" * 41], ["a"] * 51, "*"])
def test_topics_have_one_form(topics: object) -> None:
    assert _faults(ConsentIn, OPT_OUT | {"topics": topics})[0][0] == "topics"


@pytest.mark.parametrize("field", ["source", "place", "actor", "wording_version", "address"])
@pytest.mark.parametrize("text", ["\x00", "a\x00b", "a\nb", "a\tb", "\x1b[31m", "\x7f", "\x85", "a\r"])
def test_control_characters_are_refused_in_lines(field: str, text: str) -> None:
    assert (field,) in _faults(ConsentIn, OPT_IN | {field: f"x{text}x"})


def test_nul_is_refused_in_the_wording() -> None:
    assert _faults(ConsentIn, OPT_IN | {"wording": "a\x00b"}) == [("wording",)]


@pytest.mark.parametrize("field", ["source", "place", "actor", "wording", "wording_version", "address", "language"])
def test_lone_surrogates_are_refused(field: str) -> None:
    assert _faults(ConsentIn, json.dumps(OPT_IN | {field: "\ud800"}))


@pytest.mark.parametrize(("field", "most"), [("place", 300), ("wording", 4000)])
def test_texts_are_of_limited_length(field: str, most: int) -> None:
    assert getattr(_taken(ConsentIn, OPT_IN | {field: "İ" * most}), field) == "İ" * most
    assert _faults(ConsentIn, OPT_IN | {field: "İ" * (most + 1)}) == [(field,)]


@pytest.mark.parametrize(
    ("written", "kept"), [("192.0.2.7", "192.0.2.7"), (" 2001:DB8:0::1 ", "2001:db8::1"), ("::1", "::1")]
)
def test_addresses_are_kept_in_their_shortest_form(written: str, kept: str) -> None:
    assert _taken(ConsentIn, OPT_IN | {"address": written}).address == kept


@pytest.mark.parametrize(
    "address", ["", "localhost", "192.0.2.256", "192.0.2.7/24", "192.0.2.7:443", "[::1]", "fe80::1%eth0", "3221225991"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    assert _faults(ConsentIn, OPT_IN | {"address": address}) == [("address",)]


@pytest.mark.parametrize(
    ("body", "place", "code", "message"),
    [
        ({"act": "frequency"}, "cap", "required_for_act", "is needed for the act frequency"),
        ({"act": "quiet_hours"}, "quiet_hours", "required_for_act", "is needed for the act quiet_hours"),
        ({"act": "pause", "until": None}, "until", "required_for_act", "is needed for the act pause"),
        ({"act": "channel"}, "channel", "required_for_act", "is needed for the act channel"),
        ({"act": "opt_out", "cap": {"most": 1, "days": 1}}, "cap", "only_for_act", "is only for the act frequency"),
        ({"act": "channel", "channel": "sms", "topics": ["orders"]}, "topics", "not_by_topic", None),
        ({"act": "opt_out", "topics": ["orders"], "confirm": True}, "confirm", "only_for_all_topics", None),
        ({"act": "opt_in", "source": "service_desk"}, "actor", "staff_missing", None),
        ({"act": "opt_out", "place": "a\nb"}, "place", "control_characters", "must not hold control characters"),
        ({"act": "opt_out", "place": "\u2800"}, "place", "nothing_visible", None),
        ({"act": "opt_out", "occurred_at": 1}, "occurred_at", "time_written_out", None),
        ({"act": "opt_out", "contact": {"time_zone": "Mars"}}, "contact/time_zone", "time_zone", None),
    ],
)
def test_faults_have_a_place_a_code_of_their_own_and_words_without_the_validators(
    body: dict[str, Any], place: str, code: str, message: str | None
) -> None:
    with pytest.raises(ValidationError) as error:
        ConsentIn.model_validate({"source": "checkout", "wording": "w", **body})
    (fault,) = field_errors(error.value.errors())
    assert (fault.pointer, fault.code) == (f"#/{place}", code)
    assert message is None or fault.message == message


@pytest.mark.parametrize("act", [{"act": "frequency", "cap": None}, {"act": "quiet_hours", "quiet_hours": None}])
def test_null_lifts_a_preference_where_it_is_written(act: dict[str, Any]) -> None:
    assert _taken(ConsentIn, act | {"source": "checkout"}).act == act["act"]


@pytest.mark.parametrize("model", [ConsentIn, OptInLinkIn])
def test_sources_are_named_as_they_are_written(model: type[BaseModel]) -> None:
    with pytest.raises(ValidationError, match="'website_modal', ") as error:
        model.model_validate(OPT_OUT | {"source": "tv"})
    assert "Source." not in str(error.value)


@pytest.mark.parametrize("field", ["leads_to", "topics", "wordings", "double_opt_in", "origins", "language"])
def test_null_in_a_change_of_a_link_is_refused_at_its_field(field: str) -> None:
    with pytest.raises(ValidationError) as error:
        OptInLinkChange.model_validate({field: None})
    (fault,) = field_errors(error.value.errors())
    assert (fault.pointer, fault.code) == (f"#/{field}", "null_not_allowed")


@pytest.mark.parametrize("source", ["", " ", "\u00a0", None, 7, ["a"]])
def test_a_source_must_be_named(source: object) -> None:
    assert _faults(ConsentIn, OPT_OUT | {"source": source}) == [("source",)]


@pytest.mark.parametrize(
    "moment",
    ["2026-11-23T10:00:00", "2026-11-23", "yesterday", "", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"],
)
def test_a_moment_without_zone_or_sense_is_refused(moment: str) -> None:
    assert _faults(ConsentIn, OPT_OUT | {"occurred_at": moment}) == [("occurred_at",)]


@pytest.mark.parametrize("unknown", ["state", "Act", "contact_id", "", "wording "])
def test_unknown_fields_are_refused(unknown: str) -> None:
    assert _faults(ConsentIn, OPT_IN | {unknown: "x"}) == [(unknown,)]
    assert _faults(ContactIn, CONTACT | {unknown: "x"}) == [(unknown,)]


@pytest.mark.parametrize("body", [{"phone": "+905321112233"}, {"bsuid": "TR.123"}, {"bsuid": "FR.ENT.a1B2"}])
def test_a_contact_is_named_by_phone_or_by_bsuid(body: dict) -> None:
    contact = _taken(ContactIn, body)
    assert {key: value for key, value in contact.model_dump().items() if value is not None} == body


@pytest.mark.parametrize("body", [{}, {"name": "Ayşe"}, {"phone": None}, {"phone": "+905321112233", "bsuid": "TR.1"}])
def test_a_contact_is_not_named_by_both_or_neither(body: dict) -> None:
    assert len(_faults(ContactIn, body)) == 1


@pytest.mark.parametrize(
    "bsuid", ["", "TR", "TR.", "tr.1", "TUR.1", "TR.a-b", "TR.ENT.", "TR.1\n", "TR." + "a" * 129, "TR.İ", " TR.1"]
)
def test_a_bsuid_has_one_form(bsuid: str) -> None:
    assert _faults(ContactIn, {"bsuid": bsuid})[0] == ("bsuid",)


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a\x00", "\x07", "x" * 101])
def test_a_name_is_one_line_of_text(name: str) -> None:
    assert _faults(ContactIn, CONTACT | {"name": name}) == [("name",)]


@pytest.mark.parametrize("name", ["İbrahim", "ısırgan", "O'Neill", "王小明", "مريم", "👩‍👩‍👧 Ada", "x" * 100])
def test_names_of_the_world_are_taken(name: str) -> None:
    assert _taken(ContactIn, CONTACT | {"name": f" {name} "}).name == name


@pytest.mark.parametrize("language", ["tr", "en", "en_US", "pt-BR", "zh_CN", "fil", "prs_AF"])
def test_languages_as_meta_and_bcp_47_write_them_are_taken(language: str) -> None:
    assert _taken(ContactIn, CONTACT | {"language": language}).language == language


@pytest.mark.parametrize("language", ["", "t", "TR", "turkish", "tr_tr", "tr_", "tr\n", "tr_TR_x", "../tr", "tr;"])
def test_other_languages_are_refused(language: str) -> None:
    assert _faults(ContactIn, CONTACT | {"language": language}) == [("language",)]


@pytest.mark.parametrize("zone", ["Europe/Istanbul", "UTC", "America/Argentina/Buenos_Aires"])
def test_time_zones_are_taken_by_their_names(zone: str) -> None:
    assert _taken(ContactIn, CONTACT | {"time_zone": zone}).time_zone == zone


@pytest.mark.parametrize(
    "zone", ["", ".", "Europe", "Mars/Olympus", "+03:00", "../../etc/passwd", "/etc/passwd", "\x00", "a" * 65, "UTC\n"]
)
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    assert _faults(ContactIn, CONTACT | {"time_zone": zone}) == [("time_zone",)]
