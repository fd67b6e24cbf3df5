"""The API, assembled once and lent to one test after another: its hundreds of routes take longest of all that a test
sets up, and are the same for all."""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from app.container import Container
from app.core.logging import configure_logging
from app.core.settings import Settings
from app.main import assemble

_PARTS = frozenset(field.name for field in fields(Container))
_OWN = {"database_url": None, "data_dir": Path(), "secret_keys": []}
"""Settings in which tests differ, and no route."""


class _Part:
    """A part of whichever container is lent just now."""

    def __init__(self, find: Callable[[], Any]) -> None:
        self._find = find

    def __getattr__(self, name: str) -> Any:
        return getattr(self._find(), name)


class _StandIn:
    """For a container, of which routes know only the parts. Asking anything of them while none is lent fails."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.lent: Container | None = None

    def __getattr__(self, name: str) -> Any:
        return _Part(lambda: getattr(self.lent, name)) if name in _PARTS else getattr(self.lent, name)


_free: defaultdict[str, list[tuple[_StandIn, FastAPI]]] = defaultdict(list)


@contextlib.contextmanager
def lent_app(container: Container) -> Iterator[FastAPI]:
    """As assemble, whose routes are for one borrower at a time, with the borrower's container."""
    settings = container.settings
    configure_logging(settings.log_level, settings.log_format)
    shared = settings.model_copy(update=_OWN)
    free = _free[shared.model_dump_json()]
    stand_in, application = free.pop() if free else _assembled(shared)
    stand_in.lent = container
    try:
        yield application
    finally:
        stand_in.lent = None
        free.append((stand_in, application))


def _assembled(settings: Settings) -> tuple[_StandIn, FastAPI]:
    stand_in = _StandIn(settings)
    return stand_in, assemble(stand_in)  # type: ignore[arg-type] # it stands for one
