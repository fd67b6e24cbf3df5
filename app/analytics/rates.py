"""Rates with the interval that the true rate lies in, by Wilson's score. Pure.

The interval of Edwin B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of the
American Statistical Association 22 (1927): honest for few messages and for rates near nought and one, too. What has it
ready-made (SciPy, statsmodels) weighs a hundred times what all else here does.
"""

from statistics import NormalDist

from pydantic import BaseModel, Field

_Z = NormalDist().inv_cdf(0.975)


class FigureRate(BaseModel):
    """A share, and where the true one lies with 95 % certainty (Wilson's interval)."""

    value: float = Field(examples=[0.9731])
    low: float = Field(examples=[0.9688])
    high: float = Field(examples=[0.9768])


def rate(part: int, whole: int) -> FigureRate | None:
    """Nothing where there is nothing that it could be a share of. At most all: an answer may come before the receipt of
    what it answers."""
    if whole == 0:
        return None
    part = min(part, whole)
    low, high = interval(part, whole)
    return FigureRate(value=part / whole, low=low, high=high)


def interval(part: int, whole: int) -> tuple[float, float]:
    share = part / whole
    middle, scale = share + _Z * _Z / (2 * whole), 1 + _Z * _Z / whole
    half = _Z * (share * (1 - share) / whole + _Z * _Z / (4 * whole * whole)) ** 0.5
    # At the ends of the scale rounding would leave the share itself outside.
    return (middle - half) / scale if part else 0.0, (middle + half) / scale if part < whole else 1.0
