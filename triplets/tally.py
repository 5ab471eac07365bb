"""What mining came to, counted while its parts go by to a file."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from core.tables import KINDS, Triplets
from triplets.mine import Mined


class Tally:
    """Counts of all that `count` has passed on.

    `rules` has what each rule rejected (see triplets/reports/words.py), `triplets` the number by split, kind and
    partition, `queries` how many photos asked and got at least one triplet, by split and partition.
    """

    def __init__(self) -> None:
        self.rules: Counter[str] = Counter()
        self.triplets: dict[str, dict[str, dict[str, int]]] = {}
        self.queries: dict[str, dict[str, dict[str, int]]] = {}

    def count(self, parts: Iterable[Mined]) -> Iterator[Triplets]:
        """The triplets of each part, once they are counted."""
        for part in parts:
            self.rules.update(part.counts)
            for kind in KINDS:
                of_kind = part.triplets.kind == kind
                if of_kind.any():
                    by_kind = self.triplets.setdefault(part.split, {}).setdefault(kind, {})
                    by_kind[part.partition] = int(np.count_nonzero(of_kind))
            asked, served = part.counts["queries"], len(set(part.triplets.query_id))
            self.queries.setdefault(part.split, {})[part.partition] = {"asked": asked, "served": served}
            yield part.triplets

    def as_json(self) -> dict[str, Any]:
        """What `mine` leaves in its report file."""
        return {"rules": dict(sorted(self.rules.items())), "triplets": self.triplets, "queries": self.queries}
