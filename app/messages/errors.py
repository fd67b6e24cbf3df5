"""What can keep an event from being accepted."""

from app.core.problems import Conflict, InvalidRequest, Problem


class TemplateMissing(Conflict):
    code, title = "template_missing", "The template has not been submitted to Meta"


class TemplateUnusable(Conflict):
    code, title = "template_unusable", "The template cannot be used until a person acts"


class IdempotencyInFlight(Conflict):
    code, title = "idempotency_in_flight", "A request with this key is being answered"

    def __init__(self) -> None:
        super().__init__("Ask again in a moment with the same key.", headers={"Retry-After": "1"})


class IdempotencyMismatch(Problem):
    status, code, title = 422, "idempotency_mismatch", "The key was used for another request"


class UnknownEventType(InvalidRequest):
    code, title = "unknown_event_type", "There is no such event type"


class TooLate(Conflict):
    code, title = "too_late", "The message can no longer be stopped"
