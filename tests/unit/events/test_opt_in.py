"""Confirmations of consent: who may get them, and how what was agreed is said."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from app.events.catalogue import catalogue
from app.events.event_type import Occurrence
from app.events.fields import Channel
from app.events.opt_in import opt_in_confirmation, opt_out_confirmation

OPT_IN = opt_in_confirmation.EVENT_TYPE
OPT_OUT = opt_out_confirmation.EVENT_TYPE


def texts(language: str, **changes: Any) -> dict[str, str]:
    payload = OPT_IN.payload.model_validate({**OPT_IN.example["data"], **changes})
    return dict(OPT_IN.fill(Occurrence(payload, language, None, "Europe/Istanbul")).texts)


def test_only_these_ask_for_another_consent_than_the_one_to_their_topic() -> None:
    others = {name: event_type.consent for name, event_type in catalogue().items() if event_type.consent != "topic"}
    assert others == {
        "opt-in-confirmation": "any_topic",
        "opt-in-request": "pending",
        "opt-out-confirmation": "after_opt_out",
    }


def test_whichever_decision_came_last_is_the_one_that_is_confirmed() -> None:
    assert OPT_IN.overtakes == (OPT_OUT.name,)
    assert OPT_OUT.overtakes == (OPT_IN.name,)


@pytest.mark.parametrize(
    ("subjects", "turkish", "english"),
    [
        (["sipariş"], "sipariş", "sipariş"),
        (["sipariş", "randevu"], "sipariş ve randevu", "sipariş and randevu"),
        (["a", "b", "c", "d"], "a, b ve 2 tane daha", "a, b, and 2 more"),
    ],
)
def test_the_subjects_are_listed(subjects: list[str], turkish: str, english: str) -> None:
    assert texts("tr", subjects=subjects)["subjects"] == turkish
    assert texts("en", subjects=subjects)["subjects"] == english


@pytest.mark.parametrize("subjects", [[], [""], ["x" * 61], ["x"] * 21, "sipariş"])
def test_what_is_no_list_of_subjects_is_refused(subjects: object) -> None:
    with pytest.raises(ValidationError):
        texts("tr", subjects=subjects)


@pytest.mark.parametrize("language", ["tr", "en"])
def test_each_channel_has_a_name_of_its_own(language: str) -> None:
    channels = get_args(Channel)
    assert len({texts(language, channel=channel)["channel"] for channel in channels}) == len(channels)
