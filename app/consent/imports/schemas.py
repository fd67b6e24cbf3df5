"""Bodies of the operations on imports."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from app.consent.imports.columns import Column
from app.consent.imports.judging import Given

ImportStatus = Literal["receiving", "waiting", "processing", "finished", "canceled"]


class ImportOptions(Given):
    """What is said of the whole list. Its rows may say otherwise, each of itself."""

    dry_run: bool = Field(default=False, description="Judge and report, and record nothing")

    @property
    def given(self) -> Given:
        return Given.model_validate(self.model_dump(exclude={"dry_run"}))


class ImportRows(BaseModel):
    total: int = Field(description="Rows of the file, without its header and without empty lines")
    judged: int = Field(description="Of which is known whether they can prove what they say")
    done: int = Field(description="Of which is known what became of them")
    recorded: int = Field(description="In the ledger now; with `dry_run` those that would be")
    unchanged: int = Field(description="They say what held anyway, and are not recorded again")
    refused: int = Field(description="For the reason that the report names")


class ConsentImportOut(BaseModel):
    """A list, and how far it is."""

    id: str = Field(examples=["imp_019a8f3c2b7d7c31a4e5f60718293a4b"])
    status: ImportStatus
    dry_run: bool
    columns: list[Column] = Field(description="What the file's columns were taken for, in their order")
    given: Given = Field(description="What holds for each row that says nothing itself")
    size: int = Field(description="Bytes of the file, unpacked")
    rows: ImportRows
    rate: float | None = Field(description="Rows done per second, from the start of the work; null before it")
    key: str | None = Field(description="The API key that it came with; null from the command line")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None = Field(description="When it was finished or canceled")


class ConsentImportPage(BaseModel):
    imports: list[ConsentImportOut] = Field(description="Newest first")
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last")
