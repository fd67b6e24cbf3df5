"""Files as the API shows them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.media.kinds import Kind

MEDIA_PREFIX = "med"


class MediaOut(BaseModel):
    """A picture, film or PDF that is kept here."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(
        description="What events name as `media`, and templates as `sample`",
        examples=["med_019a8f3c2b7d7c31a4e5f60718293a4b"],
    )
    kind: Kind
    name: str = Field(examples=["kampanya.png"])
    mime_type: str = Field(examples=["image/png"])
    size: int = Field(description="Bytes", examples=[48213])
    sha256: str = Field(
        description="Of the bytes, in hex digits: the same bytes are kept once",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )
    created_at: datetime
    used_at: datetime | None = Field(description="When a message with it last left, to the day; null for one unused")


class MediaUploadError(BaseModel):
    """Why Meta does not have the file."""

    model_config = ConfigDict(extra="forbid")

    code: int | None = Field(description="Meta's; null where it did not answer", examples=[131053])
    details: str


class MediaUploadOut(BaseModel):
    """The file at Meta, for one number: only that number may send it by its id."""

    model_config = ConfigDict(extra="forbid")

    sender: str | None = Field(
        description="Null where the number is no sender any more", examples=["snd_019a8f3c2b7d7c31a4e5f60718293a4b"]
    )
    phone_number_id: str = Field(examples=["100000000000001"])
    state: Literal["ready", "uploading", "waiting", "refused", "expired"] = Field(
        description="`waiting` for the next try; `refused` by Meta, so that messages with it fail"
    )
    uploaded_at: datetime | None
    expires_at: datetime | None = Field(
        description="30 days after the upload. It is renewed before, as long as the file is used"
    )
    retry_at: datetime | None = Field(description="Not before then it is tried again, where the last try failed")
    error: MediaUploadError | None


class MediaDetail(MediaOut):
    """A picture, film or PDF, and where it lies at Meta."""

    uploads: list[MediaUploadOut] = Field(description="Made when a message needs them; by number")


class MediaPage(BaseModel):
    media: list[MediaOut]
    next_cursor: str | None = Field(description="For the next page; null on the last", examples=[None])
