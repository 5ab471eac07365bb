"""Pseudo-wild photos: the garment stays the same one, and nothing depends on order, workers or other products."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.engines import Engine
from core.foreground import foreground
from core.images import PixelStore, encode, write_store
from core.tables import NO_SPLIT, Catalog
from curate.drawn.obstacles import hidden_in_part
from curate.drawn.products import CATALOG, generators, product
from curate.drawn.scenes import catalog_photo
from curate.drawn.silhouettes import PARTITIONS
from curate.drawn.street_look import photographed, seen_askew
from curate.params import PseudoWildParams
from curate.pseudo_wild import place, pseudo_wild, queries
from curate.split import uniform

SIDE = 128
ALL = PseudoWildParams(share=1.0, per_product=2, seed=3)


def photo(index: int, number: int = 0) -> np.ndarray:
    rng, *rngs = generators(9, CATALOG, index, 3)
    turn, where = divmod(index, len(PARTITIONS))
    gender, category = PARTITIONS[where]
    look = product(gender, category, turn + 31 * where, SIDE, rng).look
    return catalog_photo(look, category, gender, number, SIDE, rngs[number])


def rows(products: int, photos: int = 2) -> Catalog:
    """A catalog with `photos` of each product, in the order of the ids."""
    return Catalog.from_rows(
        {
            "image_id": f"p{index:03d}-{number}",
            "product_id": f"p{index:03d}",
            "domain": "catalog",
            "gender": "women",
            "category": "tops",
            "partition": "women/tops",
            "pattern": None,
            "split": "train",
            "duplicate_group": f"{index}-{number}",
            "content_hash": f"{index}-{number}",
            "width": SIDE,
            "height": SIDE,
            "path": "p.jpg",
            "attributes": {},
        }
        for index in range(products)
        for number in range(photos)
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PixelStore:
    """The photos of `rows(10)`, and a flat one."""
    path: Path = tmp_path_factory.mktemp("store") / "images.arrow"
    encoded = [(f"p{index:03d}-{number}", encode(photo(index, number), 95)) for index in range(10) for number in (0, 1)]
    write_store(path, [*encoded, ("flat", encode(np.full((SIDE, SIDE, 3), 210, np.uint8), None))])
    return PixelStore.open(path)


def made(catalog: Catalog, store: PixelStore, params: PseudoWildParams = ALL, workers: int = 1) -> dict:
    photos = list(queries(catalog, store, params, SIDE, Engine(workers=workers)))
    by_key = {
        (one.product_id, one.number): (one.image_id, None if one.pixels is None else one.pixels.tobytes())
        for one in photos
    }
    assert len(by_key) == len(photos)
    assert list(by_key) == sorted(by_key)
    return by_key


def lab(pixels: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def test_every_product_gets_its_photos(store):
    photos = made(rows(10), store)
    assert list(photos) == [(f"p{index:03d}", number) for index in range(10) for number in (1, 2)]
    assert all(image_id.startswith(f"{product_id}-") for (product_id, _), (image_id, _) in photos.items())
    contents = [content for _, content in photos.values()]
    assert sum(content is not None for content in contents) >= 18
    assert len(set(contents)) >= 18


def test_a_photo_is_rgb_of_the_side():
    widths = set()
    for seed in range(6):
        pixels = pseudo_wild(photo(seed), np.random.default_rng(seed), SIDE)
        assert pixels.dtype == np.uint8
        height, width, channels = pixels.shape
        assert (height, channels) == (SIDE, 3)
        assert 0.7 * SIDE - 1 <= width <= SIDE
        widths.add(width)
    assert len(widths) > 3


def test_neither_workers_nor_the_order_of_the_rows_change_a_byte(store):
    catalog = rows(10)
    photos = made(catalog, store)
    assert made(catalog, store, workers=2) == photos
    assert made(catalog.take(np.random.default_rng(1).permutation(len(catalog))), store) == photos


def test_a_seed_repeats_and_another_one_differs(store):
    catalog = rows(2)
    assert made(catalog, store) == made(catalog, store)
    other = made(catalog, store, replace(ALL, seed=4))
    assert all(other[key][1] != value[1] for key, value in made(catalog, store).items())


def test_products_with_the_same_photo_get_different_ones(store):
    catalog = replace(rows(2, photos=1), image_id=np.array(["p004-0", "p004-0"], object))
    contents = {content for _, content in made(catalog, store).values()}
    assert len(contents) == 4
    assert None not in contents


def test_further_products_and_photos_per_product_leave_the_old_ones_alone(store):
    few, more = made(rows(4), store, replace(ALL, per_product=1)), made(rows(10), store)
    assert len(few) == 4
    assert few.items() <= more.items()


def test_a_larger_share_keeps_the_products_of_a_smaller_one(store):
    some, more = (made(rows(10), store, replace(ALL, share=share)) for share in (0.3, 0.7))
    assert some.items() <= more.items()
    assert 0 < len(some) < len(more) < 20


def test_the_share_is_met_and_spreads_over_the_splits(store):
    # The split hashes products with a seed that may be the same; the chosen ones must not all be test, then.
    catalog = rows(2000, photos=1)
    catalog = replace(catalog, image_id=np.full(len(catalog), "flat", object))
    chosen = [product for product, _ in made(catalog, store, PseudoWildParams(0.3, 1, 1))]
    assert abs(len(chosen) - 600) < 4 * np.sqrt(2000 * 0.3 * 0.7)
    for key in ("{}", "women/tops:{}"):
        places = [uniform(1, key.format(product)) for product in chosen]
        assert np.mean(places) == pytest.approx(0.5, abs=4 / np.sqrt(12 * len(places)))


def test_no_share_reads_no_photo(tmp_path):
    write_store(tmp_path / "none.arrow", [])
    assert made(rows(10), PixelStore.open(tmp_path / "none.arrow"), replace(ALL, share=0.0)) == {}


def test_an_empty_catalog_gives_none(store):
    assert made(rows(0), store) == {}


def test_street_photos_and_photos_without_a_split_are_not_used(store):
    catalog = rows(4)
    domain, split = catalog.domain.copy(), catalog.split.copy()
    domain[0:3], split[4:6] = "street", NO_SPLIT  # all of p000, the first of p001, all of p002
    photos = made(replace(catalog, domain=domain, split=split), store)
    assert {product for product, _ in photos} == {"p001", "p003"}
    assert {image_id for (product, _), (image_id, _) in photos.items() if product == "p001"} == {"p001-1"}


def test_a_photo_without_a_garment_makes_none(store):
    noise = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    for pixels in (noise, store["flat"]):
        assert pseudo_wild(pixels, np.random.default_rng(1), SIDE) is None
    flat = rows(1, photos=1)
    flat = replace(flat, image_id=np.array(["flat"], object))
    assert made(flat, store) == {("p000", 1): ("flat", None), ("p000", 2): ("flat", None)}


def test_the_garment_keeps_its_colour():
    moved, placed_only = [], []
    for index in range(28):
        pixels = photo(index)
        pseudo = pseudo_wild(pixels, np.random.default_rng(index), SIDE)
        if pseudo is not None:
            scene, garment = place(pixels, np.random.default_rng(index), SIDE)
            before = np.median(lab(pixels)[foreground(pixels).mask], axis=0)
            shown = garment > 0.95
            placed_only.append(np.linalg.norm(np.median(lab(scene)[shown], axis=0) - before))
            moved.append(np.linalg.norm(np.median(lab(pseudo)[shown], axis=0) - before))
    assert len(moved) >= 25
    assert np.median(placed_only) < 3
    assert np.median(moved) < 11
    assert np.mean(np.array(moved) < 22) >= 0.9


def test_light_and_camera_move_every_colour_but_not_far():
    cloth = np.tile(np.float32([150, 90, 60]), (SIDE, SIDE, 1))
    moved = [
        np.linalg.norm(np.median(lab(photographed(cloth, np.random.default_rng(seed))), axis=(0, 1)) - lab(cloth)[0, 0])
        for seed in range(60)
    ]
    assert 3 < np.median(moved) < 10
    assert max(moved) < 20


def test_most_of_the_garment_stays_in_the_photo():
    y, x = np.mgrid[:SIDE, : SIDE // 2].astype(np.float32)
    garment = np.dstack([x / x.max(), y / y.max(), 0 * x, 0 * x + 1])
    for seed in range(60):
        layer = seen_askew(garment, (SIDE, SIDE - 20), np.random.default_rng(seed))
        assert layer.shape == (SIDE, SIDE - 20, 4)
        seen = layer[..., 3] > 0.99
        for axis in (0, 1):
            places = layer[..., axis][seen]
            assert places.min() < 0.12
            assert places.max() > 0.88
        _, _, width, height = cv2.boundingRect(seen.astype(np.uint8))
        assert max(height / SIDE, width / (SIDE - 20)) > 0.5


@pytest.mark.parametrize(("left", "right"), [(40, 90), (60, 74)])
def test_at_most_a_quarter_of_the_garment_is_hidden(left, right):
    scene, alpha = np.zeros((SIDE, SIDE, 3), np.float32), np.zeros((SIDE, SIDE), np.float32)
    alpha[20:110, left:right] = 1
    hidden = []
    for seed in range(60):
        after, rest = hidden_in_part(scene, alpha, np.random.default_rng(seed))
        assert after.shape == scene.shape
        assert (rest <= alpha).all()
        hidden.append(1 - rest.sum() / alpha.sum())
        # The scene is black, so what stands in front shows, and nothing else changes.
        assert (after.max(axis=2)[alpha - rest > 0.01] > 0).all()
        assert (after.max(axis=2)[(alpha > 0) & (rest == alpha)] < 0.01).all()
    assert max(hidden) <= 0.25
    assert np.mean(np.array(hidden) > 0.03) > 0.7
