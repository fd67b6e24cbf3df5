"""Bodies of the operations on test lists."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.consent.schemas import Bsuid, Strict

MOST_CONTACTS = 1000

TestListName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", examples=["staff"])]


class TestListContact(Strict):
    """By phone, or by BSUID where the customer hides the number."""

    phone: Annotated[str, Field(max_length=40, examples=["+905321112233"])] | None = None
    bsuid: Bsuid | None = None

    @model_validator(mode="after")
    def _identified(self) -> Self:
        if (self.phone is None) == (self.bsuid is None):
            raise ValueError("give either phone or bsuid")
        return self


class TestListIn(Strict):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"contacts": [{"phone": "+905321112233"}]}]}
    )

    contacts: Annotated[list[TestListContact], Field(max_length=MOST_CONTACTS, description="All of them: it replaces")]


class TestListHead(BaseModel):
    """A test list without its contacts."""

    name: TestListName
    size: int = Field(description="How many contacts it has")
    created_at: datetime


class TestListContactOut(BaseModel):
    id: str = Field(examples=["con_019a8f3c2b7d7c31a4e5f60718293a4b"])
    phone: str | None
    bsuid: str | None


class TestListOut(TestListHead):
    """A test list."""

    contacts: list[TestListContactOut]


class TestListsOut(BaseModel):
    test_lists: list[TestListHead] = Field(description="By name")
