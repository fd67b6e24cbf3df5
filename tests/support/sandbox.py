"""A sandbox whose clock is driven, and a receiver of its webhooks, in one process without sockets."""

import asyncio
import json
from collections import deque

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.sandbox.main import create_app

CALLBACK = "http://receiver/webhooks"
NO_LIMITS = {"throughput": None, "pair_interval": 0}
"""For a test that sends much while time stands still."""


class Receiver:
    """Answers handshakes for one token, and POSTs with the planned statuses (0: breaks the connection), then 200.

    An answer waits for the gate, if there is one.
    """

    def __init__(self):
        self.verify_token = None
        self.posts = []
        self.planned = deque()
        self.echo = True
        self.gate = None
        self.app = Starlette(routes=[Route("/{path:path}", self.answer, methods=["GET", "POST"])])

    async def answer(self, request: Request) -> Response:
        if request.method == "GET":
            query = request.query_params
            assert query["hub.mode"] == "subscribe"
            if self.verify_token is not None and query["hub.verify_token"] != self.verify_token:
                return Response(status_code=403)
            return PlainTextResponse(query["hub.challenge"] if self.echo else "hello")
        body = await request.body()
        status = self.planned.popleft() if self.planned else 200
        self.posts.append((request.url.path, request.headers, body, status))
        if status == 0:
            raise httpx.ReadError("connection lost")
        if self.gate is not None:
            await self.gate.wait()
        return Response(status_code=status)

    @property
    def accepted(self):
        return [(path, headers, body) for path, headers, body, status in self.posts if status == 200]

    def changes(self, field=None):
        """(waba id, field, value) of every change that was accepted."""
        found = [
            (entry["id"], change["field"], change["value"])
            for _, _, body in self.accepted
            for entry in json.loads(body)["entry"]
            for change in entry["changes"]
        ]
        return [each for each in found if field in {None, each[1]}]

    def statuses(self, wamid=None):
        every = [status for _, _, value in self.changes("messages") for status in value.get("statuses", [])]
        return [status for status in every if wamid in {None, status["id"]}]

    def messages(self):
        return [message for _, _, value in self.changes("messages") for message in value.get("messages", [])]


async def until(condition):
    """What is waited for runs in this very loop."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - and raises no event
            await asyncio.sleep(0)


class Bench:
    def __init__(self, settings, receiver):
        self.receiver = receiver
        self.app = create_app(settings, http=httpx.AsyncClient(transport=httpx.ASGITransport(receiver.app)))
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://sandbox")
        self.account = {}

    async def open(self, **wanted):
        answer = await self.http.post("/control/accounts", json={"callback_url": CALLBACK} | wanted)
        self.account = answer.json()
        self.http.headers["Authorization"] = f"Bearer {self.account['access_token']}"
        return self

    async def advance(self, seconds):
        assert (await self.http.post("/control/clock/advance", json={"seconds": seconds})).status_code == 200

    async def now(self):
        return (await self.http.get("/healthz")).json()["now"]

    async def graph(self, method, path, version="v25.0", **kwargs):
        path = path.format(
            pnid=self.account["phone_number_id"], waba=self.account["waba_id"], app=self.account["app_id"]
        )
        return await self.http.request(method, f"/{version}/{path}", **kwargs)

    async def send(self, kind="text", content=None, to="+33612345678", version="v25.0", **more):
        body = {"messaging_product": "whatsapp", "to": to, "type": kind, kind: content or {"body": "Hello"}} | more
        return await self.graph(
            "POST", "{pnid}/messages", version, json={k: v for k, v in body.items() if v is not None}
        )

    async def send_template(self, name, *components, language="en", **more):
        content = {"name": name, "language": {"code": language}, "components": list(components)}
        return await self.send("template", content, **more)

    async def create(self, *, name="parcel_ready", approve=True, **more):
        template = {"name": name, "language": "en", "category": "UTILITY", "components": [body()]} | more
        answer = await self.graph("POST", "{waba}/message_templates", json=template)
        if approve:
            await self.advance(2)
        return answer

    async def dial(self, **changes):
        answer = await self.http.patch("/control/faults", json=changes)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def counts(self):
        return (await self.http.get("/control/faults")).json()["counts"]

    async def plain_template(self):
        """One that is sent without parameters, for tests of what happens to a send."""
        await self.create(name="plain", components=[body("A parcel is waiting at the desk.", ())])

    async def order(self, callback_data=None, to="+33612345678"):
        """A send of the plain template."""
        return await self.send_template("plain", to=to, biz_opaque_callback_data=callback_data)

    async def slow_order(self, callback_data):
        """A send that is processed and not answered yet, as a task."""
        archive = self.app.state.sandbox.world.archive
        sending = asyncio.create_task(self.order(callback_data))
        await until(lambda: callback_data in archive.by_callback_data)
        return sending

    async def tally(self):
        return (await self.http.get("/control/tally")).json()["data"]

    async def write(self, sender="33612345678", **more):
        """A customer writes; opens the service window."""
        text = {"text": "Hi"} if more.get("kind", "text") == "text" else {}
        inbound = {"from": sender, "phone_number_id": self.account["phone_number_id"]} | text | more
        answer = await self.http.post("/control/inbound", json=inbound)
        await self.advance(1)
        return answer


def body(text="Hello {{1}}, your parcel {{2}} is waiting at the desk.", examples=("Ana", "P-77")):
    example = {"example": {"body_text": [list(examples)]}} if examples else {}
    return {"type": "BODY", "text": text} | example


def wamid_of(answer):
    return answer.json()["messages"][0]["id"]


def error_of(answer):
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("error_subcode")
