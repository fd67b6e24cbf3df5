"""Who calls and who sends, kept in each process: what the hot path must know without asking the database."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Self
from uuid import UUID

from app.accounts import repository
from app.accounts.keys import Scope, read_key
from app.accounts.models import LinkStyle, Mode, OnCategoryNotice, WordingCheck
from app.core.cache import LoadingCache
from app.core.clock import Clock
from app.core.database import Database, Notifications
from app.core.ids import public_id
from app.core.problems import NotFound
from app.core.secrets import SecretBox, hash_token, new_secret
from app.whatsapp.client import GraphAccess

CHANNEL = "ulak_accounts"
"""Notified with a business's id when anything of it changed."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request's key speaks for."""

    business_id: UUID
    mode: Mode
    key_id: UUID
    scopes: frozenset[str]
    expires_at: datetime | None

    @classmethod
    def without_key(cls, business_id: UUID, mode: Mode) -> Self:
        """Ulak itself, which reports an event in the business's name."""
        return cls(business_id, mode, UUID(int=0), frozenset({Scope.EVENTS_WRITE}), None)


@dataclass(frozen=True, slots=True)
class SenderAccount:
    business_id: UUID
    id: UUID
    mode: Mode
    phone_number_id: str
    waba_id: str
    meta_app_id: UUID
    display_phone_number: str
    verified_name: str
    throughput: int
    is_paused: bool
    """A moment ago; whether it may send is asked of the database."""
    access: GraphAccess

    @property
    def public_id(self) -> str:
        return public_id("snd", self.id)


@dataclass(frozen=True, slots=True)
class BusinessAccount:
    business_id: UUID
    name: str
    country: str
    language: str
    time_zone: str
    website: str
    fallback_languages: tuple[str, ...]
    """Tried in this order where there is no template in the customer's language."""
    link_style: LinkStyle
    on_category_notice: OnCategoryNotice
    quiet_from: time
    quiet_to: time
    critical_share: int
    limited: frozenset[Mode]
    """Modes in which Meta limits how many customers the business may begin to message in a day."""
    secret: str
    """Hex digits; only to derive keys from."""
    wording_check: WordingCheck
    double_opt_in: bool
    ask_when_unsure: bool
    colour: str
    privacy_url: str | None
    offered_topics: Mapping[str, Mapping[str, str]]
    retention: Mapping[str, int]
    click_parameter: str | None
    conversion_window_days: int
    senders: tuple[SenderAccount, ...]

    def sender(self, mode: Mode, wanted: UUID | None = None) -> SenderAccount | None:
        """The wanted sender, or the first one added; only of the mode that asks."""
        for sender in self.senders:
            if sender.mode == mode and (wanted is None or sender.id == wanted):
                return sender
        return None


@dataclass(frozen=True, slots=True)
class WebhookApp:
    """A distinct app secret, and whose webhooks it may sign."""

    app_secret: bytes
    verify_tokens: frozenset[str]
    senders: dict[str, SenderAccount]
    """By phone number id: a signature counts only for the numbers of its own app."""
    wabas: dict[str, frozenset[UUID]]
    """Businesses by account id."""

    @property
    def fingerprint(self) -> bytes:
        """Recognises the app's secret without revealing it."""
        return hashlib.sha256(b"ulak-signer" + self.app_secret).digest()


class Directory:
    def __init__(self, database: Database, secrets: SecretBox, clock: Clock, graph_urls: dict[Mode, str]) -> None:
        self._database = database
        self._secrets = secrets
        self._clock = clock
        self._graph_urls = graph_urls
        self._callers: LoadingCache[tuple[UUID, bytes], Caller | None] = LoadingCache(self._load_caller)
        self._by_token: dict[str, tuple[UUID, bytes]] = {}
        self._businesses: LoadingCache[UUID, BusinessAccount | None] = LoadingCache(self._load_business)
        self._apps: LoadingCache[None, tuple[WebhookApp, ...]] = LoadingCache(self._load_apps)

    def follow(self, notifications: Notifications) -> None:
        # Accounts change by hand, a few times a day: dropping everything is simpler than knowing what.
        notifications.listen(CHANNEL, lambda _: self.forget())

    def forget(self) -> None:
        """Load anew whatever is asked for next."""
        self._callers.clear()
        self._businesses.clear()
        self._apps.clear()

    async def caller(self, token: str) -> Caller | None:
        """Who the token speaks for; nothing for an unknown, revoked or expired one."""
        key = self._by_token.get(token)
        if key is None:
            claimed = read_key(token)
            if claimed is None:
                return None
            key = (claimed[0], hash_token(token))
        caller = self._callers.peek(key) or await self._callers.get(key)
        if caller is None or (caller.expires_at is not None and caller.expires_at <= self._clock.now()):
            return None
        if len(self._by_token) > 10_000:  # noqa: PLR2004 - forgotten, not unbounded
            self._by_token.clear()
        self._by_token[token] = key
        return caller

    async def business(self, business_id: UUID) -> BusinessAccount | None:
        return self._businesses.peek(business_id) or await self._businesses.get(business_id)

    async def required(self, business_id: UUID) -> BusinessAccount:
        """Of a caller, who has it by its key. Raises NotFound."""
        business = await self.business(business_id)
        if business is None:
            raise NotFound("The business of this key no longer exists.")
        return business

    async def webhook_apps(self) -> tuple[WebhookApp, ...]:
        return await self._apps.get(None)

    async def _load_caller(self, key: tuple[UUID, bytes]) -> Caller | None:
        async with self._database.transaction() as session:
            row = await repository.usable_key(session, key[0], key[1])
        if row is None:
            return None
        return Caller(row.business_id, row.mode, row.id, frozenset(row.scopes), row.expires_at)

    async def _load_business(self, business_id: UUID) -> BusinessAccount | None:
        async with self._database.transaction() as session:
            business = await repository.business(session, business_id)
            senders = await repository.senders(session, business_id)
            portfolios = await repository.portfolios(session, business_id)
            if business is not None and business.secret is None:
                business.secret = await repository.give_secret(session, business_id, self._secrets.seal(new_secret()))
        if business is None or business.secret is None:
            return None
        return BusinessAccount(
            business.business_id,
            business.name,
            business.country,
            business.language,
            business.time_zone,
            business.website,
            tuple(business.fallback_languages),
            business.link_style,
            business.on_category_notice,
            business.quiet_from,
            business.quiet_to,
            business.critical_share,
            frozenset(one.mode for one in portfolios if one.messaging_limit is not None),
            self._secrets.open(business.secret),
            business.wording_check,
            business.double_opt_in,
            business.ask_when_unsure,
            business.colour,
            business.privacy_url,
            business.offered_topics or {},
            business.retention,
            business.click_parameter,
            business.conversion_window_days,
            tuple(self.account_of(sender) for sender in senders),
        )

    def account_of(self, sender: repository.Sender) -> SenderAccount:
        access = GraphAccess(self._graph_urls[sender.mode], self._secrets.open(sender.access_token))
        return SenderAccount(
            sender.business_id,
            sender.id,
            sender.mode,
            sender.phone_number_id,
            sender.waba_id,
            sender.meta_app_id,
            sender.display_phone_number,
            sender.verified_name,
            sender.throughput_override or sender.throughput,
            sender.paused_at is not None,
            access,
        )

    async def _load_apps(self, _key: None) -> tuple[WebhookApp, ...]:
        """Apps with the same secret are the same app at Meta, connected for several businesses."""
        async with self._database.transaction() as session:
            apps = await repository.all_meta_apps(session)
            senders = await repository.all_senders(session)
        by_secret: dict[str, list[repository.MetaApp]] = {}
        for app in apps:
            by_secret.setdefault(self._secrets.open(app.app_secret), []).append(app)
        found = []
        for secret, same in by_secret.items():
            own = {(app.business_id, app.id) for app in same}
            wabas: dict[str, set[UUID]] = {}
            mine = [sender for sender in senders if (sender.business_id, sender.meta_app_id) in own]
            for sender in mine:
                wabas.setdefault(sender.waba_id, set()).add(sender.business_id)
            found.append(
                WebhookApp(
                    secret.encode(),
                    frozenset(self._secrets.open(app.verify_token) for app in same),
                    {sender.phone_number_id: self.account_of(sender) for sender in mine},
                    {waba_id: frozenset(businesses) for waba_id, businesses in wabas.items()},
                )
            )
        return tuple(found)
