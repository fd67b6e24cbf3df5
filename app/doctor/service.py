"""Checking up: every question is asked at once and waited for a bounded time, and each check is judged by itself."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import portfolio
from app.accounts import repository as accounts
from app.accounts.models import Mode
from app.core.clock import Clock
from app.core.database import SCHEMA_VERSION, UNAVAILABLE, Database
from app.core.ids import public_id
from app.core.problems import NotFound
from app.core.secrets import SecretBox, SecretUnreadableError
from app.core.settings import Settings
from app.doctor import number_rules, own_rules, repository, template_rules, token_rules, webhook_rules
from app.doctor.number_rules import OpenAlert
from app.doctor.outcomes import Check, Finding, Outcome, in_order, said, unknown, worst
from app.doctor.own_rules import Told
from app.doctor.readings import Known, NotAsked, Reading, Refused, Silent, asked, refuses_token, value_of
from app.doctor.template_rules import EventTypeInUse, TemplatesKnown
from app.doctor.webhook_rules import WEBHOOK_PATH, Arrivals
from app.events.service import EventTypes
from app.templates import repository as template_rows
from app.templates.chains import Chains, own_template
from app.templates.clocks import warnings
from app.templates.shown import is_recategorised, times_of
from app.whatsapp.client import GraphAccess, GraphClient, HandshakeError
from app.whatsapp.examining import (
    AccountFacts,
    AppSubscription,
    Examined,
    Examiner,
    NumberFacts,
    SubscribedApp,
    TemplateFacts,
    moment_of,
)

log = structlog.get_logger(__name__)

KEPT_FOR = timedelta(seconds=30)
"""Each check-up makes half a dozen calls to Graph, which counts them by the hour."""

SOONEST = timedelta(seconds=5)
"""When a person wants to know at once whether what they mended is mended."""

PATIENCE = timedelta(seconds=10)
"""For one question to Graph, all its pages included; sending itself waits longer, but nobody watches it."""

_RECENT = timedelta(days=30)
_KEPT_MOST = 1_000

Sealed = Callable[[AsyncSession, UUID], Awaitable[list[bytes]]]
"""Stored secrets of a business, encrypted."""


@dataclass(frozen=True, slots=True)
class CheckUp:
    """How one sender stands. What is of the installation comes with it, as far as it is the business's to know."""

    sender_id: UUID
    display_phone_number: str
    verified_name: str
    mode: Mode
    checked_at: datetime
    time_zone: str
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Outcome:
        return worst(self.findings)

    @property
    def public_id(self) -> str:
        return public_id("snd", self.sender_id)


@dataclass(frozen=True, slots=True)
class _Stored:
    """What our database says of a sender."""

    business: accounts.Business
    sender: accounts.Sender
    access: GraphAccess | None
    """None where the stored token cannot be read."""
    app_secret: str | None
    verify_token: str | None
    alerts: Sequence[OpenAlert]
    templates: TemplatesKnown


@dataclass(frozen=True, slots=True)
class _Ours:
    """What our database says of what a sender did."""

    used: int
    arrivals: Arrivals
    oldest_due_at: datetime | None
    recent_types: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Graph:
    """What Graph says."""

    token: Reading[Examined]
    clock: Reading[Told | None]
    subscription: Reading[AppSubscription | None]
    apps: Reading[list[SubscribedApp]]
    number: Reading[NumberFacts]
    account: Reading[AccountFacts]
    templates: Reading[list[TemplateFacts]]
    door: Reading[None]


class CheckUps:
    def __init__(
        self,
        database: Database,
        secrets: SecretBox,
        clock: Clock,
        graph: GraphClient,
        settings: Settings,
        event_types: EventTypes,
        chains: Chains,
        sealed: Sequence[Sealed] = (),
    ) -> None:
        """`sealed`: of secrets beside those of accounts and endpoints."""
        self._database = database
        self._secrets = secrets
        self._clock = clock
        self._graph = graph
        self._examiner = Examiner(graph)
        self._settings = settings
        self._event_types = event_types
        self._chains = chains
        self._sealed = (repository.endpoint_secrets, *sealed)
        self._kept: dict[tuple[UUID, UUID], tuple[datetime, asyncio.Task[CheckUp]]] = {}

    async def of_sender(
        self, business_id: UUID, mode: Mode, sender_id: UUID, *, no_older_than: timedelta = KEPT_FOR
    ) -> CheckUp:
        """A check-up that is under way, or was made so lately, serves all who ask. Raises NotFound."""
        stored = await self._stored(business_id, mode, sender_id)
        key, now = (business_id, sender_id), self._clock.now()
        kept = self._kept.get(key)
        if kept is None or (kept[1].done() and (now - kept[0] >= no_older_than or _went_wrong(kept[1]))):
            if len(self._kept) >= _KEPT_MOST:
                self._kept.clear()
            kept = self._kept[key] = (now, asyncio.create_task(self._check(stored, mode), name="check-up"))
        # One who goes away must not take it from the others.
        return await asyncio.shield(kept[1])

    async def of_senders(
        self, business_id: UUID, mode: Mode | None = None, *, no_older_than: timedelta = KEPT_FOR
    ) -> list[CheckUp]:
        """All of a business, in the order in which they were connected."""
        async with self._database.transaction() as session:
            rows = await accounts.senders(session, business_id)
        wanted = [row for row in rows if mode in (None, row.mode)]
        asking = (self.of_sender(business_id, row.mode, row.id, no_older_than=no_older_than) for row in wanted)
        return list(await asyncio.gather(*asking))

    async def of_installation(self) -> list[Finding]:
        """What is the same for all businesses; a database that is away is a finding, too."""
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                return in_order(await self._installation(None))
        except (DBAPIError, asyncpg.PostgresError, *UNAVAILABLE) as error:
            log.warning("check-up without database", error=type(error).__name__)
        others = (Check.DATABASE_CLOCK, Check.SECRET_KEYS, Check.WORKER)
        away = own_rules.database_finding(None, SCHEMA_VERSION, is_reachable=False)
        return [away, *(unknown(check, said("database_away")) for check in others)]

    async def _installation(self, business_id: UUID | None) -> list[Finding]:
        async with self._database.pool.acquire() as connection:
            version = await repository.schema_version(connection)
            asked_at = self._clock.now()
            moment = await repository.database_time(connection)
            told = Told(moment, asked_at, self._clock.now())
            count, since = await repository.workers(connection)
        found = [
            own_rules.database_finding(version, SCHEMA_VERSION, is_reachable=True),
            own_rules.clock_finding(Check.DATABASE_CLOCK, Known(told)),
            own_rules.worker_finding(since, count),
        ]
        if version != SCHEMA_VERSION:
            return [*found, unknown(Check.SECRET_KEYS, *found[0].found)]
        return [*found, await self._secrets_open(business_id)]

    async def _secrets_open(self, business_id: UUID | None) -> Finding:
        async with self._database.transaction() as session:
            businesses = await accounts.businesses(session) if business_id is None else []
            ids = [one.business_id for one in businesses] or ([business_id] if business_id is not None else [])
            sealed = [part for one in ids for part in await self._sealed_of(session, one)]
        unreadable = sum(self._opened(part) is None for part in sealed)
        return own_rules.secrets_finding(len(sealed), unreadable)

    async def _sealed_of(self, session: AsyncSession, business_id: UUID) -> list[bytes]:
        business = await accounts.business(session, business_id)
        found = [business.secret] if business is not None and business.secret is not None else []
        for app in await accounts.meta_apps(session, business_id):
            found += [app.app_secret, app.verify_token]
        found += [sender.access_token for sender in await accounts.senders(session, business_id)]
        return [*found, *[part for sealed in self._sealed for part in await sealed(session, business_id)]]

    def _opened(self, sealed: bytes) -> str | None:
        try:
            return self._secrets.open(sealed)
        except SecretUnreadableError:
            return None

    async def _stored(self, business_id: UUID, mode: Mode, sender_id: UUID) -> _Stored:
        """Raises NotFound."""
        async with self._database.transaction() as session:
            business = await accounts.business(session, business_id)
            sender = await accounts.sender(session, business_id, sender_id)
            if business is None or sender is None or sender.mode != mode:
                raise NotFound("The business has no such sender for this kind of key.")
            apps = await accounts.meta_apps(session, business_id)
            alerts = await accounts.alerts(session, business_id, mode, only_open=True, before=None, size=1000)
            rows = await template_rows.of_account(session, business_id, sender.waba_id)
        app = next(one for one in apps if one.id == sender.meta_app_id)
        token = self._opened(sender.access_token)
        urls: dict[Mode, str] = {"live": self._settings.graph_live_url, "test": self._settings.graph_sandbox_url}
        now = self._clock.now()
        return _Stored(
            business,
            sender,
            GraphAccess(urls[mode], token) if token is not None else None,
            self._opened(app.app_secret),
            self._opened(app.verify_token),
            [OpenAlert(one.code, one.details) for one in alerts if one.sender_id == sender_id],
            TemplatesKnown(
                {(row.name, row.language): row.accepted_category for row in rows if row.accepted_category is not None},
                {
                    (row.name, row.language): warnings(times_of(row), now, self._settings.template_warning)
                    for row in rows
                    if row.meta_id is not None
                },
                frozenset((row.name, row.language) for row in rows if is_recategorised(row)),
            ),
        )

    async def _ours(self, stored: _Stored) -> _Ours:
        now, sender = self._clock.now(), stored.sender
        business_id = sender.business_id
        async with self._database.pool.acquire() as connection:
            newest = await repository.newest_messages(connection, business_id)
            return _Ours(
                await portfolio.used(connection, business_id, sender.mode, now),
                await repository.arrivals(connection, business_id, sender.mode, sender.id, newest, now),
                await repository.oldest_due(connection, business_id, sender.id, now),
                frozenset(
                    row["event_type"]
                    for row in newest
                    if row["sender_id"] == sender.id and row["accepted_at"] and now - row["accepted_at"] < _RECENT
                ),
            )

    async def _check(self, stored: _Stored, mode: Mode) -> CheckUp:
        graph = await self._ask(stored)
        ours = await self._ours(stored)
        findings = [
            *await self._installation(stored.business.business_id),
            *self._of_token_and_webhooks(stored, graph, ours),
            *self._of_number(stored, graph, ours),
            *await self._of_templates(stored, graph, ours),
        ]
        sender = stored.sender
        return CheckUp(
            sender.id,
            sender.display_phone_number,
            sender.verified_name,
            mode,
            self._clock.now(),
            stored.business.time_zone,
            tuple(in_order(findings)),
        )

    async def _ask(self, stored: _Stored) -> _Graph:
        sender, access = stored.sender, stored.access
        door = self._knock(self._bases(sender.mode)[0] + WEBHOOK_PATH, stored.verify_token)
        if access is None:
            closed = NotAsked(said("needs_secret"))
            return _Graph(closed, closed, closed, closed, closed, closed, closed, await door)
        ask = partial(asked, patience=PATIENCE)
        of_token, apps, number, account, templates, opened = await asyncio.gather(
            self._ask_token(access, stored.app_secret),
            ask(self._examiner.subscribed_apps(access, sender.waba_id)),
            ask(self._examiner.number(access, sender.phone_number_id)),
            ask(self._examiner.account(access, sender.waba_id)),
            ask(self._examiner.templates(access, sender.waba_id)),
            door,
        )
        token, told, subscription = of_token
        return _Graph(token, told, subscription, apps, number, account, templates, opened)

    async def _ask_token(
        self, access: GraphAccess, app_secret: str | None
    ) -> tuple[Reading[Examined], Reading[Told | None], Reading[AppSubscription | None]]:
        """The app's id is known by the token alone."""
        asked_at = self._clock.now()
        token = await asked(self._examiner.token(access), PATIENCE)
        answered_at = self._clock.now()
        date = _date_of(token)
        told = Told(date, asked_at, answered_at, timedelta(seconds=1)) if date is not None else None
        if not isinstance(token, Known):
            return token, Known(told) if isinstance(token, Refused) else token, token
        app_id = token.value.token.app_id
        if app_id is None or app_secret is None:
            return token, Known(told), NotAsked(said("needs_app" if app_id is None else "needs_secret"))
        subscription = await asked(self._examiner.app_subscription(access, app_id, app_secret), PATIENCE)
        return token, Known(told), subscription

    async def _knock(self, url: str, verify_token: str | None) -> Reading[None]:
        if verify_token is None:
            return NotAsked(said("needs_secret"))
        try:
            return await asked(self._graph.shakes_hands(url, verify_token), PATIENCE)
        except HandshakeError as error:
            return Silent(str(error))

    def _bases(self, mode: Mode) -> list[str]:
        """Of addresses under which we are reached, today's first; those of the sandbox need not leave this machine."""
        urls = list(self._settings.customer_urls)
        if mode == "test":
            urls.append(self._settings.local_url(self._settings.api_port))
        return urls

    def _of_token_and_webhooks(self, stored: _Stored, graph: _Graph, ours: _Ours) -> list[Finding]:
        now, bases = self._clock.now(), self._bases(stored.sender.mode)
        app = token_rules.app_finding(graph.token, graph.subscription)
        examined = value_of(graph.token)
        known_app = examined.token.app_id if examined is not None and app.outcome is Outcome.OK else None
        our_app: Reading[str] = Known(known_app) if known_app is not None else NotAsked(said("needs_app"))
        if refuses_token(graph.token):
            our_app = NotAsked(said("needs_token"))
        subscription: Reading[AppSubscription | None] = graph.subscription
        if app.outcome is Outcome.FAILED:
            subscription = NotAsked(said("needs_app"))
        url = self._settings.graph_live_url if stored.sender.mode == "live" else self._settings.graph_sandbox_url
        asked_of_graph = {
            "token": graph.token,
            "apps": graph.apps,
            "number": graph.number,
            "account": graph.account,
            "templates": graph.templates,
        }
        return [
            own_rules.public_url_finding(self._settings.public_url, stored.sender.mode),
            own_rules.graph_finding(url, cast("dict[str, Reading[object]]", asked_of_graph)),
            own_rules.clock_finding(Check.CLOCK, graph.clock),
            token_rules.token_finding(graph.token),
            token_rules.expiry_finding(graph.token, now, self._settings.token_warning),
            token_rules.permissions_finding(graph.token, stored.sender.waba_id),
            app,
            webhook_rules.subscription_finding(subscription, bases),
            webhook_rules.fields_finding(subscription),
            webhook_rules.subscribed_apps_finding(graph.apps, our_app),
            webhook_rules.override_finding(graph.apps, graph.number, known_app, bases),
            webhook_rules.door_finding(graph.door, bases[0] + WEBHOOK_PATH),
            webhook_rules.arrival_finding(ours.arrivals, now),
        ]

    def _of_number(self, stored: _Stored, graph: _Graph, ours: _Ours) -> list[Finding]:
        sender, number, account = stored.sender, graph.number, graph.account
        permissions = token_rules.permissions_finding(graph.token, sender.waba_id)
        is_fine = isinstance(graph.token, Known) and permissions.outcome is not Outcome.FAILED
        return [
            number_rules.status_finding(number, is_token_fine=is_fine),
            number_rules.verification_finding(number),
            number_rules.quality_finding(number),
            number_rules.platform_finding(number, sender.throughput_override or sender.throughput),
            number_rules.name_finding(number),
            number_rules.review_finding(account),
            number_rules.business_finding(account),
            number_rules.payment_finding(number, account, stored.alerts),
            number_rules.health_finding(number, account),
            number_rules.limit_finding(number, ours.used),
            number_rules.pause_finding(sender.paused_by, sender.paused_at, stored.alerts),
            own_rules.queue_finding(ours.oldest_due_at, self._clock.now(), is_paused=sender.paused_at is not None),
        ]

    async def _of_templates(self, stored: _Stored, graph: _Graph, ours: _Ours) -> list[Finding]:
        business = stored.business
        chains = await self._chains.of(business.business_id, stored.sender.mode)
        types = [
            EventTypeInUse(one.name, one.expected_category, chains.get(one.name) or (own_template(one.name),))
            for one in await self._event_types.open(business.business_id)
        ]
        languages = list(dict.fromkeys([business.language, *business.fallback_languages]))
        return [
            template_rules.coverage_finding(graph.templates, types, ours.recent_types, languages, stored.templates),
            template_rules.trouble_finding(graph.templates, stored.templates),
        ]


def _date_of(token: Reading[Examined]) -> datetime | None:
    """A refusal says what time it is, too."""
    if isinstance(token, Refused):
        return moment_of(token.error.date)
    examined = value_of(token)
    return examined.date if examined is not None else None


def _went_wrong(task: asyncio.Task[CheckUp]) -> bool:
    return task.cancelled() or task.exception() is not None


def zone_of(check_up: CheckUp) -> ZoneInfo:
    return ZoneInfo(check_up.time_zone)
