"""What can be said against a template: by Meta's rules for creating one, or by good practice."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Severity = Literal["error", "warning", "hint"]


class Finding(BaseModel):
    """One thing that is wrong with a template, or could be better."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    severity: Severity = Field(
        description="`error`: Meta refuses it, or files it as marketing. `warning`: it breaks good practice. "
        "`hint`: it could be better"
    )
    code: str = Field(description="Stable, made for programs", examples=["promotional"])
    place: str = Field(
        description="Of a text: `header`, `body`, `footer`, `buttons/0`. Of the body that creates a template: the way "
        "into it, as `components/1/text`",
        examples=["body"],
    )
    message: str = Field(examples=['"indirim" reads as promotion'])
    suggestion: str | None = Field(default=None, examples=["Leave it out, or submit the template as MARKETING."])
