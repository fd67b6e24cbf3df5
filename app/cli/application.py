"""All commands of `ulak`."""

import sys

import typer

from app.cli import accounts, callbacks, consent, console, doctor, figures, templates, up, webhooks
from app.cli import run as parts
from app.cli.embedded_postgres import EmbeddedPostgresError
from app.cli.processes import ChildDiedError
from app.core.logging import configure_logging

GROUPS = {
    "businesses": accounts.businesses,
    "senders": accounts.senders,
    "keys": accounts.keys,
    "callbacks": callbacks.callbacks,
    "consent": consent.consent,
    "console": console.console,
    "figures": figures.figures,
    "templates": templates.templates,
    "webhooks": webhooks.webhooks,
}


def application() -> typer.Typer:
    all_of_it = parts.new_application()
    all_of_it.command()(up.up)
    all_of_it.command()(doctor.doctor)
    parts.add_to(all_of_it)
    for name, commands in GROUPS.items():
        all_of_it.add_typer(commands, name=name)
    return all_of_it


def run() -> None:
    # What a command prints is its answer, perhaps for another program. The servers arrange their own logs afterwards.
    configure_logging("warning", "console", sys.stderr)
    parts.call(application(), EmbeddedPostgresError, ChildDiedError)
