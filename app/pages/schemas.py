"""What the API takes and tells about pages."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.consent.schemas import Strict


class PreferenceLinkIn(Strict):
    """How the link is made."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"language": "tr", "valid_days": 30}]})

    language: Literal["tr", "en"] | None = Field(
        default=None, description="Of the page; the contact's own, else the browser's, where nothing is said"
    )
    valid_days: int = Field(default=30, ge=1, le=365, strict=True)


class PreferenceLinkOut(BaseModel):
    url: str = Field(description="For this contact alone: whoever has it can change the contact's preferences")
    expires_at: datetime
