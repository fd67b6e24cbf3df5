"""All commands of `ulak`."""

from app.cli import accounts, templates, up, webhooks
from app.cli import run as parts
from app.cli.embedded_postgres import EmbeddedPostgresError
from app.cli.processes import ChildDiedError

GROUPS = {
    "businesses": accounts.businesses,
    "senders": accounts.senders,
    "keys": accounts.keys,
    "templates": templates.templates,
    "webhooks": webhooks.webhooks,
}


def run() -> None:
    application = parts.new_application()
    application.command()(up.up)
    parts.add_to(application)
    for name, commands in GROUPS.items():
        application.add_typer(commands, name=name)
    parts.call(application, EmbeddedPostgresError, ChildDiedError)
