"""The ten nearest of every photo, by this project's exact search and by libraries, on the same uneven partitions.

Vectors are synthetic, of the real widths and clustered. A photo differs from its cluster in a few directions, most in
the first, as descriptors do; `--latent 0` lets it differ in all alike, where nothing can be reduced. One thread each.
A leaf of Annoy's holds about as many photos as a vector has dimensions: on whole vectors it looks at every photo of a
partition of less than some 3,600, whatever its trees.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
from mining import WIDTHS, uneven
from threadpoolctl import threadpool_limits

from core import rows
from core.similarity import Similarity
from triplets.distances import between
from triplets.index.reduction import components, reduce
from triplets.neighbors import ranked

K = 10
CANDIDATES = 200
SIMILARITY = Similarity({"structure": 0.4, "pattern": 0.3, "color": 0.3}, dict.fromkeys(WIDTHS, 1.0))
Parts = dict[str, np.ndarray]
# Of one partition: seconds to build, seconds to answer, and the rows (n, K + 1) found, the photo itself among them.
Found = tuple[float, float, np.ndarray]


@click.command()
@click.option("--photos", default=5000, show_default=True)
@click.option("--partitions", default=20, show_default=True)
@click.option("--largest", default=1500, show_default=True, help="Photos of the largest partition.")
@click.option("--dimensions", default=64, show_default=True, help="Of the PCA.")
@click.option("--latent", default=32, show_default=True, help="Directions in which photos differ; 0: all.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here too.")
def main(photos: int, partitions: int, largest: int, dimensions: int, latent: int, json_path: Path | None) -> None:
    """Time all neighbours with the build, and count how many of the exact ones are found.

    Example: python benchmarks/indexes.py --photos 10000 --partitions 40 --largest 2500
    """
    sizes = uneven(photos, partitions, largest)
    with threadpool_limits(1):
        parts = [vectors(size, number, latent) for number, size in enumerate(sizes)]
        whole = [SIMILARITY.fuse(one) for one in parts]
        start = time.perf_counter()
        kept = components(np.concatenate(whole), np.repeat(np.arange(len(sizes)), sizes), dimensions, seed=1)
        few = [reduce(one, kept) for one in whole]
        pca = time.perf_counter() - start
        exact = [ours(one) for one in parts]
        width, narrow = whole[0].shape[1], few[0].shape[1]
        asked: list[tuple[str, int, Callable[[int], Found]]] = [
            ("faiss flat", width, lambda place: faiss_flat(whole[place])),
            ("annoy, 10 trees", width, lambda place: annoy(whole[place], 10)),
            ("annoy, 50 trees", width, lambda place: annoy(whole[place], 50)),
            ("hnswlib", width, lambda place: hnswlib(whole[place])),
            ("annoy, 10 trees", narrow, lambda place: annoy(few[place], 10)),
            ("annoy, 50 trees", narrow, lambda place: annoy(few[place], 50)),
            ("hnswlib", narrow, lambda place: hnswlib(few[place])),
            (f"annoy, 20 trees, {CANDIDATES} ranked again", narrow, lambda place: again(few[place], parts[place])),
        ]
        figures = [figure("core.search.fused, exact", width, exact, exact)]
        for name, dims, ask in asked:
            try:
                figures.append(figure(name, dims, [ask(place) for place in range(len(sizes))], exact))
            except ImportError as error:
                click.echo(f"{name}: skipped, {error.name} is not installed")
    click.echo(f"{sizes.sum():,} photos in {len(sizes)} partitions, the largest of {sizes.max():,};", nl=False)
    click.echo(f" the PCA took {pca:.1f} s")
    click.echo(rows.text([list(figures[0]), *(list(one.values()) for one in figures)]), nl=False)
    if json_path:
        told = {"photos": int(sizes.sum()), "partitions": len(sizes), "latent": latent, "pca": pca}
        json_path.write_text(json.dumps({**told, "figures": figures}, indent=2) + "\n")


def vectors(count: int, seed: int, latent: int) -> Parts:
    """Prepared vectors (count, d) of unit length, twenty photos to a cluster."""
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, count // 20 + 1, count)
    found = {}
    for name, width in WIDTHS.items():
        values = rng.standard_normal((count, width), np.float32)
        values += 1.5 * rng.standard_normal((count // 20 + 1, width), np.float32)[cluster]
        if latent:
            falling = np.sqrt(width / np.arange(1, latent + 1)).astype(np.float32)
            directions = rng.standard_normal((latent, width), np.float32) / np.float32(np.sqrt(width))
            values = 0.2 * values + (rng.standard_normal((count, latent), np.float32) * falling) @ directions
        if name == "color":
            np.abs(values, out=values)
        found[name] = values / np.linalg.norm(values, axis=1, keepdims=True)
    return found


def figure(name: str, dimensions: int, found: list[Found], exact: list[Found]) -> dict[str, Any]:
    """Seconds over all partitions, and the share of the exact neighbours that is found."""
    build, answer = (sum(one[place] for one in found) for place in (0, 1))
    shared = total = 0
    for (*_, some), (*_, true) in zip(found, exact, strict=True):
        for photo, (one, other) in enumerate(zip(some, true, strict=True)):
            wanted = [row for row in other.tolist() if row != photo][:K]
            shared += len(set(wanted) & set([row for row in one.tolist() if row != photo][:K]))
            total += len(wanted)
    return {
        "search": name,
        "dimensions": dimensions,
        "build s": build,
        "answer s": answer,
        "all s": build + answer,
        "recall": shared / total,
    }


def ours(parts: Parts) -> Found:
    """Exact, by `core.search`; nothing is built, and each descriptor's own distances come along."""
    start = time.perf_counter()
    found = ranked(parts, parts, SIMILARITY, K + 1, ()).rows
    return 0.0, time.perf_counter() - start, found


def faiss_flat(values: np.ndarray) -> Found:
    """Exact, by faiss."""
    import faiss

    faiss.omp_set_num_threads(1)
    start = time.perf_counter()
    index = faiss.IndexFlatL2(values.shape[1])
    index.add(values)
    built = time.perf_counter()
    found = index.search(values, min(K + 1, len(values)))[1]
    return built - start, time.perf_counter() - built, found


def annoy(values: np.ndarray, trees: int, count: int = K + 1) -> Found:
    """Annoy with its default effort per query."""
    from annoy import AnnoyIndex

    start = time.perf_counter()
    index = AnnoyIndex(values.shape[1], "euclidean")
    index.set_seed(1)
    for item, vector in enumerate(values):
        index.add_item(item, vector)
    index.build(trees, n_jobs=1)
    built = time.perf_counter()
    # By vector, as a service asks: by item it would not have to read the query.
    found = np.array([index.get_nns_by_vector(vector, min(count, len(values))) for vector in values], np.int64)
    return built - start, time.perf_counter() - built, found


def hnswlib(values: np.ndarray) -> Found:
    """A graph of 16 links per photo, 200 candidates when building and 50 when asking."""
    import hnswlib as library

    start = time.perf_counter()
    index = library.Index(space="l2", dim=values.shape[1])
    index.init_index(max_elements=len(values), M=16, ef_construction=200, random_seed=1)
    index.set_num_threads(1)
    index.add_items(values)
    built = time.perf_counter()
    index.set_ef(50)
    found = index.knn_query(values, min(K + 1, len(values)))[0].astype(np.int64)
    return built - start, time.perf_counter() - built, found


def again(few: np.ndarray, parts: Parts) -> Found:
    """As `triplets search` answers: candidates in few dimensions, ranked by the exact distance."""
    build, answer, offered = annoy(few, 20, CANDIDATES)
    start = time.perf_counter()
    found = []
    for photo, candidates in enumerate(offered):
        apart = between(parts, SIMILARITY, np.full(len(candidates), photo), candidates)["distance"]
        found.append(candidates[np.lexsort((candidates, apart))[: K + 1]])
    return build, answer + time.perf_counter() - start, np.stack(found)


if __name__ == "__main__":
    main()
