"""What can keep an event type from being defined or used."""

from app.core.problems import Conflict, NotFound


class EventTypeMissing(NotFound):
    code, title = "unknown_event_type", "There is no such event type"

    def __init__(self, detail: str = "Neither the catalogue nor the business has an event type of this name.") -> None:
        super().__init__(detail)


class TooManyEventTypes(Conflict):
    code, title = "too_many_event_types", "The business has as many event types as it may"
