"""One rendered product: its attributes, its look, and the generators that draw it and its photos."""

from dataclasses import dataclass

import cv2
import numpy as np

from core.images import Pixels
from core.swatches import COLORS, PATTERNS, ink_on, render, vary
from curate.drawn.drawing import Look
from curate.drawn.people import FIXED
from curate.drawn.silhouettes import SILHOUETTES, cut

CATALOG, STREET = 0, 1  # kinds of product, for the seeds
_QUALITY = 90


@dataclass(frozen=True)
class Product:
    """What is true of a product, and the look that all its photos share."""

    gender: str
    category: str
    pattern: str
    color: str
    silhouette: str
    look: Look


def product(gender: str, category: str, turn: int, side: int, rng: np.random.Generator) -> Product:
    """The product at place `turn` of the round of patterns and colours.

    The numbers of patterns and of colours have no common factor, so the round passes every pair of them once.
    """
    pattern, color = PATTERNS[turn % len(PATTERNS)], tuple(COLORS)[turn % len(COLORS)]
    silhouette = SILHOUETTES[category][rng.integers(len(SILHOUETTES[category]))]
    ground = vary(COLORS[color], 4.0, rng)
    cloth = render(pattern, ground, ink_on(ground, rng), round(side * 4 / 3), rng)
    look = Look(cut(category, silhouette, gender, rng), FIXED, cloth)
    return Product(gender, category, pattern, color, silhouette, look)


def generators(seed: int, kind: int, index: int, count: int) -> list[np.random.Generator]:
    """Independent generators of one product: the first for its look, one more per photo."""
    seeds = np.random.SeedSequence(seed, spawn_key=(kind, index)).spawn(count)
    return [np.random.default_rng(child) for child in seeds]


def jpeg(pixels: Pixels) -> bytes:
    """RGB uint8 (h, w, 3) as a JPEG file."""
    _, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(data)
