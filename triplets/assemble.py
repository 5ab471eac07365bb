"""From drawn places to rows of the triplets' table."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.similarity import Floats
from core.tables import DESCRIPTORS, Column, Triplets
from triplets.groups import Rows
from triplets.rules import VERSION

DISTANCES = ("distance", *DESCRIPTORS)


@dataclass(frozen=True)
class Side:
    """The positives or the negatives of m triplets: image ids, ranks for the query from 1 (0 for none), distances to
    it by name, `DISTANCES`; all (m,).
    """

    image_id: Column
    rank: Rows
    apart: Mapping[str, Floats]


def triplets_of(query_id: Column, positive: Side, negative: Side, *, kind: str, split: str, params: str) -> Triplets:
    """The table of m triplets of one kind and split; `params` is the hash of what the rules have read."""
    count = len(query_id)
    return Triplets(
        query_id=query_id,
        positive_id=positive.image_id,
        negative_id=negative.image_id,
        kind=np.full(count, kind, object),
        split=np.full(count, split, object),
        rules=np.full(count, VERSION, object),
        params=np.full(count, params, object),
        positive_rank=positive.rank.astype(np.int32),
        negative_rank=negative.rank.astype(np.int32),
        **{f"positive_{name}": positive.apart[name] for name in DISTANCES},
        **{f"negative_{name}": negative.apart[name] for name in DISTANCES},
    )
