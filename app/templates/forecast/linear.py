"""The learned part of the forecast: one weight for each feature and category, added up.

Weights are files beside this module, written by `python -m benchmarks.forecast train` and small enough to be read.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import msgspec

from app.templates.definition import Category

CATEGORIES: tuple[Category, ...] = ("UTILITY", "MARKETING", "AUTHENTICATION")

Three = tuple[float, float, float]
"""One figure for each category, in their order."""


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    language: str
    templates: int
    """From how many it was learned."""
    temperature: float
    """Divides the sums, so that the probabilities are as often right as they say."""
    bias: Three
    weights: dict[str, Three]


@dataclass(frozen=True, slots=True)
class Linear:
    temperature: float
    bias: Three
    weights: Mapping[str, Three]

    def probabilities(self, features: Iterable[str]) -> Three:
        utility, marketing, authentication = self.bias
        for feature in features:
            if (weight := self.weights.get(feature)) is not None:
                utility += weight[0]
                marketing += weight[1]
                authentication += weight[2]
        return softmax((utility, marketing, authentication), self.temperature)


def softmax(sums: Three, temperature: float) -> Three:
    most = max(sums)
    utility, marketing, authentication = (math.exp((one - most) / temperature) for one in sums)
    total = utility + marketing + authentication
    return utility / total, marketing / total, authentication / total


@cache
def learned(language: str) -> Linear:
    found = read_weights(language)
    return Linear(found.temperature, found.bias, found.weights)


def read_weights(language: str) -> Weights:
    return msgspec.json.decode(files(__package__).joinpath(f"weights_{language}.json").read_bytes(), type=Weights)
