"""Tables of a business's own event types, and of those that are tried on a list of test contacts first."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Integer, Text, func
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base

Moment = TIMESTAMP(timezone=True)


class OwnEventType(Base):
    """An event type that a business defined by the API."""

    __tablename__ = "event_types"
    __table_args__ = (ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),)

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)
    revision: Mapped[int] = mapped_column(Integer, server_default="1")
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    retired_at: Mapped[datetime | None] = mapped_column(Moment)
    """Since then no event of it is taken; messages that wait are still sent by its policy."""


class EventTypeLimit(Base):
    """An event type that only the contacts of a test list get, as long as this row stands."""

    __tablename__ = "event_type_limits"
    __table_args__ = (
        ForeignKeyConstraint(
            ["business_id", "mode", "test_list"], ["test_lists.business_id", "test_lists.mode", "test_lists.name"]
        ),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text, primary_key=True)
    event_type: Mapped[str] = mapped_column(Text, primary_key=True)
    test_list: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
