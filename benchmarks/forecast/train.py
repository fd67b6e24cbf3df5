"""Trains the weights: multinomial logistic regression on what is not held out, one model a language.

How strong the regularisation is, how long stems are and how rare a feature may be was chosen by cross-validation inside
what is learned from; the held-out part was not looked at.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

import app.templates.forecast
from app.templates.forecast.features import marks
from app.templates.forecast.linear import CATEGORIES, Weights
from benchmarks.forecast.labelled import Labelled, read

WEIGHTS = Path(app.templates.forecast.__file__).parent
_STRENGTH = 2.0
_GROUPS_LEAST = 2
"""A feature of one group alone tells of that group."""
_DIGITS = 2
_FOLDS = 5
_TEMPERATURES = tuple(hundredth / 100 for hundredth in range(50, 201, 5))


def train(language: str) -> bytes:
    """The content of the file of weights: the same bytes for the same texts."""
    rows = [row for row in read(language) if not row.is_held_out]
    said = [[mark.feature for mark in marks(row.text, language)] for row in rows]
    sums, labels = [], []
    for fold in range(_FOLDS):
        others = [at for at, row in enumerate(rows) if row.fold != fold]
        vocabulary, model = _fit([rows[at] for at in others], [said[at] for at in others])
        inside = [at for at, row in enumerate(rows) if row.fold == fold]
        sums.append(model.decision_function(_matrix([said[at] for at in inside], vocabulary)))
        labels += [CATEGORIES.index(rows[at].label) for at in inside]
    temperature = min(_TEMPERATURES, key=lambda one: _loss(np.concatenate(sums) / one, labels))
    vocabulary, model = _fit(rows, said)
    return _written(Weights(
        language=language,
        templates=len(rows),
        temperature=temperature,
        bias=_rounded(model.intercept_),
        weights={
            feature: three for feature, at in sorted(vocabulary.items()) if any(three := _rounded(model.coef_[:, at]))
        },
    ))  # fmt: skip


def _fit(rows: Sequence[Labelled], said: Sequence[list[str]]) -> tuple[dict[str, int], LogisticRegression]:
    groups = defaultdict(set)
    for row, features in zip(rows, said, strict=True):
        for feature in features:
            groups[feature].add(row.group)
    known = sorted(feature for feature, where in groups.items() if len(where) >= _GROUPS_LEAST)
    vocabulary = {feature: at for at, feature in enumerate(known)}
    # Solved far beyond the digits that are kept, so that every machine keeps the same.
    model = LogisticRegression(C=_STRENGTH, solver="newton-cg", tol=1e-10, max_iter=10_000)
    return vocabulary, model.fit(_matrix(said, vocabulary), [CATEGORIES.index(row.label) for row in rows])


def _matrix(said: Sequence[list[str]], vocabulary: dict[str, int]) -> csr_matrix:
    columns = [sorted(vocabulary[one] for one in features if one in vocabulary) for features in said]
    starts = np.cumsum([0, *map(len, columns)])
    flat = [column for row in columns for column in row]
    return csr_matrix((np.ones(len(flat)), flat, starts), shape=(len(said), len(vocabulary)))


def _loss(sums: np.ndarray, labels: list[int]) -> float:
    shifted = sums - sums.max(axis=1, keepdims=True)
    chosen = shifted[np.arange(len(labels)), labels]
    return float((np.log(np.exp(shifted).sum(axis=1)) - chosen).mean())


def _rounded(three: np.ndarray) -> tuple[float, float, float]:
    utility, marketing, authentication = (round(float(one), _DIGITS) + 0.0 for one in three)
    return utility, marketing, authentication


def _written(weights: Weights) -> bytes:
    """One feature a line, for people and for diffs."""
    head = msgspec.json.encode(msgspec.structs.replace(weights, weights={})).removesuffix(b"{}}")
    lines = [
        msgspec.json.encode(feature) + b": " + msgspec.json.encode(three) for feature, three in weights.weights.items()
    ]
    return head + b"{\n" + b",\n".join(lines) + b"\n}}\n"


def write() -> None:
    for language in ("en", "tr"):
        (WEIGHTS / f"weights_{language}.json").write_bytes(train(language))
