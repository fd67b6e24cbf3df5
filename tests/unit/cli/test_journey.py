"""What `ulak up` shows of the three messages."""

import io
import json
import shlex

import httpx
import pytest
from rich.console import Console

from app.cli.demo import Demo, DemoEvent
from app.cli.journey import Journey, Trip
from app.cli.run import CommandError

EVENT = DemoEvent(
    "order-confirmed",
    "Order confirmed",
    {"contact": {"phone": "+905321112233", "name": "Ayşe O'Neil", "language": "tr"}, "data": {"order_number": "A-1"}},
)
DEMO = Demo("Demo", "ulak_test_key", ("+905321112233",), [EVENT])


class Api:
    """Answers the POST, then each GET with the next status."""

    def __init__(self, *statuses: str, accepts: int = 202) -> None:
        self._statuses = list(statuses)
        self._accepts = accepts
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.method == "POST":
            return httpx.Response(self._accepts, json={"id": "msg_1", "status": "queued"})
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        return httpx.Response(200, json={"id": "msg_1", "status": status})

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self), base_url="http://127.0.0.1:8000")


def console(*, terminal: bool = False) -> Console:
    return Console(record=True, force_terminal=terminal, width=80, file=io.StringIO())


async def run(api: Api, output: Console, seconds: float = 20) -> bool:
    async with api.client() as client:
        journey = Journey(client, output, DEMO)
        await journey.post()
        return await journey.follow(seconds)


async def test_each_stage_is_a_line_where_there_is_no_terminal() -> None:
    api, output = Api("queued", "sending", "accepted", "read"), console()
    assert await run(api, output)
    words = [line.rpartition(": ")[2].split()[0] for line in output.export_text().splitlines()]
    assert words == ["queued", "sending", "accepted", "read"]
    assert {request.headers["Authorization"] for request in api.requests} == {"Bearer ulak_test_key"}
    assert api.requests[0].headers["Idempotency-Key"]


async def test_the_table_fits_80_columns() -> None:
    output = console(terminal=True)
    assert await run(Api("accepted", "delivered", "read"), output)
    last = output.export_text().splitlines()[-1]
    assert last.count("✓") == 5
    assert len(last) <= 80


@pytest.mark.parametrize("end", ["failed", "suppressed", "expired", "canceled"])
async def test_an_end_other_than_read_is_no_success(end: str) -> None:
    output = console(terminal=True)
    assert not await run(Api(end), output)
    assert end in output.export_text()


async def test_waiting_is_bounded() -> None:
    assert not await run(Api("sent"), console(), seconds=0.2)


async def test_a_refusal_is_shown_with_its_reason() -> None:
    with pytest.raises(CommandError, match=r"POST /v1/events/order-confirmed was answered with 401: .*msg_1"):
        await run(Api("read", accepts=401), console())


async def test_the_line_to_paste_survives_the_shell() -> None:
    async with Api("read").client() as client:
        words = shlex.split(Journey(client, console(), DEMO).curl(EVENT))
    assert words[2] == "http://127.0.0.1:8000/v1/events/order-confirmed"
    assert json.loads(words[-1]) == EVENT.body


def test_stages_that_nobody_saw_count_as_reached() -> None:
    trip = Trip(EVENT)
    assert trip.see("delivered")
    assert list(trip.reached) == ["queued", "accepted", "sent", "delivered"]
    assert not trip.see("delivered")
