"""Both languages say everything that is said, with the same values in it."""

import ast
import string
from datetime import UTC
from pathlib import Path

import pytest

import app.doctor
from app.core.languages import OUR_LANGUAGES, OurLanguage
from app.doctor import words
from app.doctor.outcomes import Check, said

SOURCES = sorted(one for one in Path(app.doctor.__file__).parent.glob("*.py") if not one.stem.startswith("words"))
FAMILIES = ("entity_", "status_", "template_quality_", "clock_", "override_", "remove_override_")
"""Beginnings of keys of which the end is a word of Meta's or ours."""


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _said() -> set[str]:
    """Keys that modules say, written out."""
    found = set()
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "said":
                found |= {leaf.value for leaf in ast.walk(node.args[0]) if isinstance(leaf, ast.Constant)}
    return {key for key in found if isinstance(key, str)}


def test_languages_know_the_same_sentences_with_the_same_values() -> None:
    turkish, english = words.WORDS["tr"], words.WORDS["en"]
    assert turkish.keys() == english.keys()
    for key, text in english.items():
        assert _fields(turkish[key]) == _fields(text), key
        assert turkish[key] != text or "{" in text, key


def test_what_is_said_is_known() -> None:
    said = {key for key in _said() if not key.startswith(FAMILIES)}
    known = {key for key in words.WORDS["en"] if not key.startswith(FAMILIES)}
    keys_as_data = {"token_ends", "data_access_ends", "template_missing", "template_recategorised"}
    listed = {key for source in SOURCES for key in known if f'"{key}"' in source.read_text(encoding="utf-8")}
    assert {key for key in said if key.islower() and "_" in key} - known == set()
    assert known - listed - keys_as_data == set(), "of no use"


@pytest.mark.parametrize("language", OUR_LANGUAGES)
def test_each_check_has_a_title_of_its_own(language: str) -> None:
    titles = [words.title(check, language) for check in Check]  # type: ignore[arg-type] # one of ours
    assert len(set(titles)) == len(Check)


@pytest.mark.parametrize("language", OUR_LANGUAGES)
def test_names_in_a_row_are_told_apart(language: OurLanguage) -> None:
    told = words.tell(said("fields_missing", fields=["messages", "account_update"]), language, UTC)
    assert "messages, account_update" in told
