"""What can keep an event type from being defined or used."""

from app.core.problems import Conflict, NotFound


class EventTypeMissing(NotFound):
    code, title = "unknown_event_type", "There is no such event type"


class TooManyEventTypes(Conflict):
    code, title = "too_many_event_types", "The business has as many event types as it may"
