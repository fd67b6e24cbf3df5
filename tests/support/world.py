"""A small world to test in, built with the services that build a real one, without asking Graph."""

from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, Uuid, bindparam, text

from app.accounts.keys import Scope
from app.accounts.models import MetaApp, Mode, Sender
from app.accounts.senders import STANDARD_THROUGHPUT
from app.accounts.service import NO_QUIET_HOURS
from app.consent.repository import ContactKey
from app.consent.schemas import ConsentIn
from app.container import Container
from app.core.ids import new_id, public_id
from app.core.secrets import SecretBox
from app.events.catalogue import catalogue
from app.events.models import OwnEventType
from app.events.own import build
from app.events.schemas import EXAMPLE, EXAMPLE_NAME, EventTypeDefinition
from app.templates.definition import LINK_PATH, Bases, TemplateDefinition, submission
from app.templates.models import Moment
from app.whatsapp.signatures import sign

APP_SECRET = "app-secret"
VERIFY_TOKEN = "verify-token"
WEBSITE = "https://shop.example"
PUBLIC_URL = "https://msg.example"
BASES = Bases(WEBSITE, WEBSITE)
TRACKED_BASES = Bases(WEBSITE, f"{PUBLIC_URL}{LINK_PATH}")


def wording_of(business_name: str) -> str:
    return f"{business_name}'nın bana WhatsApp ile haber vermesini kabul ediyorum."


WORDING = wording_of("Demo Mağaza")


OWN = EventTypeDefinition.model_validate(EXAMPLE)


@dataclass
class World:
    container: Container
    business_id: UUID
    sender_id: UUID
    phone_number_id: str
    waba_id: str
    token: str
    app_secret: str
    mode: Mode
    name: str

    def contact(self, phone: str) -> ContactKey:
        return ContactKey(self.business_id, self.mode, "phone", phone)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def sender(self) -> str:
        return public_id("snd", self.sender_id)

    async def opt_in(self, *phones: str, topics: list[str] | None = None) -> None:
        act = ConsentIn(act="opt_in", source="checkout", wording=wording_of(self.name), topics=topics or ["*"])
        for phone in phones:
            await self.container.consent.record(self.contact(phone), act)

    async def opt_out(self, phone: str, topics: list[str] | None = None) -> int:
        act = ConsentIn(act="opt_out", source="checkout", topics=topics or ["*"])
        recorded = await self.container.consent.record(self.contact(phone), act)
        return recorded.canceled_messages

    def signed(self, body: bytes) -> dict[str, str]:
        return {"X-Hub-Signature-256": sign(body, self.app_secret.encode()), "Content-Type": "application/json"}


async def build_world(
    container: Container,
    *,
    name: str = "Demo Mağaza",
    phone_number_id: str = "100000000000001",
    waba_id: str = "200000000000001",
    app_secret: str = APP_SECRET,
    mode: Mode = "test",
    scopes: list[Scope] | None = None,
    template_status: str = "APPROVED",
    throughput: int = STANDARD_THROUGHPUT,
) -> World:
    business_id = await container.accounts.create_business(
        name, country="TR", language="tr", time_zone="Europe/Istanbul", website=WEBSITE, quiet_hours=NO_QUIET_HOURS
    )
    token = await container.accounts.create_key(business_id, "test", mode=mode, scopes=scopes)
    box = SecretBox(container.settings.require_secret_keys())
    app = MetaApp(
        business_id=business_id, id=new_id(), app_secret=box.seal(app_secret), verify_token=box.seal(VERIFY_TOKEN)
    )
    sender = Sender(
        business_id=business_id,
        id=new_id(),
        mode=mode,
        phone_number_id=phone_number_id,
        waba_id=waba_id,
        meta_app_id=app.id,
        access_token=box.seal("access-token"),
        display_phone_number="+90 850 555 10 10",
        verified_name=name,
        throughput=throughput,
        next_send_at=container.clock.now(),
        checked_at=container.clock.now(),
    )
    async with container.database.transaction() as session:
        session.add(app)
        await session.flush()
        session.add(sender)
        session.add(OwnEventType(business_id=business_id, name=EXAMPLE_NAME, definition=OWN.model_dump(mode="json")))
        await session.execute(_TRUSTED)
        await session.execute(
            _ADD_TEMPLATES,
            {
                "business_id": business_id,
                "ids": [new_id() for _ in range(_count())],
                "waba_id": waba_id,
                "status": template_status,
                "known_at": container.clock.now(),
                "templates": _templates(),
            },
        )
    return World(container, business_id, sender.id, phone_number_id, waba_id, token, app_secret, mode, name)


@cache
def _templates() -> str:
    """What Meta would hold of every template, as JSON."""
    definitions = (
        one for event_type in (*catalogue().values(), build(EXAMPLE_NAME, OWN)) for one in event_type.templates
    )
    return orjson.dumps(
        [
            {
                "number": number,
                "name": definition.name,
                "language": definition.language,
                "category": definition.category,
                "components": submission(definition, BASES)["components"],
            }
            for number, definition in enumerate(definitions, 1)
        ]
    ).decode()


@cache
def _count() -> int:
    return len(orjson.loads(_templates()))


def meta_id_of(name: str, language: str = "tr") -> int:
    """Of a template of every world, which webhooks about it name."""
    found: list[dict[str, Any]] = orjson.loads(_templates())
    return next(one["number"] for one in found if (one["name"], one["language"]) == (name, language))


_TRUSTED = text("SET LOCAL session_replication_role = replica")
"""The templates' references are right; to look each up takes longer than to write it."""

_ADD_TEMPLATES = text(
    """
    WITH added AS (
        INSERT INTO templates (business_id, id, waba_id, name, language, meta_id, status, status_at, category,
                               parameter_format, components, submitted, version, known_at, created_at)
        SELECT :business_id, (CAST(:ids AS uuid[]))[number], :waba_id, name, language, CAST(number AS text), :status,
               :known_at, category, 'NAMED', components, components, 1, :known_at, :known_at
          FROM jsonb_to_recordset(CAST(:templates AS jsonb))
            AS (number int, name text, language text, category text, components jsonb)
        RETURNING *)
    INSERT INTO template_versions (business_id, template_id, number, origin, category, parameter_format, components,
                                   created_at)
    SELECT business_id, id, 1, 'ulak', category, parameter_format, components, created_at FROM added
    """
).bindparams(bindparam("known_at", type_=Moment), bindparam("ids", type_=ARRAY(Uuid)))
"""One statement: there are a hundred of them, and a world for nearly every test."""


async def approve(
    container: Container, world: World, definition: TemplateDefinition, bases: Bases, *, status: str = "APPROVED"
) -> None:
    """Meta holds the template as it is submitted with these bases. Caches are not told."""
    components = orjson.dumps(submission(definition, bases)["components"]).decode()
    await container.database.pool.execute(
        "UPDATE templates SET components = $4, status = $5 WHERE business_id = $1 AND name = $2 AND language = $3",
        world.business_id,
        definition.name,
        definition.language,
        components,
        status,
    )


def order_confirmed(phone: str = "+905321112233", **changes: Any) -> dict[str, Any]:
    """A body for order-confirmed; `changes` replace top-level fields."""
    return {
        "contact": {"phone": phone, "name": "Ayşe Yılmaz", "language": "tr"},
        "data": {"order_number": "A-1001", "total": {"amount": 129990, "currency": "TRY"}},
        **changes,
    }


def accepted_answer(number: int = 1, phone: str = "905321112233") -> dict[str, Any]:
    """Graph's answer to a send."""
    return {
        "messaging_product": "whatsapp",
        "contacts": [{"input": f"+{phone}", "wa_id": phone}],
        "messages": [{"id": f"wamid.{number:06d}", "message_status": "accepted"}],
    }


def status_item(
    message_id: str | None, status: str, *, wamid: str = "wamid.000001", at: int = 1795400000, **more: Any
) -> dict[str, Any]:
    item = {
        "id": wamid,
        "status": status,
        "timestamp": str(at),
        "recipient_id": "905321112233",
        "pricing": {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"},
        **more,
    }
    return item if message_id is None else {**item, "biz_opaque_callback_data": message_id}


def webhook(world: World, *, statuses: list[Any] | None = None, messages: list[Any] | None = None) -> dict[str, Any]:
    """A webhook body of the field `messages`."""
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "908505551010", "phone_number_id": world.phone_number_id},
    }
    if statuses is not None:
        value["statuses"] = statuses
    if messages is not None:
        value["contacts"] = [{"profile": {"name": "Ayşe"}, "wa_id": "905321112233"}]
        value["messages"] = messages
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": world.waba_id, "changes": [{"field": "messages", "value": value}]}],
    }
