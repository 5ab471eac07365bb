"""Street photos made from catalog photos, for catalogs that have none: the garment cut out and put somewhere else."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

import cv2
import numpy as np

from core.engine import run
from core.engines import Engine
from core.foreground import Mask, foreground
from core.images import Pixels, PixelStore, shrink
from core.tables import NO_SPLIT, Catalog
from curate.drawn.backgrounds import OUTSIDE, Scene, floor
from curate.drawn.drawing import Layer
from curate.drawn.obstacles import hidden_in_part
from curate.drawn.street_look import Share, photographed, seen_askew, with_shadows
from curate.params import PseudoWildParams
from curate.split import uniform

TRUST = 0.5  # confidence of a mask below which nothing is cut out
_HIDDEN = 0.6  # of the photos have something in front of the garment
_PER_TASK = 8


class PseudoPhoto(NamedTuple):
    """What was made of `product_id` from its catalog photo `image_id`; None where that gave no mask to trust."""

    image_id: str
    product_id: str
    number: int  # from 1, per product
    pixels: Pixels | None


class Placed(NamedTuple):
    """A scene, RGB float32 (h, w, 3) in 0..255, and how much of each pixel is the garment, float32 (h, w) in 0..1."""

    scene: Scene
    garment: Share


class _Choice(NamedTuple):
    image_id: str
    product_id: str
    number: int


def queries(
    catalog: Catalog, store: PixelStore, params: PseudoWildParams, side: int, engine: Engine
) -> Iterator[PseudoPhoto]:
    """Yield the pseudo-wild photos of the chosen products by product and number; the larger side is `side` pixels.

    A hash of the seed and the product's id chooses it, and one of its photos: another product changes none of
    these. Street photos and photos without a split are not used.
    """
    if not params.share:
        return
    chosen = _chosen(catalog, params)
    groups = [chosen[start : start + _PER_TASK] for start in range(0, len(chosen), _PER_TASK)]
    tasks = ([(choice, store[choice.image_id]) for choice in group] for group in groups)
    make = partial(_make, seed=params.seed, side=side)
    label = f"pseudo-wild photos, {_PER_TASK} a step"
    yield from chain.from_iterable(run(make, tasks, engine=engine, label=label, total=len(groups)))


def pseudo_wild(pixels: Pixels, rng: np.random.Generator, side: int) -> Pixels | None:
    """The garment of a product photo, RGB uint8 (h, w, 3), somewhere else, in other light, askew and partly hidden.

    Returns RGB uint8 (side, 0.7 to 1 of side, 3), or None where the garment cannot be told from the background.
    """
    placed = place(pixels, rng, side)
    return None if placed is None else photographed(placed.scene, rng)


def place(pixels: Pixels, rng: np.random.Generator, side: int) -> Placed | None:
    """The first half of `pseudo_wild`: everything but the light and the camera."""
    small = shrink(pixels, side)
    mask, confidence = foreground(small)
    if confidence < TRUST:
        return None
    size = side, round(side * rng.uniform(0.7, 1.0))
    scene = (*OUTSIDE, floor)[rng.integers(len(OUTSIDE) + 1)](size, rng)
    layer = seen_askew(_cut_out(small, mask), size, rng)
    garment = layer[..., 3]
    scene = layer[..., :3] + with_shadows(scene, garment, rng) * (1 - garment[..., None])
    if rng.random() < _HIDDEN:
        scene, garment = hidden_in_part(scene, garment, rng)
    return Placed(scene, garment)


def _cut_out(pixels: Pixels, mask: Mask) -> Layer:
    """The box around `mask`, its edge soft and coloured from further inside: it shows the old background."""
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    window = slice(top, top + height), slice(left, left + width)
    photo, inside = pixels[window].astype(np.float32), np.pad(mask[window], 1).astype(np.uint8)
    sure = cv2.erode(inside, np.ones((3, 3), np.uint8), iterations=2)[1:-1, 1:-1].astype(np.float32)
    near = cv2.GaussianBlur(np.dstack([photo * sure[..., None], sure]), (0, 0), 2.0)
    known = near[..., 3:]
    filled = np.where(known > 1e-3, near[..., :3] / np.maximum(known, 1e-3), photo)
    clean = np.where(sure[..., None] > 0, photo, filled)
    alpha = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 1.0)[1:-1, 1:-1]
    alpha = np.clip(2 * alpha - 0.8, 0, 1)[..., None]
    return np.concatenate([clean * alpha, alpha], axis=2).astype(np.float32)


def _chosen(catalog: Catalog, params: PseudoWildParams) -> list[_Choice]:
    photos: dict[str, list[str]] = defaultdict(list)
    usable = (catalog.domain == "catalog") & (catalog.split != NO_SPLIT)
    for product, image in zip(catalog.product_id[usable], catalog.image_id[usable], strict=True):
        photos[product].append(image)
    chosen = []
    for product in sorted(photos):
        key = f"pseudo:{product}"  # a key of its own: the split may have the same seed
        if uniform(params.seed, key) < params.share:
            for number in range(1, params.per_product + 1):
                image = min(photos[product], key=lambda each: uniform(params.seed, f"{key}:{number}:{each}"))
                chosen.append(_Choice(image, product, number))
    return chosen


def _make(task: Sequence[tuple[_Choice, Pixels]], *, seed: int, side: int) -> list[PseudoPhoto]:
    made = []
    for choice, pixels in task:
        rng = np.random.default_rng([seed, choice.number, *choice.product_id.encode()])
        made.append(PseudoPhoto(*choice, pseudo_wild(pixels, rng, side)))
    return made
