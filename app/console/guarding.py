"""Whether a request that changes something comes from a page of ours. Pure."""

import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

PROOF_FIELD = "csrf"
PROOF_HEADER = "x-csrf-token"


def comes_from_here(request: Request, public_url: str) -> bool:
    """By what the browser says of where a form stood, which no page can make it lie about. Browsers that say nothing
    are left to the proof in the form."""
    told = request.headers.get("sec-fetch-site")
    if told is not None:
        return told in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return True
    hosts = {urlsplit(public_url).netloc.lower(), request.headers.get("host", "").lower()}
    return urlsplit(origin).netloc.lower() in hosts


def proves(sent: object, proof: str) -> bool:
    return isinstance(sent, str) and hmac.compare_digest(sent.encode(), proof.encode())
