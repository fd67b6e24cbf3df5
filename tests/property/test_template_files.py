"""Templates as files: what is written is read back, whatever is in it."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from app.templates.definition import MediaHeader, TemplateDefinition
from app.templates.files import path_of, read_folder, write, written
from tests.support.template_definitions import definitions


def with_its_sample(definition: TemplateDefinition, folder: Path) -> None:
    header = definition.header
    if isinstance(header, MediaHeader) and header.sample is not None:
        (folder / path_of(definition)).with_name(header.sample).write_bytes(b"%PDF-1.7")


@given(st.lists(definitions(), max_size=4, unique_by=lambda one: (one.name, one.language)))
def test_what_is_written_is_read_back(templates: list[TemplateDefinition]) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        paths = [write(one, folder) for one in templates]
        for one in templates:
            with_its_sample(one, folder)
        found = {file.path: file.definition for file in read_folder(folder)}
    assert found == dict(zip(paths, templates, strict=True))


@given(definitions())
def test_a_text_is_written_as_it_is_read(template: TemplateDefinition) -> None:
    said = written(template)
    letters = {letter for letter in template.body if letter.isalpha()}
    assert all(letter in said for letter in letters)
