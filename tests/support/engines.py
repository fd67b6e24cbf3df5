"""SQLAlchemy writes each statement once for a whole test process: every test has engines of its own, which would turn
the same statements into SQL again, and ask the same server again who it is."""

from typing import Any, ClassVar, Self

from sqlalchemy import Connection, Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg


class OneDialect(PGDialect_asyncpg):
    """The same one for all engines, since what is written is kept by dialect."""

    supports_statement_cache = True
    _one: ClassVar[Any] = None
    _written: ClassVar[dict[Any, Any]] = {}
    _is_made = False
    _knows_server = False

    def __new__(cls, **_options: Any) -> Self:
        if cls._one is None:
            cls._one = super().__new__(cls)
        one: Self = cls._one
        return one

    def __init__(self, **options: Any) -> None:
        if not self._is_made:
            super().__init__(**options)
            self._is_made = True

    def initialize(self, connection: Connection) -> None:
        if not self._knows_server:
            super().initialize(connection)
            self._knows_server = True

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=cls._written)


def write_once() -> None:
    """For engines that are created from now on."""
    registry.register("postgresql.asyncpg", __name__, OneDialect.__name__)
