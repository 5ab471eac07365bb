"""Pseudo-wild pairs for the street collection: photos made by `pseudo_wild`, and copies of their products' own."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from core.engines import Engine
from core.images import Pixels, PixelStore, encode
from core.photo_params import PhotoParams
from core.tables import Catalog
from curate.collection import Accepted, Candidate
from curate.division import Before
from curate.fingerprints import Fingerprint, fingerprint
from curate.params import PseudoWildParams
from curate.photos import Cut, Photo, content_of
from curate.pseudo_wild import queries
from curate.quality import Quality, measure

PSEUDO = "pseudo_wild"  # the source of these rows, as it is named in their tables


def pseudo_pairs(
    before: Before, store: Path, params: PseudoWildParams, photos: PhotoParams, engine: Engine
) -> Iterator[tuple[Accepted, bytes]]:
    """Yield what was made for the chosen products of a catalog, and the catalog photos of those for which it was.

    Street photos are named `pseudo-street-PRODUCT-NUMBER`, the copies `pseudo-shop-IMAGE`; both keep the path they
    come from, and copies what their originals measured.
    """
    if not params.share:
        return
    catalog, pixels = before.catalog, PixelStore.open(store)
    row_of = {image_id: row for row, image_id in enumerate(catalog.image_id)}
    rows_of_product: dict[str, list[int]] = defaultdict(list)
    for row, product in enumerate(catalog.product_id):
        rows_of_product[product].append(row)
    shown: set[str] = set()
    number = 0
    for made in queries(catalog, pixels, params, photos.largest_side, engine):
        if made.pixels is None:
            continue
        if made.product_id not in shown:
            shown.add(made.product_id)
            for row in rows_of_product[made.product_id]:
                number += 1
                yield _shop(before, row, pixels, number)
        number += 1
        image_id = f"pseudo-street-{made.product_id}-{made.number}"
        yield _street(catalog, row_of[made.image_id], image_id, made.pixels, photos, number)


def _shop(before: Before, row: int, pixels: PixelStore, number: int) -> tuple[Accepted, bytes]:
    catalog, measures = before
    image_id = catalog.image_id[row]
    candidate = _candidate(catalog, row, f"pseudo-shop-{image_id}", "catalog", number)
    photo = Photo(
        encoded=b"",
        width=int(catalog.width[row]),
        height=int(catalog.height[row]),
        box=None,
        frames=int(measures.frames[row]),
        quality=Quality(
            brightness=float(measures.brightness[row]),
            sharpness=float(measures.sharpness[row]),
            entropy=float(measures.entropy[row]),
            aspect=float(measures.aspect[row]),
            range=255.0,  # it was wide enough, or the photo would not be here
        ),
        fingerprint=Fingerprint(int(measures.perceptual_hash[row]), measures.colors[row]),
    )
    return Accepted(candidate, catalog.content_hash[row], photo), pixels.encoded(image_id)


def _street(
    catalog: Catalog, row: int, image_id: str, made: Pixels, photos: PhotoParams, number: int
) -> tuple[Accepted, bytes]:
    data = encode(made, photos.quality)
    height, width = made.shape[:2]
    photo = Photo(b"", width, height, None, 1, measure(made, width, height), fingerprint(made))
    candidate = _candidate(catalog, row, image_id, "street", number)
    return Accepted(candidate, content_of(data, Cut(None, False)), photo), data


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
