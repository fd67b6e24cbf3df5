"""A number that stands well, at a sandbox in this process: Graph's address leads there, and ours to the API."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import respx
from fastapi import FastAPI

from app.container import Container
from app.core.database import WORKER_NAME
from app.doctor.service import CheckUp
from app.sandbox.main import create_app
from app.sandbox.settings import SandboxSettings
from app.sandbox.state import Template
from tests.support.fixtures import driver
from tests.support.world import PUBLIC_URL, VERIFY_TOKEN, World

__all__ = ["driver"]

CALLBACK = f"{PUBLIC_URL}/webhooks/whatsapp"


def _leads_to(app: Any) -> Callable[[httpx.Request], Awaitable[httpx.Response]]:
    transport = httpx.ASGITransport(app)

    async def forward(request: httpx.Request) -> httpx.Response:
        answer = await transport.handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

    return forward


@dataclass
class Meta:
    """The sandbox, as whoever runs Meta sees it."""

    http: httpx.AsyncClient
    app: FastAPI
    world: World

    async def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = await self.http.request(method, f"http://sandbox.test/control/{path}", json=body)
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def stands(self, **changes: Any) -> None:
        """So, and otherwise well."""
        await self.control("PUT", f"numbers/{self.world.phone_number_id}/standing", changes)

    async def template(self, name: str, language: str, **change: Any) -> None:
        state = self.app.state.sandbox.world.state
        for key, row in list(state.templates.items()):
            if (row.name, row.language) == (name, language):
                state.templates[key] = replace(row, **change)

    async def check(self) -> CheckUp:
        """Anew, whatever was found a moment ago."""
        world = self.world
        check_ups = world.container.check_ups
        return await check_ups.of_sender(world.business_id, world.mode, world.sender_id, no_older_than=timedelta(0))

    async def faults(self) -> dict[str, str]:
        """By check, what is not fine."""
        return {one.check.value: one.outcome.value for one in (await self.check()).findings if one.outcome != "ok"}


@pytest.fixture
async def meta(
    app: FastAPI, graph: respx.MockRouter, world: World, container: Container, database_url: str
) -> AsyncIterator[Meta]:
    async with httpx.AsyncClient() as client:
        sandbox = create_app(SandboxSettings(clock="manual"), http=client)
        graph.route(host="sandbox.test").mock(side_effect=_leads_to(sandbox))
        graph.route(host="msg.example").mock(side_effect=_leads_to(app))
        found = Meta(client, sandbox, world)
        await found.control(
            "POST",
            "accounts",
            {
                "phone_number_id": world.phone_number_id,
                "waba_id": world.waba_id,
                "access_token": "access-token",
                "app_secret": world.app_secret,
                "verify_token": VERIFY_TOKEN,
                "callback_url": CALLBACK,
            },
        )
        await _hold_templates(container, sandbox, world)
        worker = await asyncpg.connect(database_url, server_settings={"application_name": WORKER_NAME})
        try:
            yield found
        finally:
            await worker.close()


async def _hold_templates(container: Container, sandbox: FastAPI, world: World) -> None:
    """Those of which Ulak knows."""
    rows = await container.database.pool.fetch("SELECT * FROM templates WHERE business_id = $1", world.business_id)
    now = container.clock.now().timestamp()
    for row in rows:
        sandbox.state.sandbox.world.state.templates[row["meta_id"]] = Template(
            row["meta_id"],
            world.waba_id,
            row["name"],
            row["language"],
            row["category"],
            "NAMED",
            [],
            status="APPROVED",
            created_at=now,
            updated_at=now,
            active_at=now,
        )
