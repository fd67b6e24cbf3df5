"""`ulak callbacks`: where events are delivered, and delivering them again."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer
from pydantic import ValidationError
from rich.table import Column, Table

from app.accounts.models import Mode
from app.callbacks.endpoint_schemas import ENDPOINT_PREFIX, ReplayIn
from app.cli.accounts import BusinessOption, business_id, show, with_container
from app.cli.run import CommandError
from app.container import Container
from app.core.ids import parse_id
from app.core.problems import Problem

callbacks = typer.Typer(no_args_is_help=True, help="Events delivered by HTTP.")

ModeOption = Annotated[Mode, typer.Option(help="Endpoints of live keys, or of test keys.")]


@callbacks.command("list")
def list_endpoints(business: BusinessOption, mode: ModeOption = "live") -> None:
    """Show the endpoints of a business and how they do."""

    async def load(container: Container) -> Table:
        names = ("endpoint", Column("url", overflow="fold"), "types", "state", "pending", "parked", "last error")
        table = Table(*names)
        for one in await container.callback_endpoints.all(business_id(business), mode):
            types = " ".join(one.types) if one.types is not None else "all"
            counts = (str(one.pending), str(one.parked))
            table.add_row(one.id, one.url, types, one.health.state, *counts, one.health.last_error or "")
        return table

    show(with_container(load))


@callbacks.command("replay")
def replay(
    business: BusinessOption,
    endpoint: Annotated[str, typer.Argument(help="cbe_…, as `ulak callbacks list` shows it.")],
    since: Annotated[datetime, typer.Option(help="In UTC.")],
    until: Annotated[datetime | None, typer.Option(help="In UTC; until now by default.")] = None,
    mode: ModeOption = "live",
    only: Annotated[Literal["undelivered", "all"], typer.Option(help="`all`: also what was taken.")] = "undelivered",
) -> None:
    """Send an endpoint the events of a period again."""
    endpoint_id = parse_id(ENDPOINT_PREFIX, endpoint)
    if endpoint_id is None:
        raise CommandError(f"{endpoint} is not an endpoint's id (cbe_…)")

    async def work(container: Container) -> int:
        ends = until.replace(tzinfo=UTC) if until is not None else container.clock.now()
        try:
            wanted = ReplayIn(since=since.replace(tzinfo=UTC), until=ends, only=only)
            return await container.callback_deliveries.replay(business_id(business), mode, endpoint_id, wanted)
        except ValidationError as error:
            raise CommandError("--since must be before --until") from error
        except Problem as problem:
            raise CommandError(problem.detail) from problem

    typer.echo(f"{with_container(work)} events on their way")
