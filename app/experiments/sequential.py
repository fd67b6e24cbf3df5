"""A test of a variant against its control that may be looked at as often as one likes. Pure.

Of each block of messages (so many by the variant, so many by the control, in the order in which they became mature) one
number is taken: the variant's rate of what is bad, less the control's. It lies in [-1, 1], and its mean is what the
variant does worse. Two wagers run over these numbers, each as capital that begins at 1:

- against "the variant is no worse": the capital grows by the factor 1 + s·d;
- against "the variant is worse by the margin": it grows by the factor 1 - s·(d - margin) / (1 - margin).

While the claim that it is laid against holds, such a capital can only fall in the mean, whatever the rates are and
whatever was seen before (it is a nonnegative supermartingale). By Ville's inequality it then ever reaches 1/q with a
probability of at most q, however often one looks and whenever one stops: no normal distribution is assumed, and no
number of messages must be fixed beforehand. Several stakes s are held at once and their mean is the capital, since the
mean of such capitals is one, too; so nothing of how large the difference is must be known.

Sources: Ville 1939; Robbins 1970, Statistical methods related to the law of the iterated logarithm; Waudby-Smith and
Ramdas 2024, Estimating means of bounded random variables by betting; Johari, Koomen, Pekelis and Walsh 2022,
Always valid inference.
"""

from dataclasses import dataclass, field
from functools import cached_property

_STAKES = (0.0125, 0.025, *(step / 20 for step in range(1, 20)))
"""Small ones for small margins of what is frequent, large ones for what is rare. All below 1: nothing is lost whole."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """At which capital each wager is won."""

    worse: float
    no_worse: float

    @classmethod
    def of(cls, *, alpha: float, beta: float, metrics: int) -> "Bounds":
        """To stop, one metric of several is enough, so they share alpha (Bonferroni). To go on, all are needed: one
        that is worse by its margin is let through with a probability of beta at most, however many there are beside it.
        """
        return cls(worse=metrics / alpha, no_worse=1 / beta)


class Wager:
    """Capital that is staked against a claim about the mean of the numbers."""

    def __init__(self, *, against_at_least: float | None = None) -> None:
        """Against "the mean is at least that", or, where nothing is said, against "the mean is at most 0"."""
        self._margin = against_at_least
        self._capitals = [1.0] * len(_STAKES)
        self._factors: dict[float, list[float]] = {}
        self.capital = 1.0

    def observe(self, difference: float) -> None:
        if difference == 0 and self._margin is None:
            return  # nothing is won or lost, and most blocks of what is rare are such
        factors = self._factors.get(difference)
        if factors is None:
            won = difference if self._margin is None else self._margin - difference
            factors = self._factors[difference] = [1 + stake * won / self._reach for stake in _STAKES]
        self._capitals = [capital * factor for capital, factor in zip(self._capitals, factors, strict=True)]
        self.capital = sum(self._capitals) / len(_STAKES)

    @cached_property
    def _reach(self) -> float:
        """The most that one number can lose at a stake of 1."""
        return 1.0 if self._margin is None else 1.0 - self._margin


@dataclass(slots=True)
class Comparison:
    """One metric of one variant, block by block. What is won stays won."""

    margin: float
    bounds: Bounds
    blocks: int = 0
    worse_after: int | None = None
    """Blocks after which the variant was found worse."""
    no_worse_after: int | None = None
    """Blocks after which it was found not to be worse by the margin."""
    _worse: Wager = field(init=False, repr=False)
    _no_worse: Wager = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._worse = Wager()
        self._no_worse = Wager(against_at_least=self.margin)

    @property
    def against_no_worse(self) -> float:
        """What speaks against the variant."""
        return self._worse.capital

    @property
    def against_worse(self) -> float:
        """What speaks for it."""
        return self._no_worse.capital

    def observe(self, difference: float) -> None:
        """`difference`: of one block, the variant's rate of what is bad less the control's."""
        self.blocks += 1
        if self.worse_after is None:
            self._worse.observe(difference)
            if self._worse.capital >= self.bounds.worse:
                self.worse_after = self.blocks
        if self.no_worse_after is None:
            self._no_worse.observe(difference)
            if self._no_worse.capital >= self.bounds.no_worse:
                self.no_worse_after = self.blocks
