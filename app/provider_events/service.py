"""Applying what Meta reports: receipts in a group commit, everything else in a transaction, all before the answer.

An item that cannot be used (unreadable, of an unknown field, about a message or number that is not ours) is kept as the
bytes that came, and can be replayed. A signature speaks only for the numbers and accounts of its own app.
"""

import collections
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import health
from app.accounts.directory import BusinessAccount, Directory, SenderAccount, WebhookApp
from app.consent import holdings, repository
from app.consent.identity import Identities
from app.consent.links import OptInLinks
from app.consent.rules import permits_to_any
from app.consent.service import ConsentService
from app.core.clock import Clock
from app.core.database import Database, despite_collision
from app.core.group_commit import GroupCommit
from app.core.ids import first_id_at, new_id, parse_id
from app.messages import telling
from app.messages.erasing import forgotten_wamid
from app.messages.schemas import MESSAGE_PREFIX
from app.messages.statements import receipts
from app.messages.statements.batch import Connection
from app.messages.statements.receipts import NewReceipt
from app.messages.statements.windows import close_window
from app.provider_events import customers, senders, wishes
from app.provider_events.fold import fold
from app.provider_events.models import KeptItem
from app.provider_events.questions import Questions
from app.provider_events.sorting import AboutCustomers, Kept, OwnedStatus, Sorted, sort_out, unmatched
from app.provider_events.wishes import Heard, Recorded, Saying, Wishes
from app.replies.recording import Addressee, Arrived, ReplyRecorder, Stored
from app.templates.reports import Reports
from app.whatsapp.errors import OUTSIDE_WINDOW
from app.whatsapp.webhook_items import (
    InboundItem,
    PreferenceItem,
    StatusItem,
    TemplateItem,
)
from app.whatsapp.webhooks import body_of

log = structlog.get_logger(__name__)

REPLAY_MOST = 10_000

Confirm = Callable[[SenderAccount, str | None, str | None, str, datetime], Awaitable[None]]
"""Confirms an opt-out that a customer wrote: from which sender, `wa_id` and BSUID, the id of what they wrote, when."""


_REPLIES_AT_ONCE = 50
"""In one transaction, for whose locks others wait."""


@dataclass(frozen=True, slots=True)
class Replayed:
    taken: int
    kept_again: int


@dataclass(frozen=True, slots=True)
class Wished:
    """A reply in which something was heard."""

    sender: SenderAccount
    reply: InboundItem
    business: BusinessAccount
    heard: Heard


@dataclass(frozen=True, slots=True)
class Done:
    """What is to follow the commit of a body."""

    recorded: list[tuple[Wished, Recorded]]
    erased: Container[tuple[UUID, str]]
    """Replies that were erased since they came first."""
    troubles: list[health.Trouble]


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is made of customers' wishes, and how they are answered."""

    wishes: Wishes
    links: OptInLinks
    ask: Questions
    confirm: Confirm


class ProviderEvents:
    def __init__(
        self,
        database: Database,
        directory: Directory,
        templates: Reports,
        consent: ConsentService,
        identities: Identities,
        conversation: Conversation,
        replies: ReplyRecorder,
        clock: Clock,
        probe_interval: timedelta,
    ) -> None:
        self._database = database
        self._directory = directory
        self._templates = templates
        self._consent = consent
        self._identities = identities
        self._said = conversation
        self._replies = replies
        self._clock = clock
        self._probe_interval = probe_interval
        self._receipts: GroupCommit[list[OwnedStatus], list[StatusItem]] = GroupCommit(
            "receipts", self._flush_receipts, most=2000, weigh=len
        )

    async def take(self, app: WebhookApp, body: bytes) -> None:
        """Returns when everything in the body is durable."""
        sorted_items = sort_out(app, body)
        kept = sorted_items.kept
        if sorted_items.statuses:
            strangers = await self._receipts.submit(sorted_items.statuses)
            kept += [unmatched(item, "no message of ours") for item in strangers]
        if sorted_items.named:
            now = self._clock.now()
            await self._identities.learn(customers.named_in(*one, now) for one in sorted_items.named)
        if sorted_items.has_others:
            for part in sorted_items.parts(_REPLIES_AT_ONCE):
                await self._take_others(app, part)

    async def drain(self) -> None:
        await self._receipts.drain()

    async def replay(self, apps: Sequence[WebhookApp]) -> Replayed:
        """Takes what was kept once more, under the app that signed it; what still cannot be used is kept again."""
        signers = {app.fingerprint: app for app in apps}
        async with self._database.transaction() as session:
            rows = (await session.scalars(select(KeptItem).order_by(KeptItem.id).limit(REPLAY_MOST))).all()
        started_at = self._clock.now()
        taken = 0
        for row in rows:
            app = signers.get(row.signer)
            if app is None:
                continue
            await self.take(app, body_of(row.part, row.raw, row.waba_id, row.phone_number_id))
            async with self._database.transaction() as session:
                await session.execute(delete(KeptItem).where(KeptItem.id == row.id))
            taken += 1
        async with self._database.transaction() as session:
            again = await session.scalar(
                select(func.count()).select_from(KeptItem).where(KeptItem.received_at >= started_at)
            )
        return Replayed(taken=taken, kept_again=again or 0)

    async def _flush_receipts(self, batches: list[list[OwnedStatus]]) -> list[list[StatusItem] | Exception]:
        """Applies many bodies' receipts at once; answers for each body the items that belong to no message."""
        now = self._clock.now()
        owned = [one for batch in batches for one in batch]
        forgotten = await self._forgotten({one.business_id for one in owned}, now)
        async with self._database.pool.acquire() as connection, connection.transaction():
            places = await self._messages_of(connection, owned)
            reported = fold([(places[id(one)], one) for one in owned if id(one) in places])
            changed = await telling.apply_receipts(connection, reported, now) if reported else {}
            # A repeated receipt changes nothing; only then is it worth asking whether the message exists at all.
            unsure = [(one.business_id, one.id) for one in reported if (one.business_id, one.id) not in changed]
            known = changed | (await receipts.existing(connection, unsure) if unsure else {})
            rows = {
                (receipt.business_id, receipt.message_id, receipt.status, receipt.wamid): receipt
                for one in owned
                if id(one) in places and (one.business_id, places[id(one)]) in known
                for receipt in (_receipt(one, places[id(one)], now, known, forgotten),)
            }
            if rows:
                await receipts.store_receipts(connection, list(rows.values()))
            failed = [
                (one.business_id, one.sender_id, one.item)
                for one in owned
                if one.item.status == "failed" and (one.business_id, places.get(id(one))) in changed
            ]
            if failed:
                await senders.note_failures(connection, failed, now=now, probe_interval=self._probe_interval)
            for one in owned:
                if any(error.code == OUTSIDE_WINDOW for error in one.item.errors) and id(one) in places:
                    await close_window(connection, one.business_id, places[id(one)], one.item.at)
            reached = [
                (one.business_id, one.sender_id, places[id(one)])
                for one in owned
                if one.may_be_probe and one.item.status != "failed" and id(one) in places
            ]
            if reached:
                await senders.note_probes(connection, reached, now=now)
        return [[one.item for one in batch if (one.business_id, places.get(id(one))) not in known] for batch in batches]

    async def _messages_of(self, connection: Connection, owned: Sequence[OwnedStatus]) -> dict[int, UUID]:
        """The message that each status is about: by our id where Meta echoes it, else by Meta's own."""
        places: dict[int, UUID] = {}
        nameless = []
        for one in owned:
            message_id = parse_id(MESSAGE_PREFIX, one.item.callback_data) if one.item.callback_data else None
            if message_id is not None:
                places[id(one)] = message_id
            else:
                nameless.append(one)
        if nameless:
            names = [(one.business_id, one.item.wamid) for one in nameless]
            found = await receipts.by_wamid(
                connection, [*names, *((who, forgotten_wamid(name)) for who, name in names)]
            )
            for one, (who, name) in zip(nameless, names, strict=True):
                if message_id := found.get((who, name)) or found.get((who, forgotten_wamid(name))):
                    places[id(one)] = message_id
        return places

    async def _forgotten(self, business_ids: Iterable[UUID], now: datetime) -> dict[UUID, UUID]:
        """By business that forgets what Meta reports: up to which message it has forgotten it. An hour ahead of the job
        that does so, so that it finds no receipt stored behind its back."""
        found = {}
        for business_id in business_ids:
            business = await self._directory.business(business_id)
            days = business.retention.get("webhooks") if business is not None else None
            if days is not None:
                found[business_id] = first_id_at(now - timedelta(days=days) + timedelta(hours=1))
        return found

    async def _take_others(self, app: WebhookApp, items: Sorted) -> None:
        now = self._clock.now()
        heard = await self._listen(items.replies)
        about = AboutCustomers.of(items, now)
        businesses = await self._businesses(about.senders)
        written_to = await self._businesses([sender for sender, _ in items.replies])
        addressees = {one: await self._replies.addressee(business) for one, business in written_to.items()}
        done = await despite_collision(
            lambda: self._store_others(app, items, heard, about, businesses, addressees, now), "webhook collided"
        )
        if done.troubles:
            async with self._database.pool.acquire() as connection, connection.transaction():
                for trouble in done.troubles:
                    await health.pause(connection, trouble, now=now, probe_interval=self._probe_interval)
        standing = [one for one in heard if (one.sender.business_id, one.reply.wamid) not in done.erased]
        await self._answer(standing, done.recorded, now)

    async def _store_others(
        self,
        app: WebhookApp,
        items: Sorted,
        heard: Sequence[Wished],
        about: AboutCustomers,
        businesses: Mapping[UUID, BusinessAccount],
        addressees: Mapping[UUID, Addressee],
        now: datetime,
    ) -> Done:
        """In one transaction, which may be tried again."""
        kept = list(items.kept)
        async with self._database.transaction() as session:
            if heard or businesses:
                # What Meta says of customers may refuse something, too.
                refusing = bool(businesses) or any(one.heard.may_refuse for one in heard)
                business_ids = {one.sender.business_id for one in heard} | businesses.keys()
                await self._consent.lock(session, business_ids, refusing=refusing)
            stored = await self._store_replies(session, items.replies, heard, about, addressees, now)
            recorded = await self._record_wishes(session, heard, stored.new, now)
            nobodys = await self._record_preferences(session, about, businesses, now)
            kept += [unmatched(preference, "names nobody") for preference in nobodys]
            for told in await self._apply_templates(session, app, items.templates):
                error = "no such template"
                kept.append(Kept("unmatched", error, told.field, told.waba_id, None, "change", told.raw))
            troubles = [one for item in items.senders for one in await senders.apply(session, app, item, now)]
            session.add_all(_kept_row(app, one, now) for one in kept)
        return Done(recorded, stored.erased, troubles)

    async def _listen(self, replies: Sequence[tuple[SenderAccount, InboundItem]]) -> list[Wished]:
        heard = []
        for sender, reply in replies:
            business = await self._directory.business(sender.business_id)
            found = await wishes.heard_in(reply, sender, business, self._said.links) if business is not None else None
            if business is not None and found is not None:
                heard.append(Wished(sender, reply, business, found))
        return heard

    async def _record_wishes(
        self, session: AsyncSession, heard: Sequence[Wished], new: Container[tuple[UUID, str]], now: datetime
    ) -> list[tuple[Wished, Recorded]]:
        """Of those that came before, only what must not be taken for new."""
        recorded = []
        for one in heard:
            if (one.sender.business_id, one.reply.wamid) in new:
                done = await self._said.wishes.record(session, one.business, one.sender, one.reply, one.heard, now)
                recorded.append((one, done))
            elif await wishes.is_answer(session, one.sender, one.reply, one.heard):
                recorded.append((one, wishes.NOTHING))  # a no to what was asked, which is not confirmed
        await self._count_opt_ins(session, [done for _, done in recorded])
        return recorded

    async def _count_opt_ins(self, session: AsyncSession, recorded: Sequence[Recorded]) -> None:
        """In order, as whoever counts for several links does."""
        counted: collections.Counter[tuple[UUID, UUID]] = collections.Counter()
        for one in recorded:
            if one.came_by is not None:
                counted[one.came_by.business_id, one.came_by.id] += 1
            counted.update(
                {(request.business_id, request.link_id) for request in one.confirmed if request.link_id is not None}
            )
        for (business_id, link_id), opt_ins in sorted(counted.items()):
            await self._said.links.count_opt_in(session, business_id, link_id, opt_ins)

    async def _answer(
        self, heard: Sequence[Wished], recorded: Sequence[tuple[Wished, Recorded]], now: datetime
    ) -> None:
        done = {id(one): what for one, what in recorded}
        for one in heard:
            what = done.get(id(one))
            # Also for one that came before: a process may have ended between the act and its confirmation.
            if what.left if what is not None else one.heard.saying is Saying.STOP:
                reply = one.reply
                await self._said.confirm(
                    one.sender, reply.from_wa_id, reply.from_user_id, reply.wamid, min(reply.at, now)
                )
            if what is not None and what.question is not None and await self._still_gets_messages(one):
                await self._said.ask(one.sender, what.question)

    async def _still_gets_messages(self, one: Wished) -> bool:
        """Asked once more when it counts: they may have left since, in the next words of the same body."""
        async with self._database.transaction() as session:
            contact = await repository.known_customer(
                session, one.sender.business_id, one.sender.mode, one.reply.from_wa_id, one.reply.from_user_id
            )
            if contact is None:
                return False
            rows = await holdings.consents(session, contact.business_id, contact.id)
        return permits_to_any({row.topic: row.state for row in rows}).permitted

    async def _store_replies(
        self,
        session: AsyncSession,
        replies: Sequence[tuple[SenderAccount, InboundItem]],
        heard: Sequence[Wished],
        about: AboutCustomers,
        addressees: Mapping[UUID, Addressee],
        now: datetime,
    ) -> Stored:
        wished = {id(one.reply): one for one in heard}
        changes = {id(reply): change for _, reply, change in about.changes}
        arrived = []
        for sender, reply in replies:
            addressee = addressees.get(sender.business_id)
            if addressee is not None:
                one = wished.get(id(reply))
                wish = await wishes.kind_of(session, sender, reply, one.heard) if one is not None else wishes.NO_WISH
                is_doubtful = one is not None and wishes.is_doubtful(one.heard, wish, addressee.business)
                arrived.append(Arrived(addressee, sender, reply, wish.surely, wish.of_request, is_doubtful))

        async def change_number(one: Arrived) -> None:
            await self._identities.change_number(session, one.addressee.business, changes[id(one.item)], now)

        return await self._replies.record(session, arrived, change_number, now)

    async def _businesses(self, named: Sequence[SenderAccount]) -> dict[UUID, BusinessAccount]:
        return {
            business.business_id: business
            for business_id in {sender.business_id for sender in named}
            if (business := await self._directory.business(business_id)) is not None
        }

    async def _record_preferences(
        self, session: AsyncSession, about: AboutCustomers, businesses: Mapping[UUID, BusinessAccount], now: datetime
    ) -> list[PreferenceItem]:
        """What Meta says of marketing; answers those that name nobody."""
        for sender, status in about.stopped:
            business = businesses[sender.business_id]
            await customers.record_stop(session, self._identities, business, sender, status, now)
        return [
            item
            for sender, item in about.preferences
            if not await customers.record_preference(
                session, self._identities, businesses[sender.business_id], sender, item, now
            )
        ]

    async def _apply_templates(
        self, session: AsyncSession, app: WebhookApp, items: Sequence[TemplateItem]
    ) -> list[TemplateItem]:
        """Answers those that are about no template of ours."""
        # In the order in which all lock templates; of one template in that of the body.
        ordered = sorted(items, key=lambda one: (one.waba_id, one.name, one.language))
        taken: set[int] = set()
        for business_id in sorted({one for item in ordered for one in app.wabas.get(item.waba_id, ())}):
            business = await self._directory.business(business_id)
            its = [item for item in ordered if business_id in app.wabas.get(item.waba_id, ())]
            strange = {id(item) for item in await self._templates.apply(session, business_id, business, its)}
            taken |= {id(item) for item in its} - strange
        return [item for item in ordered if id(item) not in taken]


def _receipt(
    one: OwnedStatus,
    message_id: UUID,
    now: datetime,
    erased: Mapping[tuple[UUID, UUID], bool],
    forgotten: Mapping[UUID, UUID],
) -> NewReceipt:
    """Of a message whose content is erased, only what became of it."""
    item = one.item
    is_erased = erased[one.business_id, message_id]
    is_old = message_id < forgotten.get(one.business_id, _FIRST_ID)
    return NewReceipt(
        one.business_id,
        message_id,
        item.status,
        forgotten_wamid(item.wamid) if is_erased else item.wamid,
        occurred_at=item.at,
        received_at=now,
        payload="{}" if is_erased or is_old else item.raw.decode(),
    )


_FIRST_ID = UUID(int=0)


def _kept_row(app: WebhookApp, kept: Kept, now: datetime) -> KeptItem:
    return KeptItem(
        id=new_id(),
        received_at=now,
        signer=app.fingerprint,
        part=kept.part,
        why=kept.why,
        error=kept.error,
        field=kept.field,
        waba_id=kept.waba_id,
        phone_number_id=kept.phone_number_id,
        raw=kept.raw,
    )
