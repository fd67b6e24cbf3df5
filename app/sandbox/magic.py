"""Recipients and words that choose an outcome, for test keys and demonstrations."""

import re
from dataclasses import dataclass
from typing import Any

from app.sandbox.errors import CATALOGUE

_SMALL = 1_000
OF_CALLS = {15, 2200, 2500}
"""Codes that no send is answered with."""


def suffix_of(code: int) -> str:
    """Last five digits of a code; one below 1000 is written behind 90 (190 is 90190), or it would be too common."""
    return f"90{code:03d}" if code < _SMALL else f"{code % 100_000:05d}"


@dataclass(frozen=True, slots=True)
class Course:
    """How far a message gets, and how fast."""

    last: str = "read"
    stretch: float = 1.0


SUFFIXES = {suffix_of(code): code for code in CATALOGUE if code not in OF_CALLS}

COURSES: dict[str, tuple[Course, str]] = {
    "91001": (Course(last="sent"), "sent and never delivered"),
    "91002": (Course(last="delivered"), "delivered and never read"),
    "91003": (Course(stretch=10.0), "every delay is ten times as long"),
    "91004": (Course(last="accepted"), "accepted, and no status ever follows"),
}

REJECT_WORD = re.compile(
    r"\bREJECT_(ABUSIVE_CONTENT|INCORRECT_CATEGORY|INVALID_FORMAT|PROMOTIONAL|SCAM|TAG_CONTENT_MISMATCH)\b"
)
MARKETING_WORD = "MAKE_MARKETING"
PENDING_WORD = "STAY_PENDING"
COMPLAINT_WORD = re.compile(r"\bGETS_(BLOCKED|REPORTED)(?:_(\d{1,3}))?\b")


def lookup(digits: str, pattern: str | None) -> tuple[int | None, Course]:
    """The code a recipient fails with, if any, and the course of its messages otherwise."""
    match = re.search(pattern, digits) if pattern else None
    if match is None:
        return None, Course()
    suffix = match[1]
    course, _ = COURSES.get(suffix, (Course(), ""))
    return SUFFIXES.get(suffix), course


def describe(pattern: str | None) -> dict[str, Any]:
    """What GET /control/magic-numbers answers."""
    errors = [
        {
            "ending": suffix,
            "code": code,
            "title": CATALOGUE[code].title,
            "shown": "failed status" if CATALOGUE[code].mode == "async" else "HTTP answer",
            "http_status": CATALOGUE[code].status if CATALOGUE[code].mode == "sync" else 200,
            "example": f"+9055500{suffix}",
        }
        for suffix, code in sorted(SUFFIXES.items())
    ]
    courses = [{"ending": ending, "outcome": text} for ending, (_, text) in COURSES.items()]
    words = {
        "REJECT_<reason>": "in a template's text: it is rejected for that reason",
        MARKETING_WORD: "in a template's text: submitted as UTILITY it becomes MARKETING",
        PENDING_WORD: "in a template's text: its review never ends",
        "GETS_BLOCKED_<n>, GETS_REPORTED_<n>": "in a template's body: so many per cent of those who get it do that",
    }
    return {"pattern": pattern, "errors": errors, "courses": courses, "template_words": words}
