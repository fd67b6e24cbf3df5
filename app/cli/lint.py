"""`ulak templates lint`: what can be said against templates before Meta is asked. No database is needed."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from app.cli.run import CommandError
from app.core.problems import field_errors
from app.events.catalogue import catalogue
from app.templates.creation_rules import faults
from app.templates.definition import Bases, TemplateDefinition, submission
from app.templates.findings import Finding, Severity
from app.templates.lint import lint as practice

_FILE: TypeAdapter[list[TemplateDefinition]] = TypeAdapter(list[TemplateDefinition])
_ANYWHERE = Bases("https://www.example.com", "https://www.example.com")
"""Where the links of a business would begin; no rule asks which business it is."""

_ORDER: tuple[Severity, ...] = ("error", "warning", "hint")


def lint(
    file: Annotated[
        Path | None, typer.Option("--file", help="JSON list of template definitions, instead of the catalogue's.")
    ] = None,
) -> None:
    """Say what Meta would refuse or file as marketing, and what breaks good practice. Fails on errors."""
    definitions = _read(file) if file is not None else _of_the_catalogue()
    rows = [(definition, finding) for definition in definitions for finding in findings(definition)]
    for definition, found in sorted(rows, key=lambda row: _ORDER.index(row[1].severity)):
        place = f"{definition.name} ({definition.language}) {found.place}"
        typer.echo(f"{place}: {found.severity} {found.code}: {found.message}. {found.suggestion or ''}".rstrip())
    numbers: Counter[Severity] = Counter(found.severity for _, found in rows)
    typer.echo(f"templates: {len(definitions)}, " + ", ".join(f"{one}s: {numbers[one]}" for one in _ORDER))
    if numbers["error"]:
        raise CommandError("some templates have errors")


def findings(definition: TemplateDefinition) -> list[Finding]:
    return [*faults(submission(definition, _ANYWHERE)), *practice(definition, definition.language, definition.category)]


def _of_the_catalogue() -> list[TemplateDefinition]:
    return [template for event_type in catalogue().values() for template in event_type.templates]


def _read(file: Path) -> list[TemplateDefinition]:
    try:
        return _FILE.validate_json(file.read_bytes())
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        places = "\n".join(f"  {one.pointer}: {one.message}" for one in field_errors(details))
        raise CommandError(f"{file} is no list of template definitions:\n{places}") from error
