"""The standing of each number, and what of it holds for the token, the account and the app that it shares."""

from collections.abc import Iterator

from app.sandbox.standing import WELL, Standing
from app.sandbox.state import Number
from app.sandbox.world import World


class Standings:
    def __init__(self, world: World) -> None:
        self._world = world

    def of(self, number_id: str) -> Standing:
        return self._world.state.standings.get(number_id, WELL)

    def put(self, number: Number, standing: Standing) -> None:
        if standing == WELL:
            self._world.state.standings.pop(number.number_id, None)
        else:
            self._world.state.standings[number.number_id] = standing
        self._world.touch()

    def of_waba(self, waba_id: str) -> Standing:
        """Of the first number of the account that does not stand well."""
        return next((each for number, each in self._set() if number.waba_id == waba_id), WELL)

    def of_business(self, business_id: str) -> Standing:
        """A token is the portfolio's, so that of every number in it."""
        wabas = self._world.state.wabas
        return next((each for number, each in self._set() if wabas[number.waba_id].business_id == business_id), WELL)

    def of_app(self, app_id: str) -> Standing:
        wabas = self._world.state.wabas
        return next((each for number, each in self._set() if app_id in wabas[number.waba_id].subscribed), WELL)

    def _set(self) -> Iterator[tuple[Number, Standing]]:
        state = self._world.state
        for number_id, standing in state.standings.items():
            yield state.numbers[number_id], standing
