"""What an opt-in form says, in the customer's language. Pure."""

import phonenumbers
from babel import Locale

from app.core.languages import OurLanguage
from app.pages.opt_in import Door
from app.pages.words import say

_OF_SNIPPET = (
    "phone", "name", "which_topics", "send", "trap", "privacy", "errors", "error_name", "error_topics", "error_agreed",
    "error_form", "error_fast", "error_many", "opted_in_title", "opted_in_leave", "requested_title", "open_form",
    "open_chat", "close", "sending", "failed",
)  # fmt: skip

_NAMING_THE_BUSINESS = ("opt_in_intro", "opted_in_text", "requested_text")


def example_of(country: str) -> str:
    """A mobile number as one writes it there."""
    number = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    if number is None:
        return "+90 532 111 22 33"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


def phone_hint(country: str, language: OurLanguage) -> str:
    name = Locale(language).territories.get(country, country)
    return say(language, "phone_hint", country=name, example=example_of(country))


def error_text(field: str, country: str, language: OurLanguage) -> str:
    return say(language, f"error_{field}", example=example_of(country))


def texts_of(door: Door, language: OurLanguage) -> dict[str, str]:
    """Of the snippet, which has none of its own."""
    business = door.business
    return {
        "title": say(language, "opt_in_title"),
        "phone_hint": phone_hint(business.country, language),
        "error_phone": error_text("phone", business.country, language),
        **{key: say(language, key) for key in _OF_SNIPPET},
        **{key: say(language, key, business=business.name) for key in _NAMING_THE_BUSINESS},
    }
