"""`ulak templates`: bringing the templates of event types to Meta."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.accounts.directory import BusinessAccount
from app.accounts.models import Mode
from app.cli.accounts import BusinessOption, business_id, with_container
from app.cli.lint import lint
from app.cli.run import CommandError
from app.container import Container
from app.templates.definition import TemplateDefinition
from app.templates.service import Account, Pushed, account_of
from app.whatsapp.client import GraphUnreachableError
from app.whatsapp.errors import GraphError

templates = typer.Typer(no_args_is_help=True, help="Templates at Meta.")
templates.command("lint")(lint)

ModeOption = Annotated[str, typer.Option("--mode", help="`test` for the sandbox.")]


async def definitions(container: Container, business: BusinessAccount) -> list[TemplateDefinition]:
    """Of the catalogue, and of the business's own event types."""
    event_types = await container.event_types.open(business.business_id)
    return [template for event_type in event_types for template in event_type.templates]


def accounts_of(business: BusinessAccount, mode: Mode, customer_url: str) -> list[Account]:
    """Each WhatsApp Business Account once."""
    found = {
        sender.waba_id: account_of(business, sender, customer_url) for sender in business.senders if sender.mode == mode
    }
    return list(found.values())


async def push_all(
    container: Container, business: BusinessAccount, mode: Mode, *, update_links: bool = False
) -> list[Pushed]:
    accounts = accounts_of(business, mode, container.settings.customer_url)
    if not accounts:
        raise CommandError(f"the business has no {mode} sender: ulak senders add")
    wanted = await definitions(container, business)
    return [
        row
        for account in accounts
        for row in await container.templates.push(account, wanted, update_links=update_links)
    ]


@templates.command("push")
def push(
    business: BusinessOption,
    mode: ModeOption = "live",
    update_links: Annotated[
        bool,
        typer.Option(
            "--update-links",
            help="Also edit templates whose links begin otherwise than the business's would now. Meta reviews each "
            "edit, and does not take the template for messages meanwhile.",
        ),
    ] = False,
) -> None:
    """Submit every template of the catalogue, and of your own event types, that Meta does not have yet."""
    if mode not in ("live", "test"):
        raise CommandError("the mode is live or test")
    chosen: Mode = "live" if mode == "live" else "test"

    async def work(container: Container) -> list[Pushed]:
        account = await container.directory.business(business_id(business))
        if account is None:
            raise CommandError(f"there is no business {business}")
        try:
            return await push_all(container, account, chosen, update_links=update_links)
        except (GraphError, GraphUnreachableError) as error:
            raise CommandError(f"Meta did not take the templates: {error}") from error

    table = Table("template", "language", "status", "")
    rows = with_container(work)
    for row in rows:
        table.add_row(row.name, row.language, row.status, row.detail or "")
    Console().print(table)
    if any(row.status == "refused" for row in rows):
        raise CommandError("some templates were refused")
