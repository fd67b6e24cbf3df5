"""Builds the sandbox's ASGI application, which `ulak sandbox` serves."""

import contextlib
from collections.abc import AsyncIterator

import httpx
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError

from app.sandbox import (
    control,
    control_customers,
    control_faults,
    control_messages,
    control_numbers,
    control_templates,
    graph_accounts,
    graph_history,
    graph_messages,
    graph_template_sets,
    graph_templates,
    panel,
    phone,
    template_pages,
)
from app.sandbox.engine import Sandbox
from app.sandbox.graph import Graph
from app.sandbox.problems import ProblemError, render_problem
from app.sandbox.settings import SandboxSettings


def create_app(settings: SandboxSettings | None = None, *, http: httpx.AsyncClient | None = None) -> FastAPI:
    """`http` is what webhooks leave by; the proxies of the environment are not asked by the one made here."""
    settings = settings or SandboxSettings()
    client = http or httpx.AsyncClient(timeout=settings.webhook_timeout, trust_env=False)
    sandbox = Sandbox(settings, client)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with sandbox.running():
            yield
        if http is None:
            await client.aclose()

    app = FastAPI(title="WhatsApp Cloud API sandbox", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.sandbox = sandbox
    app.add_exception_handler(ProblemError, render_problem)
    app.add_exception_handler(RequestValidationError, render_problem)
    controls = (control, control_customers, control_messages, control_numbers, control_templates, control_faults)
    for part in (*controls, phone, panel, template_pages):
        app.include_router(part.router)
    app.router.routes.append(graph_messages.download_route(sandbox))
    parts = (graph_messages, graph_history, graph_templates, graph_template_sets, graph_accounts)
    handlers = {place: handler for part in parts for place, handler in part.ROUTES.items()}
    # Last, as its addresses would match all others.
    app.router.routes.extend(Graph(sandbox, handlers).routes())
    return app
