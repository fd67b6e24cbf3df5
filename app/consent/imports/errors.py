"""What can be wrong with an import as a whole."""

from app.core.problems import Conflict, Problem


class UnsupportedMediaType(Problem):
    status, code, title = 415, "unsupported_media_type", "The body is not of a kind that is taken here"


class KeyReused(Problem):
    status, code, title = 422, "idempotency_key_reused", "The Idempotency-Key belongs to another request"


class ImportFinished(Conflict):
    code = "import_finished"
