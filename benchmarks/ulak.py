"""Ulak as it is run in earnest: its own migrations, API process and worker process.

Only the set-up goes past its front door, through its tables: nobody is asked whether a number exists or a template is
approved, and the contacts have opted in already.
"""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import asyncpg
from alembic import command
from alembic.config import Config
from cryptography.fernet import Fernet

from app.accounts.keys import Scope, new_key
from app.accounts.models import ApiKey, Business, FeedType, MetaApp, Mode, Sender
from app.consent.fold import Act
from app.consent.models import Consent, ConsentAct, Contact
from app.consent.rules import WHATSAPP, ConsentState
from app.core.database import Base, Database
from app.core.ids import new_id
from app.core.secrets import SecretBox
from app.events.retail.order_confirmed import EVENT_TYPE
from app.templates.definition import Bases, submission
from app.templates.models import Template
from benchmarks.history import write_history
from benchmarks.postgres import Server
from benchmarks.processes import Service, free_port
from benchmarks.systems import Place
from benchmarks.workload import APP_SECRET, DISPLAY_PHONE_NUMBER, NAME, PHONE_NUMBER_ID, WABA_ID, phone

MODE: Mode = "test"
WEBSITE = "https://shop.example"
UNPACED = 1_000_000
"""Messages per second that the sender may send: what is measured is the cost of a message, not the pace held."""


class Ulak:
    def __init__(self, *, history: int = 0, is_told: bool = False) -> None:
        """With a history of so many finished messages; of a business that wants to be told of every step of each."""
        self.name = "ulak-history" if history else "ulak-told" if is_told else "ulak"
        self._is_told = is_told
        self.is_copied = not history
        self._history = history
        self._secret_key = Fernet.generate_key().decode()
        self._business_id = self._first_id = new_id()
        self._key = new_key(self._business_id, MODE)

    @property
    def token(self) -> str:
        return self._key.token

    async def prepare(self, server: Server, database: str, *, contacts: int) -> None:
        url = server.url(database)
        await asyncio.to_thread(migrate, url)
        opened = Database(url, pool_size=2)
        await opened.open()
        try:
            async with opened.transaction() as session:
                session.add(self._business())
                await session.flush()
                app = self._meta_app()
                session.add_all([app, self._api_key()])
                await session.flush()
                sender = self._sender(app)
                session.add_all([sender, *self._templates()])
            if self._history:
                await write_history(url, self._business_id, sender.id, messages=self._history)
            await self._add_contacts(opened.pool, contacts)
        finally:
            await opened.close()
        await server.execute("vacuum analyze", database=database)
        self._first_id = new_id()

    def start(self, place: Place) -> tuple[Service, Service]:
        environment = {
            "ULAK_DATABASE_URL": place.database_url,
            "ULAK_SECRET_KEYS": self._secret_key,
            "ULAK_GRAPH_SANDBOX_URL": place.graph_url,
            "ULAK_API_PORT": str(place.api_port),
            "ULAK_WORKER_PORT": str(free_port()),
            "ULAK_LOG_LEVEL": "warning",
        }
        return (
            place.start("ulak-api", "app.cli", "api", environment=environment),
            place.start("ulak-worker", "app.cli", "worker", environment=environment),
        )

    async def count_read(self, connection: asyncpg.Connection) -> int:
        count: int = await connection.fetchval(
            "select count(*) from messages where business_id = $1 and id > $2 and status = 'read'",
            self._business_id,
            self._first_id,
        )
        return count

    def _business(self) -> Business:
        return Business(
            business_id=self._business_id,
            name="Bench",
            country="TR",
            language="tr",
            time_zone="Europe/Istanbul",
            website=WEBSITE,
            feed_types=list(get_args(FeedType)) if self._is_told else [],
        )

    def _api_key(self) -> ApiKey:
        return ApiKey(
            business_id=self._business_id,
            id=new_id(),
            name="benchmark",
            mode=MODE,
            scopes=[scope.value for scope in Scope],
            prefix=self._key.prefix,
            token_hash=self._key.token_hash,
        )

    def _meta_app(self) -> MetaApp:
        secrets = SecretBox([self._secret_key])
        return MetaApp(
            business_id=self._business_id,
            id=new_id(),
            app_secret=secrets.seal(APP_SECRET),
            verify_token=secrets.seal("benchmark"),
        )

    def _sender(self, app: MetaApp) -> Sender:
        return Sender(
            business_id=self._business_id,
            id=new_id(),
            mode=MODE,
            phone_number_id=PHONE_NUMBER_ID,
            waba_id=WABA_ID,
            meta_app_id=app.id,
            access_token=SecretBox([self._secret_key]).seal("benchmark"),
            display_phone_number=DISPLAY_PHONE_NUMBER,
            verified_name="Bench",
            throughput=UNPACED,
            checked_at=datetime.now(UTC),
        )

    def _templates(self) -> Iterable[Template]:
        for number, definition in enumerate(EVENT_TYPE.templates):
            body = submission(definition, Bases(WEBSITE, WEBSITE))
            yield Template(
                business_id=self._business_id,
                id=new_id(),
                waba_id=WABA_ID,
                name=definition.name,
                language=definition.language,
                meta_id=str(900_000 + number),
                status="APPROVED",
                category=definition.category,
                parameter_format=body["parameter_format"],
                components=body["components"],
                known_at=datetime.now(UTC),
            )

    async def _add_contacts(self, pool: asyncpg.Pool, count: int) -> None:
        """Customers with a phone, who have opted in to the event's topic; each act stands in the ledger."""
        now = datetime.now(UTC)
        people = [(phone(number), new_id(), new_id()) for number in range(count)]
        business, topic = self._business_id, EVENT_TYPE.topic
        rows: list[tuple[type[Base], tuple[str, ...], list[tuple[Any, ...]]]] = [
            (
                Contact,
                ("business_id", "id", "mode", "phone", "wa_id", "name", "language"),
                [(business, contact, MODE, to, to[1:], NAME, "tr") for to, contact, _ in people],
            ),
            (
                ConsentAct,
                ("business_id", "id", "contact_id", "act", "channel", "topic", "source", "actor", "occurred_at"),
                [
                    (business, a, contact, Act.OPT_IN.value, WHATSAPP, topic, "web", "bench", now)
                    for _, contact, a in people
                ],
            ),
            (
                Consent,
                ("business_id", "contact_id", "channel", "topic", "state", "act_id", "since"),
                [(business, contact, WHATSAPP, topic, ConsentState.OPTED_IN.value, a, now) for _, contact, a in people],
            ),
        ]
        for model, columns, records in rows:
            await pool.copy_records_to_table(model.__tablename__, records=records, columns=columns)


def migrate(url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")
