"""What the dial has in store for one send, decided before it is looked at."""

from dataclasses import dataclass, field

from app.sandbox.answers import LostAnswerError, OutageError
from app.sandbox.errors import CATALOGUE, GraphError, of_code
from app.sandbox.state import Json
from app.sandbox.world import World

_TOLD = "The fault dial asks for this error."


@dataclass(slots=True)
class Fate:
    """Which try of which key a send is, what was injected into it, and what stands between it and its answer."""

    key: str = ""
    attempt: int = 0
    faults: list[str] = field(default_factory=list)
    early: bool = False
    slow: float = 0.0
    ends: Exception | None = None
    """What the caller gets instead of the answer."""


def key_of(body: Json) -> str:
    """A caller's own id stays the same however the sends race; the recipient is the second best."""
    for name in ("biz_opaque_callback_data", "to", "recipient"):
        value = body.get(name)
        if value and isinstance(value, str):
            return value
    return ""


class Fates:
    def __init__(self, world: World) -> None:
        self._world = world

    def begin(self, body: Json) -> Fate:
        key = key_of(body)
        return Fate(key, self._world.attempt(key))

    def strikes(self, fate: Fate, name: str, chance: float) -> bool:
        struck = self._world.strikes(name, chance, fate.key, fate.attempt)
        if struck:
            fate.faults.append(name)
        return struck

    def before(self, fate: Fate) -> tuple[int, str] | None:
        """Raises what comes instead of processing; gives what the message is to fail with later."""
        if self.strikes(fate, "errors_before", self._world.dial.errors_before):
            raise self._outage(fate)
        for code, chance in sorted(self._world.dial.codes.items()):
            if self.strikes(fate, f"code_{code}", chance):
                if CATALOGUE[code].mode == "sync":
                    raise of_code(code, _TOLD)
                return code, _TOLD
        return None

    def after(self, fate: Fate) -> None:
        """How an accepted send is answered; a lost answer cannot be a bad one too."""
        dial = self._world.dial
        fate.early = self.strikes(fate, "early_receipts", dial.early_receipts)
        if self.strikes(fate, "slow_answers", dial.slow_answers):
            fate.slow = dial.slow_answer_seconds
        if self.strikes(fate, "lost_answers", dial.lost_answers):
            fate.ends = LostAnswerError()
        elif self.strikes(fate, "errors_after", dial.errors_after):
            fate.ends = self._outage(fate)

    def _outage(self, fate: Fate) -> Exception:
        """One of two kinds, by the hash."""
        dial = self._world.dial
        first = dial.share("error_shape", fate.key, fate.attempt) < 0.5  # noqa: PLR2004 - a coin
        if dial.error_shape == "graph":
            return GraphError(131000 if first else 2, _TOLD)
        return OutageError(502 if first else 503)
