"""Setting up businesses, keys and senders; connecting a sender checks everything against Graph before it is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import health, repository
from app.accounts.directory import CHANNEL
from app.accounts.errors import AccountError
from app.accounts.keys import Scope, new_key
from app.accounts.models import ApiKey, Business, LinkStyle, MetaApp, Mode, Sender
from app.accounts.senders import DUE_CHANNEL, STANDARD_THROUGHPUT, take_limit, take_number
from app.core.clock import Clock
from app.core.database import Database, announce
from app.core.ids import new_id
from app.core.secrets import SecretBox, new_secret
from app.whatsapp.client import GraphAccess, GraphClient, GraphUnreachableError
from app.whatsapp.errors import GraphError

QUIET_HOURS = (time(22), time(8))
NO_QUIET_HOURS = (time(0), time(0))
FALLBACK_LANGUAGES = ("tr", "en")


@dataclass(frozen=True, slots=True)
class SenderCredentials:
    """What Meta's dashboard shows for a number."""

    phone_number_id: str
    waba_id: str
    access_token: str
    app_secret: str
    verify_token: str


class Accounts:
    def __init__(
        self, database: Database, secrets: SecretBox, clock: Clock, graph: GraphClient, graph_urls: dict[Mode, str]
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._clock = clock
        self._graph = graph
        self._graph_urls = graph_urls

    async def create_business(
        self,
        name: str,
        *,
        country: str,
        language: str,
        time_zone: str,
        website: str,
        quiet_hours: tuple[time, time] = QUIET_HOURS,
        fallback_languages: Sequence[str] = FALLBACK_LANGUAGES,
        link_style: LinkStyle = "plain",
    ) -> UUID:
        business = Business(
            business_id=new_id(),
            name=name,
            country=country,
            language=language,
            time_zone=time_zone,
            website=website.rstrip("/"),
            quiet_from=quiet_hours[0],
            quiet_to=quiet_hours[1],
            fallback_languages=list(fallback_languages),
            link_style=link_style,
            secret=self._secrets.seal(new_secret()),
        )
        async with self._database.transaction() as session:
            session.add(business)
        return business.business_id

    async def create_key(
        self,
        business_id: UUID,
        name: str,
        *,
        mode: Mode,
        scopes: list[Scope] | None = None,
        expires_at: datetime | None = None,
    ) -> str:
        """Returns the token, which is stored only as a hash and can never be shown again."""
        key = new_key(business_id, mode)
        async with self._database.transaction() as session:
            await self._require_business(session, business_id)
            session.add(
                ApiKey(
                    business_id=business_id,
                    id=new_id(),
                    name=name,
                    mode=mode,
                    scopes=[scope.value for scope in scopes or list(Scope)],
                    prefix=key.prefix,
                    token_hash=key.token_hash,
                    expires_at=expires_at,
                )
            )
        return key.token

    async def revoke_key(self, business_id: UUID, key_id: UUID) -> None:
        """Every process forgets the key as soon as it hears of it, and within its cache's time to live at the latest.

        Raises AccountError.
        """
        async with self._database.transaction() as session:
            key = await repository.key(session, business_id, key_id)
            if key is None:
                raise AccountError("the business has no such key")
            key.revoked_at = key.revoked_at or self._clock.now()
            await announce(session, CHANNEL, business_id)

    async def add_sender(
        self, business_id: UUID, credentials: SenderCredentials, *, mode: Mode, throughput: int | None = None
    ) -> Sender:
        """Connects a number: reads it from Graph, checks that it belongs to the account, subscribes to webhooks.

        Adding a number again renews its token and secrets. Raises AccountError.
        """
        number = await self._check_at_graph(credentials, mode)
        async with self._database.transaction() as session:
            await self._require_business(session, business_id)
            await repository.lock_number(session, credentials.phone_number_id)
            sender = await repository.sender_by_number(session, credentials.phone_number_id)
            if sender is not None and (sender.business_id != business_id or sender.mode != mode):
                raise AccountError(f"number {credentials.phone_number_id} is already connected elsewhere")
            if sender is None:
                sender = Sender(business_id=business_id, id=new_id(), mode=mode, throughput=STANDARD_THROUGHPUT)
                sender.phone_number_id = credentials.phone_number_id
                sender.next_send_at = self._clock.now()
            sender.meta_app_id = await self._meta_app(session, business_id, credentials)
            sender.waba_id = credentials.waba_id
            sender.access_token = self._secrets.seal(credentials.access_token)
            take_number(sender, number, self._clock.now())
            sender.throughput_override = throughput
            sender.resumed_at = self._clock.now()
            session.add(sender)
            tier = number.get("whatsapp_business_manager_messaging_limit")
            await take_limit(session, business_id, mode, tier, self._clock.now())
            await announce(session, CHANNEL, business_id)
        await self._resume(business_id, sender.id)
        return sender

    async def _resume(self, business_id: UUID, sender_id: UUID) -> None:
        """New credentials, which Graph has just accepted, end a pause that the old ones brought about."""
        async with self._database.pool.acquire() as connection, connection.transaction():
            await health.resume(connection, business_id, sender_id, now=self._clock.now(), resolution="credentials")
            await connection.execute(health.ANNOUNCE, DUE_CHANNEL, "")

    async def _check_at_graph(self, credentials: SenderCredentials, mode: Mode) -> dict[str, Any]:
        access = GraphAccess(self._graph_urls[mode], credentials.access_token)
        try:
            number = await self._graph.phone_number(access, credentials.phone_number_id)
            numbers = await self._graph.phone_numbers(access, credentials.waba_id)
            if credentials.phone_number_id not in {str(row.get("id")) for row in numbers}:
                raise AccountError(
                    f"number {credentials.phone_number_id} does not belong to account {credentials.waba_id}"
                )
            await self._graph.subscribe_app(access, credentials.waba_id)
        except GraphError as error:
            raise AccountError(f"Meta refused: {error}. {error.entry.next_step}") from error
        except GraphUnreachableError as error:
            raise AccountError(f"Meta could not be reached: {error}") from error
        return number

    async def _meta_app(self, session: AsyncSession, business_id: UUID, credentials: SenderCredentials) -> UUID:
        for app in await repository.meta_apps(session, business_id):
            if self._secrets.open(app.app_secret) == credentials.app_secret:
                app.verify_token = self._secrets.seal(credentials.verify_token)
                return app.id
        app = MetaApp(
            business_id=business_id,
            id=new_id(),
            app_secret=self._secrets.seal(credentials.app_secret),
            verify_token=self._secrets.seal(credentials.verify_token),
        )
        session.add(app)
        await session.flush()  # the sender refers to it
        return app.id

    async def reseal(self) -> int:
        """Encrypts everything that is stored encrypted with the first of the keys, and answers how much that was: after
        it the others can go. Raises SecretUnreadableError, and then nothing has changed."""
        count = 0
        async with self._database.transaction() as session:
            for business in await repository.businesses(session):
                business.secret = self._secrets.reseal(business.secret) if business.secret is not None else None
                count += 1
            for app in await repository.all_meta_apps(session):
                app.app_secret = self._secrets.reseal(app.app_secret)
                app.verify_token = self._secrets.reseal(app.verify_token)
                count += 2
            for sender in await repository.all_senders(session):
                sender.access_token = self._secrets.reseal(sender.access_token)
                count += 1
        return count

    async def _require_business(self, session: AsyncSession, business_id: UUID) -> None:
        if await repository.business(session, business_id) is None:
            raise AccountError(f"there is no business {business_id}")
