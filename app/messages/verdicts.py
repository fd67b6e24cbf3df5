"""How a rule's verdict is written into a message's decision."""

from datetime import datetime
from typing import Any


def verdict(rule: str, verdict: str, at: datetime | None = None, **asked: Any) -> dict[str, Any]:
    """`at`: when it was asked, where that was not on acceptance."""
    row: dict[str, Any] = {"rule": rule, "verdict": verdict, "input": asked}
    if at is not None:
        row["at"] = at.isoformat()
    return row
