"""The rules that decide about a message, and their verdicts, in words. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from app.console.phrases import Phrase, Tone, Topic, moment_in, phrase
from app.messages.schemas import RuleVerdict

Input = Mapping[str, Any]

_TONES: Mapping[str, Tone] = {
    "pass": "ok",
    "suppress": "bad",
    "fail": "bad",
    "expire": "bad",
    "cancel": "bad",
    "hold": "warn",
    "wait": "warn",
    "later": "warn",
    "resend": "warn",
    "upload_anew": "warn",
    "switch": "warn",
}


def tone_of(rule: RuleVerdict) -> Tone:
    return _TONES.get(rule.verdict, "plain")


def told(rule: RuleVerdict) -> Phrase:
    """What the rule was asked, and what came of it; of a rule that only a newer version knows, its own names."""
    told_of = _RULES.get(rule.rule)
    said = told_of(rule.verdict, rule.input) if told_of is not None else None
    return said or phrase("rule_other", rule=rule.rule, verdict=rule.verdict)


_CONSENT = {
    "opted_in", "opted_out", "not_confirmed", "no_consent", "no_marketing_consent", "stopped_at_meta",
    "not_opted_out", "pending", "nothing_pending", "answered", "already_confirmed",
}  # fmt: skip


def _consent(verdict: str, asked: Input) -> Phrase | None:
    state = str(asked.get("state"))
    if state not in _CONSENT:
        return None
    # An opt-out is what lets its confirmation go, and what stops all else.
    key = "rule_consent_confirms" if (state, verdict) == ("opted_out", "pass") else f"rule_consent_{state}"
    return phrase(key, topic=Topic(str(asked.get("decided_by") or asked.get("topic") or "*")))


def _test_list(verdict: str, asked: Input) -> Phrase | None:
    return phrase(f"rule_test_list_{verdict}", name=asked.get("name")) if verdict in ("pass", "suppress") else None


def _template(verdict: str, asked: Input) -> Phrase | None:
    name, language = asked.get("name"), asked.get("language")
    match verdict:
        case "pass":
            if asked.get("asked_language") not in (None, language):
                asked_language = asked["asked_language"]
                return phrase("rule_template_fallback", name=name, language=language, asked=asked_language)
            return phrase("rule_template_pass", name=name, language=language)
        case "hold":
            return phrase("rule_template_hold", name=name, language=language, why=reason(str(asked.get("why"))))
        case "switch":
            instead, why = asked.get("instead_of"), reason(str(asked.get("why")))
            return phrase("rule_template_switch", name=name, language=language, instead=instead, why=why)
        case "refill":
            return phrase("rule_template_refill", name=name, language=language)
    return None


def _schedule(verdict: str, asked: Input) -> Phrase | None:
    expires_at, send_at = moment_in(asked.get("expires_at")), moment_in(asked.get("send_at"))
    if verdict == "later" and send_at is not None:
        return phrase("rule_schedule_later", send_at=send_at, expires_at=expires_at)
    return phrase("rule_schedule_now", expires_at=expires_at) if verdict == "now" else None


def _pause(verdict: str, asked: Input) -> Phrase | None:
    until = moment_in(asked.get("until"))
    return phrase(f"rule_pause_{verdict}", until=until) if verdict in ("hold", "suppress") else None


def _quiet_hours(verdict: str, asked: Input) -> Phrase | None:
    if verdict == "bypass":
        return phrase("rule_quiet_hours_bypass")
    hours = {"begins": asked.get("begins"), "ends": asked.get("ends"), "zone": asked.get("time_zone")}
    if verdict == "hold":
        return phrase("rule_quiet_hours_hold", until=moment_in(asked.get("until")), **hours)
    return phrase("rule_quiet_hours_pass", **hours) if verdict == "pass" else None


def _frequency(verdict: str, asked: Input) -> Phrase | None:
    if verdict == "suppress":
        return phrase("rule_frequency_suppress", most=asked.get("most"), days=asked.get("days"))
    return phrase(f"rule_frequency_{verdict}") if verdict in ("later", "bypass") else None


def _channel(verdict: str, asked: Input) -> Phrase | None:
    if verdict not in ("later", "bypass", "suppress"):
        return None
    return phrase(f"rule_channel_{verdict}", channel=phrase(f"channel_{asked.get('channel')}"))


def _reminder(_verdict: str, asked: Input) -> Phrase | None:
    return phrase("rule_reminder", moment=moment_in(asked.get("moment")))


def _window(verdict: str, asked: Input) -> Phrase | None:
    if verdict not in ("pass", "expire"):
        return None
    return phrase(f"rule_window_{verdict}", expires_at=moment_in(asked.get("expires_at")))


def _expiry(_verdict: str, asked: Input) -> Phrase | None:
    waited = asked.get("waited_for")
    return phrase("rule_expiry_after", reason=reason(str(waited))) if waited else phrase("rule_expiry")


def _stop(_verdict: str, _asked: Input) -> Phrase | None:
    return phrase("rule_stop")


def _media(verdict: str, asked: Input) -> Phrase | None:
    because = reason(str(asked.get("because")))
    return phrase(f"rule_media_{verdict}", why=because) if verdict in ("upload_anew", "fail") else None


def _unconfirmed(verdict: str, asked: Input) -> Phrase | None:
    if verdict == "wait":
        until = moment_in(asked.get("until"))
        return phrase("rule_unconfirmed_wait", why=reason(str(asked.get("because"))), until=until)
    return phrase(f"rule_unconfirmed_{verdict}") if verdict in ("resend", "fail") else None


def _erasure(_verdict: str, _asked: Input) -> Phrase | None:
    return phrase("rule_erasure")


def _variant(verdict: str, asked: Input) -> Phrase | None:
    if verdict not in ("assign", "fall_back", "leave_out"):
        return None
    return phrase(f"rule_variant_{verdict}", template=asked.get("template"))


_RULES: Mapping[str, Callable[[str, Input], Phrase | None]] = {
    "consent": _consent,
    "test_list": _test_list,
    "template": _template,
    "schedule": _schedule,
    "pause": _pause,
    "quiet_hours": _quiet_hours,
    "frequency": _frequency,
    "channel": _channel,
    "reminder": _reminder,
    "window": _window,
    "expiry": _expiry,
    "stop": _stop,
    "media": _media,
    "unconfirmed": _unconfirmed,
    "erasure": _erasure,
    "variant": _variant,
}

REASONS = frozenset(
    {
        "opted_out", "not_confirmed", "no_consent", "no_marketing_consent", "stopped_at_meta", "not_opted_out",
        "nothing_pending", "already_confirmed", "not_on_test_list", "paused", "frequency_cap", "preferred_channel",
        "canceled", "superseded", "expired", "window_closed", "unconfirmed", "unconfirmed_resend", "answer_lost",
        "lease_ended", "meta_unreachable", "media_refused", "media_upload", "media_deleted", "quiet_hours",
        "template_recategorised", "template_category_notice", "template_missing", "event_type_unknown", "erased",
        "pair_pace", "portfolio_limit", "held_for_quality_assessment", "too_late",
    }
)  # fmt: skip
"""Why a message is in its status, as the API has it."""

_ERROR = "error_"
_TEMPLATE = "template_"


def reason(code: str) -> Phrase:
    """A code of the API in words, with the code where there are none."""
    if code in REASONS:
        return phrase(f"reason_{code}")
    if code.startswith(_ERROR) and code[len(_ERROR) :].isdigit():
        return phrase("reason_error", code=code[len(_ERROR) :])
    if code.startswith(_TEMPLATE):
        return phrase("reason_template", status=code[len(_TEMPLATE) :].upper())
    return phrase("reason_other", code=code)
