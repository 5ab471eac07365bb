"""The street half of the sample: products with street and shop photos, on disk as Street2Shop is."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core.atomic import write_json, write_text
from core.engine import run
from core.engines import Engine
from curate.drawn.products import STREET, Product, generators, jpeg, product
from curate.drawn.scenes import catalog_photo, street_photo
from curate.params import SampleParams

# Street2Shop's categories (Kiapour et al., ICCV 2015) and ours; its belts and eyewear have no silhouette here.
CATEGORIES: dict[str, tuple[str, ...]] = {
    "bags": ("bags",),
    "dresses": ("dresses",),
    "footwear": ("shoes",),
    "hats": ("hats",),
    "leggings": ("leggings",),
    "outerwear": ("jackets",),
    "pants": ("pants",),
    "skirts": ("skirts",),
    "tops": ("shirts", "sweaters", "t-shirts"),
}
_NAMES = tuple(CATEGORIES)
_TEST_EVERY = 5  # one product in five is a test product
# The published set has street photos that carry several boxes, and a box without width and height: so has this one.
_SHARED = _NAMES.index("skirts"), _NAMES.index("tops")
_UNSIZED = _NAMES.index("dresses")
_PER_PRODUCT = 10  # photo ids that each product may use


@dataclass(frozen=True)
class _Photos:
    """What one product adds: JPEG files by photo id, street pairs and shop photos by category."""

    files: dict[int, bytes]
    pairs: list[tuple[str, dict[str, Any]]]
    shop: list[tuple[str, dict[str, Any]]]


def write_street(params: SampleParams, folder: Path, engine: Engine) -> None:
    """Write `photos/photos.txt`, `meta/json/` and `images/` as `folder`; 0 products leave the lists empty."""
    (folder / "images").mkdir(parents=True)
    lists: dict[str, list[dict[str, Any]]] = {
        f"{kind}_{category}": [] for category in CATEGORIES for kind in ("train_pairs", "test_pairs", "retrieval")
    }
    lines = []
    task = partial(_street_product, params=params)
    count = params.street_products
    for photos in run(task, range(count), engine=engine, label="street", total=count):
        for photo_id, data in photos.files.items():
            (folder / "images" / f"{photo_id:09d}.jpg").write_bytes(data)
            lines.append(f"{photo_id:09d},https://example.com/photos/{photo_id:09d}.jpg\n")
        for name, record in photos.pairs + photos.shop:
            lists[name].append(record)
    write_text(folder / "photos" / "photos.txt", "".join(lines))
    for name, records in lists.items():
        write_json(folder / "meta" / "json" / f"{name}.json", records)


def _street_product(index: int, params: SampleParams) -> _Photos:
    """The photos of one product: one or two on the street, two or three in the shop."""
    it, rngs = _product(index, params)
    first_id = (index + 1) * _PER_PRODUCT
    files: dict[int, bytes] = {}
    pairs: list[tuple[str, dict[str, Any]]] = []
    for number in range(1 + index % 2):
        shown = [index]
        if number == 0 and index == _SHARED[0] and _SHARED[1] < params.street_products:
            shown = list(_SHARED)
        looks = [(each.look, each.category) for each, _ in (_product(one, params) for one in shown)]
        pixels, boxes = street_photo(looks, it.gender, params.side, rngs[number])
        files[first_id + number] = jpeg(pixels)
        for one, box in zip(shown, boxes, strict=True):
            bbox = dict(zip(("left", "top", "width", "height"), box, strict=True))
            if index == _UNSIZED and number == 1:
                del bbox["width"], bbox["height"]
            record = {"photo": first_id + number, "product": one + 1, "bbox": bbox}
            pairs.append((f"{_split(one)}_pairs_{_category(one)}", record))
    shop: list[tuple[str, dict[str, Any]]] = []
    for number in range(2 + index // 2 % 2):
        photo_id = first_id + 2 + number
        files[photo_id] = jpeg(catalog_photo(it.look, it.category, it.gender, number, params.side, rngs[2 + number]))
        shop.append((f"retrieval_{_category(index)}", {"photo": photo_id, "product": index + 1}))
    return _Photos(files, pairs, shop)


def _product(index: int, params: SampleParams) -> tuple[Product, list[Any]]:
    """The product and the generators of its photos: two for the street, three for the shop."""
    look_rng, *photo_rngs = generators(params.seed, STREET, index, 6)
    turn, place = divmod(index, len(_NAMES))
    cuts = CATEGORIES[_NAMES[place]]
    category = cuts[look_rng.integers(len(cuts))]
    return product("women", category, turn + 31 * place, params.side, look_rng), photo_rngs


def _category(index: int) -> str:
    return _NAMES[index % len(_NAMES)]


def _split(index: int) -> str:
    return "test" if index % _TEST_EVERY == _TEST_EVERY - 1 else "train"
