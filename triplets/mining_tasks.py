"""The work of mining: each partition of each split with its photos, and those of other categories in its pool."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from core.codes import codes
from core.similarity import Similarity
from core.tables import Catalog, Column
from triplets.distances import Described
from triplets.groups import Group, Rows, groups
from triplets.params import MineParams
from triplets.pools import Pool, pools
from triplets.provenance import params_hash


@dataclass(frozen=True)
class Task:
    """One partition of one split: its n photos, then those of other categories in its pool, near ones first.

    `described`, `image_id`, `product` and `copies` are of all of them, `near` counts the near ones of the pool.
    """

    group: Group
    params: MineParams
    described: Described
    similarity: Similarity
    params_hash: str
    image_id: Column
    product: Rows
    copies: Rows
    near: int

    @property
    def name(self) -> str:
        """The partition and the split."""
        return f"{self.group.partition} {self.group.split}"

    @property
    def size(self) -> int:
        """How many photos it reads."""
        return len(self.image_id)

    @classmethod
    def of(
        cls,
        group: Group,
        pool: Pool,
        catalog: Catalog,
        described: Described,
        similarity: Similarity,
        params: MineParams,
    ) -> Self:
        """The work on `group`, given the pool that was dealt to it."""
        rows = np.concatenate([group.rows, pool.near, pool.far])
        return cls(
            group=group,
            params=params,
            described=described.take(rows),
            similarity=similarity.of(catalog.category[group.rows[0]]),
            params_hash=params_hash(params, similarity),
            image_id=catalog.image_id[rows],
            product=codes(catalog.product_id[rows]),
            copies=codes(catalog.duplicate_group[rows]),
            near=len(pool.near),
        )


def tasks(catalog: Catalog, features: Path, similarity: Similarity, params: MineParams) -> list[Task]:
    """The work, partition by partition: all that is drawn for a task is drawn by its name, so any order serves."""
    found, described = groups(catalog), Described.find(features, catalog.image_id)
    dealt = pools(catalog, described, similarity, params, found)
    return [
        Task.of(group, pool, catalog, described, similarity, params) for group, pool in zip(found, dealt, strict=True)
    ]


def task_of(catalog: Catalog, features: Path, similarity: Similarity, params: MineParams, row: int) -> Task:
    """The one of `tasks` that has the photo in a `row` of the catalog."""
    described = Described.find(features, catalog.image_id)
    # The pools of a split are dealt to all of its partitions together, and to no other's.
    found = [group for group in groups(catalog) if group.split == catalog.split[row]]
    number = [group.partition for group in found].index(catalog.partition[row])
    pool = pools(catalog, described, similarity, params, found)[number]
    return Task.of(found[number], pool, catalog, described, similarity, params)
