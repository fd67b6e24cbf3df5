"""CPU time of whole process trees, read from /proc: user and system time, children that ended included."""

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    children: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        children += [int(child) for child in (task / "children").read_text().split()]
    return children


def tree_seconds(pid: int) -> float:
    """CPU-seconds used so far by a process and all its descendants.

    A process is charged the time of its ended children when it has waited for them, as a postmaster does for its
    backends; so nothing is lost when one ends between two readings.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = _children(pid)
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    # utime, stime, cutime, cstime: fields 14 to 17 of proc(5), of which the first two were cut off with the name.
    return sum(map(int, fields[11:15])) / _TICK + sum(map(tree_seconds, children))
