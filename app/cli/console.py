"""`ulak console`: ways in for people who have no key, and out for everybody."""

from typing import Annotated, Literal

import typer

from app.cli.accounts import BusinessOption, business_id, with_container
from app.cli.run import CommandError
from app.container import Container
from app.core.ids import parse_id

console = typer.Typer(no_args_is_help=True, help="The pages on which people look at all this.")


@console.command("link")
def make_link(
    business: BusinessOption,
    mode: Annotated[Literal["live", "test"], typer.Option(help="Whose messages it shows.")] = "test",
    key: Annotated[
        str | None, typer.Option(help="key_…: no more than this key may do; everything without one.")
    ] = None,
) -> None:
    """Print a link that signs one browser in, once, within 15 minutes."""
    wanted = parse_id("key", key) if key is not None else None
    if key is not None and wanted is None:
        raise CommandError(f"{key} is not a key id (key_…)")

    async def make(container: Container) -> str:
        found = await container.directory.business(business_id(business))
        if found is None:
            raise CommandError(f"there is no business {business}")
        made = await container.console_sessions.link_by_hand(found.business_id, mode, wanted)
        if made is None:
            raise CommandError(f"the business has no usable key {key} of this mode")
        return made.url

    typer.echo(with_container(make))


@console.command("end")
def end_sessions(business: BusinessOption) -> None:
    """End all sessions of a business in the console at once."""
    count = with_container(lambda container: container.console_sessions.end_all(business_id(business), None))
    typer.echo(f"{count} sessions ended")
