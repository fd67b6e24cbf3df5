"""All event types, found by looking into the industry packages: a new module there is a new type."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import app.events
from app.events.event_type import EventType


@cache
def catalogue() -> Mapping[str, EventType[Any]]:
    """By name, in alphabetical order."""
    return MappingProxyType({found.name: found for found in sorted(_find(), key=lambda found: found.name)})


def _find() -> Iterator[EventType[Any]]:
    for package in pkgutil.iter_modules(app.events.__path__, "app.events."):
        if not package.ispkg:
            continue
        for module in pkgutil.iter_modules(importlib.import_module(package.name).__path__, package.name + "."):
            yield importlib.import_module(module.name).EVENT_TYPE
