"""Why a mark tips the category, in words: Meta's rules with their pages, and what was learned."""

from dataclasses import dataclass

from app.templates.forecast import features

_META = "https://developers.facebook.com/documentation/business-messaging/whatsapp/templates"
_CATEGORIES = f"{_META}/template-categorization"
_UTILITY = f"{_META}/utility-templates"
_AUTHENTICATION = f"{_META}/authentication-templates/authentication-templates"


@dataclass(frozen=True, slots=True)
class Rule:
    words: str
    source: str


LEARNED = Rule("Learned: said more often in templates of this category", "docs/template-forecast.md")
PRESET = Rule("Meta writes the text of one-time codes itself", _AUTHENTICATION)
SAYS_NOTHING = Rule("A template that says nothing by itself is marketing, since its content is unclear", _CATEGORIES)

_PROMOTION = Rule("Discounts, gifts, invitations and other promotion make a template marketing", _CATEGORIES)

ABSOLUTE = {features.PROMOTIONAL_PHRASE: _PROMOTION, features.PERCENT_OFF: _PROMOTION}
"""Marks that make marketing of a text, whatever else it says: mixed content is marketing."""

_RULES = ABSOLUTE | {
    features.PERSUASIVE_PHRASE: Rule("A utility template has no persuasive intent at all", _UTILITY),
    features.CONSENT_PHRASE: Rule("Confirming what a customer chose to be told is utility", _UTILITY),
    features.CODE_PHRASE: Rule("One-time codes belong to authentication templates alone", _AUTHENTICATION),
    features.CODE_ALONE: Rule("A code, and no detail of a transaction beside it", _AUTHENTICATION),
    features.DETAILS: Rule("It names details of the customer's own transaction", _UTILITY),
    features.ONE_DETAIL: Rule("It names a detail of the customer's own transaction", _UTILITY),
    features.NO_DETAIL: Rule("It names no detail of the customer's own transaction", _UTILITY),
}


def rule_of(feature: str) -> Rule | None:
    return _RULES.get(feature)
