"""What is the matter with a number until it is lifted: a token expired, an account locked, a bill unpaid."""

from app.sandbox.errors import CATALOGUE, GraphError, of_code
from app.sandbox.standings import Standings
from app.sandbox.state import Condition, Number, Token
from app.sandbox.world import World

_OF_TOKENS = {0, 190}
"""These are the token's fault, so every call that is made with it fails."""


class Conditions:
    def __init__(self, world: World, standings: Standings) -> None:
        self._world = world
        self._standings = standings

    def put(self, number: Number, code: int, details: str, seconds: float | None) -> None:
        now = self._world.clock.now()
        until = now + seconds if seconds is not None else None
        self._world.state.conditions[number.number_id] = Condition(code, details, now, until)
        self._world.touch()

    def lift(self, number: Number) -> None:
        if self._world.state.conditions.pop(number.number_id, None) is not None:
            self._world.touch()

    def of(self, number_id: str) -> Condition | None:
        condition = self._world.state.conditions.get(number_id)
        if condition is None or condition.until is None or self._world.clock.now() < condition.until:
            return condition
        del self._world.state.conditions[number_id]
        return None

    def check(self, number: Number) -> None:
        condition = self.of(number.number_id)
        if condition is not None:
            raise self._refusal(condition)
        code = self._standings.of(number.number_id).send_fault
        if code is not None:
            raise self._refusal(Condition(code, "", 0.0))

    def check_token(self, token: Token) -> None:
        """A token is the portfolio's, so that of every number in it."""
        condition = self.of_token(token)
        if condition is not None:
            raise self._refusal(condition)

    def of_token(self, token: Token) -> Condition | None:
        state = self._world.state
        for number_id in list(state.conditions):
            condition = self.of(number_id)
            waba = state.wabas[state.numbers[number_id].waba_id]
            if condition is not None and condition.code in _OF_TOKENS and waba.business_id == token.business_id:
                return condition
        return None

    def _refusal(self, condition: Condition) -> GraphError:
        self._world.inject("condition")
        return of_code(condition.code, condition.details or f"{CATALOGUE[condition.code].title.rstrip('.')}.")
