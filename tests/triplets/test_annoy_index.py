"""The index: what it finds, the same bytes every time, and every reason why a file is not trusted."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from small_project import WIDTHS, catalog_rows, random_vectors, row, write_vectors

from core.engines import LOCAL, Engine
from core.errors import InputError, TableError
from core.similarity import Similarity
from core.tables import Catalog, Vectors
from triplets.distances import Described
from triplets.groups import partitions
from triplets.index import build as index_build
from triplets.index import reduction
from triplets.index.annoy_index import open_index
from triplets.index.build import Asked, build
from triplets.index.manifest import Manifest
from triplets.index.recall import measure
from triplets.index.report import measured

pytest.importorskip("annoy")

EQUAL = {"structure": 0.4, "pattern": 0.3, "color": 0.3}
OTHER = {"structure": 0.0, "pattern": 0.5, "color": 0.5}
SIMILARITY = Similarity(EQUAL, {"structure": 0.9, "pattern": 0.7, "color": 0.5}, {"tops": OTHER})
ASKED = Asked(dimensions=6, trees=5, seed=1)


class Project:
    """A catalog with vectors in `root`."""

    def __init__(self, root, rows, vectors=None):
        self.features = root / "features"
        self.catalog = Catalog.from_rows(rows)
        write_vectors(self.features, self.catalog.image_id, vectors or random_vectors(len(rows)))
        self.described = Described.find(self.features, self.catalog.image_id)
        self.folder = root / "index"

    def build(self, asked=ASKED, similarity=SIMILARITY, workers=1, folder=None):
        return build(folder or self.folder, self.catalog, self.described, similarity, asked, Engine(workers=workers))

    def open(self, partition="women/dresses", similarity=SIMILARITY):
        """As `triplets search` opens it."""
        manifest = Manifest.read(self.folder)
        manifest.check(self.features, similarity)
        rows = partitions(self.catalog)[partition]
        category = self.catalog.category[rows[0]]
        ids = self.catalog.image_id[rows]
        return open_index(self.folder, manifest, partition, ids, self.described.take(rows), similarity.of(category))

    def fused(self, partition):
        rows = partitions(self.catalog)[partition]
        return SIMILARITY.of(self.catalog.category[rows[0]]).fuse(self.described.take(rows).load())


@pytest.fixture
def small(tmp_path):
    project = Project(tmp_path, catalog_rows(60))
    project.build()
    return project


def hashes(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def reason(project, **words):
    with pytest.raises(TableError) as caught:
        project.open(**words)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_nearest_in_all_dimensions_are_the_nearest(tmp_path):
    project = Project(tmp_path, catalog_rows(60))
    project.build(Asked(dimensions=100, trees=50, seed=1))
    for partition in ("women/dresses", "women/tops"):
        vectors = project.fused(partition)
        index = project.open(partition)
        assert index.components.shape == (vectors.shape[1], vectors.shape[1])
        for query in vectors:
            distances = [float(np.linalg.norm(query - other)) for other in vectors]
            assert index.candidates(query, 5).tolist() == np.argsort(distances)[:5].tolist()


def test_each_set_of_weights_has_a_reduction_of_its_own_training_photos(small):
    manifest = Manifest.read(small.folder)
    assert [one.weights for one in manifest.reductions] == [EQUAL, OTHER]
    assert [(one.partition, one.photos, one.reduction) for one in manifest.partitions] == [
        ("women/dresses", 40, 0),
        ("women/skirts", 40, 0),
        ("women/tops", 40, 1),
    ]
    rows = np.flatnonzero((small.catalog.category == "tops") & (small.catalog.split == "train"))
    values = SIMILARITY.of("tops").fuse(small.described.take(rows).load()).astype(np.float64)
    values -= values.mean(axis=0)
    _, directions = np.linalg.eigh(values.T @ values)
    kept = np.load(small.folder / "reduction-001.npy").astype(np.float64)
    np.testing.assert_allclose(np.abs(kept @ directions[:, ::-1][:, :6]), np.eye(6), atol=1e-2)


def test_photos_outside_train_do_not_change_the_reduction(tmp_path):
    components = []
    for factor in (1, 100):
        rows = catalog_rows(60)
        vectors = random_vectors(len(rows))
        for place, one in enumerate(rows):
            if one["split"] != "train":
                vectors["structure"][place, :3] *= factor
        project = Project(tmp_path / str(factor), rows, vectors)
        project.build()
        components.append(np.load(project.folder / "reduction-000.npy"))
    np.testing.assert_array_equal(*components)


def test_what_tells_partitions_apart_takes_no_dimension():
    rng = np.random.default_rng(1)
    partition = np.repeat([0, 1], 50)
    values = rng.normal(0, 0.01, (100, 4)).astype(np.float32)
    values[:, 1] += rng.normal(0, 1, 100)
    values[:, 0] += 50 * partition
    kept = reduction.components(values, partition, dimensions=1, seed=1)
    np.testing.assert_allclose(np.abs(kept), [[0, 1, 0, 0]], atol=0.01)


def test_the_sample_of_the_reduction_is_drawn_by_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(index_build, "_SAMPLE", 20)
    project = Project(tmp_path, catalog_rows(60))
    found = []
    for seed in (1, 1, 2):
        folder = tmp_path / f"index{len(found)}"
        project.build(Asked(4, 3, seed), folder=folder)
        found.append(np.load(folder / "reduction-000.npy"))
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.allclose(np.abs(found[0]), np.abs(found[2]), atol=1e-3)


def test_two_builds_and_one_or_two_workers_write_the_same_bytes(small, tmp_path):
    written = [hashes(small.folder)]
    for workers in (1, 2):
        small.build(workers=workers, folder=tmp_path / f"again{workers}")
        written.append(hashes(tmp_path / f"again{workers}"))
    assert written[0] == written[1] == written[2]


def test_the_seed_is_annoys_too(small, tmp_path):
    rows = partitions(small.catalog)["women/dresses"]
    written = []
    for seed in (1, 1, 2):
        paths = small.folder / "reduction-000.npy", tmp_path / f"{len(written)}.ann"
        task = index_build.Task(small.described.take(rows), SIMILARITY, *paths, Asked(6, 5, seed))
        written.append(index_build.write_trees(task))
    assert written[0] == written[1] == Manifest.read(small.folder).partitions[0].sha256
    assert written[2] != written[0]


def test_the_recall_is_whole_where_the_candidates_are_all_photos(small):
    manifest = Manifest.read(small.folder)
    all_of_it = measure(small.folder, manifest, small.catalog, small.described, SIMILARITY, 40, seed=1, engine=LOCAL)
    assert (all_of_it.queries, all_of_it.exact, all_of_it.ranked) == (120, 1200, 1200)
    few = measure(
        small.folder, manifest, small.catalog, small.described, SIMILARITY, 10, seed=1, engine=Engine(workers=2)
    )
    assert few.raw == few.ranked == all_of_it.raw < 1200


def test_the_recall_counts_what_plain_loops_count(small):
    found = measure(
        small.folder, Manifest.read(small.folder), small.catalog, small.described, SIMILARITY, 15, seed=1, engine=LOCAL
    )
    hits = 0
    catalog = small.catalog
    for partition, rows in partitions(catalog).items():
        vectors, index = small.fused(partition), small.open(partition)
        for query in range(len(rows)):
            own = {
                other
                for other in range(len(rows))
                if catalog.product_id[rows[other]] == catalog.product_id[rows[query]]
                or catalog.duplicate_group[rows[other]] == catalog.duplicate_group[rows[query]]
            }
            order = np.argsort([float(np.linalg.norm(vectors[query] - other)) for other in vectors])
            exact = [place for place in order.tolist() if place not in own][:10]
            items = [item for item in index.candidates(vectors[query], 15 + len(own)).tolist() if item not in own]
            hits += len(set(exact) & set(items[:15]))
    assert found.ranked == hits


def test_among_identical_photos_any_answer_is_right(tmp_path):
    rows = [row(f"{number:03}") for number in range(300)]
    vectors = {name: np.full((300, width), 0.25, np.float32) for name, width in WIDTHS.items()}
    project = Project(tmp_path, rows, vectors)
    figures = measured(project.folder, project.catalog, project.described, SIMILARITY, ASKED, 200, engine=LOCAL)
    assert (figures["recall@10"], figures["recall@10_raw"]) == (1.0, 1.0)
    assert len(set(project.open().candidates(project.fused("women/dresses")[0], 200).tolist())) == 200


def test_a_partition_of_one_photo_has_no_neighbours_to_find(tmp_path):
    project = Project(tmp_path, [row("a")])
    figures = measured(project.folder, project.catalog, project.described, SIMILARITY, ASKED, 200, engine=LOCAL)
    assert figures["recall@10"] is None
    assert project.open().candidates(project.fused("women/dresses")[0], 10).tolist() == [0]


def test_a_category_without_training_photos_is_reduced_as_all_are(tmp_path):
    rows = [one | {"split": "val"} if one["category"] == "tops" else one for one in catalog_rows(30)]
    project = Project(tmp_path, rows)
    project.build()
    assert len(project.open("women/tops").components) == 6


def test_without_training_photos_there_is_no_index(tmp_path):
    project = Project(tmp_path, [one | {"split": "test"} for one in catalog_rows(6)])
    with pytest.raises(InputError, match=r"^no photo is in the training split\. Raise curate\.split\.train"):
        project.build()


def test_partitions_may_have_any_name(tmp_path):
    names = ["../../up", "a/b\\c", "..", ".", "", "ключ/платье ✨", "x" * 300, "nul\x00l", "line\nbreak", '"{}', " "]
    rows = [
        row(f"{number}-{shot}", partition=name, category=f"c{number}")
        for number, name in enumerate(names)
        for shot in range(4)
    ]
    project = Project(tmp_path / "in/here", sorted(rows, key=lambda one: one["partition"]))
    project.build()
    assert sorted(path.name for path in project.folder.iterdir()) == [
        *(f"{number:06}.ann" for number in range(len(names))),
        "index.json",
        "reduction-000.npy",
    ]
    for name in names:
        assert project.open(name).candidates(project.fused(name)[0], 1).tolist() == [0]


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["000000.ann", "reduction-000.npy"])
def test_a_damaged_or_missing_file_is_not_trusted(small, name):
    path = small.folder / name
    whole = path.read_bytes()
    told = re.escape(f"{path} is damaged or of another build. Run triplets index build.")
    for place in (0, len(whole) // 2, len(whole) - 1):
        flip(path, place)
        assert re.fullmatch(told, reason(small))
        path.write_bytes(whole)
    for length in (0, 1, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert re.fullmatch(told, reason(small))
    path.unlink()
    assert reason(small) == f"{path} cannot be read: No such file or directory. Run triplets index build."
    path.mkdir()
    assert reason(small) == f"{path} cannot be read: Is a directory. Run triplets index build."
    path.rmdir()
    path.write_bytes(whole)
    small.open()


def test_the_file_of_another_partition_is_not_trusted(small):
    one, other = (small.folder / f"00000{number}.ann" for number in (0, 1))
    one.write_bytes(other.read_bytes())
    assert reason(small) == f"{one} is damaged or of another build. Run triplets index build."


def test_without_a_manifest_nothing_is_trusted(small):
    path = small.folder / "index.json"
    whole = path.read_bytes()
    for length in (0, 1, len(whole) // 2, len(whole) - 3):
        path.write_bytes(whole[:length])
        assert reason(small) == f"{path} is damaged. Run triplets index build."
    for wrong in (b"[]", b"3", b"\xff\xfe", b'{"format": 1}'):
        path.write_bytes(wrong)
        assert reason(small) == f"{path} is damaged. Run triplets index build."
    path.unlink()
    assert reason(small) == f"{path} does not exist. Run triplets index build."


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": 2}, "{path} is of format 2, not 1."),
        ({"more": 2}, "{path} is damaged."),
        ({"trees": "5"}, "{path} is damaged."),
        ({"scales": {"structure": 1.0}}, "the scales of the descriptors changed since the index was built."),
        ({"features": {}}, "the structure descriptor was extracted anew since the index was built."),
        ({"partitions": []}, "the index was built without this partition."),
        ({"reductions": []}, "{path} is damaged."),
    ],
)
def test_a_manifest_of_something_else_is_not_trusted(small, change, told):
    path = small.folder / "index.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert reason(small) == f"{told.format(path=path)} Run triplets index build."


def test_other_weights_or_scales_are_told(small):
    changed = Similarity({**EQUAL, "structure": 0.41}, SIMILARITY.scales, SIMILARITY.categories)
    told = "the weights changed since the index was built. Run triplets index build."
    assert reason(small, similarity=changed) == told
    small.open("women/tops", changed)  # which has weights of its own
    assert reason(small, partition="women/tops", similarity=Similarity(EQUAL, SIMILARITY.scales)) == told
    scaled = Similarity(EQUAL, {**SIMILARITY.scales, "color": 0.6}, SIMILARITY.categories)
    told = "the scales of the descriptors changed since the index was built. Run triplets index build."
    assert reason(small, similarity=scaled) == told


def test_descriptors_made_by_something_else_are_told(small):
    path = small.features / "pattern.arrow"
    table = Vectors.read(path)
    Vectors(table.image_id, np.array(table.values), {"classifier": "another"}).write(path)
    assert reason(small) == (
        "the pattern descriptor was extracted anew since the index was built. Run triplets index build."
    )


def test_other_vectors_that_say_they_are_the_same_are_found_out(small):
    write_vectors(small.features, small.catalog.image_id, random_vectors(len(small.catalog), seed=4))
    small.described = Described.find(small.features, small.catalog.image_id)
    path = small.folder / "000000.ann"
    assert reason(small) == f"{path} does not find its own photos. Run triplets index build."


def test_vectors_that_change_while_they_are_read_are_told(small):
    write_vectors(small.features, small.catalog.image_id, random_vectors(len(small.catalog), seed=4))
    with pytest.raises(TableError, match=r"structure\.arrow changed while it was read\. Run the command again\.$"):
        small.described.load()


def test_other_photos_in_the_partition_are_told(small):
    manifest = Manifest.read(small.folder)
    rows = partitions(small.catalog)["women/dresses"]
    told = r"^the partition's photos changed since the index was built\. Run triplets index build\.$"
    for some in (rows[1:], rows[::-1]):
        with pytest.raises(TableError, match=told):
            manifest.find("women/dresses", small.catalog.image_id[some], EQUAL)


def test_where_annoy_is_not_installed_it_is_told(small, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "annoy", None)
    told = "annoy is not installed. Run pip install 'mildnet-triplets[index]'."
    assert reason(small) == told
    with pytest.raises(TableError, match=re.escape(told)):
        small.build(folder=tmp_path / "new")
    assert not (tmp_path / "new").exists()
