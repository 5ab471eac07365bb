"""Build the index: a PCA for every set of weights, then an Annoy file for every partition."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.engine import run
from core.engines import Engine
from core.errors import InputError
from core.similarity import Similarity
from core.tables import Catalog
from triplets.distances import Described
from triplets.groups import Rows, generator, partitions
from triplets.index import reduction
from triplets.index.annoy_index import components_path, file_hash, new_trees, trees_path
from triplets.index.manifest import FORMAT, Entry, Manifest, Reduced, fingerprints, hashed
from triplets.index.reduction import reduce

_SAMPLE = 10_000  # training photos that one PCA is fitted on, at most


@dataclass(frozen=True)
class Asked:
    """At most so many `dimensions`, Annoy's `trees`, and the `seed` of all that is drawn."""

    dimensions: int
    trees: int
    seed: int


@dataclass(frozen=True)
class Task:
    """One partition; its vectors are read where the work is done."""

    described: Described
    similarity: Similarity
    components: Path
    path: Path
    asked: Asked


def build(
    folder: Path, catalog: Catalog, described: Described, similarity: Similarity, asked: Asked, engine: Engine
) -> Manifest:
    """Write the files of every partition of `catalog`, whose vectors are `described`, and the manifest into `folder`.

    Raises:
        InputError: no photo is in the training split.
        TableError: Annoy is not installed, or a vector is not finite.
    """
    new_trees(1)
    folder.mkdir()
    found = partitions(catalog)
    own = [similarity.of(catalog.category[rows[0]]) for rows in found.values()]
    kinds = [one for place, one in enumerate(own) if one not in own[:place]]
    using = [kinds.index(one) for one in own]
    reductions = _write_reductions(
        folder, catalog, described, kinds, list(zip(using, found.values(), strict=True)), asked, engine
    )
    tasks = (
        Task(
            described.take(rows), own[number], components_path(folder, using[number]), trees_path(folder, number), asked
        )
        for number, rows in enumerate(found.values())
    )
    written = run(write_trees, tasks, engine=engine, label="index", total=len(found))
    entries = tuple(
        Entry(name, len(rows), hashed(catalog.image_id[rows]), reduction, sha256)
        for (name, rows), reduction, sha256 in zip(found.items(), using, written, strict=True)
    )
    made_of = fingerprints(described.features)
    manifest = Manifest(FORMAT, made_of, similarity.scales, asked.trees, asked.seed, reductions, entries)
    manifest.write(folder)
    return manifest


def _write_reductions(
    folder: Path,
    catalog: Catalog,
    described: Described,
    kinds: Sequence[Similarity],
    members: Sequence[tuple[int, Rows]],
    asked: Asked,
    engine: Engine,
) -> tuple[Reduced, ...]:
    """Fit and write a PCA for each of `kinds`; `members` are all partitions, each the number of its kind and rows."""
    fits = [
        _fit(catalog, described, one, np.concatenate([rows for kind, rows in members if kind == number]), asked)
        for number, one in enumerate(kinds)
    ]
    reductions = []
    fitted = run(reduction.fit, fits, engine=engine, label="reduction", total=len(fits))
    for number, (one, components) in enumerate(zip(kinds, fitted, strict=True)):
        path = components_path(folder, number)
        np.save(path, components)
        reductions.append(Reduced(one.weights, file_hash(path)))
    return tuple(reductions)


def _fit(catalog: Catalog, described: Described, similarity: Similarity, rows: Rows, asked: Asked) -> reduction.Fit:
    """What the PCA of the partitions of `rows` is fitted on: their training photos, or all where they have none."""
    train = catalog.split == "train"
    some = rows[train[rows]]
    if len(some) == 0:
        some = np.flatnonzero(train)
    if len(some) == 0:
        raise InputError("no photo is in the training split. Raise curate.split.train, and run dvc repro.")
    drawn = np.sort(generator(asked.seed, "reduction").permutation(some)[:_SAMPLE])
    _, partition = np.unique(catalog.partition[drawn].astype(str), return_inverse=True)
    return reduction.Fit(described.take(drawn), partition, similarity, asked.dimensions, asked.seed)


def write_trees(task: Task) -> str:
    """Build and write one file; its hash."""
    reduced = reduce(task.similarity.fuse(task.described.load()), np.load(task.components, allow_pickle=False))
    trees = new_trees(reduced.shape[1])
    trees.set_seed(task.asked.seed)
    for item, vector in enumerate(reduced):
        trees.add_item(item, vector)
    trees.build(task.asked.trees, n_jobs=1)  # a seed belongs to a thread: more of them make other bytes
    trees.save(str(task.path))
    return file_hash(task.path)
