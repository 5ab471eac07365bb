"""What the pattern classifier learns from: exact labels and sources on the small collection."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from core.errors import InputError
from core.swatches import PATTERNS
from core.tables import NO_SPLIT, Catalog
from features.catalog_photos import CatalogPhotos
from features.labels import by_split
from features.params import PatternSourceParams
from features.pattern_labels import by_pattern

KEYWORDS = {"solid": ("plain", "uni"), "striped": ("stripe", "stripes"), "polka_dot": ("polka dot",)}
SHARES = {"train": 54, "val": 18, "test": 18}  # of the 90 photos


def sources(**changes) -> PatternSourceParams:
    defaults = PatternSourceParams(attributes=(), keywords={}, rendered=0, swatches=0.2, seed=1)
    return replace(defaults, **changes)


def named(catalog: Catalog, names: dict[int, str], *, patterns: bool = False) -> Catalog:
    """The catalog with the names of some rows, by row, and without patterns."""
    attributes = np.array([{"name": names[row]} if row in names else {} for row in range(len(catalog))], object)
    pattern = catalog.pattern if patterns else np.full(len(catalog), None, object)
    return replace(catalog, attributes=attributes, pattern=pattern)


@pytest.fixture
def catalog(project):
    return Catalog.read(project / "data/curated/catalog/catalog.parquet")


def told(part) -> list[tuple[str, str]]:
    assert len(part.photos) == len(part.labels) == len(part.source) == len(part.photos.keys())
    return list(zip(part.labels, part.source, strict=True))


def test_labels_alone_are_the_column_split_by_split(catalog, store):
    labelled = by_pattern(catalog, store, sources(), "whole")
    assert list(labelled) == ["train", "val", "test"]
    for split, count in SHARES.items():
        rows = catalog.split == split
        assert told(labelled[split]) == [(pattern, "labels") for pattern in catalog.pattern[rows]]
        assert len(labelled[split].labels) == count
        loaded = labelled[split].photos.load(np.arange(count), 32)
        np.testing.assert_array_equal(loaded, store.square(catalog.image_id[rows], 32))


def test_a_keyword_is_the_only_spelling_of_its_pattern(catalog, store):
    labelled = by_pattern(catalog, store, sources(keywords=KEYWORDS), "whole")
    assert set(labelled["train"].labels) == {"solid", "striped"}
    expected = ["solid" if pattern == "plain" else pattern for pattern in catalog.pattern[catalog.split == "val"]]
    assert labelled["val"].labels.tolist() == expected


def test_words_tell_where_there_is_no_label(catalog, store):
    train = np.flatnonzero(catalog.split == "train")[:6]
    texts = ["Stripe tee", "UNI pants", "polka dot stripe", "polka", "Polka-Dot skirt", "striped"]
    texted = named(catalog, dict(zip(train.tolist(), texts, strict=True)))
    labelled = by_pattern(texted, store, sources(keywords=KEYWORDS, attributes=("name",)), "whole")
    assert told(labelled["train"]) == [("striped", "keywords"), ("solid", "keywords"), ("polka_dot", "keywords")]
    assert told(labelled["val"]) == told(labelled["test"]) == []
    np.testing.assert_array_equal(
        labelled["train"].photos.load(np.arange(3), 24), store.square(catalog.image_id[train[[0, 1, 4]]], 24)
    )


def test_a_label_stands_before_a_word(catalog, store):
    texted = named(catalog, dict.fromkeys(range(len(catalog)), "polka dot"), patterns=True)
    texted.pattern[::2] = None
    labelled = by_pattern(texted, store, sources(keywords=KEYWORDS, attributes=("name",)), "whole")
    counts = Counter(pair for part in labelled.values() for pair in told(part))
    assert counts[("polka_dot", "keywords")] == 45
    assert sum(count for (_, source), count in counts.items() if source == "labels") == 45
    assert {label for label, source in counts if source == "labels"} <= {"solid", "striped"}


def test_the_three_sources_are_one_sequence_of_photos(catalog, store):
    rows = np.flatnonzero(catalog.split == "val")
    texted = named(catalog, {int(rows[1]): "a stripe"}, patterns=True)
    texted.pattern[rows[1:]] = None
    part = by_pattern(texted, store, sources(keywords=KEYWORDS, attributes=("name",), rendered=20), "whole")["val"]
    assert part.source.tolist() == ["labels", "keywords", *["rendered"] * 21]
    assert Counter(part.labels[2:]) == dict.fromkeys(PATTERNS, 3)
    every = part.photos.load(np.arange(23), 32)
    np.testing.assert_array_equal(every[:2], store.square(catalog.image_id[rows[:2]], 32))
    some = np.array([22, 0, 9, 1, 0])
    np.testing.assert_array_equal(part.photos.load(some, 32), every[some])
    turned = part.photos.take(some)
    np.testing.assert_array_equal(turned.load(np.array([4, 2, 1]), 32), every[[0, 9, 0]])
    keys = part.photos.keys()
    assert turned.keys() == [keys[row] for row in some]
    assert [key is None for key in keys] == [False, False, *[True] * 21]
    assert len(turned) == 5
    assert part.photos.load(np.array([], int), 32).shape == (0, 32, 32, 3)


def test_rendered_photos_are_shared_out_and_each_pattern_is_in_each_split(catalog, store):
    labelled = by_pattern(named(catalog, {}), store, sources(rendered=20), "whole")
    assert {split: len(part.labels) for split, part in labelled.items()} == {"train": 98, "val": 21, "test": 21}
    assert Counter(label for part in labelled.values() for label in part.labels) == dict.fromkeys(PATTERNS, 20)
    assert all(set(part.labels) == set(PATTERNS) for part in labelled.values())
    assert all(set(part.source) == {"rendered"} for part in labelled.values())
    least = by_pattern(named(catalog, {}), store, sources(rendered=10), "whole")
    assert all(set(part.labels) == set(PATTERNS) for part in least.values())


@pytest.mark.parametrize("view", ["whole", "garment"])
def test_the_garments_of_a_split_are_its_own(catalog, store, view):
    labelled = by_pattern(catalog, store, sources(rendered=20), view)
    for split, part in labelled.items():
        worn = {garment.image_id for garment in part.photos.parts[1].garments}
        assert worn
        assert worn <= set(catalog.image_id[(catalog.split == split) & (catalog.pattern == "plain")])


def test_the_same_parameters_give_the_same_bytes_and_another_seed_others(catalog, store):
    params = sources(rendered=20, swatches=0.5)
    rows = np.arange(21)
    first, again = (by_pattern(named(catalog, {}), store, params, "garment")["val"].photos for _ in range(2))
    np.testing.assert_array_equal(first.load(rows, 40), again.load(rows[::-1], 40)[::-1])
    other = by_pattern(named(catalog, {}), store, replace(params, seed=2), "garment")["val"].photos
    assert (first.load(rows, 40) != other.load(rows, 40)).any(axis=(1, 2, 3)).all()


def test_photos_outside_the_splits_are_neither_learnt_nor_worn(catalog, store):
    catalog.split[catalog.split == "test"] = NO_SPLIT
    labelled = by_pattern(catalog, store, sources(rendered=20), "whole")
    assert set(labelled["test"].source) == {"rendered"}
    assert labelled["test"].photos.parts[1].garments == []
    assert labelled["test"].photos.load(np.arange(7), 32).shape == (7, 32, 32, 3)


def test_an_empty_catalog_learns_from_fabric(catalog, store):
    labelled = by_pattern(catalog.take(np.array([], int)), store, sources(attributes=("name",), rendered=10), "whole")
    assert [set(part.source) for part in labelled.values()] == [{"rendered"}] * 3


def test_nothing_to_learn_from_is_told_with_the_next_step(catalog, store):
    with pytest.raises(InputError) as error:
        by_pattern(named(catalog, {}), store, sources(), "whole")
    assert str(error.value) == (
        "no photo has a pattern to learn from. Set features.pattern_sources.rendered to 150, or name the catalog's"
        " pattern column in curate.ingest.columns.pattern."
    )


def test_an_attribute_that_no_photo_has_is_named(catalog, store):
    with pytest.raises(InputError) as error:
        by_pattern(named(catalog, {3: "shirt"}), store, sources(attributes=("name", "titel")), "whole")
    assert str(error.value) == (
        "features.pattern_sources.attributes names titel, which no photo has. The catalog's attributes are: name."
        " Name one of these, or add it to curate.ingest.columns.attributes."
    )


def test_by_split_gives_each_split_its_rows(catalog, store):
    labelled = by_split(CatalogPhotos(store, catalog.image_id, "whole"), catalog.category, catalog.split)
    for split, count in SHARES.items():
        rows = catalog.split == split
        assert told(labelled[split]) == [(category, "labels") for category in catalog.category[rows]]
        np.testing.assert_array_equal(
            labelled[split].photos.load(np.arange(count), 16), store.square(catalog.image_id[rows], 16)
        )
