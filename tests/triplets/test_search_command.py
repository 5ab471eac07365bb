"""`triplets index build` and `triplets search`: the answers against plain loops, and every way to ask wrongly."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from small_project import (
    WIDTHS,
    all_distances,
    catalog_rows,
    fit,
    random_vectors,
    row,
    street_rows,
    write_project,
    write_vectors,
)

from core.paths import INDEX, SIMILARITY
from core.similarity import Similarity
from core.tables import DESCRIPTORS, Catalog, Vectors
from triplets.cli import main
from triplets.index import search
from triplets.index import shown as answer_shown

pytest.importorskip("annoy")

CATEGORY = {"tops": {"structure": 0.1, "pattern": 0.1, "color": 0.8}}
REBUILD = "Run triplets index build."
PARTITIONS = "women/dresses, women/skirts, women/tops"


def call(*words):
    return CliRunner().invoke(main, list(words))


def built(*words):
    result = call("index", "build", "--workers", "1", *words)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def answer(*words):
    """The rows of the table, as (image, product, distance), and what was said before any progress bar."""
    result = call("search", *words)
    assert result.exit_code == 0, result.stderr
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in result.stdout.splitlines()]
    assert lines[0] == ["rank", "image", "product", "distance", *DESCRIPTORS]
    found = [line for line in lines[2:] if len(line) == len(lines[0])]
    assert [line[0] for line in found] == [str(place + 1) for place in range(len(found))]
    return [(image, product, float(distance)) for _, image, product, distance, *_ in found], result.stderr.split("\r")[
        0
    ]


def refused(*words):
    result = call("search", *words)
    assert result.exit_code == 1
    assert result.stdout == ""
    return result.stderr


def similar(root):
    """The similarity of the project, tops by other weights, where the commands look for it."""
    fitted = fit(root)
    fitted = Similarity(fitted.weights, fitted.scales, CATEGORY)
    fitted.write(root / SIMILARITY)
    return fitted


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project with an index of few dimensions; and the similarity."""
    root = write_project(tmp_path_factory.mktemp("made"), catalog_rows(60), *street_rows(10))
    fitted = similar(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        built("--dimensions", "6", "--trees", "5")
    return root, fitted


@pytest.fixture
def read(made, monkeypatch):
    """The project to read, which is the working folder, and the similarity."""
    monkeypatch.chdir(made[0])
    return made


@pytest.fixture
def spoilt(tmp_path, monkeypatch):
    """A project of one's own, with an index."""
    monkeypatch.chdir(write_project(tmp_path, catalog_rows(30), *street_rows(6)))
    similar(tmp_path)
    built("--dimensions", "4", "--trees", "3")
    return tmp_path


def by_loops(root, fitted, query, partition, weights_of):
    """(image, distance) of all photos that may answer, nearest first, from the definition of the distance."""
    catalog = Catalog.read(root / "data/curated/catalog/catalog.parquet")
    both = Catalog.concat([catalog, Catalog.read(root / "data/curated/street/catalog.parquet")])
    asking = both.take(both.image_id == query)
    allowed = [
        image_id
        for image_id, product, group, where in zip(
            catalog.image_id, catalog.product_id, catalog.duplicate_group, catalog.partition, strict=True
        )
        if product != asking.product_id[0] and group != asking.duplicate_group[0] and partition in (None, where)
    ]
    distances = all_distances(root, [query, *allowed], fitted.of(weights_of))
    return sorted(((image_id, distances[query, image_id]) for image_id in allowed), key=lambda pair: pair[1])


def assert_same(found, wanted):
    assert [image_id for image_id, _, _ in found] == [image_id for image_id, _ in wanted]
    assert [distance for *_, distance in found] == pytest.approx([distance for _, distance in wanted], abs=1e-3)


@pytest.mark.parametrize("query", ["c000-0", "c023-1", "c047-0", "c048-1", "street000", "street001"])
def test_it_answers_as_plain_loops_do_and_as_it_does_without_the_index(read, query):
    category = ("dresses", "tops")[int(query[-1])] if query[0] == "s" else catalog_category(query)
    wanted = by_loops(*read, query, f"women/{category}", category)
    found, told = answer(query, "-k", "30", "--candidates", "100")
    assert_same(found, wanted[:30])
    assert told == ""
    assert answer(query, "-k", "30", "--exact") == (found, "")


def catalog_category(query):
    return ("dresses", "skirts", "tops")[int(query[1:4]) % 3]


def test_of_few_candidates_each_stands_where_it_stands_among_all(read):
    everything, _ = answer("c000-0", "-k", "1000", "--exact")
    found, told = answer("c000-0", "-k", "10", "--candidates", "12")
    assert told == ""
    places = [everything.index(one) for one in found]
    assert places == sorted(places)
    assert len(found) == 10
    assert places != list(range(10))  # the index decided


def test_more_than_there_are_gives_all_there_are(read):
    found, _ = answer("c000-0", "-k", "1000", "--candidates", "1")
    assert_same(found, by_loops(*read, "c000-0", "women/dresses", "dresses"))


@pytest.mark.parametrize("block", [1, 7, 4096])
@pytest.mark.parametrize(("query", "category"), [("c000-0", "dresses"), ("c002-0", "tops"), ("street001", "tops")])
def test_everywhere_is_a_plain_loop_over_the_catalog(read, monkeypatch, query, category, block):
    monkeypatch.setattr(search, "_BLOCK", block)
    found, told = answer(query, "--everywhere", "-k", "40")
    assert_same(found, by_loops(*read, query, None, category)[:40])
    assert told == ""
    assert {image[:4] for image, *_ in found} != {image[:4] for image, *_ in answer(query, "-k", "40")[0]}


def test_the_weights_are_those_of_the_partition_where_it_seeks(read):
    found, told = answer("c000-0", "--partition", "women/tops")
    assert_same(found, by_loops(*read, "c000-0", "women/tops", "tops")[:10])
    assert told == ""
    found, _ = answer("c000-0", "--partition", "women/tops", "--everywhere")
    assert_same(found, by_loops(*read, "c000-0", None, "tops")[:10])


def test_its_own_product_and_copies_are_never_the_answer(read):
    catalog = Catalog.read(Path("data/curated/catalog/catalog.parquet"))
    groups, sizes = np.unique(catalog.duplicate_group.astype(str), return_counts=True)
    copied = catalog.image_id[np.isin(catalog.duplicate_group.astype(str), groups[sizes > 1])]
    assert len(copied) > 5
    for query in copied[:6]:
        own = catalog.take(catalog.image_id == query)
        same = (catalog.product_id == own.product_id[0]) | (catalog.duplicate_group == own.duplicate_group[0])
        for words in ([], ["--exact"], ["--everywhere"]):
            found, _ = answer(query, "-k", "500", *words)
            assert not set(catalog.image_id[same]) & {image for image, *_ in found}


def test_identical_photos_come_in_the_catalogs_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [row(f"{number:03}", category=("dresses", "tops")[number // 150]) for number in range(300)]
    vectors = {name: np.full((300, width), 0.25, np.float32) for name, width in WIDTHS.items()}
    write_project(tmp_path, rows, vectors=vectors)
    (tmp_path / SIMILARITY.parent).mkdir(parents=True)
    Similarity({"structure": 0.4, "pattern": 0.3, "color": 0.3}, dict.fromkeys(DESCRIPTORS, 1.0)).write(SIMILARITY)
    assert "Recall@10 of 300 queries: 1.000 of 200 candidates ranked exactly, 1.000 of the index alone." in built()
    monkeypatch.setattr(search, "_BLOCK", 64)
    for words in ([], ["--exact"], ["--everywhere"]):
        found, told = answer("004", "-k", "20", *words)
        assert [image for image, *_ in found] == [f"{number:03}" for number in range(21) if number != 4]
        assert {distance for *_, distance in found} == {0.0}
        assert told == ""
    found, _ = answer("004", "-k", "20", "--candidates", "20")
    assert len({image for image, *_ in found} - {"004"}) == 20


def test_a_partition_of_one_photo_answers_with_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(write_project(tmp_path, [*catalog_rows(20), row("only", category="hats")]))
    similar(tmp_path)
    built()
    assert answer("only") == ([], "")
    assert len(answer("only", "--everywhere")[0]) == 10
    assert [image for image, *_ in answer("c000-0", "--partition", "women/hats")[0]] == ["only"]


def test_what_build_prints_stands_in_the_report(spoilt):
    text = built("--dimensions", "3", "--trees", "2")
    told = json.loads((INDEX / "report.json").read_text())
    size = sum(path.stat().st_size for path in INDEX.iterdir() if path.name != "report.json")
    assert told["bytes"] == size
    assert (told["photos"], told["partitions"], told["queries"], told["candidates"]) == (60, 3, 60, 200)
    assert told["recall@10"] == 1.0
    assert told["recall@10_raw"] < 1
    assert text == (
        f"60 photos in 3 partitions, {size / 1e6:.1f} MB, built in {told['seconds']} s.\n"
        f"Recall@10 of 60 queries: 1.000 of 200 candidates ranked exactly, {told['recall@10_raw']:.3f} of the index"
        " alone.\n"
    )


def spoil_file():
    path = INDEX / "000000.ann"
    path.write_bytes(path.read_bytes()[:-40])


def flip_byte():
    data = bytearray((INDEX / "000000.ann").read_bytes())
    data[len(data) // 2] ^= 1
    (INDEX / "000000.ann").write_bytes(data)


def remove_file():
    (INDEX / "000000.ann").unlink()


def halve_manifest():
    (INDEX / "index.json").write_bytes((INDEX / "index.json").read_bytes()[:200])


def remove_index():
    for path in INDEX.iterdir():
        path.unlink()
    INDEX.rmdir()


def weigh_otherwise():
    written = json.loads(SIMILARITY.read_text())
    written["weights"] = {"structure": 0.2, "pattern": 0.2, "color": 0.6}
    SIMILARITY.write_text(json.dumps(written))


def describe_otherwise():
    path = Path("data/features/color.arrow")
    table = Vectors.read(path)
    Vectors(table.image_id, np.array(table.values), {"params": "others"}).write(path)


def describe_secretly_otherwise():
    ids = Vectors.read(Path("data/features/color.arrow")).image_id
    write_vectors(Path("data/features"), ids, random_vectors(len(ids), seed=8))


def hide_annoy():
    sys.modules["annoy"] = None


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (spoil_file, f"{INDEX}/000000.ann is damaged or of another build. {REBUILD}"),
        (flip_byte, f"{INDEX}/000000.ann is damaged or of another build. {REBUILD}"),
        (remove_file, f"{INDEX}/000000.ann cannot be read: No such file or directory. {REBUILD}"),
        (halve_manifest, f"{INDEX}/index.json is damaged. {REBUILD}"),
        (remove_index, f"{INDEX}/index.json does not exist. {REBUILD}"),
        (weigh_otherwise, f"the weights changed since the index was built. {REBUILD}"),
        (describe_otherwise, f"the color descriptor was extracted anew since the index was built. {REBUILD}"),
        (describe_secretly_otherwise, f"{INDEX}/000000.ann does not find its own photos. {REBUILD}"),
        (hide_annoy, "annoy is not installed. Run pip install 'mildnet-triplets[index]'."),
    ],
)
def test_an_index_that_cannot_serve_is_told_and_the_answer_is_exact(spoilt, monkeypatch, spoil, told):
    monkeypatch.setitem(sys.modules, "annoy", sys.modules["annoy"])
    spoil()
    found, said = answer("c000-0", "--candidates", "1", "-k", "5")
    assert said == f"Answered exactly, without the index: {told}\n"
    wanted = by_loops(spoilt, Similarity.read(SIMILARITY), "c000-0", "women/dresses", "dresses")
    assert_same(found, wanted[:5])
    assert answer("c000-0", "-k", "5", "--exact") == (found, "")


def test_build_without_annoy_leaves_what_was_there(spoilt, monkeypatch):
    before = sorted(path.name for path in INDEX.iterdir())
    monkeypatch.setitem(sys.modules, "annoy", None)
    result = call("index", "build", "--workers", "1")
    assert result.exit_code == 1
    assert result.stderr == "Error: annoy is not installed. Run pip install 'mildnet-triplets[index]'.\n"
    assert sorted(path.name for path in INDEX.iterdir()) == before
    assert [path.name for path in INDEX.parent.iterdir() if path.name.startswith(".")] == []


def test_what_is_neither_a_photo_nor_a_partition_is_refused(read):
    tables = "data/curated/catalog/catalog.parquet or data/curated/street/catalog.parquet"
    assert refused("nobody") == f"Error: nobody is no image_id of {tables}, and no file. Name one of these.\n"
    choose = f"Search --everywhere, or with --partition one of {PARTITIONS}.\n"
    assert refused("params.yaml") == f"Error: params.yaml is in no catalog, so its partition is unknown. {choose}"
    assert refused("c000-0", "--partition", "men/hats") == f"Error: the catalog has no partition men/hats. {choose}"
    assert (
        refused("params.yaml", "--partition", "", "--everywhere") == f"Error: the catalog has no partition . {choose}"
    )
    assert refused("x" * 300) == f"Error: {'x' * 300} is no image_id of {tables}, and no file. Name one of these.\n"


def test_many_partitions_are_not_all_named(tmp_path, monkeypatch):
    monkeypatch.chdir(write_project(tmp_path, [row(f"{n:02}", partition=f"women/{n:02}") for n in range(23)]))
    named = ", ".join(f"women/{number:02}" for number in range(20))
    assert refused("00", "--partition", "x") == (
        f"Error: the catalog has no partition x. Search --everywhere, or with --partition one of {named} and 3 more.\n"
    )


def test_a_street_photo_of_a_partition_that_the_catalog_lacks(tmp_path, monkeypatch):
    monkeypatch.chdir(write_project(tmp_path, catalog_rows(20, categories=("skirts", "tops")), *street_rows(6)))
    fitted = similar(tmp_path)
    told = "Error: the catalog has no partition women/dresses. Search --everywhere, or with --partition one of "
    assert refused("street000") == f"{told}women/skirts, women/tops.\n"
    found, _ = answer("street000", "--everywhere")
    assert_same(found, by_loops(tmp_path, fitted, "street000", None, "dresses")[:10])


def test_a_photo_file_is_sought_as_if_it_were_in_the_catalog(described, monkeypatch):
    monkeypatch.chdir(described)
    built("--dimensions", "4", "--trees", "3")
    for words in (["--partition", "women/tops"], ["--partition", "women/tops", "--exact"], ["--everywhere"]):
        found, told = answer("new.png", *words)
        assert found[0][:2] == ("c002-0", "p002")  # whose pixels it has; it has no product of its own
        assert found[0][2] == pytest.approx(0, abs=2e-3)
        assert told == ""
    whole, _ = answer("new.png", "--everywhere", "-k", "100")
    known, _ = answer("c002-0", "--everywhere", "-k", "100")
    by_all = Similarity.read(SIMILARITY)
    assert by_all.categories  # a strange photo has no category, so it asks by the weights of all
    assert {image for image, *_ in whole} == {image for image, *_ in known} | {"c002-0", "c002-1"}
    assert refused("new.png").startswith("Error: new.png is in no catalog, so its partition is unknown.")
    assert refused("notes.txt", "--everywhere").startswith("Error: notes.txt is no photo to use: ")


def test_a_sheet_shows_the_photo_and_the_answer(read, tmp_path, monkeypatch):
    path = tmp_path / "sheets" / "found.png"
    result = call("search", "c000-0", "-k", "20", "--output", str(path))
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == f"Look at {path}."
    with Image.open(path) as drawn:
        wide, high = drawn.size
    call("search", "street000", "-k", "1", "--output", str(path))
    with Image.open(path) as drawn:
        assert drawn.size[0] < wide
        assert drawn.size[1] < high
    monkeypatch.setattr(answer_shown, "_DRAWN", 8)
    call("search", "c000-0", "-k", "20", "--output", str(path))
    with Image.open(path) as drawn:
        assert drawn.size[0] == wide
        assert drawn.size[1] < high


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """A project whose vectors come from networks and histograms, and photo files that are in no catalog."""
    import keras

    from core import models
    from core.classifiers import fingerprint
    from core.color_params import ColorParams, MaskParams, as_text
    from core.describe import Describer

    root = write_project(tmp_path_factory.mktemp("described"), catalog_rows(12), *street_rows(4))
    features = root / "data/features"
    ids = Vectors.read(features / "color.arrow").image_id
    counted = ColorParams("marginal", 20, 4, 0.0, 1.0, MaskParams(0.3, 0.4))
    made_by = {"color": {"params": as_text(counted)}}
    for number, name in enumerate(("structure", "pattern")):
        keras.utils.set_random_seed(number)
        photo = keras.Input((8, 8, 3))
        pooled = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255, offset=-0.5)(photo))
        unit = keras.layers.UnitNormalization(name="unit")(keras.layers.Dense(6)(pooled))
        folder = features / f"{name}_classifier"
        models.save(keras.Model(photo, keras.layers.Dense(3)(unit)), folder / "model.keras")
        (folder / "trunk.json").write_text(json.dumps({"view": "whole", "untuned": "none"}))
        made_by[name] = {"classifier": fingerprint(folder)}

    def write(vectors):
        for name in DESCRIPTORS:
            Vectors(ids, vectors[name], made_by[name]).write(features / f"{name}.arrow")

    write(random_vectors(len(ids)))
    (root / "notes.txt").write_text("no photo")
    rng = np.random.default_rng(6)
    photos = [rng.integers(0, 256, (16, 12, 3), np.uint8) for _ in ids]
    write(Describer.read(features).of(photos))
    Image.fromarray(photos[list(ids).index("c002-0")]).save(root / "new.png")
    limits = {"min_side": 8, "max_pixels": 9999, "max_bytes": 9999, "min_range": 0, "largest_side": 16, "quality": None}
    params = json.loads((root / "params.yaml").read_text())
    (root / "params.yaml").write_text(json.dumps({**params, "curate": {"photos": limits}}))
    similar(root)
    return root
