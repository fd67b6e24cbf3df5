"""What floors below say in English has its Turkish, and what the pages say of codes has its words."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from app.callbacks.endpoint_schemas import AttemptError, DeliveryStatus, DisabledReason, EndpointState, ParkedReason
from app.callbacks.reply_schemas import ReplyKind, TiedBy
from app.callbacks.schemas import TemplateChangeKind, TemplateChangeSource
from app.console.marks import as_on_whatsapp
from app.console.phrases import Phrase
from app.console.rules import REASONS, reason, told
from app.console.sentences import in_language
from app.console.words import known
from app.messages.schemas import RuleVerdict, WaitingFor
from app.messages.states import Status
from app.templates.advice import _REASONS as REJECTIONS
from app.templates.advice import Action, Standing, steps
from app.templates.clocks import _SAID, TemplateTimes, Warn
from app.templates.findings import Severity
from app.templates.states import Usability
from app.whatsapp.errors import ENTRIES, describe

UNTIL = "2026-11-27T05:00:00Z"
NOW = datetime(2026, 11, 26, tzinfo=UTC)

CODES = {
    "status": [one.value for one in Status],
    "waits": get_args(WaitingFor.model_fields["what"].annotation),
    "reason": sorted(REASONS),
    "kind": get_args(ReplyKind),
    "tied": get_args(TiedBy),
    "health": get_args(EndpointState),
    "disabled": get_args(DisabledReason),
    "delivery": get_args(DeliveryStatus),
    "parked": get_args(ParkedReason),
    "callback_error": get_args(AttemptError),
    "change": get_args(TemplateChangeKind),
    "change_source": get_args(TemplateChangeSource),
    "action": get_args(Action),
    "warn": [one.value for one in Warn],
    "severity": get_args(Severity),
    "usability": [one.value for one in Usability],
}


def test_every_code_has_a_word() -> None:
    assert [f"{group}_{code}" for group, codes in CODES.items() for code in codes if not known(f"{group}_{code}")] == []


def _sentences() -> set[str]:
    found = {text for one in (*ENTRIES, describe(1), describe(999_999)) for text in (one.meaning, one.next_step)}
    found |= {*REJECTIONS.values(), *_SAID.values()}
    for status in ("DRAFT", "PENDING", "REJECTED", "PAUSED", "DISABLED", "ARCHIVED", "DELETED", "APPROVED"):
        for pause in (None, "FIRST_PAUSE", "SECOND_PAUSE", "RATE_LIMITING_PAUSE", "ANOTHER"):
            for rejected in (None, *REJECTIONS):
                for category in ("MARKETING", "UTILITY", "AUTHENTICATION"):
                    times = TemplateTimes(
                        status,
                        approved_at=NOW,
                        deleted_at=NOW,
                        was_approved=True,
                        archived_at=NOW,
                        pending_category=category,
                    )
                    standing = Standing(times, category, True, pause, rejected, True)
                    found |= {step.why for step in steps(standing, NOW + timedelta(days=1))}
    return found


def test_every_sentence_has_its_turkish() -> None:
    assert [text for text in sorted(_sentences()) if in_language("tr", text) == text] == []
    assert in_language("tr", "Something new") == "Something new"


@pytest.mark.parametrize(
    "rule",
    [
        {"rule": "consent", "verdict": "pass", "input": {"topic": "orders", "state": "opted_in", "decided_by": "*"}},
        {"rule": "consent", "verdict": "suppress", "input": {"topic": "orders", "state": "stopped_at_meta"}},
        {"rule": "template", "verdict": "hold", "input": {"name": "a", "language": "tr", "why": "template_paused"}},
        {"rule": "template", "verdict": "pass", "input": {"name": "a", "language": "en", "asked_language": "de"}},
        {"rule": "quiet_hours", "verdict": "hold", "input": {"begins": "22:00", "ends": "08:00", "until": UNTIL}},
        {"rule": "unconfirmed", "verdict": "wait", "input": {"because": "error_131000", "until": UNTIL}},
        {"rule": "channel", "verdict": "suppress", "input": {"channel": "sms"}},
        {"rule": "frequency", "verdict": "suppress", "input": {"most": 3, "days": 7}},
        {"rule": "variant", "verdict": "fall_back", "input": {"template": "a"}},
        {"rule": "window", "verdict": "expire", "input": {"expires_at": None}},
    ],
)  # fmt: skip
def test_verdicts_are_told_in_words(rule: dict[str, object]) -> None:
    said = told(RuleVerdict.model_validate(rule))
    assert said.key != "rule_other"
    assert all(known(one.key) for one in (said, *said.values.values()) if isinstance(one, Phrase))


@pytest.mark.parametrize("rule", [("later", "than", {}), ("consent", "pass", {"state": "new"}), ("pause", "new", {})])
def test_what_a_newer_version_decided_is_told_by_its_names(rule: tuple[str, str, dict[str, str]]) -> None:
    name, verdict, asked = rule
    assert told(RuleVerdict(rule=name, verdict=verdict, input=asked)).key == "rule_other"
    assert reason("something_new").key == "reason_other"


def test_whatsapps_marks_become_html_and_nothing_else_does() -> None:
    assert as_on_whatsapp("*A-1* <b>x</b> a*b*c ~no~ https://shop.example/_a_") == (
        "<strong>A-1</strong> &lt;b&gt;x&lt;/b&gt; a*b*c <s>no</s> https://shop.example/_a_"
    )
