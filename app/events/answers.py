"""What an event type asks of its customers, and what a tap on one of its buttons says."""

from enum import StrEnum
from typing import Literal


class Expected(StrEnum):
    """Which answers a message asks for, or may well get: only these are read out of what customers write to it."""

    CONFIRMATION = "confirmation"
    """Yes or no: they come, they are there, it suits them; or not."""
    RESCHEDULING = "rescheduling"
    """Another time."""
    RATING = "rating"
    """A number of points, or stars."""
    METER_READING = "meter_reading"
    """What a meter shows."""


class Meaning(StrEnum):
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    RESCHEDULE_WANTED = "reschedule_wanted"


RatingMost = Literal[5, 10]
"""Of the best rating."""

RATING_MOST: RatingMost = 5
"""Where an event type says nothing else."""
