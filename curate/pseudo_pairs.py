"""Pseudo-wild pairs for the street collection: photos made by `pseudo_wild`, and copies of their products' own."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from core.images import Pixels, PixelStore, encode
from core.tables import Catalog
from curate.collection import Accepted, Candidate
from curate.fingerprints import fingerprint
from curate.params import PhotoParams, PseudoWildParams
from curate.photos import Cut, Photo, content_of
from curate.pseudo_wild import queries
from curate.quality import measure

PSEUDO = "pseudo_wild"  # the source of these rows, as it is named in their tables


def pseudo_pairs(
    catalog: Catalog, store: Path, params: PseudoWildParams, photos: PhotoParams, workers: int
) -> Iterator[tuple[Accepted, bytes]]:
    """Yield what was made for the chosen products of `catalog`, and the catalog photos of those for which it was.

    Street photos are named `pseudo-PRODUCT-NUMBER`, the copies `shop-IMAGE`; both keep the path they come from.
    """
    if not params.share:
        return
    pixels = PixelStore.open(store)
    row_of = {image_id: row for row, image_id in enumerate(catalog.image_id)}
    rows_of_product: dict[str, list[int]] = defaultdict(list)
    for row, product in enumerate(catalog.product_id):
        rows_of_product[product].append(row)
    shown: set[str] = set()
    number = 0
    for made in queries(catalog, pixels, params, photos.largest_side, workers):
        if made.pixels is None:
            continue
        if made.product_id not in shown:
            shown.add(made.product_id)
            for row in rows_of_product[made.product_id]:
                number += 1
                yield _shop(catalog, row, pixels, number)
        number += 1
        image_id = f"pseudo-{made.product_id}-{made.number}"
        yield _street(catalog, row_of[made.image_id], image_id, made.pixels, photos, number)


def _shop(catalog: Catalog, row: int, pixels: PixelStore, number: int) -> tuple[Accepted, bytes]:
    image_id = catalog.image_id[row]
    candidate = _candidate(catalog, row, f"shop-{image_id}", "catalog", number)
    size = int(catalog.width[row]), int(catalog.height[row])
    data = pixels.encoded(image_id)
    return Accepted(candidate, catalog.content_hash[row], _photo(pixels[image_id], size)), data


def _street(
    catalog: Catalog, row: int, image_id: str, made: Pixels, photos: PhotoParams, number: int
) -> tuple[Accepted, bytes]:
    data = encode(made, photos.quality)
    candidate = _candidate(catalog, row, image_id, "street", number)
    return Accepted(candidate, content_of(data, Cut(None, False)), _photo(made, (made.shape[1], made.shape[0]))), data


def _photo(pixels: Pixels, size: tuple[int, int]) -> Photo:
    return Photo(b"", *size, None, 1, measure(pixels, *size), fingerprint(pixels))


def _candidate(catalog: Catalog, row: int, image_id: str, domain: str, number: int) -> Candidate:
    return Candidate(
        source=PSEUDO,
        row=number,
        photo=1,
        path=catalog.path[row],
        image_id=image_id,
        product_id=catalog.product_id[row],
        domain=domain,
        gender=catalog.gender[row],
        category=catalog.category[row],
        pattern=catalog.pattern[row],
        attributes=catalog.attributes[row],
    )
