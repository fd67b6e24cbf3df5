"""The snapshot on disk: written whole beside the old one and put in its place, so that no half of it is ever read."""

import logging
import os
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from app.sandbox.state import State

_log = logging.getLogger(__name__)
_STATE = TypeAdapter(State)


class Store:
    def __init__(self, folder: Path) -> None:
        self._path = folder / "sandbox.json"

    def load(self) -> State | None:
        """The last snapshot. One that cannot be read (another version wrote it) is put aside, not lost."""
        if not self._path.is_file():
            return None
        try:
            return _STATE.validate_json(self._path.read_bytes())
        except ValidationError:
            aside = self._path.with_suffix(".unreadable")
            self._path.replace(aside)
            _log.warning("sandbox snapshot cannot be read; starting empty, the old one is kept as %s", aside)
            return None

    def encode(self, state: State) -> bytes:
        return _STATE.dump_json(state)

    def write(self, data: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".draft")
        # It holds tokens and secrets, if only of a simulation.
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
