"""Nothing is open that should not be, nothing is unfinished, nothing is left out of the README."""

import re

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.cli.run import ROOT
from app.core.settings import PREFIX, Settings
from app.templates.schemas import TEMPLATE_EXAMPLE
from tests.support.driving import problem

OPEN = re.compile(
    r"/webhooks/.*|/l/.*|/[oO]/.*|/p/.*|/opt-in/.*|/public/.*|/embed/.*|/integrations/.*|/console|/console/.*"
    r"|/healthz|/readyz|/metrics|/docs.*|/redoc.*|/openapi\.json|/static-offline-docs.*|/favicon.*"
)


VALID: dict[str, dict[str, object]] = {
    "/consent": {"act": "opt_out", "source": "checkout"},
    "/v1/test-lists/{name}": {"contacts": []},
    "/v1/proofs/find": {"phone": "+905321112233"},
    "/test-list": {"test_list": "staff"},
    "/v1/opt-in-links": {"source": "qr_till"},
    "/v1/integrations": {"platform": "woocommerce", "shop": "https://shop.example", "secret": "secret-of-the-shop"},
    "/rotate": {"secret": "another-secret-of-the-shop"},
    "/v1/templates": TEMPLATE_EXAMPLE,
    "/accept-category": {"category": "MARKETING"},
    "/variants": {"templates": ["order_confirmed"]},
    "/v1/messages/reply": {"to": {"contact": "+905321112233"}, "text": {"body": "Evet"}},
    "/answers": {"answers": {"confirmed": {"text": {"tr": "Teşekkürler."}}}},
    "/v1/callback-endpoints": {"url": "https://shop.example/callbacks"},
    "/v1/analytics/rates": {"rates": []},
    "/replay": {"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"},
    "/v1/conversions": {"type": "purchase", "contact": {"phone": "+905321112233"}},
    "/v1/conversions/batch": {"conversions": [{}]},
    "/v1/experiments": {"event_type": "order-confirmed", "kind": "canary", "variant": "short", "share": 50},
}
"""A body by the end of its address, where none at all is refused first."""


def _routes(app: FastAPI) -> list[tuple[str, str]]:
    """As the application was built, whatever the document says."""

    def inner(routes, prefix=""):
        for route in routes:
            children = getattr(route, "routes", None) or getattr(
                getattr(route, "original_router", None), "routes", None
            )
            if children and not getattr(route, "methods", None):
                yield from inner(children, prefix)
            elif isinstance(route, APIRoute) or getattr(route, "methods", None):
                for method in route.methods - {"HEAD", "OPTIONS"}:
                    yield method, prefix + route.path

    return sorted(set(inner(app.router.routes)))


async def test_every_route_but_the_open_ones_asks_for_a_key(app: FastAPI, http: httpx.AsyncClient) -> None:
    asked = [(method, path) for method, path in _routes(app) if not OPEN.fullmatch(path)]
    documented = {
        (method.upper(), path)
        for path, operations in app.openapi()["paths"].items()
        for method in operations
        if not OPEN.fullmatch(path)
    }
    assert set(asked) == documented
    assert len(asked) >= 8
    for method, path in asked:
        filled = re.sub(r"\{\w+\}", "+905321112233", path)
        # Of a shape that no operation refuses before it looks for the key.
        valid = next((body for end, body in VALID.items() if path.endswith(end)), {})
        answer = await http.request(method, filled, json=valid if method != "GET" else None)
        problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_operational_addresses_answer_without_a_key(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 200


async def test_metrics_name_no_phone(http: httpx.AsyncClient) -> None:
    await http.get("/v1/contacts/+905321112233")
    assert "905321112233" not in (await http.get("/metrics")).text


def test_nothing_is_left_unfinished() -> None:
    words = re.compile(r"TODO|FIXME|XXX|HACK|NotImplementedError")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for root in ("app", "migrations")
        for path in sorted((ROOT / root).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if words.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_readme_names_every_setting(name: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"\b{PREFIX}{name.upper()}\b", readme)


def test_readme_names_no_setting_that_is_not_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(rf"\b{PREFIX}([A-Z_]+[A-Z])\b", readme))
    known = {name.upper() for name in Settings.model_fields}
    elsewhere = {name for name in named - known if name.startswith("SANDBOX_") or name.removesuffix("_FILE") in known}
    allowed = {"PYTHON", "X_FILE"}
    assert named - known - elsewhere - allowed == set()
