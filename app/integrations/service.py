"""Connecting shops, and showing what they delivered."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, Directory
from app.accounts.errors import UnknownSender
from app.accounts.models import Mode
from app.accounts.topics import Topics
from app.consent.wording import missing_in
from app.core.clock import Clock
from app.core.cursors import page_of, read_cursor
from app.core.database import Database
from app.core.ids import new_id, parse_id, public_id
from app.core.problems import InvalidRequest, NotFound, problem_of
from app.core.secrets import SecretBox
from app.events.service import EventTypes
from app.integrations import repository
from app.integrations.errors import IntegrationExists, TooManyIntegrations
from app.integrations.models import Integration, ShopDelivery
from app.integrations.schemas import (
    DELIVERY_PREFIX,
    INTEGRATION_PREFIX,
    IntegrationChange,
    IntegrationIn,
    IntegrationOut,
    IntegrationsOut,
    RotationIn,
    ShopDeliveryOut,
    ShopDeliveryPage,
)
from app.integrations.settings import IntegrationSettings
from app.integrations.shops import Platform

INTEGRATIONS_MOST = 50
"""Of one business: each webhook is tried with the secrets of all of one platform."""

DOORS = "/integrations"

_OF_THE_SHOP = ("platform", "shop", "secret", "name", "sender")


def door_of(platform: Platform, business_id: UUID) -> str:
    return f"{DOORS}/{platform}/{public_id('biz', business_id)}"


class Integrations:
    def __init__(
        self,
        database: Database,
        directory: Directory,
        event_types: EventTypes,
        topics: Topics,
        secrets: SecretBox,
        clock: Clock,
        public_url: str,
    ) -> None:
        self._database = database
        self._directory = directory
        self._event_types = event_types
        self._topics = topics
        self._secrets = secrets
        self._clock = clock
        self._public_url = public_url

    async def create(self, business_id: UUID, mode: Mode, body: IntegrationIn) -> IntegrationOut:
        """Raises InvalidRequest, IntegrationExists or TooManyIntegrations."""
        business = await self._directory.required(business_id)
        settings = IntegrationSettings(**body.model_dump(exclude=set(_OF_THE_SHOP)))
        await self._check(business, settings)
        now = self._clock.now()
        row = Integration(
            business_id=business_id,
            id=new_id(),
            mode=mode,
            platform=body.platform,
            shop=body.shop,
            name=body.name,
            sender_id=_sender_named(business, mode, body.sender),
            secret=self._secrets.seal(body.secret),
            settings=settings.model_dump(mode="json"),
            consent_since=now if settings.consent is not None else None,
            created_at=now,
            updated_at=now,
        )
        async with self._database.transaction() as session:
            await repository.lock_shops(session, business_id)
            if await repository.shop(session, business_id, body.platform, body.shop) is not None:
                raise IntegrationExists(
                    "Each shop is connected once, for live or for test keys: change or delete what is there."
                )
            if await repository.count(session, business_id) >= INTEGRATIONS_MOST:
                raise TooManyIntegrations(f"At most {INTEGRATIONS_MOST}: delete one of them first.")
            session.add(row)
        return self._shown(row)

    async def list(self, business_id: UUID, mode: Mode) -> IntegrationsOut:
        async with self._database.transaction() as session:
            rows = await repository.integrations(session, business_id, mode)
        return IntegrationsOut(integrations=[self._shown(row) for row in rows])

    async def one(self, business_id: UUID, mode: Mode, integration_id: UUID) -> IntegrationOut:
        """Raises NotFound."""
        async with self._database.transaction() as session:
            return self._shown(await _required(session, business_id, mode, integration_id))

    async def change(
        self, business_id: UUID, mode: Mode, integration_id: UUID, change: IntegrationChange
    ) -> IntegrationOut:
        """For what comes in from now on. Raises NotFound or InvalidRequest."""
        business = await self._directory.required(business_id)
        given = change.model_dump(exclude_unset=True)
        sender_id = _sender_named(business, mode, given.pop("sender", None))
        more = {name: value for name, value in given.items() if name not in ("name", "enabled")}
        async with self._database.transaction() as session:
            row = await _required(session, business_id, mode, integration_id)
        await self._check(business, _changed(row, more))
        async with self._database.transaction() as session:
            row = await _required(session, business_id, mode, integration_id, lock=True)
            now = self._clock.now()
            if "sender" in change.model_fields_set:
                row.sender_id = sender_id
            if "name" in given:
                row.name = given["name"]
            if change.enabled is not None:
                row.disabled_at = None if change.enabled else row.disabled_at or now
            before, settings = _settings_of(row), _changed(row, more)
            if settings.consent != before.consent:
                row.consent_since = now if settings.consent is not None else None
            row.settings = settings.model_dump(mode="json")
            row.updated_at = now
        return self._shown(row)

    async def rotate(self, business_id: UUID, mode: Mode, integration_id: UUID, body: RotationIn) -> IntegrationOut:
        """Raises NotFound."""
        async with self._database.transaction() as session:
            row = await _required(session, business_id, mode, integration_id, lock=True)
            now = self._clock.now()
            if self._secrets.open(row.secret) != body.secret:
                row.former_secret, row.secret = row.secret, self._secrets.seal(body.secret)
            # The same secret again is an answer that got lost: only the time for which the former one counts is new.
            row.former_until = now + timedelta(hours=body.overlap_hours) if row.former_secret is not None else None
            if not body.overlap_hours:
                row.former_secret = row.former_until = None
            row.updated_at = now
        return self._shown(row)

    async def delete(self, business_id: UUID, mode: Mode, integration_id: UUID) -> None:
        """With what is known of its orders and deliveries; messages stay. Raises NotFound."""
        async with self._database.transaction() as session:
            await _required(session, business_id, mode, integration_id, lock=True)
            await repository.drop(session, business_id, integration_id)

    async def reseal(self) -> int:
        """Encrypts the secrets with the first of the keys; answers how many. Raises SecretUnreadableError."""
        async with self._database.transaction() as session:
            rows = await repository.everything(session)
            for row in rows:
                row.secret = self._secrets.reseal(row.secret)
                row.former_secret = self._secrets.reseal(row.former_secret) if row.former_secret is not None else None
        return len(rows)

    async def deliveries(
        self, business_id: UUID, mode: Mode, integration_id: UUID, *, cursor: str | None, size: int
    ) -> ShopDeliveryPage:
        """Raises NotFound, or InvalidRequest for a cursor that is none."""
        before = read_cursor(cursor) if cursor is not None else None
        async with self._database.transaction() as session:
            await _required(session, business_id, mode, integration_id)
            rows = await repository.deliveries(session, business_id, integration_id, before=before, most=size + 1)
        shown, next_cursor = page_of(rows, size, lambda one: one.id)
        return ShopDeliveryPage(
            deliveries=[_delivery_out(row) for row in shown],
            next_cursor=next_cursor,
        )

    async def _check(self, business: BusinessAccount, settings: IntegrationSettings) -> None:
        """What only the business can be asked for. Raises InvalidRequest."""
        for news, name in settings.events.items():
            if name is not None and await self._event_types.find(business.business_id, name) is None:
                raise InvalidRequest.at(f"#/events/{news}", "unknown_event_type", "is not an event type")
        consent = settings.consent
        if consent is not None:
            missing = missing_in(consent.wording, business.name, business.wording_check)
            if missing is not None:
                raise InvalidRequest.at("#/consent/wording", *missing)
            named = ((topic, f"#/consent/topics/{place}") for place, topic in enumerate(consent.topics))
            await self._topics.require(business.business_id, named)

    def _shown(self, row: Integration) -> IntegrationOut:
        return IntegrationOut(
            **_settings_of(row).model_dump(),
            id=public_id(INTEGRATION_PREFIX, row.id),
            platform=row.platform,
            mode=row.mode,
            shop=row.shop,
            name=row.name,
            sender=public_id("snd", row.sender_id) if row.sender_id is not None else None,
            url=self._public_url + door_of(row.platform, row.business_id),
            enabled=row.disabled_at is None,
            former_secret_until=_former_until(row, self._clock.now()),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


def _former_until(row: Integration, now: datetime) -> datetime | None:
    return row.former_until if row.former_until is not None and row.former_until > now else None


def _settings_of(row: Integration) -> IntegrationSettings:
    return IntegrationSettings.model_validate(row.settings)


def _changed(row: Integration, given: dict[str, Any]) -> IntegrationSettings:
    """Raises InvalidRequest."""
    kept = {name: value for name, value in row.settings.items() if name not in given}
    asked = {name: value for name, value in given.items() if value is not None}
    try:
        return IntegrationSettings.model_validate({**kept, **asked})
    except ValidationError as error:
        raise problem_of(error) from error


def _sender_named(business: BusinessAccount, mode: Mode, named: str | None) -> UUID | None:
    """Raises UnknownSender."""
    if named is None:
        return None
    wanted = parse_id("snd", named)
    sender = business.sender(mode, wanted) if wanted is not None else None
    if sender is None:
        raise UnknownSender.at("#/sender", "unknown_sender", "is not a sender of this business and kind of key")
    return sender.id


async def _required(
    session: AsyncSession, business_id: UUID, mode: Mode, integration_id: UUID, *, lock: bool = False
) -> Integration:
    row = await repository.integration(session, business_id, mode, integration_id, lock=lock)
    if row is None:
        raise no_such_integration()
    return row


def no_such_integration() -> NotFound:
    return NotFound("The business has no such integration for this kind of key.")


def _delivery_out(row: ShopDelivery) -> ShopDeliveryOut:
    own = {"id", "order"}
    told = {name: getattr(row, name) for name in ShopDeliveryOut.model_fields if name not in own}
    return ShopDeliveryOut.model_validate({**told, "id": public_id(DELIVERY_PREFIX, row.id), "order": row.order_id})
