"""What the API takes and tells about pages."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.consent.schemas import Strict
from app.core.languages import OurLanguage


class PreferenceLinkIn(Strict):
    """How the link is made."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"language": "tr", "valid_days": 30}]})

    language: OurLanguage | None = Field(
        default=None, description="Of the page; the contact's own, else the browser's, where nothing is said"
    )
    valid_days: int = Field(default=30, ge=1, le=365, strict=True)


class PreferenceLinkOut(BaseModel):
    url: str = Field(description="For this contact alone: whoever has it can change the contact's preferences")
    expires_at: datetime


class TopicChoice(BaseModel):
    name: str
    label: str


class FormColours(BaseModel):
    """`#rrggbb`; each can be read with the other (4.5 to 1 at least)."""

    ground: str = Field(description="The business's own")
    text: str = Field(description="On it")
    accent: str = Field(description="For text and controls on white")


class OptInFormOut(BaseModel):
    """All that a form needs to be shown and sent once."""

    code: str
    token: str = Field(description="To be sent with the form: good for one sending, within some hours")
    language: OurLanguage
    business: str
    colours: FormColours
    wording: str = Field(description="To be shown beside a box that is not ticked: what the customer agrees to")
    topics: list[TopicChoice] = Field(description="To choose among; empty where there is no choice")
    privacy_url: str | None
    chat_url: str | None = Field(description="Opens a chat with the business, with the opt-in ready to be sent")
    texts: dict[str, str] = Field(description="What else stands on a form, by what it is")


class PublicOptInIn(Strict):
    """A form as it was filled in."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "token": "gAAAAABn…",
                    "language": "tr",
                    "phone": "0532 111 22 33",
                    "name": "Ayşe Yılmaz",
                    "topics": ["orders"],
                    "agreed": True,
                    "mode": "modal",
                    "page": "https://shop.example/urunler",
                }
            ]
        },
    )

    token: str = Field(max_length=500, description="Of the form, as `GET` gave it")
    language: OurLanguage = Field(description="In which the wording was shown")
    phone: str = Field(max_length=60, description="E.164, or as it is written in the business's country")
    name: str = Field(default="", max_length=500)
    topics: list[Annotated[str, Field(max_length=60)]] = Field(
        default=[], max_length=50, description="Chosen ones, where the form offers some"
    )
    agreed: bool = Field(strict=True, description="Whether the box beside the wording was ticked")
    mode: Literal["modal", "inline", "button"] | None = Field(default=None, description="How the form was shown")
    page: Annotated[str, Field(max_length=300, pattern=r"^https?://[^\s?#\x00-\x1f\x7f]+$")] | None = Field(
        default=None,
        description="On which it stood, without query, of the website that sends it: its origin is the place, where "
        "the link says none",
    )
    website: str = Field(default="", max_length=500, description="To be left empty: nobody sees the field")


class PublicOptInOut(BaseModel):
    state: Literal["opted_in", "to_be_confirmed"] = Field(
        description="`to_be_confirmed`: the customer gets a request on WhatsApp first. Nothing is told of the number"
    )
