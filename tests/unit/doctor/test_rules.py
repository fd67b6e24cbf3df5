"""Whatever Graph answers, each check comes to an outcome that can be told, and what is wrong comes with what to do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.core.languages import OUR_LANGUAGES
from app.doctor import number_rules, own_rules, template_rules, token_rules, webhook_rules
from app.doctor.outcomes import Check, Finding, Outcome
from app.doctor.own_rules import Told
from app.doctor.readings import Known, Reading, Refused, Silent
from app.doctor.template_rules import EventTypeInUse, TemplatesKnown
from app.doctor.webhook_rules import Arrivals, is_ours
from app.doctor.words import tell_all
from app.whatsapp import examining
from app.whatsapp.errors import ENTRIES, GraphError
from app.whatsapp.webhook_items import OtherItem
from app.whatsapp.webhooks import FIELDS_TAKEN, take_apart

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
WORDS = [
    "CONNECTED", "FLAGGED", "BANNED", "GREEN", "RED", "NA", "VERIFIED", "EXPIRED", "APPROVED", "DECLINED", "REJECTED",
    "PENDING", "verified", "not_verified", "failed", "CLOUD_API", "SYSTEM_USER", "USER", "PAUSED", "UTILITY",
    "MARKETING", "AVAILABLE", "LIMITED", "BLOCKED", "TIER_250", "never heard of",
]  # fmt: skip
KEYS = [
    "app_id", "application", "type", "is_valid", "expires_at", "data_access_expires_at", "scopes", "granular_scopes",
    "scope", "target_ids", "error", "message", "object", "callback_url", "active", "fields", "name", "status", "id",
    "whatsapp_business_api_data", "override_callback_uri", "quality_rating", "name_status", "code_verification_status",
    "platform_type", "is_on_biz_app", "throughput", "level", "webhook_configuration", "health_status", "entities",
    "can_send_message", "entity_type", "errors", "error_code", "error_description", "possible_solution",
    "additional_info", "account_review_status", "business_verification_status", "language", "category",
    "correct_category", "quality_score", "score", "rejected_reason", "whatsapp_business_manager_messaging_limit",
]  # fmt: skip
LEAVES = (
    st.sampled_from(
        [*WORDS, examining.MESSAGING, examining.MANAGEMENT, "whatsapp_business_account", "https://a.example"]
    )
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
)
ANSWERS = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(KEYS), part, max_size=6),
    max_leaves=12,
)
NODES = st.dictionaries(st.sampled_from(KEYS), ANSWERS, max_size=20)
KNOWN = TemplatesKnown({}, {}, frozenset({("a", "tr")}))
TYPES = [EventTypeInUse("order-confirmed", "UTILITY", ("CONNECTED", "order_confirmed"))]


def _findings(
    token: Reading[Any], subscription: Reading[Any], apps: Reading[Any], number: Reading[Any], account: Reading[Any],
    templates: Reading[Any],
) -> list[Finding]:  # fmt: skip
    bases = ["https://msg.example"]
    return [
        token_rules.token_finding(token),
        token_rules.expiry_finding(token, NOW, timedelta(days=14)),
        token_rules.permissions_finding(token, "1"),
        token_rules.app_finding(token, subscription),
        webhook_rules.subscription_finding(subscription, bases),
        webhook_rules.fields_finding(subscription),
        webhook_rules.subscribed_apps_finding(apps, Known("1")),
        webhook_rules.override_finding(apps, number, "1", bases),
        number_rules.status_finding(number, is_token_fine=True),
        number_rules.verification_finding(number),
        number_rules.quality_finding(number),
        number_rules.platform_finding(number, 80),
        number_rules.name_finding(number),
        number_rules.review_finding(account),
        number_rules.business_finding(account),
        number_rules.payment_finding(number, account, []),
        number_rules.health_finding(number, account),
        number_rules.limit_finding(number, 249),
        template_rules.coverage_finding(templates, TYPES, frozenset({"order-confirmed"}), ["tr", "en"], KNOWN),
        template_rules.trouble_finding(templates, KNOWN),
    ]


def _can_be_told(findings: list[Finding]) -> None:
    for finding in findings:
        assert finding.found, finding
        assert bool(finding.advice) == (finding.outcome in (Outcome.FAILED, Outcome.WARNING)), finding
        for language in OUR_LANGUAGES:
            assert all(tell_all([*finding.found, *finding.advice], language, UTC))


@settings(max_examples=60)
@given(NODES, ANSWERS, NODES, st.lists(NODES, max_size=2))
@example({"expires_at": 10**30, "granular_scopes": [{"scope": "a", "target_ids": [1, None]}]}, [{"fields": 1}], {}, [])
@example({"is_valid": True, "scopes": []}, None, {"health_status": {"can_send_message": "BLOCKED"}}, [])
def test_any_answer_comes_to_outcomes_that_can_be_told(
    node: dict[str, Any], edge: Any, other: dict[str, Any], rows: list[dict[str, Any]]
) -> None:
    token = Known(examining.Examined(examining.read_token(node), None))
    templates = [one for row in rows if (one := examining.read_template(row)) is not None]
    _can_be_told(
        _findings(
            token,
            Known(examining.read_app_subscription(edge)),
            Known(examining.read_subscribed_apps(edge)),
            Known(examining.read_number(node | other)),
            Known(examining.read_account(other)),
            Known(templates),
        )
    )


def test_any_refusal_and_silence_do_so_too() -> None:
    for entry in ENTRIES:
        for subcode in (None, 33, 463):
            refused = Refused(GraphError(entry.code, "(#1) No", "No.", subcode))
            _can_be_told(_findings(refused, refused, refused, refused, refused, refused))
    silent = Silent("no answer within 10 s")
    found = _findings(silent, silent, silent, silent, silent, silent)
    _can_be_told(found)
    assert {one.outcome for one in found} == {Outcome.UNKNOWN}


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(minutes=1)), st.timedeltas(-timedelta(days=9), timedelta(days=9)))
def test_clocks_are_judged_by_what_is_certain(asked: datetime, took: timedelta, skew: timedelta) -> None:
    """The other clock is read at some time between question and answer: in the middle, say, and in whole seconds."""
    other = (asked + took / 2 + skew).replace(microsecond=0)
    told = Told(other, asked, asked + took, timedelta(seconds=1))
    assert abs(told.skew) <= abs(skew) + timedelta(seconds=1)
    assert abs(told.skew - skew) <= took / 2 + timedelta(seconds=1)
    if abs(skew) > took + timedelta(seconds=2):
        assert (told.skew > timedelta(0)) == (skew > timedelta(0))


def test_clock_that_agrees_is_fine_and_one_that_does_not_is_named() -> None:
    def outcome(seconds: int) -> Outcome:
        told = Told(NOW + timedelta(seconds=seconds), NOW, NOW)
        return own_rules.clock_finding(Check.CLOCK, Known(told)).outcome

    assert [outcome(one) for one in (0, 29, -29, 30, 299, -300)] == [
        *[Outcome.OK] * 3, Outcome.WARNING, Outcome.WARNING, Outcome.FAILED,
    ]  # fmt: skip


def test_webhook_address_is_ours_however_it_is_spelt() -> None:
    bases = ["https://msg.example", "http://127.0.0.1:8000/ulak"]
    ours = ("https://msg.example/webhooks/whatsapp", "https://MSG.example:443/webhooks/whatsapp/")
    assert all(is_ours(url, bases) for url in (*ours, "http://127.0.0.1:8000/ulak/webhooks/whatsapp"))
    others = ("http://msg.example/webhooks/whatsapp", "https://msg.example/webhooks", "https://msg.example:x/", "")
    assert not any(is_ours(url, bases) for url in others)


def test_public_address_must_be_one_that_meta_can_call() -> None:
    def outcome(url: str | None) -> Outcome:
        return own_rules.public_url_finding(url, "live").outcome

    wrong = (None, "http://msg.example", "https://localhost", "https://10.0.0.1", "https://ulak", "https://[::1]")
    assert {outcome(url) for url in wrong} == {Outcome.FAILED}
    assert outcome("https://msg.example") is Outcome.OK
    assert own_rules.public_url_finding(None, "test").outcome is Outcome.OK


def test_what_arrives_is_judged_by_what_was_taken() -> None:
    def outcome(accepted: int, receipted: int, last_at: datetime | None) -> Outcome:
        return webhook_rules.arrival_finding(Arrivals(accepted, receipted, NOW, last_at), NOW).outcome

    assert outcome(0, 0, None) is Outcome.UNKNOWN
    assert outcome(0, 0, NOW) is Outcome.OK
    assert outcome(2, 0, None) is Outcome.WARNING
    assert outcome(3, 0, NOW - timedelta(days=2)) is Outcome.FAILED
    assert outcome(3, 1, NOW) is Outcome.OK


def test_life_of_a_token_is_judged_by_whichever_end_comes_first() -> None:
    def outcome(**ends: int) -> Outcome:
        facts = examining.read_token({"is_valid": True, **ends})
        return token_rules.expiry_finding(Known(examining.Examined(facts, None)), NOW, timedelta(days=14)).outcome

    now = int(NOW.timestamp())
    day = 86_400
    assert outcome() is Outcome.UNKNOWN
    assert outcome(expires_at=0) is Outcome.OK
    assert outcome(expires_at=now + 15 * day) is Outcome.OK
    assert outcome(expires_at=now + 14 * day) is Outcome.WARNING
    assert outcome(expires_at=now) is Outcome.FAILED
    assert outcome(expires_at=0, data_access_expires_at=now - day) is Outcome.FAILED


def test_addresses_that_other_apps_set_for_themselves_are_none_of_ours() -> None:
    def outcome(app_id: str | None) -> Outcome:
        theirs = examining.SubscribedApp("2", "Theirs", "https://elsewhere.example/hook")
        number = Known(examining.read_number({}))
        bases = ["https://msg.example"]
        return webhook_rules.override_finding(Known([theirs]), number, app_id, bases).outcome

    assert outcome("1") is Outcome.OK
    assert outcome("2") is Outcome.FAILED
    assert outcome(None) is Outcome.FAILED, "it may be ours"


def test_fields_that_are_asked_for_are_those_of_which_something_is_made() -> None:
    def is_other(field: str) -> bool:
        change = {"field": field, "value": {}}
        body = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}
        return any(isinstance(item, OtherItem) for item in take_apart(msgspec.json.encode(body)))

    assert not any(is_other(field) for field in FIELDS_TAKEN)
    assert is_other("flows")
