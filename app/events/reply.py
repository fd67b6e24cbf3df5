"""Answers to what customers write: no event that is reported, but messages like any other, with their own policy."""

from datetime import timedelta

from app.events.event_type import EventType, Industry, Priority
from app.events.fields import Payload

REPLY: EventType[Payload] = EventType(
    name="reply",
    title="Answer to a customer",
    description="A message in the customer's window, in words of the business's own.",
    industry=Industry.CONVERSATION,
    payload=Payload,
    topic="conversations",
    consent="window",
    priority=Priority.ANSWER,
    time_to_live=timedelta(hours=24),
    # The business is told at once, and whoever asked and hears nothing asks again; twice the same looks like a machine.
    on_unconfirmed="fail",
    unconfirmed_window=timedelta(minutes=2),
    quiet_hours="bypass",
    parameters={},
    wordings={},
    examples={},
)
"""No event type of a business can have its name: those begin with `x-`."""
