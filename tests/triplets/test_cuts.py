"""A large partition is cut into parts, and nothing of what is written tells."""

from pathlib import Path

import numpy as np
import pytest
from small_project import fit, random_vectors, row, write_project

from core.engines import LOCAL, Engine
from core.tables import Catalog, Neighbors, Triplets
from triplets import mine, neighbors
from triplets.cuts import BLOCK, cuts
from triplets.params import MineParams

PHOTOS = 2 * BLOCK + 77
MINE = MineParams(
    candidates=20,
    positives=4,
    gap=5,
    margin=0.05,
    hardness=1.0,
    near_categories=1,
    per_query=3,
    negative_cap=12,
    seed=1,
)


def test_parts_are_whole_blocks_that_cover_all_queries_evenly():
    assert cuts(0) == []
    assert cuts(1300) == [slice(0, 1300)]
    assert cuts(1300, pairs=1) == [slice(0, 512), slice(512, 1024), slice(1024, 1300)]
    assert cuts(1300, pairs=1300 * 1100) == [slice(0, 1024), slice(1024, 1300)]
    found = cuts(100_000)
    sizes = [some.stop - some.start for some in found]
    assert sum(sizes) == 100_000
    assert [some.start % BLOCK for some in found] == [0] * len(found)
    assert max(sizes) * 100_000 <= 2**27
    assert [one.stop for one in found[:-1]] == [other.start for other in found[1:]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """One partition of more than two blocks of photos, in which some vectors are equal, and a small one."""
    rows = [row(f"a{number:04}", product_id=f"p{number // 2}") for number in range(PHOTOS)]
    rows += [row(f"b{number:04}", category="tops") for number in range(60)]
    vectors = random_vectors(len(rows))
    for values in vectors.values():
        values[600:640] = values[100:140]
    return write_project(tmp_path_factory.mktemp("shop"), rows, vectors=vectors)


def found(root: Path) -> tuple[Catalog, Path, object]:
    return Catalog.read(root / "data/curated/catalog/catalog.parquet"), root / "data/features", fit(root)


@pytest.mark.parametrize("engine", [LOCAL, Engine(workers=2)])
def test_neighbours_of_a_partition_in_parts_are_the_same_bytes(shop, tmp_path, engine):
    catalog, features, similarity = found(shop)
    written = []
    for pairs in (10**9, 1):
        parts = list(neighbors.recommend(catalog, features, similarity, 14, engine, pairs))
        assert [len(set(part.query_id)) for part in parts] == [PHOTOS, 60]
        Neighbors.write_parts(tmp_path / f"{pairs}.parquet", parts)
        written.append((tmp_path / f"{pairs}.parquet").read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize("engine", [LOCAL, Engine(workers=2)])
def test_triplets_of_a_partition_in_parts_are_the_same_bytes_and_counts(shop, tmp_path, engine):
    catalog, features, similarity = found(shop)
    written = []
    for pairs in (10**9, 1):
        parts = list(mine.mine(catalog, features, similarity, MINE, engine, pairs))
        Triplets.write_parts(tmp_path / f"{pairs}.parquet", (part.triplets for part in parts))
        written.append(((tmp_path / f"{pairs}.parquet").read_bytes(), [part.counts for part in parts]))
    assert written[0] == written[1]
    assert np.sum([part.counts["queries"] for part in parts]) == len(catalog)
