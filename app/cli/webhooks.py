"""`ulak webhooks`: what Meta sent and could not be used."""

import typer

from app.cli.accounts import with_container
from app.container import Container
from app.provider_events.service import Replayed

webhooks = typer.Typer(no_args_is_help=True, help="What Meta sent.")


@webhooks.command("replay")
def replay() -> None:
    """Take kept webhook items once more: after an upgrade that can read them, or a sender that was added late."""

    async def work(container: Container) -> Replayed:
        return await container.provider_events.replay(await container.directory.webhook_apps())

    done = with_container(work)
    typer.echo(f"{done.taken} taken, {done.kept_again} of them kept again")
