"""Whether what a customer was shown can prove an opt-in. Pure.

Meta's opt-in policy: the wording must say clearly that the person agrees to get messages from the business over
WhatsApp, and name the business.
"""

from app.accounts.models import WordingCheck
from app.consent.keywords import folded

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
    if not _names(said, business_name):
        return "wording_without_business", f"must name the business: {business_name}"
    return None


def _names(said: str, business_name: str) -> bool:
    """Turkish joins a suffix with an apostrophe or at once: from where the name begins, not to where it ends."""
    return f" {folded(business_name)}" in said
