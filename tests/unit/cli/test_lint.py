"""`ulak templates lint`."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.run import CommandError
from app.cli.templates import templates
from app.events.catalogue import catalogue
from app.templates import files
from app.templates.definition import TemplateDefinition

GOOD: dict[str, Any] = {
    "name": "parcel_ready",
    "language": "tr",
    "body": "Merhaba {{customer_name}}, {{number}} numaralı gönderiniz şubede sizi bekliyor.",
    "samples": {"customer_name": "Ayşe", "number": "7"},
}


def run(*arguments: str) -> tuple[str, BaseException | None]:
    result = CliRunner().invoke(templates, ["lint", *arguments])
    return result.output, result.exception


def written(directory: Path, content: object) -> str:
    path = directory / "templates.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


def test_the_catalogue_has_no_errors() -> None:
    output, error = run()
    assert error is None
    number = sum(len(event_type.templates) for event_type in catalogue().values())
    assert f"templates: {number}, errors: 0, warnings: 0" in output


def test_a_file_without_faults_passes(tmp_path: Path) -> None:
    output, error = run("--file", written(tmp_path, [GOOD]))
    assert error is None
    assert output == "templates: 1, errors: 0, warnings: 0, hints: 0\n"


def test_errors_of_both_kinds_are_shown_and_fail(tmp_path: Path) -> None:
    tipping = GOOD | {"footer": "Size özel indirim"}
    edge = GOOD | {"language": "xx", "body": "Gönderiniz hazır {{customer_name}} ve numarası {{number}}"}
    output, error = run("--file", written(tmp_path, [tipping, edge]))
    assert isinstance(error, CommandError)
    assert str(error) == "some templates have errors"
    for expected in (
        'parcel_ready (tr) footer: error promotional: "indirim" reads as promotion. Say only what happened',
        "parcel_ready (xx) language: error language: is not one of Meta's languages.\n",
        "parcel_ready (xx) components/0/text: error variable_at_edge: must not begin or end with a variable.\n",
    ):
        assert expected in output


def test_warnings_alone_do_not_fail(tmp_path: Path) -> None:
    output, error = run("--file", written(tmp_path, [GOOD | {"footer": "Teşekkürler!"}]))
    assert error is None
    assert "exclamation" in output
    assert "errors: 0, warnings: 1" in output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "no list of template definitions"),
        (GOOD, "no list of template definitions"),
        ([GOOD | {"colour": "red"}], "#/0/colour"),
        ([GOOD | {"samples": {}}], "#/0"),
    ],
)
def test_a_file_that_holds_something_else_is_refused_with_its_place(tmp_path: Path, content: object, said: str) -> None:
    _, error = run("--file", written(tmp_path, content))
    assert isinstance(error, CommandError)
    assert said in str(error)


def test_a_file_that_is_not_there_is_named() -> None:
    _, error = run("--file", "/nowhere/templates.json")
    assert isinstance(error, CommandError)
    assert "/nowhere/templates.json cannot be read" in str(error)


def test_warnings_fail_where_that_is_asked_for(tmp_path: Path) -> None:
    _, error = run("--strict", "--file", written(tmp_path, [GOOD | {"footer": "Teşekkürler!"}]))
    assert isinstance(error, CommandError)
    assert str(error) == "some templates have warnings"
    output, error = run("--strict")
    assert error is None, output


def test_a_folder_of_template_files_is_read_whole(tmp_path: Path) -> None:
    for one in (GOOD, GOOD | {"name": "other", "footer": "Size özel indirim"}):
        files.write(TemplateDefinition.model_validate(one), tmp_path)
    output, error = run(str(tmp_path))
    assert isinstance(error, CommandError)
    assert "templates: 2, errors: 2" in output


def test_what_is_wrong_with_a_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "_").mkdir()
    (tmp_path / "_" / "broken.tr.toml").write_text("name = ", encoding="utf-8")
    output, error = run(str(tmp_path))
    assert isinstance(error, CommandError)
    assert "broken.tr.toml" in output + str(error)


def test_programs_get_findings_and_forecast_as_json(tmp_path: Path) -> None:
    output, error = run("--format", "json", "--file", written(tmp_path, [GOOD]))
    assert error is None
    (found,) = json.loads(output)
    assert (found["name"], found["language"], found["category"]) == ("parcel_ready", "tr", "UTILITY")
    assert (found["passes"], found["findings"]) == (True, [])
    assert found["forecast"]["category"] == "UTILITY"
