"""Similar products: the nearest products of each product of a partition, exactly, one of each family of variants."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.engine import run
from core.engines import Engine
from core.search import Block, in_blocks, smallest
from core.similarity import Floats, Similarity
from core.tables import DESCRIPTORS, Catalog, Column, Similar
from triplets.distances import Described
from triplets.groups import Rows, partitions

_BLOCK = 512  # photos per matrix product, and those of the last product besides


@dataclass(frozen=True)
class Task:
    """One partition: n photos, product after product, and P products in the order of their ids.

    `first` (P,) is the first photo of each product, `family` (P,) the number of its family.
    """

    partition: str
    described: Described
    similarity: Similarity
    image_id: Column
    product_id: Column
    first: Rows
    family: Rows
    k: int

    @property
    def name(self) -> str:
        """The partition."""
        return self.partition


def similar(
    catalog: Catalog, features: Path, similarity: Similarity, family: Rows, k: int, engine: Engine
) -> Iterator[Similar]:
    """The `k` nearest products of each product in its partition; fewer where it holds fewer families.

    Two products are as near as the nearest two of their photos there, of any split. The product's own family is left
    out, and of each other one the nearest product stands for it. Equal distances go to the smaller id. `family` (n,)
    numbers the photos as `families` does. A table per partition, in the catalog's order.

    Raises:
        TableError: a descriptor's file or an image's vector is missing, or a vector is not finite.
    """
    described = Described.find(features, catalog.image_id)
    found = partitions(catalog)
    tasks = (_task(name, rows, catalog, described, similarity, family, k) for name, rows in found.items())
    return run(similar_in, tasks, engine=engine, label="similar products", total=len(found))


def _task(
    partition: str, rows: Rows, catalog: Catalog, described: Described, similarity: Similarity, family: Rows, k: int
) -> Task:
    ids, product = np.unique(catalog.product_id[rows], return_inverse=True)
    rows = rows[np.argsort(product, kind="stable")]
    first = np.searchsorted(np.sort(product), np.arange(len(ids)))
    return Task(
        partition,
        described.take(rows),
        similarity.of(catalog.category[rows[0]]),
        catalog.image_id[rows],
        ids,
        first,
        family[rows][first],
        k,
    )


def similar_in(task: Task) -> Similar:
    """The similar products of one partition; its lists are equally long, as each product has as many other families."""
    kept = min(task.k, len(np.unique(task.family)) - 1)
    if kept == 0:
        return Similar.from_rows([])
    prepared = task.described.load()
    vectors = [prepared[name] for name in DESCRIPTORS]
    blocks = _blocks(task.first, len(task.image_id))
    found = in_blocks(vectors, vectors, task.similarity.factors(), blocks)
    return Similar.concat([_listed(task, kept, block) for block in found])


def _blocks(first: Rows, count: int) -> list[slice]:
    """Runs of whole products among `count` photos: each begins with the first product that reaches a further block."""
    begins = first[np.unique(first // _BLOCK, return_index=True)[1]]
    return [slice(begin, end) for begin, end in zip(begins, [*begins[1:], count], strict=True)]


def _listed(task: Task, kept: int, block: Block) -> Similar:
    """The lists of the products whose photos are the block's queries."""
    start, total = block.queries.start, block.squared  # (b, n)
    asking = np.flatnonzero((task.first >= start) & (task.first < block.queries.stop))
    top = task.first[asking] - start
    # A row at a time is faster than `reduceat` down the columns.
    by_photo = np.stack([photos.min(axis=0) for photos in np.split(total, top[1:])])  # (q, n)
    apart = np.minimum.reduceat(by_photo, task.first, axis=1)  # (q, P)
    apart[task.family[asking][:, None] == task.family[None, :]] = np.inf
    _collapse(apart, task.family)
    near = smallest(apart, kept).ravel()
    query = np.repeat(np.arange(len(asking)), kept)
    column = _nearest(by_photo, query, task.first, near)
    row = _nearest(total.T, column, top, query)
    return Similar(
        partition=np.full(len(query), task.partition, object),
        product_id=task.product_id[asking[query]],
        rank=np.tile(np.arange(1, kept + 1, dtype=np.int32), len(asking)),
        similar_id=task.product_id[near],
        image_id=task.image_id[start + row],
        similar_image_id=task.image_id[column],
        distance=np.sqrt(total[row, column]),
        **{
            name: np.sqrt(part) / np.float32(task.similarity.scales[name])
            for name, part in zip(DESCRIPTORS, block.parts(row, column), strict=True)
        },
    )


def _collapse(apart: Floats, family: Rows) -> None:
    """Leave of each family (P,) the nearest of its products in `apart` (q, P), the first of equals; others get inf."""
    columns = np.argsort(family, kind="stable")
    _, group, sizes = np.unique(family[columns], return_inverse=True, return_counts=True)
    columns, sizes = columns[sizes[group] > 1], sizes[sizes > 1]
    if len(sizes) == 0:
        return
    begins = np.cumsum(sizes) - sizes
    inside = apart[:, columns]
    least = np.minimum.reduceat(inside, begins, axis=1)
    places = np.where(inside == np.repeat(least, sizes, axis=1), np.arange(len(columns)), len(columns))
    nearest = np.minimum.reduceat(places, begins, axis=1)
    inside.fill(np.inf)
    np.put_along_axis(inside, nearest, least, axis=1)
    apart[:, columns] = inside


def _nearest(values: Floats, rows: Rows, begins: Rows, chosen: Rows) -> Rows:
    """In each of `rows` (m,) of `values` the column of the smallest in the `chosen` (m,) run, the first of equals.

    The runs fill all columns and start at `begins`.
    """
    sizes = np.diff(begins, append=values.shape[1])[chosen]
    ends = np.cumsum(sizes)
    pair = np.repeat(np.arange(len(rows)), sizes)
    column = np.arange(len(pair)) + (begins[chosen] - ends + sizes)[pair]
    return column[np.lexsort((values[rows[pair], column], pair))[ends - sizes]]
