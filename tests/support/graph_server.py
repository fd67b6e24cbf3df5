"""Graph's address for sending, on a real socket: takes every message, but those to who is not on WhatsApp."""

import contextlib
import http.server
import threading
from collections.abc import Iterator

import httpx
import orjson

from tests.support.driving import accept_all, refusal

REFUSED = "+905321112244"
"""Who is not on WhatsApp."""


@contextlib.contextmanager
def graph_server() -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = httpx.Request("POST", self.path, content=self.rfile.read(int(self.headers["content-length"])))
            is_refused = orjson.loads(asked.content).get("to", "").lstrip("+") == REFUSED.lstrip("+")
            answer = refusal(131026) if is_refused else accept_all(asked)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(20)
