"""The languages in which we speak to customers ourselves, on pages and in texts of our own."""

from typing import Literal, get_args

OurLanguage = Literal["tr", "en"]
OUR_LANGUAGES: tuple[OurLanguage, ...] = get_args(OurLanguage)


def known_language(tag: str | None) -> OurLanguage | None:
    """The one that a tag (`tr`, `en_GB`, `tr-TR`) asks for; nothing where it is none of ours."""
    primary = (tag or "").replace("_", "-").partition("-")[0].lower()
    return next((one for one in OUR_LANGUAGES if one == primary), None)


def spoken(tag: str | None) -> OurLanguage:
    """The same, and English to whom we cannot speak in their own."""
    return known_language(tag) or "en"
