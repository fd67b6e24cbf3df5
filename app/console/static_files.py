"""Style sheets and scripts of the console: each under an address that names its content, to be kept for ever."""

import gzip
import hashlib
from functools import cache
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response

from app.console.navigation import PATH

_KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}

_FILES = (
    "console.css",
    "work.css",
    "console.js",
    "icon.svg",
    "vendor/htmx-2.0.11.min.js",
    "vendor/htmx-sse-2.2.4.min.js",
    "vendor/charts-6.1.0.min.js",
)
"""Nothing else is served, whatever lies beside them."""

STATIC_PATH = f"{PATH}/static"

_FOR_EVER = "public, max-age=31536000, immutable"


@cache
def _content(name: str) -> bytes:
    return resources.files("app.console").joinpath("static", name).read_bytes()


@cache
def _packed(name: str) -> bytes:
    return gzip.compress(_content(name), 9, mtime=0)


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(_content(name)).hexdigest()[:16]


@cache
def static_url(name: str) -> str:
    """Raises KeyError for what is not served."""
    if name not in _FILES:
        raise KeyError(name)
    return f"{STATIC_PATH}/{_digest(name)}/{name}"


async def static_file(request: Request) -> Response:
    name, digest = request.path_params["name"], request.path_params["digest"]
    if name not in _FILES or digest != _digest(name):
        return Response("Not found", 404, {"Cache-Control": "no-store"}, "text/plain")
    headers = {"Cache-Control": _FOR_EVER, "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding"}
    kind = _KINDS[name.rpartition(".")[2]]
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(_packed(name), 200, {**headers, "Content-Encoding": "gzip"}, kind)
    return Response(_content(name), 200, headers, kind)
