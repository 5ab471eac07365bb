"""Similar products and their variants, against plain loops."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_project import (
    all_distances,
    fit,
    random_vectors,
    row,
    write_project,
    write_vectors,
)

from core.engines import LOCAL
from core.errors import InputError
from core.paths import CATALOG, FEATURES, TABLE
from core.similarity import Similarity
from core.tables import DESCRIPTORS, Catalog, Similar
from triplets.products import candidates, daily
from triplets.products.families import families
from triplets.products.photos import Photos
from triplets.products.similar import Search

FITTED = Similarity(dict.fromkeys(DESCRIPTORS, 1 / 3), dict.fromkeys(DESCRIPTORS, 1.0))


def shop() -> list[dict]:
    """Products of one to three photos; copies, colour ways, and a product that stands in two partitions."""
    rows = [
        row(
            f"i{number:03}{shot}",
            product_id=f"p{number:03}",
            category=("dresses", "tops")[number % 2],
            split=("train", "val", "test", "none")[number % 4],
            attributes={"style": f"s{number // 12}", "none": ""} if number % 3 == 0 else {},
        )
        for number in range(36)
        for shot in range(1 + number % 3)
    ]
    copies = {"i0021": "i0040", "i0101": "i0041", "i0230": "i0310"}
    for one in rows:
        one["duplicate_group"] = copies.get(one["image_id"], one["image_id"])
    return [*rows, row("z", product_id="p004", category="tops"), row("hat", product_id="p005", category="hats")]


def related(catalog: Catalog, variant: str | None) -> dict[tuple[str, str], set[str]]:
    """The family of each product of each partition, by merging as long as anything merges."""
    photos = range(len(catalog))
    copies = {str(product): {str(product)} for product in catalog.product_id}

    def merge(family, a, b):
        if family[a] is not family[b]:
            both = family[a] | family[b]
            for key in [key for key, members in family.items() if members is family[a] or members is family[b]]:
                family[key] = both

    for a in photos:
        for b in photos:
            if catalog.duplicate_group[a] == catalog.duplicate_group[b]:
                merge(copies, catalog.product_id[a], catalog.product_id[b])
    found = {}
    for partition in set(catalog.partition):
        inside = [photo for photo in photos if catalog.partition[photo] == partition]
        family = {catalog.product_id[photo]: {catalog.product_id[photo]} for photo in inside}
        for a in inside:
            for b in inside:
                value = catalog.attributes[a].get(variant)
                same_style = bool(value) and value == catalog.attributes[b].get(variant)
                if same_style or catalog.product_id[b] in copies[catalog.product_id[a]]:
                    merge(family, catalog.product_id[a], catalog.product_id[b])
        found |= {(partition, product): members for product, members in family.items()}
    return found


def by_loops(catalog: Catalog, apart: dict, variant: str | None, k: int) -> dict[tuple[str, str], list]:
    """Per partition and product: distance, similar product and both photos, in order."""
    family, lists = related(catalog, variant), {}
    for partition, product in family:
        inside = [
            (str(image_id), str(other))
            for image_id, other, where in zip(catalog.image_id, catalog.product_id, catalog.partition, strict=True)
            if where == partition
        ]
        pairs = sorted(
            (apart[mine, theirs], other, mine, theirs)
            for mine, own in inside
            for theirs, other in inside
            if own == product and other not in family[partition, product]
        )
        kept: list[tuple] = []
        for pair in pairs:
            if not any(one[1] in family[partition, pair[1]] for one in kept):
                kept.append(pair)
        lists[partition, product] = kept[:k]
    return lists


def found_in(root: Path, catalog: Catalog, fitted: Similarity, variant: str | None, k: int) -> Similar:
    search = Search.of(Photos.of(catalog), families(Photos.of(catalog), variant), root / FEATURES, fitted, k, LOCAL)
    Similar.write_parts(root / "lists.parquet", daily.tables(search))
    assert not search.failed
    return Similar.read(root / "lists.parquet")


@pytest.mark.parametrize("variant", [None, "style"])
@pytest.mark.parametrize("block", [1, 4, 512])
def test_the_lists_are_those_of_loops(tmp_path, monkeypatch, variant, block):
    monkeypatch.setattr(candidates, "_BLOCK", block)
    write_project(tmp_path, shop())
    catalog, fitted = Catalog.read(tmp_path / CATALOG / TABLE), fit(tmp_path)
    wanted = by_loops(catalog, all_distances(tmp_path, catalog.image_id, fitted), variant, 4)
    found = found_in(tmp_path, catalog, fitted, variant, 4)
    assert len(found) == sum(len(pairs) for pairs in wanted.values())
    for (partition, product), pairs in wanted.items():
        got = found.take((found.partition == partition) & (found.product_id == product))
        assert got.rank.tolist() == list(range(1, len(pairs) + 1))
        names = zip(got.similar_id, got.image_id, got.similar_image_id, strict=True)
        assert list(names) == [pair[1:] for pair in pairs]
        np.testing.assert_allclose(got.distance, [pair[0] for pair in pairs], rtol=1e-4)
    fused = sum(fitted.weights[name] * getattr(found, name).astype(float) ** 2 for name in DESCRIPTORS)
    np.testing.assert_allclose(found.distance.astype(float) ** 2, fused, rtol=1e-5)
    family = related(catalog, variant)
    assert family["women/dresses", "p002"] == {"p002", "p004", "p010"}
    assert family["women/dresses", "p000"] == ({"p000", "p006"} if variant else {"p000"})


def test_variants_of_variants_are_variants():
    rows = [
        row("a", product_id="a", duplicate_group="one"),
        row("b", product_id="b", duplicate_group="one"),
        row("b2", product_id="b", duplicate_group="two"),
        row("c", product_id="c", duplicate_group="two", attributes={"style": "x"}),
        row("d", product_id="d", attributes={"style": "x"}),
        row("e", product_id="e", attributes={"style": ""}),
        row("f", product_id="f", attributes={"style": ""}),
        row("g", product_id="g", category="tops", attributes={"style": "x"}),
    ]
    catalog = Photos.of(Catalog.from_rows(rows))
    copies = families(catalog, None)
    assert [sum(copies == number) for number in copies] == [4, 4, 4, 4, 1, 1, 1, 1]
    styles = families(catalog, "style")
    assert [sum(styles == number) for number in styles] == [5, 5, 5, 5, 5, 1, 1, 1]


def test_a_copy_in_one_partition_makes_variants_in_every_other():
    rows = [
        row("a1", product_id="a", duplicate_group="one", category="tops"),
        row("b1", product_id="b", duplicate_group="one", category="tops"),
        row("a2", product_id="a"),
        row("b2", product_id="b"),
    ]
    tops, same, dresses, alike = families(Photos.of(Catalog.from_rows(rows)), None)
    assert tops == same != dresses == alike


def test_the_families_of_no_photos_are_none():
    assert families(Photos.of(Catalog.from_rows([])), None).tolist() == []


@st.composite
def catalogs(draw):
    """Up to 14 photos whose products, copies, partitions and styles come from few names."""
    one = st.tuples(*(st.sampled_from("abcdef"[:count]) for count in (6, 6, 2, 3)))
    rows = [
        row(f"{number:02}", product_id=product, duplicate_group=f"{group}{number % 4}", category=category)
        | {"attributes": {"style": style} if style != "a" else {}}
        for number, (product, group, category, style) in enumerate(draw(st.lists(one, max_size=14)))
    ]
    rows.sort(key=lambda one: (one["partition"], one["image_id"]))
    return Catalog.from_rows(rows)


@settings(deadline=None, max_examples=60)
@given(catalog=catalogs(), k=st.integers(1, 4), equal=st.booleans(), by_style=st.booleans())
def test_no_list_repeats_a_family_or_holds_its_own(tmp_path_factory, catalog, k, equal, by_style):
    variant = "style" if by_style and any(catalog.attributes) else None
    root = tmp_path_factory.mktemp("any")
    vectors = random_vectors(len(catalog))
    if equal:
        vectors = {name: np.ones_like(values) for name, values in vectors.items()}
    write_vectors(root / FEATURES, catalog.image_id, vectors)
    found, family = found_in(root, catalog, FITTED, variant, k), related(catalog, variant)
    for (partition, product), own in family.items():
        ids = found.similar_id[(found.partition == partition) & (found.product_id == product)].tolist()
        there = {frozenset(members) for (where, _), members in family.items() if where == partition}
        named = [frozenset(family[partition, other]) for other in ids]
        assert len(set(named)) == len(named) == min(k, len(there) - 1)
        assert frozenset(own) not in named
        if equal:
            assert ids == sorted(min(members) for members in there - {frozenset(own)})[:k]


def test_an_attribute_that_no_photo_has_is_named_with_those_there_are():
    catalog = Catalog.from_rows(
        [row("a", attributes={"style": "x", "none": ""}), row("b", attributes={"color": "red"})]
    )
    for variant in ("stile", "none"):
        with pytest.raises(InputError) as caught:
            families(Photos.of(catalog), variant)
        assert str(caught.value) == (
            f"triplets.similar.variant: no photo has the attribute {variant}. Name one of color, style, or null."
        )
