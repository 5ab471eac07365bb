"""Weights learnt from judgements: a logistic regression with weights at least 0, for judges who sometimes slip."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit, xlogy

Doubles = npt.NDArray[np.float64]

_STEPS = 50  # of the lattice, per weight
_SHARPNESS = tuple(2.0**power for power in range(-1, 7))  # per unit of fused squared distance
_SLIPS = (0.01, 0.05, 0.1, 0.15, 0.2, 0.3)  # shares of judgements that are made at random, halved
_BLOCK = 2048  # judgements at a time
_SPREAD = 12  # standard deviations that the finer lattice spans


@dataclass(frozen=True)
class Posterior:
    """How likely weights are after some judgements.

    `lattice` (g, d) has weights that sum to 1 and `mass` (g,) the probability of each. `evidence` is the logarithm of
    how much likelier the judgements are by such weights than by the toss of a coin.
    """

    lattice: Doubles
    mass: Doubles
    evidence: float

    @property
    def weights(self) -> Doubles:
        """The mean weights (d,), which sum to 1."""
        return self.mass @ self.lattice

    def interval(self) -> tuple[Doubles, Doubles]:
        """The bounds (d,) and (d,) between which each weight lies with a probability of 95 %."""
        bounds = []
        for values in self.lattice.T:
            order = np.argsort(values, kind="stable")
            below = np.cumsum(self.mass[order])
            bounds.append(values[order][np.searchsorted(below, [0.025, 0.975]).clip(max=len(values) - 1)])
        low, high = np.array(bounds).T
        return low, high

    def draw(self, count: int, rng: np.random.Generator) -> Doubles:
        """`count` weights (count, d) as likely as they are."""
        return self.lattice[rng.choice(len(self.lattice), count, p=self.mass)]


def fit(apart: Doubles, centre: Doubles | None = None, shrinkage: float = 0.0) -> Posterior:
    """Learn weights from judgements.

    A judge finds a closer than b with the probability e + (1 - 2 e) sigmoid(k w.x), where x is the squared distance
    of b less that of a, per descriptor; the weights w are at least 0 and sum to 1, k is how sharply the judge sees,
    and 2 e the share of judgements made at random. Without e, slips would blunt the weights, for they are no
    logistic noise. All three are unknown; k and e are summed out and the mean of w is taken, which errs less than
    the likeliest w: the likelihood of sharp judges has steps and many peaks. With three descriptors, sums over a
    lattice do this exactly: a coarse one over all weights, then a fine one where the weights are likely.

    Args:
        apart: x (n, d) of the photo that was judged closer: squared scaled distance of the other less its own.
        centre: weights (d,) that `shrinkage` pulls to; None pulls nowhere.
        shrinkage: the strength, 0 or more: the concentration of a Dirichlet prior with its peak at `centre`.
    """
    everywhere = _lattice(apart.shape[1])
    prior = _prior(everywhere, centre, shrinkage)
    likelihood = _likelihood(apart, everywhere)
    evidence = _log_sum(likelihood + prior) - _log_sum(prior) - len(apart) * np.log(0.5)
    coarse = Posterior(everywhere, _mass(likelihood + prior), float(evidence))
    reach = _SPREAD * float(np.sqrt(coarse.mass @ (everywhere - coarse.weights) ** 2).max())
    if reach >= 1:
        return coarse
    finer = coarse.weights + reach * (everywhere - everywhere.mean(axis=0))
    finer = finer[(finer >= 0).all(axis=1)]
    return Posterior(finer, _mass(_likelihood(apart, finer) + _prior(finer, centre, shrinkage)), coarse.evidence)


@dataclass(frozen=True)
class Learnt:
    """The posterior of all judgements, and of those categories that have enough judgements of their own."""

    overall: Posterior
    categories: dict[str, Posterior] = field(default_factory=dict)

    @classmethod
    def of(cls, apart: Doubles, category: npt.NDArray, own: Mapping[str, float]) -> Self:
        """Learn from judgements `apart` (n, d) as in `fit`; `category` (n,) is that of the query.

        Args:
            own: the categories that get their own weights, and the shrinkage of each to the overall ones.
        """
        overall = fit(apart)
        return cls(
            overall,
            {name: fit(apart[category == name], overall.weights, shrinkage) for name, shrinkage in own.items()},
        )

    def of_each(self, category: npt.NDArray, kept: Mapping[str, Doubles]) -> Doubles:
        """The weights (n, d) that hold for each `category` (n,); `kept` has those of categories that keep theirs."""
        theirs = dict(kept) | {name: posterior.weights for name, posterior in self.categories.items()}
        return np.array([theirs.get(name, self.overall.weights) for name in category]).reshape(len(category), -1)


def _lattice(parts: int) -> Doubles:
    """All weights (g, parts) that are multiples of 1 / `_STEPS` and sum to 1."""
    whole = np.argwhere(np.indices((_STEPS + 1,) * parts).sum(axis=0) == _STEPS)
    return whole / _STEPS


def _prior(weights: Doubles, centre: Doubles | None, shrinkage: float) -> Doubles:
    """The logarithm of the prior (g,), up to a constant."""
    return np.zeros(len(weights)) if centre is None else xlogy(shrinkage * centre, weights).sum(axis=1)


def _likelihood(apart: Doubles, weights: Doubles) -> Doubles:
    """The logarithm of the likelihood of each of `weights` (g, d), k and e summed out: (g,)."""
    logs = np.zeros((len(_SHARPNESS), len(_SLIPS), len(weights)))
    for start in range(0, len(apart), _BLOCK):
        fused = (apart[start : start + _BLOCK] @ weights.T).astype(np.float32)  # (block, g)
        for k, sharpness in enumerate(_SHARPNESS):
            sure = expit(np.float32(sharpness) * fused)
            for e, slips in enumerate(_SLIPS):
                agree = np.log(np.float32(slips) + np.float32(1 - 2 * slips) * sure)
                logs[k, e] += agree.sum(axis=0, dtype=np.float64)
    top = logs.max()
    with np.errstate(divide="ignore"):  # a weight that is out of the question
        return np.log(np.exp(logs - top).mean(axis=(0, 1))) + top


def _mass(logs: Doubles) -> Doubles:
    mass = np.exp(logs - logs.max())
    return mass / mass.sum()


def _log_sum(logs: Doubles) -> float:
    top = logs.max()
    return float(np.log(np.exp(logs - top).sum()) + top)
