"""CPU time of whole process trees, user and system, children that ended included; and their memory. From /proc."""

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGESIZE")


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


def tree_megabytes(pid: int) -> float:
    """Resident memory of a process and all its descendants."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = _children(pid)
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return pages * _PAGE / 1_000_000 + sum(map(tree_megabytes, children))
