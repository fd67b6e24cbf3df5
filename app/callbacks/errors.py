"""What can be in the way of an operation on endpoints."""

from app.core.problems import Conflict, InvalidRequest, NotFound


class TooManyEndpoints(Conflict):
    code, title = "too_many_endpoints", "The business has as many endpoints as it can have"


class EndpointDisabled(Conflict):
    code, title = "endpoint_disabled", "The endpoint is disabled"


class TooManyEvents(InvalidRequest):
    code, title = "too_many_events", "The period holds more events than are replayed at once"


class EndpointMissing(NotFound):
    code, title = "not_found", "No such endpoint"

    def __init__(self) -> None:
        super().__init__("The business has no such endpoint for this kind of key.")


class DeliveryMissing(NotFound):
    code, title = "not_found", "No such event"

    def __init__(self) -> None:
        super().__init__("The business has no such event for this kind of key, or no longer.")
