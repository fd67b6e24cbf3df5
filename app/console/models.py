"""Tables of the console: who looks at it just now, and the links by which people come in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Mode, Moment
from app.core.database import Base
from app.core.languages import OurLanguage


class ConsoleLink(Base):
    """Opens the console once, for whoever holds it."""

    __tablename__ = "console_links"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        ForeignKeyConstraint(["business_id", "key_id"], ["api_keys.business_id", "api_keys.id"]),
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        Index("ix_console_links_expires_at", "expires_at"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[Mode] = mapped_column(Text)
    key_id: Mapped[UUID | None]
    """Whose powers its session has; null for one made by whoever runs the installation, which may do everything."""
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class ConsoleSession(Base):
    __tablename__ = "console_sessions"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        ForeignKeyConstraint(["business_id", "key_id"], ["api_keys.business_id", "api_keys.id"]),
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        CheckConstraint("language in ('tr', 'en')", name="language"),
        Index("ix_console_sessions_open", "business_id", "key_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_console_sessions_expires_at", "expires_at"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[Mode] = mapped_column(Text)
    key_id: Mapped[UUID | None]
    """Whose powers it has, as long as the key has them; null as in a link."""
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    language: Mapped[OurLanguage | None] = mapped_column(Text)
    """Chosen by the person; the browser's where null."""
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(Moment)
    """Written now and then, not with every page."""
    expires_at: Mapped[datetime] = mapped_column(Moment)
    """At the latest, however busy."""
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
