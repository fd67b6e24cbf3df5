"""The templates of an account, compiled, kept in each process for the hot path."""

from dataclasses import dataclass
from uuid import UUID

from app.core.cache import LoadingCache
from app.core.database import Database, Notifications
from app.core.ids import public_id
from app.media import repository as media_rows
from app.media.schemas import MEDIA_PREFIX
from app.templates import repository
from app.templates.compiled import CompiledTemplate, HeaderMedia, compile_template, header_of_file
from app.templates.states import Usability, usability

CHANNEL = "ulak_templates"
"""Notified with a business's id when a template of it changed."""


@dataclass(frozen=True, slots=True)
class BookedTemplate:
    name: str
    language: str
    status: str
    category: str
    rejected_reason: str | None
    usability: Usability
    compiled: CompiledTemplate
    version: int = 1
    correct_category: str | None = None
    """What Meta is about to make of it."""
    accepted_category: str | None = None
    """What a person accepted that Meta has made of it, or is about to."""


class TemplateBook:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._accounts: LoadingCache[tuple[UUID, str], dict[tuple[str, str], BookedTemplate]] = LoadingCache(self._load)

    def follow(self, notifications: Notifications) -> None:
        notifications.listen(CHANNEL, lambda _: self._accounts.clear())

    async def account(self, business_id: UUID, waba_id: str) -> dict[tuple[str, str], BookedTemplate]:
        """By name and language."""
        key = (business_id, waba_id)
        found = self._accounts.peek(key)
        return found if found is not None else await self._accounts.get(key)

    async def _load(self, key: tuple[UUID, str]) -> dict[tuple[str, str], BookedTemplate]:
        async with self._database.transaction() as session:
            rows = await repository.of_account(session, *key)
            samples = await media_rows.samples(session, *key)
        return {
            (row.name, row.language): BookedTemplate(
                row.name,
                row.language,
                row.status,
                row.category,
                row.rejected_reason,
                usability(row.status),
                compile_template(
                    row.components, row.parameter_format, _header_of(samples.get((row.name, row.language)))
                ),
                row.version,
                row.correct_category,
                row.accepted_category,
            )
            for row in rows
            if row.meta_id is not None
        }


def _header_of(sample: media_rows.Media | None) -> HeaderMedia | None:
    """Of a template that always shows the same file."""
    return header_of_file(sample.kind, public_id(MEDIA_PREFIX, sample.id), sample.name) if sample is not None else None
