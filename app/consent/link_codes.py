"""Codes of opt-in links: printed, scanned, read aloud and typed. Pure, but for the chance in them."""

import re
import secrets

_ALPHABET = "23456789CDFGHJKMNPQRTVWXY"
"""Capital letters, which a QR code packs closest. Without those that look like others (0 O, 1 I L, 2 Z, 5 S, 8 B, U V)
and without vowels: so no code is a word, and none has the letter whose capital Turkish and English disagree on."""

_LENGTH = 9
CODE_PATTERN = f"[{_ALPHABET}]{{{_LENGTH}}}"
_CODE = re.compile(CODE_PATTERN)


def new_code() -> str:
    """41 bits of chance."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def code_in(text: str) -> str | None:
    """The code that a text is, in whichever case it was typed."""
    code = text.upper()
    return code if _CODE.fullmatch(code) else None


def code_at_end(text: str) -> str | None:
    return code_in(text[-_LENGTH:])
