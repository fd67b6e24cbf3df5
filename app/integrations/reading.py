"""Types of fields as shops send them: whatever is not of the expected kind counts as missing. Pure.

A payload of thousands of bytes is not to be refused for a field of it that nobody needs: what plugins of a shop do to
its payloads is nobody's promise.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.integrations.facts import in_utc

Node = TypeVar("Node", bound=BaseModel)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,10})?")
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2,4}))?(?:[-_].*)?")
_DIRECTION = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_WITHIN_A_WORD = re.compile(r"\.(?=\w)")
_LETTERS_OF_A_REGION = 2
_FIRST_YEAR, _LAST_YEAR = 1970, 2999
_TEXT_MOST = 4000


class Lenient(BaseModel):
    """Part of a payload: what is not named here is left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def _text(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return _CONTROL.sub(" ", str(value)[:_TEXT_MOST]).strip() or None


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    written = str(value).strip()
    return Decimal(written) if _AMOUNT.fullmatch(written) else None


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = in_utc(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return None
    return moment if _FIRST_YEAR <= moment.year <= _LAST_YEAR else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _objects(value: Any) -> list[Any]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [text for one in value if (text := _text(one))] if isinstance(value, list) else []


def _object(value: Any) -> Any:
    """PHP writes an object that has no members as a list."""
    return value if isinstance(value, dict) else None


def _tag(value: Any) -> str | None:
    return language_tag(value) if isinstance(value, str) else None


def language_tag(text: str) -> str | None:
    """`tr`, `tr-TR`, `de_DE_formal` and the like as we write them."""
    found = _LANGUAGE.fullmatch(text.strip())
    if found is None:
        return None
    language, region = found[1].lower(), found[2]
    if region is None:
        return language
    return f"{language}_{region.upper() if len(region) == _LETTERS_OF_A_REGION else region.capitalize()}"


def at_unix_time(value: str | None) -> datetime | None:
    """Of a text of digits: seconds since 1970."""
    if value is None or not re.fullmatch(r"[0-9]{1,11}", value):
        return None
    moment = datetime.fromtimestamp(int(value), UTC)
    return moment if moment.year <= _LAST_YEAR else None


Id = Annotated[str, BeforeValidator(_text), Field(pattern=r"^[A-Za-z0-9_.:-]{1,60}$")]
"""The one thing that a payload must have."""
Text = Annotated[str | None, BeforeValidator(_text)]
Amount = Annotated[Decimal | None, BeforeValidator(_amount)]
At = Annotated[datetime | None, BeforeValidator(_moment)]
Flag = Annotated[bool | None, BeforeValidator(_flag)]
Tag = Annotated[str | None, BeforeValidator(_tag)]
Texts = Annotated[list[str], BeforeValidator(_texts)]

OBJECT = BeforeValidator(_object)


def is_another(name: str | None, buyer: Iterable[str | None]) -> bool:
    """Whether somebody of this name is not the buyer, of whom these names are known."""
    known = {one.casefold() for one in buyer if one is not None}
    return name is not None and bool(known) and name.casefold() not in known


def readable(model: type[Node]) -> BeforeValidator:
    """Of a list: those of its members that have what the model needs."""
    return BeforeValidator(_only(model))


def _only(model: type[Node]) -> Callable[[Any], list[Node]]:
    def read(value: Any) -> list[Node]:
        found = []
        for one in _objects(value):
            try:
                found.append(model.model_validate(one))
            except ValueError:
                continue
        return found

    return read


def full_name(*parts: str | None) -> str | None:
    """Of those that are there, as long as a name may be.

    Whoever fills in a checkout chooses it, and whose number it goes to. So nothing in it becomes a link, nor turns the
    rest of a text around.
    """
    given = _DIRECTION.sub("", " ".join(part for part in parts if part)).replace("://", " ")
    return _WITHIN_A_WORD.sub(". ", given)[:100].strip() or None
