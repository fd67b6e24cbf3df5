"""The demo business of `ulak up`: made once, through the same services that a real one is made with."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from app.accounts.keys import Scope
from app.accounts.service import NO_QUIET_HOURS, SenderCredentials
from app.cli.at_meta import apply_defaults
from app.cli.run import CommandError
from app.consent.repository import ContactKey
from app.consent.schemas import ConsentIn, ContactDetails
from app.container import Container, build_container
from app.core.settings import Settings
from app.events.catalogue import catalogue

BUSINESS_NAME = "Demo Mağaza"
WEBSITE = "https://demo.example"
PHONE_NUMBER_ID = "109876543210001"
"""Fixed, so that a second start finds the sandbox's number again."""


@dataclass(frozen=True, slots=True)
class DemoEvent:
    event_type: str
    title: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Demo:
    business_name: str
    api_key: str
    phones: tuple[str, ...]
    events: list[DemoEvent]


_CUSTOMERS: tuple[tuple[str, str, str], ...] = (
    ("+905321112233", "Ayşe Yılmaz", "tr"),
    ("+905339998877", "Işıl Çağlar", "tr"),
    ("+447911123456", "Jane Smith", "en"),
)


async def ensure_demo(settings: Settings, *, sandbox_url: str, webhook_url: str) -> Demo:
    """Raises CommandError when the sandbox refuses. `webhook_url` must answer already: Meta asks it for a handshake."""
    container = build_container(settings)
    async with container.running():
        credentials = await _sandbox_account(sandbox_url)
        token = await _token(container, settings.data_dir)
        caller = await container.directory.caller(token)
        if caller is None:
            raise CommandError("the demo's key does not work")
        await container.accounts.add_sender(caller.business_id, credentials, mode="test")
        container.directory.forget()
        # Only now: the handshake asks the API for a verify token that it must know.
        await _sandbox_account(sandbox_url, callback_url=webhook_url)
        business = await container.directory.business(caller.business_id)
        if business is None:
            raise CommandError("the demo's business is gone")
        # The sandbox remembers templates of an earlier start, whose links led to the port that the API had then.
        await apply_defaults(container, business, "test")
        for phone, name, language in _CUSTOMERS:
            await _opt_in(container, caller.business_id, phone, name, language)
    return Demo(BUSINESS_NAME, token, tuple(phone for phone, _, _ in _CUSTOMERS), _events())


async def console_link(settings: Settings, demo: Demo) -> str:
    """Into the console, with the powers of the demo's key."""
    container = build_container(settings)
    async with container.running():
        caller = await container.directory.caller(demo.api_key)
        if caller is None:
            raise CommandError("the demo's key does not work")
        made = await container.console_sessions.make_link(caller.business_id, caller.mode, caller.key_id)
    return made.url


async def _sandbox_account(sandbox_url: str, **webhook: str) -> SenderCredentials:
    """What a person would do in Meta's dashboard, and copy from it."""
    body = {
        "phone_number_id": PHONE_NUMBER_ID,
        "verified_name": BUSINESS_NAME,
        "display_phone_number": "+90 850 555 10 10",
        **webhook,
    }
    async with httpx.AsyncClient(base_url=sandbox_url, timeout=15, trust_env=False) as client:
        answer = await client.post("/control/accounts", json=body)
    if not answer.is_success:
        raise CommandError(f"the sandbox refused the demo's account: {answer.text}")
    row = answer.json()
    return SenderCredentials(
        phone_number_id=row["phone_number_id"],
        waba_id=row["waba_id"],
        access_token=row["access_token"],
        app_secret=row["app_secret"],
        verify_token=row["verify_token"],
    )


async def _token(container: Container, data_dir: Path) -> str:
    """The key of an earlier start, if the database still knows it and it may do all that there is to do by now."""
    path = data_dir / "demo.json"
    try:
        token = str(json.loads(path.read_text(encoding="utf-8"))["api_key"])
    except (OSError, ValueError, KeyError):
        caller = None
    else:
        caller = await container.directory.caller(token)
        if caller is not None and caller.scopes >= set(Scope):
            return token
    business_id = caller.business_id if caller is not None else await _business(container)
    token = await container.accounts.create_key(business_id, "demo", mode="test")
    path.touch(mode=0o600)
    path.write_text(json.dumps({"api_key": token}), encoding="utf-8")
    return token


async def _business(container: Container) -> UUID:
    return await container.accounts.create_business(
        BUSINESS_NAME,
        country="TR",
        language="tr",
        time_zone="Europe/Istanbul",
        website=WEBSITE,
        quiet_hours=NO_QUIET_HOURS,
        link_style="tracked",
    )


def former_addresses(data_dir: Path, today: str) -> list[str]:
    """Under which customers reached an earlier start; today's is remembered for a later one.

    Meta takes few edits of a template in a day: one that could not be edited any more must go on as it is."""
    path = data_dir / "addresses.json"
    try:
        known = [str(each) for each in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        known = []
    if today not in known:
        data_dir.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([*known, today]), encoding="utf-8")
    return [each for each in known if each != today]


async def _opt_in(container: Container, business_id: Any, phone: str, name: str, language: str) -> None:
    wording = {
        "tr": f"{BUSINESS_NAME} firmasının sipariş ve randevu bilgilerimi WhatsApp ile göndermesini kabul ediyorum.",
        "en": f"I agree that {BUSINESS_NAME} sends me order and appointment updates on WhatsApp.",
    }[language]
    act = ConsentIn(
        act="opt_in",
        source="checkout",
        wording=wording,
        language=language,
        contact=ContactDetails(name=name, language=language),
    )
    await container.consent.ensure(ContactKey(business_id, "test", "phone", phone), act)


def _events() -> list[DemoEvent]:
    """One event for each customer, a little different at each start."""
    number = f"A-{int(datetime.now(UTC).timestamp()) % 100000:05d}"
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(hour=11, minute=30, second=0, microsecond=0)
    data: dict[str, dict[str, Any]] = {
        "order-confirmed": {"order_number": number, "total": {"amount": 129990, "currency": "TRY"}},
        "order-shipped": {
            "order_number": number,
            "carrier": "Yurtiçi Kargo",
            "tracking_number": "YK123456789",
            "tracking_url": f"{WEBSITE}/track/YK123456789",
        },
        "appointment-reminder": {"starts_at": tomorrow.isoformat(), "place": "Demo Clinic, Kadıköy"},
    }
    return [
        DemoEvent(
            name,
            catalogue()[name].title,
            {"contact": {"phone": phone, "name": customer, "language": language}, "data": body, "reference": number},
        )
        for (name, body), (phone, customer, language) in zip(data.items(), _CUSTOMERS, strict=True)
    ]
