"""Short links: a button leads by way of our own address, which counts the click, where its approved template says so.

Pure, but for the chance in the codes.
"""

import re
import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

from app.templates.compiled import URL_MAX, CompiledTemplate, Fill, Misfit
from app.templates.definition import LINK_PATH

_ALPHABET = string.digits + string.ascii_letters
_LENGTH = 12
_CODE = re.compile(f"[{_ALPHABET}]{{{_LENGTH}}}")
_NEVER_IN_A_URL = re.compile(r"[\s\x00-\x20\x7f\\]")
_NO_CODES: Mapping[int, str] = MappingProxyType({})


class ShortLink(NamedTuple):
    position: int
    """Among the message's links, from nought."""
    code: str
    url: str
    """Where it leads."""


@dataclass(frozen=True, slots=True)
class Shortened:
    fill: Fill
    """With our own addresses where the template's buttons begin with them."""
    links: tuple[ShortLink, ...] = ()
    misfits: tuple[Misfit, ...] = ()
    """Links that lead nowhere."""


def new_code() -> str:
    """71 bits of chance: whoever has some links cannot guess another."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


class ShortLinks:
    """Knows our own addresses, those that customers were led to earlier included: templates live long."""

    def __init__(self, customer_urls: Sequence[str]) -> None:
        """`customer_urls`: bases of our public pages, today's first."""
        self._prefixes = tuple(f"{url}{LINK_PATH}/" for url in customer_urls)

    def address(self, code: str) -> str:
        return self._prefixes[0] + code

    def are_in(self, template: CompiledTemplate) -> bool:
        return any(prefix in self._prefixes for _, _, prefix in template.url_prefixes)

    def shorten(self, template: CompiledTemplate, fill: Fill, codes: Mapping[int, str] = _NO_CODES) -> Shortened:
        """Whatever the business's style of links is by now, the template decides: Meta fixed its buttons. `codes` that
        the message has already, by position, are used again."""
        if not template.url_prefixes or not self.are_in(template):
            return Shortened(fill)
        links, found, misfits = list(fill.links), [], []
        for position, ((_, _, prefix), url) in enumerate(zip(template.url_prefixes, fill.links, strict=False)):
            if prefix not in self._prefixes:
                continue
            if (misfit := _misfit(position, url)) is not None:
                misfits.append(misfit)
            code = codes.get(position) or new_code()
            links[position] = prefix + code
            found.append(ShortLink(position, code, url))
        return Shortened(replace(fill, links=links), tuple(found), tuple(misfits))


def _misfit(position: int, url: str) -> Misfit | None:
    place = f"links/{position}"
    if not _leads_somewhere(url):
        return Misfit(place, "link", "must be an address that begins with https:// or http://")
    if len(url) > URL_MAX:
        return Misfit(place, "too_long", f"the link may have at most {URL_MAX} characters")
    return None


def _leads_somewhere(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and not _NEVER_IN_A_URL.search(url)
