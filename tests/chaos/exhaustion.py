"""Waiting without a deadline for as long as anything still happens."""

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from tests.support.stack import wait_for

STALLED = 120.0
"""Seconds in which something must have changed, or it is over as it stands."""

Left = TypeVar("Left", int, Counter[str])


def exhaust(look: Callable[[], Left]) -> Left:
    """Waits until nothing is left; where nothing moves any more, gives what still is."""
    left = look()
    while left:
        before = left

        def moved(before: Left = before) -> tuple[Left] | None:
            now = look()
            return (now,) if now != before else None

        try:
            (left,) = wait_for("anything to move", moved, patience=STALLED)
        except AssertionError:
            break
    return left
