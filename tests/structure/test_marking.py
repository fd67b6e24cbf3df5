"""Wherever something changes that figures count, it is marked to be counted anew, in the same transaction."""

import ast
import re

from app.messages.statements import outcomes
from tests.structure.test_telling import _places, _text, _trees

COUNTED = {
    "messages": "status|template_name|language|event_type|sender_id|mode|send_at|price_category|price_type|country|"
    r"accepted_at|sent_at|delivered_at|read_at|failed_at|failure|reason",
    "replies": "message_id|kind|type|changes_wamid",
}
"""By table, the columns that figures are counted from."""

UNMARKED = {
    "messages/statements/claims.py:HOLD_ALIKE": "it goes on waiting, whatever for",
    "messages/statements/claims.py:_take": "what waits and what is being sent are counted alike",
    "messages/statements/claims.py:BRING_FORWARD": "it goes on waiting, whatever for",
    "messages/settling.py:_bring_forward": "it goes on waiting, whatever for",
    "messages/erasing.py:_MESSAGES": "of a failure its code stays, and nothing else of what is counted goes",
    "messages/statements/outcomes.py:_recorded": "a part of two statements, each of which marks",
    "experiments/statements.py:NOTE_MESSAGES": "stored with its message, which is marked",
}
"""Places that touch what is counted, and need not mark it."""

_INSERTED = re.compile(r"\bINSERT INTO (messages|replies|link_clicks|experiment_messages)\b")
_UPDATED = re.compile(r"\bUPDATE (messages|replies)\b[^;]*?\bSET\b([^;]*)", re.DOTALL)
_ROWS = {
    "Message": "messages",
    "Reply": "replies",
    "LinkClick": "link_clicks",
    "ExperimentMessage": "experiment_messages",
}
_NAMED = {"message": "messages", "reply": "replies", "original": "replies"}
"""As rows of a session are called."""


def _changes(node: ast.AST) -> bool:
    """What is counted: by SQL, by a statement of SQLAlchemy's, by a new row, or by an attribute of one."""
    match node:
        case ast.Constant() | ast.JoinedStr():
            sql = _text(node)
            assigned = [re.search(rf"(?<![\w.])(?:{COUNTED[table]}) =", sets) for table, sets in _UPDATED.findall(sql)]
            return _INSERTED.search(sql) is not None or any(assigned)
        case ast.Call(func=ast.Name(id="insert" | "delete"), args=[ast.Name(id=name)]):
            return name in _ROWS
        case ast.Call(func=ast.Name(id=name), keywords=[_, *_]):
            return name in _ROWS
        case ast.Call(func=ast.Attribute(attr="values"), keywords=given):
            updated = re.search(r"update\((\w+)\)", ast.unparse(node))
            table = _ROWS.get(updated[1], "") if updated is not None else ""
            return table in COUNTED and any(re.fullmatch(COUNTED[table], one.arg or "") for one in given)
        case ast.Attribute(value=ast.Name(id=name), attr=column, ctx=ast.Store()) if name in _NAMED:
            return re.fullmatch(COUNTED[_NAMED[name]], column) is not None
    return False


def _marks(place: ast.stmt) -> bool:
    called = [node.func for node in ast.walk(place) if isinstance(node, ast.Call)]
    return any(isinstance(one, ast.Name) and one.id in ("mark", "marking") for one in called)


def test_whoever_changes_what_is_counted_marks_it() -> None:
    changing = {
        f"{module}:{name}": _marks(place)
        for module, tree in _trees()
        for name, place in _places(tree)
        if any(_changes(node) for node in ast.walk(place))
    }
    assert {place for place, marks in changing.items() if not marks} == UNMARKED.keys()
    assert len(changing) > 2 * len(UNMARKED)
    assert all("INSERT INTO figure_marks" in one for one in (outcomes.RECORD, outcomes.RECORD_AND_SHOW))
