"""Reading of untrusted JSON: each reader takes the path of what it reads, and refuses as Meta does."""

from collections.abc import Collection
from typing import Any

from app.sandbox.errors import bad_value, invalid, missing
from app.sandbox.state import Json


def only(obj: Json, allowed: Collection[str], path: str = "") -> None:
    for key in obj:
        if key not in allowed:
            raise invalid(f'Unexpected key "{key}" on param "{path}".')


def mapping(parent: Json, key: str, path: str = "") -> Json:
    value = parent.get(key)
    where = f"{path}.{key}" if path else key
    if value is None:
        raise missing(f"Parameter '{where}' is required.")
    if not isinstance(value, dict):
        raise invalid(f"Param {where} must be a JSON object.")
    return value


def sequence(parent: Json, key: str, path: str) -> list[Any]:
    value = parent.get(key)
    if value is None:
        raise missing(f"Parameter '{path}.{key}' is required.")
    if not isinstance(value, list):
        raise invalid(f"Param {path}.{key} must be an array.")
    return value


def objects(parent: Json, key: str, path: str) -> list[Json]:
    values = sequence(parent, key, path)
    for place, value in enumerate(values):
        if not isinstance(value, dict):
            raise invalid(f"Param {path}.{key}[{place}] must be a JSON object.")
    return values


def text(parent: Json, key: str, path: str, *, limit: int | None = None) -> str:
    value = optional_text(parent, key, path, limit=limit)
    if not value:
        raise missing(f"Parameter '{path}.{key}' is required.")
    return value


def optional_text(parent: Json, key: str, path: str, *, limit: int | None = None) -> str:
    """Empty where the key is absent. Lengths are counted in code points."""
    value = parent.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise invalid(f"Param {path}['{key}'] must be a string.")
    if limit is not None and len(value) > limit:
        raise invalid(f"Param {path}['{key}'] must be at most {limit} characters long.")
    return value


def one_of(parent: Json, key: str, path: str, allowed: Collection[str]) -> str:
    value = text(parent, key, path)
    if value.lower() not in allowed:
        raise bad_value(f"{path}.{key}: {value!r} must be one of {{{', '.join(sorted(allowed))}}}.")
    return value.lower()


def coordinate(parent: Json, key: str, path: str, bound: float) -> float:
    value = parent.get(key)
    if value is None or value == "":
        raise missing(f"Parameter '{path}.{key}' is required.")
    if isinstance(value, bool):
        raise bad_value(f"{path}.{key}: not a number.")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise bad_value(f"{path}.{key}: not a number.") from None
    if not -bound <= number <= bound:
        raise bad_value(f"{path}.{key}: out of range.")
    return number
