"""The sections of the console, and ways inside it. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from app.accounts.keys import Scope

PATH = "/console"
START = f"{PATH}/"
LOGIN = f"{PATH}/login"

_WITHIN = re.compile(r"/console/[!-\[\]-~]*")
"""Printable ASCII without spaces and backslashes, which browsers take for slashes."""
_UPWARDS = re.compile(r"/(?:\.|%2e)(?:\.|%2e)", re.IGNORECASE)
"""To browsers dots are dots, escaped or not."""


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    path: str
    scope: Scope


SECTIONS = (
    Section("glance", START, Scope.MESSAGES_READ),
    Section("figures", f"{PATH}/figures", Scope.ANALYTICS_READ),
    Section("messages", f"{PATH}/messages", Scope.MESSAGES_READ),
    Section("replies", f"{PATH}/replies", Scope.MESSAGES_READ),
    Section("templates", f"{PATH}/templates", Scope.TEMPLATES_READ),
    Section("senders", f"{PATH}/senders", Scope.SENDERS_READ),
    Section("consents", f"{PATH}/consents", Scope.CONTACTS_READ),
    Section("callbacks", f"{PATH}/callbacks", Scope.CALLBACKS_READ),
    Section("doctor", f"{PATH}/doctor", Scope.SENDERS_READ),
)


def section_of(path: str) -> str:
    """Which section an address belongs to; nothing for one that belongs to none."""
    for section in SECTIONS[1:]:
        if path == section.path or path.startswith(f"{section.path}/"):
            return section.name
    return "glance" if path in (PATH, START) else ""


def way_back(asked: str | None) -> str:
    """Where to go after signing in: an address of the console, whatever is asked for."""
    if not asked or not _WITHIN.fullmatch(asked) or "//" in asked.partition("?")[0]:
        return START
    parts = urlsplit(asked)
    if parts.scheme or parts.netloc or _UPWARDS.search(parts.path) or parts.path.startswith((LOGIN, f"{PATH}/link/")):
        return START
    return asked


def login_for(way: str) -> str:
    return f"{LOGIN}?back={quote(way, safe='')}"
