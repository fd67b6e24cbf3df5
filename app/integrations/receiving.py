"""Taking a shop's webhook: what it says is kept as far as later ones need it, and told to the customer once.

A delivery goes through two transactions of ours with the acceptance of its events between them. The first notes it, the
order, the contact and the consent; the last what became of it. Whoever dies in between has answered nothing: the
platform sends it again, and what was accepted before is found by the idempotency key of each fact. Only after the last
commit 200 is answered, also to what is not used: platforms give up on addresses that refuse.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID
from weakref import WeakValueDictionary

import structlog
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, Directory
from app.consent.service import ConsentService
from app.core.clock import Clock
from app.core.database import Database, despite_collision
from app.core.ids import public_id
from app.core.secrets import SecretBox
from app.integrations import repository
from app.integrations.facts import Fact, Reading
from app.integrations.incoming import Incoming, Shop, Turned, read
from app.integrations.models import Integration, ShopDelivery
from app.integrations.remembering import TOLD, Begun, Memory, Standing, refused
from app.integrations.schemas import DoorAnswer
from app.integrations.shops import Platform, shop_named
from app.integrations.signatures import verify
from app.integrations.telling import OVERTAKEN, Result, Teller, summed

log = structlog.get_logger(__name__)

DELIVERIES = Counter(
    "ulak_integration_deliveries_total", "Webhooks of shops with the right signature.", ["platform", "outcome"]
)

_ANYTHING = "\x00"
"""Tried where there is no secret, so that the time of an answer does not tell."""


class Receiver:
    def __init__(
        self,
        database: Database,
        directory: Directory,
        consent: ConsentService,
        teller: Teller,
        secrets: SecretBox,
        clock: Clock,
    ) -> None:
        self._database = database
        self._directory = directory
        self._consent = consent
        self._memory = Memory(database, consent)
        self._teller = teller
        self._secrets = secrets
        self._clock = clock
        self._locks: WeakValueDictionary[tuple[UUID, str], asyncio.Lock] = WeakValueDictionary()

    async def signer(
        self, business_id: UUID | None, platform: Platform, shop: str | None, signature: bytes | None, body: bytes
    ) -> Shop:
        """The shop that signed the body. Raises Unauthorized, which says nothing of why."""
        rows: Sequence[Integration] = ()
        if business_id is not None:
            async with self._database.transaction() as session:
                rows = await repository.of_platform(session, business_id, platform)
        named = shop_named(platform, shop) if shop is not None else None
        signed = [row for row in rows if signature is not None and self._is_signed_by(row, signature, body)]
        if not rows:
            verify(body, signature or b"", _ANYTHING)
        for row in signed:
            if row.shop == named:
                return Shop.of(row)
        log.warning(
            "shop's signature refused",
            platform=platform,
            business=public_id("biz", rows[0].business_id) if rows else None,
            reason="another_shop" if signed else "signature",
            bytes=len(body),
        )
        raise refused()

    def _is_signed_by(self, row: Integration, signature: bytes, body: bytes) -> bool:
        is_now = verify(body, signature, self._secrets.open(row.secret))
        if is_now or row.former_secret is None or row.former_until is None or row.former_until <= self._clock.now():
            return is_now
        return verify(body, signature, self._secrets.open(row.former_secret))

    async def take(self, shop: Shop, incoming: Incoming) -> DoorAnswer:
        """Returns after the commit. Raises Unavailable where the platform is to try again."""
        now = self._clock.now()
        business = await self._directory.required(shop.business_id)
        reading, turned = read(shop, incoming, now)
        async with self._alone(shop.id, reading.order_id or incoming.digest.hex()):
            begun = await despite_collision(
                lambda: self._memory.begin(shop, business, incoming, reading, turned, now), "shop's webhook collided"
            )
            if begun.followed is not None:
                await self._consent.follow_up(business, *begun.followed)
            if not begun.is_done:
                await self._work(shop, business, begun, reading, turned)
        DELIVERIES.labels(shop.source.platform, "repeated" if begun.is_repeated else begun.row.outcome).inc()
        return _answer(begun)

    def _alone(self, shop_id: UUID, about: str) -> asyncio.Lock:
        """Held while a delivery about an order is worked on: platforms tell of one by several webhooks at once. What
        two processes tell, the idempotency keys make one of."""
        return self._locks.setdefault((shop_id, about), asyncio.Lock())

    async def _work(
        self, shop: Shop, business: BusinessAccount, begun: Begun, reading: Reading, turned: Turned | None
    ) -> None:
        row, standing = begun.row, begun.standing
        results: list[Result] = []
        if standing is not None:
            results = await self._teller.tell(shop, business, standing, reading.facts, row.received_at)
            for key in reading.closes:
                standing.facts.setdefault(key, OVERTAKEN)
            # Before this delivery is settled: who dies in between is told of it again, and of the others by nobody.
            await self._wake(shop, business, standing)
        if turned is not None:
            row.outcome, row.reason = turned.outcome, turned.reason
        elif results:
            row.outcome, row.reason = summed(results)
        else:
            row.outcome, row.reason = "ignored", reading.reason or "nothing_to_tell"
        await self._settle(shop, row, standing, results)

    async def _settle(
        self, shop: Shop, row: ShopDelivery, standing: Standing | None, results: Sequence[Result]
    ) -> None:
        row.results, row.held, row.settled_at = [one.as_json() for one in results], None, self._clock.now()
        names = ("outcome", "reason", "results", "held", "settled_at")
        async with self._database.transaction() as session:
            if standing is not None:
                await self._keep_facts(session, shop, standing)
            values = {name: getattr(row, name) for name in names}
            await repository.settle_delivery(session, shop.business_id, row.id, **values)

    async def _keep_facts(self, session: AsyncSession, shop: Shop, standing: Standing) -> None:
        """Beside those of others, who may have told of the same order meanwhile. Nothing where the order is gone: its
        customer was erased."""
        order = await repository.order(session, shop.business_id, shop.id, standing.order.order_id, lock=True)
        if order is not None:
            told = {key: note for key, note in order.facts.items() if note == TOLD}
            order.facts = {**order.facts, **standing.facts, **told}
            order.updated_at = self._clock.now()

    async def _wake(self, shop: Shop, business: BusinessAccount, standing: Standing) -> None:
        """Tells what came before its order."""
        async with self._database.transaction() as session:
            rows = await repository.waiting(session, shop.business_id, shop.id, standing.order.order_id)
        for row in rows:
            facts = [Fact.from_json(told) for told in row.held or ()]
            results = await self._teller.tell(shop, business, standing, facts, row.received_at)
            row.outcome, row.reason = summed(results)
            await self._settle(shop, row, standing, results)


def _answer(begun: Begun) -> DoorAnswer:
    row = begun.row
    made = [one["message"] for one in row.results or () if one.get("message")]
    return DoorAnswer.model_validate(
        {"outcome": row.outcome, "reason": row.reason, "messages": made, "repeated": begun.is_repeated}
    )
