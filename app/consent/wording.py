"""Whether what a customer was shown can prove an opt-in. Pure.

Meta's opt-in policy: the wording must say clearly that the person agrees to get messages from the business over
WhatsApp, and name the business.
"""

import re

from app.accounts.models import WordingCheck
from app.consent.keywords import APOSTROPHES, folded

_SUFFIX = "n?[iu]n|[yn]?[iu]|[yn]?[ae]|(?:nd|[dt])[ae](?:n|ki)?|y?l[ae]|s"
"""What is joined to a name, in plain letters: of, whom, to, at and from, and with in Turkish, whose in English."""

_WHATSAPP = ("whatsapp", "whats app")


def missing_in(wording: str | None, business_name: str, check: WordingCheck) -> tuple[str, str] | None:
    """The stable code of what is missing, and what to do about it; nothing where it suffices."""
    if check == "off":
        return None
    said = f" {folded(wording or '')} "
    if not said.strip():
        return "wording_missing", "an opt-in needs exactly what the customer was shown"
    if check == "shown":
        return None
    if not any(name in said for name in _WHATSAPP):
        return "wording_without_whatsapp", "must say that the messages come on WhatsApp"
    if not _names(wording or "", business_name):
        return "wording_without_business", f"must name the business: {business_name}"
    return None


def _names(wording: str, business_name: str) -> bool:
    """With nothing joined to it but a suffix, after an apostrophe or at once: a longer word is another name."""
    name = re.escape(folded(business_name))
    if re.search(rf" {name}(?:{_SUFFIX})? ", f" {folded(wording)} "):
        return True
    return f" {_apart(business_name)} " in f" {_apart(wording)} "


def _apart(text: str) -> str:
    """As words, of which what follows an apostrophe is one of its own."""
    return folded(APOSTROPHES.sub(" ", text))
