"""`ulak figures`: what became of messages, counted anew."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from app.cli.accounts import business_id, with_container
from app.cli.run import CommandError
from app.container import Container

figures = typer.Typer(no_args_is_help=True, help="Figures of what became of messages.")


@figures.callback()
def _group() -> None:
    """A group with one command would be that command."""


@figures.command("rebuild")
def rebuild(
    business: Annotated[str | None, typer.Option("--business", help="biz_…; all of them by default.")] = None,
    since: Annotated[
        datetime | None, typer.Option("--from", help="In UTC: only of messages that were to leave from then on.")
    ] = None,
) -> None:
    """Count everything anew from messages, receipts, replies and clicks; what is sent meanwhile is counted, too.

    It comes to the same numbers, as far as the messages are still there: of months that were dropped the numbers stay.
    Stopped, it is finished by the workers, a little at a time."""
    begins = since.replace(tzinfo=UTC) if since is not None else None

    async def work(container: Container) -> int:
        known = await container.refresher.businesses()
        wanted = [business_id(business)] if business is not None else known
        if missing := set(wanted) - set(known):
            raise CommandError(f"there is no business biz_{missing.pop().hex}")
        for one in wanted:
            await container.refresher.mark_all(one, begins)
        return await container.figures.refresh()

    typer.echo(f"{with_container(work)} quarters of an hour counted anew")
