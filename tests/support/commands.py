"""Several `ulak` commands one after another in one process, since loading all its code takes longer than any of them.

    python -m tests.support.commands '[["keys", "create", "--business", "{0}"]]'

`{0}` stands for the last line that the first command printed, `{1}` for the second's. Prints the lines as a JSON array.
"""

import contextlib
import io
import json
import sys

import typer

from app.cli.application import application


def run(commands: list[list[str]]) -> list[str]:
    """Raises typer.Exit, or what a command raises."""
    said: list[str] = []
    for command in commands:
        heard = io.StringIO()
        with contextlib.redirect_stdout(heard):
            typer.main.get_command(application())([part.format(*said) for part in command], standalone_mode=False)
        lines = heard.getvalue().strip().splitlines()
        said.append(lines[-1] if lines else "")
    return said


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(json.loads(sys.argv[1]))))
