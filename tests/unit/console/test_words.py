"""Everything that is said is said in both languages, and nothing that is asked for is missing."""

import re
from string import Formatter

from app.cli.run import ROOT
from app.console.words import WORDS

_SAID = re.compile(r"""\bsay\(\s*["']([a-z0-9_]+)["']\s*[,)]""")
_CONSOLE = ROOT / "app" / "console"


def _gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_languages_say_the_same_things() -> None:
    for key, (turkish, english) in WORDS.items():
        assert turkish.strip(), key
        assert english.strip(), key
        assert _gaps(turkish) == _gaps(english), key


def test_every_word_that_a_page_asks_for_is_there() -> None:
    files = [*_CONSOLE.rglob("*.html"), *_CONSOLE.rglob("*.py")]
    asked = {key for path in files for key in _SAID.findall(path.read_text(encoding="utf-8"))}
    assert len(asked) > 100
    assert asked - WORDS.keys() == set()
