"""The `ulak` command."""

import sys


def main() -> None:
    try:
        # Here and not above: whoever uses only the launcher of this package does not load every domain with it.
        from app.cli.application import run  # noqa: PLC0415

        run()
    except KeyboardInterrupt:  # before a command could arrange for it
        sys.exit(130)
