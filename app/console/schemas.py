"""Bodies of the operation that makes links into the console."""

from datetime import datetime

from pydantic import BaseModel, Field


class ConsoleLinkOut(BaseModel):
    """A link that signs one browser in."""

    url: str = Field(examples=["https://msg.example.com/console/link/AZqPPCt9fDGk5fYHGCk6Sw…"])
    expires_at: datetime
