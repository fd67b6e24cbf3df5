"""The story of one message in a few lines, from what the API tells of it."""

from datetime import datetime
from typing import Any

from tests.support.stack import Stack


def tell(stack: Stack, message_id: str) -> str:
    with stack.api as api:
        story = api.get(f"/v1/messages/{message_id}").raise_for_status().json()
    began = datetime.fromisoformat(story["created_at"])
    lines = sorted(_moments(story), key=lambda one: one[0])
    told = [f"  {(moment - began).total_seconds():7.2f} s  {what}" for moment, what in lines]
    head = f"{story['id']}, {story['event_type']}: {story['status']}"
    return "\n".join([head + (f" ({story['reason']})" if story["reason"] else ""), *told])


def _moments(story: dict[str, Any]) -> list[tuple[datetime, str]]:
    found = [(story["created_at"], "accepted with 202")]
    found += [(one["ended_at"], _attempt(one)) for one in story["attempts"]]
    found += [(rule["at"], _rule(rule)) for rule in story["decision"] if rule["at"] is not None]
    found += [(one["received_at"], f"receipt: {one['status']}") for one in story["receipts"]]
    return [(datetime.fromisoformat(moment), what) for moment, what in found]


def _attempt(attempt: dict[str, Any]) -> str:
    why = f": {attempt['error'].get('reason') or attempt['error'].get('details')}" if attempt["error"] else ""
    return f"attempt {attempt['number']}: {attempt['outcome']}{why}"


def _rule(rule: dict[str, Any]) -> str:
    said = {name: value for name, value in rule["input"].items() if value is not None}
    return f"{rule['rule']}: {rule['verdict']} ({', '.join(f'{name} {value}' for name, value in said.items())})"
