"""A business's system that receives callbacks, written with the public library of Standard Webhooks."""

import contextlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

Reply = tuple[int, dict[str, str], bytes]

TAKEN: Reply = (204, {}, b"")


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def events(self) -> list[dict[str, Any]]:
        """Those of a batch, or the one that it is."""
        document = self.document
        return document["data"]["events"] if document["type"] == "events.batch" else [document]

    def is_signed_with(self, secret: str) -> bool:
        """As the library has it, the time included."""
        try:
            Webhook(secret).verify(self.body, self.headers)
        except WebhookVerificationError:
            return False
        return True


@dataclass
class Receiver:
    url: str
    calls: list[Received] = field(default_factory=list)
    """All, in the order in which they came."""
    taken: list[Received] = field(default_factory=list)
    """Those that were answered with success."""
    answer: Callable[[Received], Reply] = lambda _: TAKEN

    @property
    def events(self) -> list[dict[str, Any]]:
        """Of what was taken, the first time that each event came."""
        found: dict[str, dict[str, Any]] = {}
        for call in list(self.taken):
            for event in call.events:
                found.setdefault(event["id"], event)
        return list(found.values())


@contextlib.contextmanager
def receiver() -> Iterator[Receiver]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            body = self.rfile.read(length)
            if len(body) < length:  # whoever called was killed before it had said everything
                self.close_connection = True
                return
            call = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            made.calls.append(call)
            status, headers, text = made.answer(call)
            if 200 <= status < 300:
                made.taken.append(call)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Whoever called may be gone: killed, or out of patience."""

    with Server(("127.0.0.1", 0), Handler) as server:
        made = Receiver(f"http://127.0.0.1:{server.server_address[1]}/callbacks")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join(20)
