"""A business at work: something of everything that the console's pages show."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from app.accounts import health
from app.accounts.health import Trouble
from app.container import Container
from app.core.clock import ManualClock
from app.core.ids import public_id
from app.messages.dispatch import Dispatcher
from tests.support.driving import PHONE, Driver, copy_sender, dispatch
from tests.support.graph_server import REFUSED
from tests.support.pages_server import PagesServer
from tests.support.world import order_confirmed, status_item, webhook

NAME = "Ayşe Yılmaz"
REFERENCE = "siparis-1001"
STRANGER = "+905321112255"
TOLD = [
    "reply.received",
    "sender.alert",
    *(f"message.{what}" for what in ("accepted", "sent", "delivered", "read", "failed", "suppressed", "canceled")),
]
"""What the business's own system wants to know."""


@dataclass(frozen=True)
class Work:
    read: str
    """A message that was read and answered."""
    failed: str
    suppressed: str
    scheduled: str
    contact: str
    reply: str
    link: str
    endpoint: str
    template: str
    """Paused, with a notice of another category."""
    sender: str
    """Paused by Meta."""

    def paths(self) -> list[str]:
        """Of all pages, one of each."""
        return [
            "messages",
            f"messages/{self.read}",
            f"messages/{self.failed}",
            f"messages/{self.suppressed}",
            f"messages/{self.scheduled}",
            f"contacts/{self.contact}",
            "replies",
            f"replies/{self.reply}",
            "templates",
            f"templates/{self.template}",
            "senders",
            "consents",
            f"consents/{self.link}",
            "callbacks",
            f"callbacks/{self.endpoint}",
        ]


async def put_to_work(
    driver: Driver, container: Container, dispatcher: Dispatcher, clock: ManualClock, callbacks: str
) -> Work:
    """`callbacks`: where the business's own system listens."""
    made = await driver.request("POST", "/v1/callback-endpoints", json={"url": callbacks, "types": TOLD})
    link = await driver.request(
        "POST", "/v1/opt-in-links", json={"source": "qr_till", "place": "Moda mağazası, 2. kasa"}
    )
    await _comes_by(driver, container, link.json())
    await driver.world.opt_in(REFUSED)
    read = await driver.accepted(order_confirmed(reference=REFERENCE, metadata={"kanal": "web"}))
    failed = await driver.accepted(order_confirmed(REFUSED))
    suppressed = await driver.accepted(order_confirmed(STRANGER))
    tomorrow = (container.clock.now() + timedelta(days=1)).isoformat()
    scheduled = await driver.accepted(order_confirmed(send_at=tomorrow))
    for _ in range(2):  # at the number's pace
        await dispatch(dispatcher)
        clock.advance(timedelta(seconds=1))
    await _is_read_and_answered(driver, container, read)
    endpoint = made.json()["id"]
    await driver.request("PATCH", f"/v1/callback-endpoints/{endpoint}", json={"description": "Sipariş sistemi"})
    replies = (await driver.request("GET", "/v1/replies")).json()["replies"]
    return Work(
        read=read,
        failed=failed,
        suppressed=suppressed,
        scheduled=scheduled,
        contact=(await driver.request("GET", f"/v1/contacts/{PHONE}")).json()["id"],
        reply=replies[0]["id"],
        link=link.json()["id"],
        endpoint=endpoint,
        template=await _troubled_template(container, driver),
        sender=await _paused_sender(container, driver),
    )


async def _comes_by(driver: Driver, container: Container, link: dict[str, Any]) -> None:
    """Several look, and one sends the text that opens the chat."""
    code = await container.opt_in_links.by_code(link["code"])
    assert code is not None
    for _ in range(4):
        await container.opt_in_links.count_scan(code)
    await _writes(driver, container, "wamid.in.1", text=link["prefilled_text"])


async def _writes(driver: Driver, container: Container, wamid: str, *, text: str, to: str | None = None) -> None:
    said = {"from": PHONE.lstrip("+"), "id": wamid, "timestamp": str(int(container.clock.now().timestamp()))}
    context = {"context": {"from": "908505551010", "id": to}} if to is not None else {}
    wrote = webhook(driver.world, messages=[{**said, "type": "text", "text": {"body": text}, **context}])
    assert (await driver.webhook(wrote)).status_code == 200


async def _is_read_and_answered(driver: Driver, container: Container, message: str) -> None:
    now, wamid = int(container.clock.now().timestamp()), f"wamid.{message}"
    statuses = ("sent", "delivered", "read")
    await driver.receipts(*(status_item(message, one, wamid=wamid, at=now + i) for i, one in enumerate(statuses)))
    await _writes(driver, container, "wamid.in.2", text="Teşekkürler, kargo ne zaman gelir?", to=wamid)


async def _troubled_template(container: Container, driver: Driver) -> str:
    found = await container.database.pool.fetchval(
        """
        UPDATE templates SET status = 'PAUSED', pause = 'FIRST_PAUSE', quality = 'RED', correct_category = 'MARKETING',
               category_noticed_at = $2, category_effective_at = $3, approved_at = $4
         WHERE business_id = $1 AND name = 'order_shipped' AND language = 'tr' RETURNING id
        """,
        driver.world.business_id,
        container.clock.now(),
        container.clock.now() + timedelta(hours=20),
        container.clock.now() - timedelta(days=50),
    )
    return public_id("tpl", found)


async def _paused_sender(container: Container, driver: Driver) -> str:
    sender_id = await copy_sender(container, driver.world, mode=driver.world.mode, phone_number_id="100000000000002")
    now = container.clock.now()
    async with container.database.pool.acquire() as connection, connection.transaction():
        trouble = Trouble(driver.world.business_id, sender_id, 131042, "Business eligibility payment issue", now)
        await health.pause(connection, trouble, now=now, probe_interval=timedelta(minutes=5))
    return public_id("snd", sender_id)


async def at_work(server: PagesServer, dispatcher: Dispatcher, callbacks: str) -> Work:
    """The same through a server on a socket."""
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        driver = Driver(http, server.world)
        return await put_to_work(driver, server.container, dispatcher, server.clock, callbacks)
