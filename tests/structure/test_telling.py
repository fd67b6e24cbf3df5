"""Wherever a message's status changes, the business is told; a place that is new here must say how."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import app

ROOT = Path(app.__file__).parent

UNTOLD = {
    "messages/settling.py:_bring_forward": "it goes on waiting",
    "messages/statements/claims.py:HOLD_ALIKE": "it goes on waiting",
    "messages/statements/claims.py:_take": "it is being sent",
}
"""Places that make of messages only what the business is not told of."""

WRITERS = {
    "messages/statements/acceptance.py:STORE": "store",
    "messages/statements/acceptance.py:SUPERSEDE": "supersede",
    "messages/statements/claims.py:SETTLE": "settle",
    "messages/statements/outcomes.py:_recorded": "record",
    "messages/statements/receipts.py:APPLY_RECEIPTS": "apply_receipts",
    "messages/repository.py:suppress": "suppress",
}
"""Statements, and the function by which others run each: those tell, in the same transaction."""

THEMSELVES = {"messages/erasing.py:end_unsent", "messages/service.py:cancel"}
"""They change rows of a session, and tell."""

_MODULES = {"acceptance", "claims", "outcomes", "receipts", "repository"}

_SETS = re.compile(r"UPDATE messages\b[^;]*?\bSET\b[^;]*?(?<![\w.])status =|INSERT INTO messages\b", re.DOTALL)


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(ROOT.glob("**/*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith("sandbox/"):
            yield name, ast.parse(path.read_text())


def _places(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Constants and functions, those of classes, too, each with its name."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name, node
            case ast.Assign(targets=[ast.Name(id=name)]) if name.isupper():
                yield name, node


def _sets_status(place: ast.stmt) -> bool:
    """Of a message: by SQL, by an attribute, or by a statement of SQLAlchemy's."""
    if not isinstance(place, ast.Assign) or not place.targets[0].id.isupper():  # type: ignore[attr-defined]
        for node in ast.walk(place):
            match node:
                case ast.Attribute(value=ast.Name(id="message"), attr="status", ctx=ast.Store()):
                    return True
                case ast.Call(func=ast.Attribute(attr="values"), keywords=given) if "Message" in ast.unparse(node):
                    if any(one.arg == "status" for one in given):
                        return True
    texts = [node for node in ast.walk(place) if isinstance(node, ast.Constant | ast.JoinedStr)]
    return any(_SETS.search(_text(node)) for node in texts)


def _text(node: ast.Constant | ast.JoinedStr) -> str:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "?" for part in parts)


def _calls(place: ast.stmt) -> set[str]:
    """Functions of other modules, as `module.name`."""
    return {
        f"{node.func.value.id}.{node.func.attr}"
        for node in ast.walk(place)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    }


def test_every_place_that_sets_a_status_is_known() -> None:
    found = {f"{module}:{name}" for module, tree in _trees() for name, place in _places(tree) if _sets_status(place)}
    assert found == UNTOLD.keys() | WRITERS.keys() | THEMSELVES


def test_whoever_sets_a_status_tells_of_it() -> None:
    writers = {f"{module}.{name}" for module in _MODULES for name in WRITERS.values()}
    silent, telling = [], 0
    for module, tree in _trees():
        for name, place in _places(tree):
            place_name, called = f"{module}:{name}", _calls(place)
            if not (called & writers or place_name in THEMSELVES):
                continue
            telling += 1
            if module != "messages/telling.py" and not any(one.startswith("telling.") for one in called):
                silent.append(place_name)
    assert silent == []
    assert telling >= len(WRITERS)
