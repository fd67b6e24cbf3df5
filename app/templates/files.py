"""Templates as files: one TOML document each, in a folder that a repository keeps.

`<event-type>/<language>.toml` is the template that is named as its event type, `<event-type>/<language>.<name>.toml`
a further variant of it, and `_/<name>.<language>.toml` one that belongs to no event type. A path follows from what is
written in the file: one that lies elsewhere is a fault, and so is whatever else is not as it should be.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import tomli_w
from pydantic import ValidationError

from app.core.problems import field_errors
from app.templates.definition import MediaHeader, TemplateDefinition

SUFFIX = ".toml"
NO_EVENT_TYPE = "_"
UPLOADED = "med_"
"""With what the sample of a media header begins that was uploaded before; any other is a file."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
_ORDER = (
    "event_type",
    "name",
    "language",
    "category",
    "time_to_live",
    "header",
    "body",
    "footer",
    "samples",
    "buttons",
)


@dataclass(frozen=True, slots=True)
class TemplateFile:
    path: Path
    definition: TemplateDefinition

    @property
    def sample(self) -> Path | None:
        """The file that Meta's review is to see in a media header, where it lies beside the template's own."""
        header = self.definition.header
        given = header.sample if isinstance(header, MediaHeader) else None
        return self.path.parent / given if given is not None and not given.startswith(UPLOADED) else None


@dataclass(frozen=True, slots=True)
class FileFault:
    path: Path
    """Within the folder."""
    field: str | None
    """As `buttons/0/text`; nothing where the file as a whole is meant."""
    message: str

    def __str__(self) -> str:
        place = f"{self.path.as_posix()}: " if self.path.parts else ""
        return place + (f"{self.field}: {self.message}" if self.field is not None else self.message)


class FolderError(Exception):
    """Everything that is wrong with the files of a folder."""

    def __init__(self, faults: Sequence[FileFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


def path_of(definition: TemplateDefinition) -> Path:
    """Where the file of a template lies, within the folder. Raises ValueError where the language is no code."""
    language, name = definition.language, definition.name
    if not _LANGUAGE.fullmatch(language):
        raise ValueError(f"{language!r} is no code of a language")
    if definition.event_type is None:
        return Path(NO_EVENT_TYPE, f"{name}.{language}{SUFFIX}")
    is_its_own = name == definition.event_type.replace("-", "_")
    return Path(definition.event_type, f"{language}{SUFFIX}" if is_its_own else f"{language}.{name}{SUFFIX}")


def written(definition: TemplateDefinition) -> str:
    """The text of the file: keys in a fixed order, nothing that has no value, and texts as they are read."""
    given = definition.model_dump(exclude_none=True)
    document = {key: given[key] for key in _ORDER if key in given and given[key] not in ((), {})}
    if "buttons" in document:
        document["buttons"] = list(document["buttons"])
    text = tomli_w.dumps(document, multiline_strings=True)
    # Of a line that ends with a carriage return nothing would be left of it in a text of several lines.
    return text if tomllib.loads(text) == document else tomli_w.dumps(document)


def write(definition: TemplateDefinition, folder: Path) -> Path:
    """Writes the file of a template to its place, over what is there. Raises OSError and ValueError."""
    path = folder / path_of(definition)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written(definition).encode())
    return path


def read_folder(folder: Path) -> list[TemplateFile]:
    """All templates of a folder, in the order of their paths. Raises FolderError with everything that is wrong."""
    if not folder.is_dir():
        raise FolderError([FileFault(Path(), None, f"there is no folder {folder}")])
    faults: list[FileFault] = []
    found: dict[tuple[str, str], TemplateFile] = {}
    for path in sorted(folder.rglob(f"*{SUFFIX}"), key=lambda path: path.relative_to(folder).as_posix()):
        place = path.relative_to(folder)
        try:
            definition = _read(path, place)
        except FolderError as error:
            faults += error.faults
            continue
        file = TemplateFile(path, definition)
        faults += _misplaced(file, place, folder)
        first = found.setdefault((definition.name, definition.language), file)
        if first is not file:
            message = f"the same template, by name and language, is in {first.path.relative_to(folder).as_posix()}"
            faults.append(FileFault(place, "name", message))
    if faults:
        raise FolderError(faults)
    return list(found.values())


def _read(path: Path, place: Path) -> TemplateDefinition:
    try:
        document = tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise FolderError([FileFault(place, None, f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise FolderError([FileFault(place, None, "is not written in UTF-8")]) from error
    except tomllib.TOMLDecodeError as error:
        raise FolderError([FileFault(place, None, f"is no TOML: {error}")]) from error
    try:
        # By way of JSON, in whose strictness a list may become what has an order, and nothing else becomes anything.
        return TemplateDefinition.model_validate_json(json.dumps(document, default=_no_text), strict=True)
    except ValidationError as error:
        raise FolderError(list(_faults(error, place))) from error


def _no_text(value: Any) -> list[str]:
    """A date or a time of day, which no field takes."""
    return [str(value)]


def _faults(error: ValidationError, place: Path) -> Iterator[FileFault]:
    for detail in error.errors(include_url=False, include_context=False):
        (said,) = field_errors([detail])
        yield FileFault(place, "/".join(map(str, detail["loc"])) or None, said.message)


def _misplaced(file: TemplateFile, place: Path, folder: Path) -> Iterator[FileFault]:
    try:
        right = path_of(file.definition)
    except ValueError as error:
        yield FileFault(place, "language", str(error))
        return
    if place != right:
        yield FileFault(place, None, f"by what is written in it, it belongs in {right.as_posix()}")
    header = file.definition.header
    if file.sample is None or not isinstance(header, MediaHeader):
        return
    is_absolute = PurePosixPath(header.sample or "").is_absolute()
    if is_absolute or not file.sample.resolve().is_relative_to(folder.resolve()):
        yield FileFault(place, "header/sample", "must be a path to a file in this folder")
    elif not file.sample.is_file():
        yield FileFault(place, "header/sample", f"there is no file {header.sample}")
