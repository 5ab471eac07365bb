"""Intervals by resampling products: what another draw of as many test products would have given."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array

from core.codes import codes

Floats = npt.NDArray[np.float64]

LEVEL = 95  # percent
_ENTRIES = 2**21  # counts of products that are drawn at once


@dataclass(frozen=True)
class Estimate:
    """A mean, and the same mean of every resample (resamples,), NaN where none of its queries counts.

    Two estimates of one resampling hold the same draws, so that what is formed of both is paired.
    """

    value: float
    resampled: Floats

    @property
    def interval(self) -> tuple[float, float] | None:
        """The percentile interval of `LEVEL` percent; None where there was nothing to resample."""
        known = self.resampled[np.isfinite(self.resampled)]
        if not len(known):
            return None
        low, high = np.percentile(known, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
        return float(low), float(high)

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.value - other.value, self.resampled - other.resampled)

    @classmethod
    def mean(cls, estimates: Sequence[Self]) -> Self:
        """The mean of several, at least one, resample by resample."""
        return cls(
            float(np.mean([one.value for one in estimates])), np.mean([one.resampled for one in estimates], axis=0)
        )


@dataclass(frozen=True)
class Scores:
    """A measure over its `queries`: their mean, and the mean over the categories of the mean inside each."""

    micro: Estimate
    macro: Estimate
    queries: int


class Resampling:
    """Draws of the products of q queries, with replacement; a product brings all its queries.

    Source: Efron, Tibshirani, An Introduction to the Bootstrap, 1993; of clusters: Field, Welsh, 2007.

    Args:
        product, category: those of the queries, (q,) each.
        resamples: how many draws.
    """

    def __init__(self, product: npt.NDArray, category: npt.NDArray, *, resamples: int, seed: int) -> None:
        self._product, self._category = codes(product), codes(category)
        self._products, self._categories = (int(code.max(initial=-1)) + 1 for code in (self._product, self._category))
        self._resamples = resamples if self._products > 1 else 0
        self._seed = seed

    def scores(self, values: Mapping[str, Floats]) -> dict[str, Scores]:
        """Those of each measure that any query counts for; `values` (q,), NaN where a query does not count."""
        counted = {name: of for name, of in values.items() if np.isfinite(of).any()}
        if not counted:
            return {}
        cells = self._cells(np.stack(list(counted.values()), axis=1))
        own = self._means(cells, np.ones((1, self._products)))
        drawn = [own[:, :0], *(self._means(cells, draws) for draws in self._draws())]
        means = np.concatenate([own, *drawn], axis=1)
        scores = {}
        for place, (name, of) in enumerate(counted.items()):
            micro, macro = (Estimate(float(average[0, place]), average[1:, place]) for average in means)
            scores[name] = Scores(micro, macro, int(np.isfinite(of).sum()))
        return scores

    def _cells(self, values: Floats) -> csr_array:
        """Sums and counts of m measures: (2 x m x categories, products), the categories' turn fastest."""
        known = np.isfinite(values)
        parts = np.concatenate([np.where(known, values, 0), known], axis=1)  # (q, 2 x m)
        row = np.arange(parts.shape[1])[None, :] * self._categories + self._category[:, None]
        column = np.broadcast_to(self._product[:, None], row.shape)
        shape = parts.shape[1] * self._categories, self._products
        return coo_array((parts.ravel(), (row.ravel(), column.ravel())), shape=shape).tocsr()

    def _draws(self) -> Iterator[Floats]:
        """How often each product was drawn, (some, products), until there are all resamples."""
        rng = np.random.default_rng(self._seed)
        some = max(1, _ENTRIES // max(self._products, 1))
        for start in range(0, self._resamples, some):
            yield self._drawn(rng, min(some, self._resamples - start))

    def _drawn(self, rng: np.random.Generator, size: int) -> Floats:
        drawn = rng.integers(0, self._products, (size, self._products))
        drawn += np.arange(size)[:, None] * self._products
        counts = np.bincount(drawn.ravel(), minlength=size * self._products)
        return counts.reshape(size, self._products).astype(np.float64)

    def _means(self, cells: csr_array, draws: Floats) -> Floats:
        """Micro and macro means (2, draws, m) where products count as often as they were drawn (draws, products)."""
        sums, counts = (cells @ draws.T).reshape(2, -1, self._categories, len(draws))  # (m, categories, draws) each
        with np.errstate(invalid="ignore"):
            micro = sums.sum(axis=1) / counts.sum(axis=1)
            inside = sums / np.maximum(counts, 1)  # of a category without a query: 0, and not counted
            macro = inside.sum(axis=1) / (counts > 0).sum(axis=1)
        return np.stack([micro.T, macro.T])
