"""The recommender: the nearest photos of each photo, exactly.

`recommend` looks through the query's whole partition; mining asks `ranked` for the nearest inside a split. The
query, its product's other photos and its copies are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np

from core.codes import codes
from core.engine import run
from core.engines import Engine
from core.search import Barred, fused
from core.similarity import Floats, Similarity, squared_distances
from core.tables import DESCRIPTORS, Catalog, Column, Neighbors
from triplets.cuts import BLOCK, PAIRS, cuts
from triplets.distances import Described
from triplets.groups import Rows, partitions


@dataclass(frozen=True)
class Near:
    """Photos beside each of n queries: their `rows` (n, k) and the distances (n, k) by name; -1 and 0 for none."""

    rows: Rows
    apart: dict[str, Floats]

    @classmethod
    def concat(cls, parts: Sequence[Self]) -> Self:
        """Those of one run of queries after the other."""
        apart = {name: np.concatenate([part.apart[name] for part in parts]) for name in parts[0].apart}
        return cls(np.concatenate([part.rows for part in parts]), apart)


@dataclass(frozen=True)
class Task:
    """A run of the queries of one partition, `name`; its vectors are read where the work is done."""

    name: str
    queries: slice
    described: Described
    similarity: Similarity
    image_id: Column
    product: Rows
    copies: Rows
    k: int

    @property
    def size(self) -> int:
        """How many photos it reads."""
        return len(self.image_id)


def recommend(
    catalog: Catalog, features: Path, similarity: Similarity, k: int, engine: Engine, pairs: int = PAIRS
) -> Iterator[Neighbors]:
    """The `k` nearest of each photo of `catalog` in its partition, whatever their split; fewer where it holds fewer.

    A table per partition, in the catalog's order. The queries of a large partition are cut so that one task looks at
    `pairs` of them and a photo at most: the tables are the same.

    Raises:
        TableError: a descriptor's file or an image's vector is missing, or a vector is not finite.
    """
    product, copies = codes(catalog.product_id), codes(catalog.duplicate_group)
    described = Described.find(features, catalog.image_id)
    found = partitions(catalog)
    cut = {name: cuts(len(rows), pairs) for name, rows in found.items()}
    tasks = (
        Task(
            name,
            queries,
            described.take(rows),
            similarity.of(catalog.category[rows[0]]),
            catalog.image_id[rows],
            product[rows],
            copies[rows],
            k,
        )
        for name, rows in found.items()
        for queries in cut[name]
    )
    parts = run(nearest_in, tasks, engine=engine, label="neighbours", total=sum(map(len, cut.values())))
    return (Neighbors.concat(list(islice(parts, len(runs)))) for runs in cut.values())


def nearest_in(task: Task) -> Neighbors:
    """The neighbours of some photos in their partition; equal distances go to the earlier photo of the catalog."""
    prepared, some = task.described.load(), task.queries
    # A photo shares its product with itself.
    labels = ((task.product[some], task.product), (task.copies[some], task.copies))
    near = ranked(asking(prepared, some), prepared, task.similarity, task.k, labels)
    query, place = np.nonzero(near.rows >= 0)
    return Neighbors(
        query_id=task.image_id[some][query],
        rank=(place + 1).astype(np.int32),
        neighbor_id=task.image_id[near.rows[query, place]],
        **{name: values[query, place] for name, values in near.apart.items()},
    )


def asking(prepared: dict[str, Floats], some: slice) -> dict[str, Floats]:
    """The prepared vectors of the queries `some`; where those are all, `prepared` itself, which is centred once."""
    whole = some == slice(0, len(prepared[DESCRIPTORS[0]]))
    return prepared if whole else {name: values[some] for name, values in prepared.items()}


def ranked(
    queries: Mapping[str, Floats], gallery: Mapping[str, Floats], similarity: Similarity, k: int, barred: Barred
) -> Near:
    """The `k` nearest of each of n queries in a gallery of prepared vectors, nearest first."""
    offered = [gallery[name] for name in DESCRIPTORS]
    asked = offered if queries is gallery else [queries[name] for name in DESCRIPTORS]
    found = fused(asked, offered, similarity.factors(), k, barred=barred, block=BLOCK)
    parts = (part / np.float32(similarity.scales[name]) for name, part in zip(DESCRIPTORS, found.parts, strict=True))
    apart = {"distance": found.distances, **dict(zip(DESCRIPTORS, parts, strict=True))}
    return Near(found.rows, {name: np.where(found.rows < 0, 0, values) for name, values in apart.items()})


def beside(queries: Mapping[str, Floats], gallery: Mapping[str, Floats], similarity: Similarity, rows: Rows) -> Near:
    """The listed `rows` (n, c) of a gallery of prepared vectors beside each of n queries, nearest first."""
    apart = {name: np.empty(rows.shape, np.float32) for name in ("distance", *DESCRIPTORS)}
    for start in range(0, len(rows), BLOCK):
        some = slice(start, start + BLOCK)
        listed = [
            np.take_along_axis(squared_distances(queries[name][some], gallery[name]), rows[some], axis=1)
            for name in DESCRIPTORS
        ]
        pairs = zip(listed, similarity.factors(), strict=True)
        apart["distance"][some] = np.sqrt(sum(np.float32(factor) * values for values, factor in pairs))
        for name, values in zip(DESCRIPTORS, listed, strict=True):
            apart[name][some] = np.sqrt(values) / np.float32(similarity.scales[name])
    order = np.lexsort((rows, apart["distance"]), axis=1)
    sort = partial(np.take_along_axis, indices=order, axis=1)
    return Near(sort(rows), {name: sort(values) for name, values in apart.items()})
