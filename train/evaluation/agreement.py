"""Agreement with attributes: the share of a photo's neighbours that carry its value."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.attributes import attributes, carried
from core.candidates import Labels
from core.codes import MISSING, codes
from core.search import Rows
from core.tables import Catalog
from train.evaluation.among_all import bounds


@dataclass(frozen=True)
class Agreement:
    """Per attribute and query (q,) the share, NaN where the query does not count, and what bounds it.

    `chance` is the share of random neighbours; `ceiling` that of a perfect ranking, below 1 where a value is rarer
    than there are neighbours. Both are NaN with the share.
    """

    shares: dict[str, npt.NDArray[np.float64]]
    chance: dict[str, npt.NDArray[np.float64]]
    ceiling: dict[str, npt.NDArray[np.float64]]


def agreement(photos: Catalog, found: Rows, asking: npt.NDArray[np.bool_]) -> Agreement:
    """Agreement on every attribute.

    Args:
        photos: n catalog photos.
        found: the nearest of each query inside its partition, (q, k) rows of `photos`, -1 for none.
        asking: (n,) which of the photos are queries.
    """
    own, partition = Labels.of(photos), codes(photos.partition)
    shares, chances, ceilings = {}, {}, {}
    for name, values in attributes(photos).items():
        code = codes(values)
        of_found = np.where(found >= 0, code[found], MISSING)
        share, counted = carried(code[asking], of_found)
        if counted.any():
            # A random neighbour is one of the candidates that carry a value, each as likely.
            known = own.others(partition, (code != MISSING).astype(np.int64))[asking]
            chance, ceiling = bounds(own.others(partition, code)[asking], known, found.shape[1])
            shares[name], chances[name], ceilings[name] = (
                np.where(counted, of, np.nan) for of in (share, chance, ceiling)
            )
    return Agreement(shares, chances, ceilings)


def overlap(found: Rows, reference: Rows) -> npt.NDArray[np.float64]:
    """The share of the reference's nearest that are among those found, (q,); NaN where it has none.

    Args:
        found, reference: rows of the nearest by two systems, (q, k) each, -1 for none.
    """
    place = np.arange(len(found))[:, None] * (1 + max(found.max(initial=0), reference.max(initial=0)))
    shared = (np.isin(place + reference, (place + found)[found >= 0]) & (reference >= 0)).sum(axis=1)
    there = (reference >= 0).sum(axis=1)
    return np.where(there > 0, shared / np.maximum(there, 1), np.nan)
