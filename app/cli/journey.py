"""Three example messages on their way: posted over HTTP like anybody's, followed until they are read."""

import asyncio
import contextlib
import json
import shlex
import time
import uuid
from dataclasses import dataclass, field

import httpx
from rich.console import Console
from rich.live import Live
from rich.table import Table

from app.cli.demo import Demo, DemoEvent
from app.cli.run import CommandError

STAGES = ("queued", "accepted", "sent", "delivered", "read")
ENDS = ("read", "suppressed", "failed", "expired", "canceled")
POLL_INTERVAL = 0.05


@dataclass
class Trip:
    """One message: when each stage was first seen, in seconds after the POST."""

    event: DemoEvent
    message_id: str = ""
    status: str = ""
    posted_at: float = 0.0
    reached: dict[str, float] = field(default_factory=dict)

    def see(self, status: str) -> bool:
        """Whether that was news. Stages that went by between two looks count as reached by now."""
        if status == self.status:
            return False
        self.status = status
        elapsed = time.monotonic() - self.posted_at
        if status in STAGES:
            for stage in STAGES[: STAGES.index(status) + 1]:
                self.reached.setdefault(stage, elapsed)
        return True

    @property
    def customer(self) -> str:
        contact = self.event.body.get("contact", {})
        return str(contact.get("name") or contact.get("phone", ""))

    @property
    def language(self) -> str:
        return str(self.event.body.get("language") or self.event.body.get("contact", {}).get("language", ""))


class Journey:
    def __init__(self, client: httpx.AsyncClient, console: Console, demo: Demo) -> None:
        self._client = client
        self._console = console
        self._key = demo.api_key
        self._trips = [Trip(event) for event in demo.events]

    async def post(self) -> None:
        for trip in self._trips:
            trip.posted_at = time.monotonic()
            answer = await self._client.post(
                f"/v1/events/{trip.event.event_type}",
                json=trip.event.body,
                headers=self._authorization | {"Idempotency-Key": str(uuid.uuid4())},
            )
            if answer.status_code != httpx.codes.ACCEPTED:
                raise CommandError(f"POST {answer.url.path} was answered with {answer.status_code}: {answer.text}")
            message = answer.json()
            trip.message_id = message["id"]
            trip.see(message["status"])

    async def follow(self, seconds: float) -> bool:
        """Shows each stage as it is reached: a table on a terminal, lines elsewhere. Whether all were read in time."""
        deadline = time.monotonic() + seconds
        live = Live(self._table(), console=self._console, auto_refresh=False) if self._console.is_terminal else None
        for trip in self._trips:
            self._tell(trip, live)
        with live or contextlib.nullcontext():
            while any(trip.status not in ENDS for trip in self._trips) and time.monotonic() < deadline:
                await asyncio.sleep(POLL_INTERVAL)
                for trip in self._trips:
                    if await self._look(trip):
                        self._tell(trip, live)
        return all(trip.status == "read" for trip in self._trips)

    async def _look(self, trip: Trip) -> bool:
        answer = await self._client.get(f"/v1/messages/{trip.message_id}", headers=self._authorization)
        answer.raise_for_status()
        return trip.see(answer.json()["status"])

    def _tell(self, trip: Trip, live: Live | None) -> None:
        if live:
            live.update(self._table(), refresh=True)
            return
        elapsed = time.monotonic() - trip.posted_at
        line = f"{trip.event.title} · {trip.customer} · {trip.language}: {trip.status} after {elapsed:.2f} s"
        self._console.print(line, markup=False, soft_wrap=True)

    def _table(self) -> Table:
        table = Table(box=None, padding=(0, 1, 0, 0))
        for heading in ("Message", "Customer", "Lang", *(stage.capitalize() for stage in STAGES)):
            table.add_column(heading, no_wrap=True)
        for trip in self._trips:
            cells = [_cell(trip, stage) for stage in STAGES]
            table.add_row(trip.event.title, trip.customer, trip.language, *cells)
        return table

    @property
    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}"}

    def curl(self, event: DemoEvent) -> str:
        """A line to paste into a terminal."""
        url = self._client.base_url.join(f"/v1/events/{event.event_type}")
        return (
            f"curl -s {url} -H 'Authorization: Bearer {self._key}' -H \"Idempotency-Key: try-$(date +%s)\" "
            f"-H 'Content-Type: application/json' -d {shlex.quote(json.dumps(event.body, ensure_ascii=False))}"
        )


def _cell(trip: Trip, stage: str) -> str:
    if stage in trip.reached:
        return f"[green]✓[/green] {trip.reached[stage]:.2f}"
    waiting = next(other for other in STAGES if other not in trip.reached)
    if stage == waiting:
        return f"[red]{trip.status}[/red]" if trip.status in ENDS else "[dim]…[/dim]"
    return ""
