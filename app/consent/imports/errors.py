"""What can be wrong with an import as a whole."""

from app.core.problems import Conflict, Problem


class KeyReused(Problem):
    status, code, title = 422, "idempotency_key_reused", "The Idempotency-Key belongs to another request"


class ImportFinished(Conflict):
    code = "import_finished"
