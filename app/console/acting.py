"""What is done by a button: told to the log, and, where it cannot be, to whoever pressed it in their language."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import structlog

from app.accounts.directory import Caller
from app.console.visits import Visit
from app.console.words import known
from app.core.ids import public_id
from app.core.problems import Conflict, InvalidRequest, Problem

log = structlog.get_logger(__name__)


class NotDone(Conflict):
    code, title = "not_done", "It could not be done"


@contextlib.contextmanager
def acting(visit: Visit, act: str, **about: str) -> Iterator[None]:
    """`act`: as the log names it. `about`: ids of what it is done to."""
    session = visit.session
    who = {
        "business": public_id("biz", session.business_id),
        "session": public_id("ses", session.id),
        "key": public_id("key", session.key_id) if session.key_id is not None else "none",
    }
    try:
        yield
    except Problem as problem:
        log.info("console act refused", act=act, code=problem.code, **who, **about)
        key = f"problem_{problem.code}"
        if known(key):
            raise NotDone(visit.say(key)) from problem
        raise
    log.info("console act", act=act, **who, **about)


def caller_of(visit: Visit) -> Caller:
    """As whom services know the session: with the powers of its key, or, begun without one, with all."""
    session = visit.session
    key_id = session.key_id if session.key_id is not None else UUID(int=0)
    return Caller(session.business_id, session.mode, key_id, session.scopes, session.expires_at)


def faults_of(problem: InvalidRequest) -> Mapping[str, str]:
    """By the name of the field: its fault's code."""
    found: dict[str, str] = {}
    for fault in problem.errors:
        field = (fault.pointer or f"#/{fault.parameter}").removeprefix("#/").partition("/")[0]
        found.setdefault(field, fault.code)
    return found


def text_of(visit: Visit, name: str, most: int = 500) -> str:
    """A field of the form, trimmed; what no person types is not there."""
    value: Any = visit.form.get(name, "")
    return value.strip()[:most].replace("\x00", "") if isinstance(value, str) else ""
