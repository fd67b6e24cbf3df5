"""What asking came to: an answer, a refusal, silence, or that there was no sense in asking."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from app.doctor.outcomes import Check, Finding, Said, said, unknown
from app.whatsapp.client import GraphUnreachableError
from app.whatsapp.errors import ErrorClass, GraphError

Value = TypeVar("Value")

TOKEN_CODES = frozenset({0, 102, 104, 190})
"""By these Meta refuses the token itself; other codes of the same class are about what it may do."""

INVISIBLE = (100, 33)
"""Code and subcode: there is no such object, or the token may not see it."""


@dataclass(frozen=True, slots=True)
class Known(Generic[Value]):
    value: Value


@dataclass(frozen=True, slots=True)
class Refused:
    error: GraphError


@dataclass(frozen=True, slots=True)
class Silent:
    """No answer, or none in time."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotAsked:
    why: Said


Reading = Known[Value] | Refused | Silent | NotAsked


async def asked(question: Awaitable[Value], patience: timedelta) -> Reading[Value]:
    """Never raises what Graph may do: one question that fails does not spoil the others."""
    try:
        async with asyncio.timeout(patience.total_seconds()):
            return Known(await question)
    except GraphError as error:
        return Refused(error)
    except GraphUnreachableError as error:
        return Silent(str(error))
    except TimeoutError:
        return Silent(f"no answer within {patience.total_seconds():g} s")


def refuses_token(reading: Reading[Value]) -> bool:
    return isinstance(reading, Refused) and reading.error.code in TOKEN_CODES


def is_invisible(reading: Reading[Value]) -> bool:
    return isinstance(reading, Refused) and (reading.error.code, reading.error.subcode) == INVISIBLE


def value_of(reading: Reading[Value]) -> Value | None:
    return reading.value if isinstance(reading, Known) else None


def cannot_tell(check: Check, reading: Reading[Value]) -> Finding:
    """Of a check whose question was not answered: why."""
    return unknown(check, why_not(reading))


def why_not(reading: Reading[Value]) -> Said:
    match reading:
        case NotAsked(why):
            return why
        case Silent(reason):
            return said("not_answered", reason=reason)
        case Refused(error):
            return _of_refusal(error)
        case _:
            return said("not_said")


def _of_refusal(error: GraphError) -> Said:
    if error.code in TOKEN_CODES:
        return said("needs_token")
    if (error.code, error.subcode) == INVISIBLE:
        return said("needs_sight")
    if error.entry.error_class is ErrorClass.AUTH:
        return said("needs_permission", code=str(error.code))
    return said("refused", code=str(error.code), title=error.entry.title)
