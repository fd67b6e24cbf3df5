"""`ulak templates lint`: what can be said against templates before Meta is asked. No database is needed."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import TypeAdapter, ValidationError

from app.cli.run import CommandError
from app.core.problems import field_errors
from app.events.catalogue import catalogue
from app.templates import files
from app.templates.definition import TemplateDefinition
from app.templates.findings import Finding, Severity
from app.templates.linting import SEVERITIES, Linted, lint_definition

_FILE: TypeAdapter[list[TemplateDefinition]] = TypeAdapter(list[TemplateDefinition])


def lint(
    path: Annotated[
        Path | None,
        typer.Argument(help="Folder of template files, or a JSON list of definitions; the catalogue's without it."),
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="The same, as an option.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
    shown_as: Annotated[Literal["text", "json"], typer.Option("--format", help="`json` for programs.")] = "text",
) -> None:
    """Say what Meta would refuse or file under another category, and what breaks good practice. Fails on errors."""
    source = path or file
    definitions = _of_the_catalogue() if source is None else read_definitions(source)
    rows = [(definition, lint_definition(definition)) for definition in definitions]
    numbers: Counter[Severity] = Counter(found.severity for _, linted in rows for found in linted.findings)
    if shown_as == "json":
        typer.echo(json.dumps([_as_json(*row) for row in rows], ensure_ascii=False, indent=2))
    else:
        _print(rows)
        typer.echo(f"templates: {len(definitions)}, " + ", ".join(f"{one}s: {numbers[one]}" for one in SEVERITIES))
    if numbers["error"]:
        raise CommandError("some templates have errors")
    if strict and numbers["warning"]:
        raise CommandError("some templates have warnings")


def findings(definition: TemplateDefinition) -> list[Finding]:
    return lint_definition(definition).findings


def read_definitions(source: Path) -> list[TemplateDefinition]:
    """A folder holds template files, as the other commands take them; a file is a JSON list."""
    if not source.is_dir():
        return _read(source)
    try:
        return [file.definition for file in files.read_folder(source)]
    except files.FolderError as error:
        raise CommandError(f"the templates in {source} cannot be used:\n{error}") from error


def _print(rows: list[tuple[TemplateDefinition, Linted]]) -> None:
    found = [(definition, one) for definition, linted in rows for one in linted.findings]
    for definition, one in sorted(found, key=lambda row: SEVERITIES.index(row[1].severity)):
        place = f"{definition.name} ({definition.language}) {one.place}"
        typer.echo(f"{place}: {one.severity} {one.code}: {one.message}. {one.suggestion or ''}".rstrip())


def _as_json(definition: TemplateDefinition, linted: Linted) -> dict[str, object]:
    shown = {"name": definition.name, "language": definition.language, "category": definition.category}
    return shown | linted.model_dump(mode="json")


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
