"""Table of templates: our mirror of what Meta holds, with the time of each knowledge."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Text, func
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base

Moment = TIMESTAMP(timezone=True)


class Template(Base):
    __tablename__ = "templates"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        Index(None, "business_id", "waba_id", "name", "language", unique=True),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    waba_id: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    meta_id: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    """As Meta names it; one that we do not know is as good as unusable."""
    category: Mapped[str] = mapped_column(Text)
    parameter_format: Mapped[str] = mapped_column(Text)
    components: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    rejected_reason: Mapped[str | None] = mapped_column(Text)
    known_at: Mapped[datetime] = mapped_column(Moment)
    """When Meta last told us this, by webhook or by sync."""
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
