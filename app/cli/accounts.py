"""`ulak businesses`, `ulak keys` and `ulak senders`: what a business needs before its first message."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Literal, TypeVar, get_args
from uuid import UUID
from zoneinfo import available_timezones

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Column, Table

from app.accounts import repository
from app.accounts.directory import SenderAccount
from app.accounts.errors import AccountError
from app.accounts.keys import Scope
from app.accounts.models import LinkStyle, Mode
from app.accounts.schemas import FallbackLanguages
from app.accounts.service import FALLBACK_LANGUAGES, NO_QUIET_HOURS, SenderCredentials
from app.cli.beside import settings_here
from app.cli.run import CommandError
from app.container import Container, build_container
from app.core.ids import parse_id, public_id

Result = TypeVar("Result")

businesses = typer.Typer(no_args_is_help=True, help="Who sends.")
keys = typer.Typer(no_args_is_help=True, help="API keys.")
senders = typer.Typer(no_args_is_help=True, help="WhatsApp numbers.")

BusinessOption = Annotated[str, typer.Option("--business", help="biz_…, as `ulak businesses list` shows it.")]


def with_container(work: Callable[[Container], Awaitable[Result]]) -> Result:
    """Raises CommandError for what a person can mend."""

    async def run() -> Result:
        container = build_container(settings_here())
        async with container.running():
            return await work(container)

    try:
        return asyncio.run(run())
    except AccountError as error:
        raise CommandError(str(error)) from error


def business_id(text: str) -> UUID:
    found = parse_id("biz", text)
    if found is None:
        raise CommandError(f"{text} is not a business id (biz_…)")
    return found


def show(table: Table) -> None:
    """As wide as it takes: what is cut off cannot be copied, and an id that was folded is none."""
    console = Console()
    wide = console.measure(table, options=console.options.update(max_width=_WIDEST)).maximum
    Console(width=max(console.width, wide)).print(table)


_WIDEST = 10_000


@businesses.command("create")
def create_business(
    name: Annotated[str, typer.Argument(help="The name that customers see.")],
    website: Annotated[str, typer.Option(help="https://…; the fixed beginning of links in buttons.")],
    country: Annotated[str, typer.Option(help="ISO 3166 code: how national phone numbers are read.")] = "TR",
    language: Annotated[str, typer.Option(help="Where a customer's is not known.")] = "tr",
    time_zone: Annotated[str, typer.Option(help="IANA name.")] = "Europe/Istanbul",
    quiet_hours: Annotated[
        str, typer.Option(help="When customers are left alone, on their own clock; `off` for never.")
    ] = "22:00-08:00",
    fallback_languages: Annotated[
        str, typer.Option(help="Tried in this order where there is no template in the customer's language.")
    ] = ",".join(FALLBACK_LANGUAGES),
    link_style: Annotated[
        LinkStyle, typer.Option(help="Links in buttons: straight to the website, or by way of ours, which counts.")
    ] = "plain",
) -> None:
    """Create a business and print its id."""
    quiet = _quiet_hours(quiet_hours)
    languages = _languages(fallback_languages)
    if time_zone not in available_timezones():
        raise CommandError(f"{time_zone} is not an IANA time zone")
    if not website.startswith(("https://", "http://")):
        raise CommandError("the website must begin with https://")
    created = with_container(
        lambda container: container.accounts.create_business(
            name,
            country=country.upper(),
            language=language,
            time_zone=time_zone,
            website=website,
            quiet_hours=quiet,
            fallback_languages=languages,
            link_style=link_style,
        )
    )
    typer.echo(public_id("biz", created))


def _quiet_hours(text: str) -> tuple[time, time]:
    if text == "off":
        return NO_QUIET_HOURS
    begins, _, ends = text.partition("-")
    try:
        return time.fromisoformat(begins), time.fromisoformat(ends)
    except ValueError as error:
        raise CommandError("quiet hours are written 22:00-08:00, or off") from error


def _languages(text: str) -> list[str]:
    try:
        return _FALLBACK_LANGUAGES.validate_python([part.strip() for part in text.split(",") if part.strip()])
    except ValidationError as error:
        raise CommandError("fallback languages are written tr,en: at most ten, each once") from error


_FALLBACK_LANGUAGES: TypeAdapter[list[str]] = TypeAdapter(FallbackLanguages)


@businesses.command("list")
def list_businesses() -> None:
    """Show businesses with their senders."""

    async def load(container: Container) -> Table:
        table = Table("business", "name", "country", "language", "sender", "number", "mode", "per second")
        async with container.database.transaction() as session:
            rows = await repository.businesses(session)
            numbers = await repository.all_senders(session)
        for row in rows:
            mine = [sender for sender in numbers if sender.business_id == row.business_id]
            about = (public_id("biz", row.business_id), row.name, row.country, row.language)
            if not mine:
                table.add_row(*about, "", "", "", "")
            for sender in mine:
                phone, pace = sender.display_phone_number, str(sender.throughput)
                table.add_row(*about, public_id("snd", sender.id), phone, sender.mode, pace)
        return table

    show(with_container(load))


@businesses.command("reseal")
def reseal_secrets() -> None:
    """Encrypt every stored token and secret anew with the first of ULAK_SECRET_KEYS, so that the others can go."""
    count = with_container(_reseal)
    typer.echo(f"{count} secrets encrypted anew")


async def _reseal(container: Container) -> int:
    parts = (container.accounts, container.callback_endpoints, container.integrations)
    return sum([await part.reseal() for part in parts])


@keys.command("create")
def create_key(
    business: BusinessOption,
    name: Annotated[str, typer.Option(help="What it is for.")] = "default",
    mode: Annotated[Literal["live", "test"], typer.Option(help="A test key never reaches Meta.")] = "test",
    scope: Annotated[list[Scope] | None, typer.Option(help="May be repeated; all by default.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="How long it is valid; for ever by default.")] = None,
) -> None:
    """Create an API key and print it: it is stored as a hash and never shown again."""
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    token = with_container(
        lambda container: container.accounts.create_key(
            business_id(business), name, mode=mode, scopes=scope, expires_at=expires_at
        )
    )
    typer.echo(token)


@keys.command("list")
def list_keys(business: BusinessOption) -> None:
    """Show keys by their beginning and end; the rest is known to nobody."""

    async def load(container: Container) -> Table:
        table = Table("key", "shown as", "name", "mode", "scopes", "created", "expires", "revoked")
        async with container.database.transaction() as session:
            rows = await repository.keys(session, business_id(business))
        for row in rows:
            times = [
                str(moment.date()) if moment else "" for moment in (row.created_at, row.expires_at, row.revoked_at)
            ]
            table.add_row(public_id("key", row.id), row.prefix, row.name, row.mode, " ".join(row.scopes), *times)
        return table

    show(with_container(load))


@keys.command("revoke")
def revoke_key(business: BusinessOption, key: Annotated[str, typer.Argument(help="key_…")]) -> None:
    """Make a key useless at once. To rotate: create a new one, move to it, then revoke the old one."""
    found = parse_id("key", key)
    if found is None:
        raise CommandError(f"{key} is not a key id (key_…)")
    with_container(lambda container: container.accounts.revoke_key(business_id(business), found))
    typer.echo("revoked")


@senders.command("add")
def add_sender(
    business: BusinessOption,
    phone_number_id: Annotated[str, typer.Option(help="From the WhatsApp page of your Meta app.")],
    waba_id: Annotated[str, typer.Option(help="WhatsApp Business Account id.")],
    token: Annotated[str, typer.Option(envvar="META_ACCESS_TOKEN", prompt=True, hide_input=True)],
    app_secret: Annotated[str, typer.Option(envvar="META_APP_SECRET", prompt=True, hide_input=True)],
    verify_token: Annotated[str, typer.Option(envvar="META_VERIFY_TOKEN", prompt=True, hide_input=True)],
    mode: Annotated[Literal["live", "test"], typer.Option(help="`test` connects a number of the sandbox.")] = "live",
    throughput: Annotated[
        int | None, typer.Option(min=1, help="Messages per second; Meta's figure by default.")
    ] = None,
) -> None:
    """Connect a number: checked against Graph at once, its webhooks subscribed, its secrets stored encrypted."""
    credentials = SenderCredentials(phone_number_id, waba_id, token, app_secret, verify_token)
    sender = with_container(
        lambda container: container.accounts.add_sender(
            business_id(business), credentials, mode=mode, throughput=throughput
        )
    )
    typer.echo(f"{public_id('snd', sender.id)}  {sender.display_phone_number}  {sender.verified_name}")
    typer.echo("In the Meta app, set the webhook to https://<your host>/webhooks/whatsapp with the same verify token.")


@senders.command("list")
def list_senders(business: BusinessOption) -> None:
    """Show numbers: whether and how fast each may send, and what is wrong."""

    async def load(container: Container) -> Table:
        table = Table("sender", "number", "mode", "state", "rate", "at Meta", Column("open alerts", max_width=60))
        for mode in get_args(Mode):
            for row in await container.senders.list(business_id(business), mode):
                alerts = "\n".join(f"{alert.code} {alert.title}: {alert.next_step}" for alert in row.alerts)
                at_meta = " ".join(filter(None, (row.status, row.quality)))
                pace = f"{row.rate:g}/s of {row.throughput}/s"
                table.add_row(row.id, row.display_phone_number, mode, row.state, pace, at_meta, alerts)
        return table

    show(with_container(load))


@senders.command("pause")
def pause_sender(
    business: BusinessOption,
    sender: Annotated[str, typer.Argument(help="snd_…")],
    reason: Annotated[str | None, typer.Option(help="Shown in the alert.")] = None,
) -> None:
    """Let nothing of a number leave until it is resumed. What waits expires in its time."""

    async def pause(container: Container) -> None:
        found = await _sender(container, business, sender)
        await container.senders.pause(found.business_id, found.mode, found.id, reason)

    with_container(pause)
    typer.echo("paused")


@senders.command("resume")
def resume_sender(business: BusinessOption, sender: Annotated[str, typer.Argument(help="snd_…")]) -> None:
    """Let a number send again, after the obstacle is gone."""

    async def resume(container: Container) -> None:
        found = await _sender(container, business, sender)
        await container.senders.resume(found.business_id, found.mode, found.id)

    with_container(resume)
    typer.echo("resumed")


async def _sender(container: Container, business: str, sender: str) -> SenderAccount:
    known = await container.directory.business(business_id(business))
    wanted = parse_id("snd", sender)
    found = next((one for one in known.senders if one.id == wanted), None) if known is not None else None
    if found is None:
        raise CommandError(f"the business has no sender {sender}")
    return found
