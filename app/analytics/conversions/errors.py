"""What can be wrong with a conversion beside its form."""

from app.core.problems import NotFound, Problem


class ReferenceReused(Problem):
    status, code, title = 422, "reference_reused", "The reference belongs to another conversion"


def no_such_conversion() -> NotFound:
    return NotFound("The business has no such conversion for this kind of key.")
