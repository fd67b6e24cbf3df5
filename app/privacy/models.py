"""How far forgetting has come."""

from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base


class RetentionMark(Base):
    """Up to which id (UUIDv7: up to which time) content of a kind is forgotten: what is done is not looked at again."""

    __tablename__ = "retention_marks"
    __table_args__ = (ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),)

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(Text, primary_key=True)
    up_to: Mapped[UUID]


class RetentionLeft(Base):
    """A message that was old enough and not finished: it is forgotten once nothing of ours follows."""

    __tablename__ = "retention_left"
    __table_args__ = (ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),)

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
