"""Tables of imports: the list as it was taken in, in chunks, and what became of its rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base

Moment = TIMESTAMP(timezone=True)


class ConsentImport(Base):
    """A list that was taken in, and how far it is."""

    __tablename__ = "consent_imports"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        CheckConstraint(
            "status in ('receiving', 'waiting', 'processing', 'finished', 'canceled')",
            name="status",
        ),
        Index("ix_consent_imports_key", "business_id", "mode", "idempotency_key", unique=True),
        Index("ix_consent_imports_content", "business_id", "mode", "content_hash"),
        Index(
            "ix_consent_imports_open",
            "status",
            postgresql_where=text("status in ('receiving', 'waiting', 'processing')"),
        ),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    dry_run: Mapped[bool]
    key_id: Mapped[UUID | None]
    """The API key that it came with; null from the command line."""
    idempotency_key: Mapped[str | None] = mapped_column(Text)
    """Null until all of it is here."""
    content_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of the file and of what was said of it; null until all of it is here."""
    given: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What holds for each row that says nothing itself."""
    columns: Mapped[list[str]] = mapped_column(ARRAY(Text))
    size: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Bytes of the file, unpacked."""
    rows: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    touched_at: Mapped[datetime] = mapped_column(Moment)
    """When something of it last came in: one that is no longer received is dropped."""
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)


class ConsentImportChunk(Base):
    """Some hundred rows that follow one another. What they say of customers goes when it is recorded."""

    __tablename__ = "consent_import_chunks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["business_id", "import_id"],
            ["consent_imports.business_id", "consent_imports.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("state in ('received', 'judged', 'done', 'dropped')", name="state"),
        Index("ix_consent_import_chunks_state", "business_id", "import_id", "state", "number"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    """From 0, in the order of the file."""
    state: Mapped[str] = mapped_column(Text, server_default="received")
    size: Mapped[int] = mapped_column(Integer)
    """How many rows it has."""
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    """JSON: the rows as they came, then as they were judged; null once they are recorded, or canceled."""
    outcomes: Mapped[bytes | None] = mapped_column(LargeBinary)
    """JSON: what became of each row, by line; nobody is named in it."""
    recorded: Mapped[int] = mapped_column(Integer, server_default="0")
    unchanged: Mapped[int] = mapped_column(Integer, server_default="0")
    refused: Mapped[int] = mapped_column(Integer, server_default="0")


class ConsentImportClaim(Base):
    """Which row counts for a contact and a topic, while the import is under way."""

    __tablename__ = "consent_import_claims"
    __table_args__ = (
        ForeignKeyConstraint(
            ["business_id", "import_id"],
            ["consent_imports.business_id", "consent_imports.id"],
            ondelete="CASCADE",
        ),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """Keyed hash of contact and topic."""
    line: Mapped[int] = mapped_column(BigInteger)
    occurred_at: Mapped[datetime] = mapped_column(Moment)
    refuses: Mapped[bool]
