"""Further kinds of the patterns, which the garments of the sample never wear; as `core.motifs` gives its own."""

import cv2
import numpy as np

from core.icons import circle, letters
from core.layers import Drawing, Layer, Layers, bands, blank, coverage, lattice, ramp
from core.motifs import LAYERS


def uneven_stripes(side: int, rng: np.random.Generator, scale: float) -> Layers:
    """Stripes of several widths in two colours, which repeat."""
    along = ramp(side, float(rng.choice([0.0, 90.0], p=[0.6, 0.4]))) + rng.uniform(0, side)
    return _sett(along, side * scale / rng.uniform(2.5, 5), int(rng.integers(2, 5)), rng)


def tartan(side: int, rng: np.random.Generator, scale: float) -> Layers:
    """One uneven order of stripes both ways: where both cross, the colour is full."""
    period, count, seed = side * scale / rng.uniform(1.8, 4), int(rng.integers(2, 4)), int(rng.integers(2**31))
    both = [
        _sett(ramp(side, turn) + rng.uniform(0, side), period, count, np.random.default_rng(seed)) for turn in (0, 90)
    ]
    ink, accent = (0.5 * (level + upright) for level, upright in zip(*both, strict=True))
    return ink.astype(np.float32), accent.astype(np.float32)


def confetti(side: int, rng: np.random.Generator, scale: float) -> Layers:
    """Dots of two colours and of several sizes, loosely strewn."""
    ink, accent = np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8)
    step = side * scale / rng.uniform(5, 10)
    for x, y in lattice(side, step, staggered=True, rng=rng):
        x, y = (x, y) + rng.uniform(-0.2, 0.2, 2) * step
        circle(accent if rng.random() < 0.4 else ink, x, y, step * rng.uniform(0.14, 0.32))
    return coverage(ink), coverage(accent)


def roses(side: int, rng: np.random.Generator, scale: float) -> Layers:
    """Round blossoms of overlapping petals between leaves, of several sizes, close together."""
    ink, accent = np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8)
    step = side * scale / rng.uniform(4, 8)
    for x, y in lattice(side, step, staggered=True, rng=rng):
        x, y = (x, y) + rng.uniform(-0.25, 0.25, 2) * step
        radius, turn = step * rng.uniform(0.18, 0.4), rng.uniform(0, 2 * np.pi)
        for angle in turn + np.array([0.0, 2.2, 4.1]):
            circle(accent, x + 1.15 * radius * np.cos(angle), y + 1.15 * radius * np.sin(angle), radius * 0.3)
        for angle in turn + 2 * np.pi * np.arange(5) / 5:
            circle(ink, x + 0.5 * radius * np.cos(angle), y + 0.5 * radius * np.sin(angle), radius * 0.52)
        for ring in (0.72, 0.36):
            circle(ink, x, y, radius * ring, width=max(1.0, radius * 0.1), shade=0)
    return coverage(ink), coverage(accent)


def slogan(side: int, rng: np.random.Generator, scale: float) -> Layers:
    """A few lines of letters on the chest."""
    ink = np.zeros((side, side), np.uint8)
    height = side * scale * rng.uniform(0.08, 0.14)
    lines = int(rng.integers(1, 4))
    for line in range(lines):
        y = side * rng.uniform(0.34, 0.36) + 1.5 * height * line
        letters(ink, side * 0.5, y, height, int(rng.integers(4, 9)), rng)
    return coverage(ink), blank(side)


def blotches(side: int, rng: np.random.Generator, scale: float) -> Layers:
    """Camouflage, marble or an animal's coat: smooth patches of two colours."""
    reach = side * scale * np.exp(rng.uniform(np.log(0.02), np.log(0.06)))
    stretch = rng.uniform(0.5, 2.0)
    patches = []
    for level in (0.45, 1.1):
        noise = cv2.GaussianBlur(rng.standard_normal((side, side), np.float32), (0, 0), reach * stretch, None, reach)
        patches.append(np.clip((noise / noise.std() - level) * 0.7 * reach + 0.5, 0, 1).astype(np.float32))
    return patches[0], patches[1]


def heather(side: int, rng: np.random.Generator, scale: float) -> Layers:
    """Fine yarns of two shades without a direction, pepper and salt."""
    grain = max(0.8, side * scale / 260)
    noises = [
        cv2.GaussianBlur(rng.standard_normal((side, side), np.float32), (0, 0), 1.6 * grain, None, grain)
        for _ in range(2)
    ]
    ink, accent = (noise / noise.std() for noise in noises)
    return (
        np.clip(0.35 + 0.55 * ink, 0, 0.85).astype(np.float32),
        np.clip(0.6 * (accent - 1.3), 0, 0.85).astype(np.float32),
    )


def _sett(along: Layer, period: float, count: int, rng: np.random.Generator) -> Layers:
    """`count` stripes per period, of drawn widths, the ink's and the accent's by turns."""
    layers = [blank(len(along)), blank(len(along))]
    for number in range(count):
        place = (number + rng.uniform(-0.2, 0.2)) / count * period
        width = rng.uniform(0.12, 0.6) / count
        layers[number % 2] = np.maximum(layers[number % 2], bands(along + place, period, width))
    return layers[0], layers[1]


KINDS: dict[str, tuple[Drawing, ...]] = {
    "solid": (LAYERS["solid"],),
    "striped": (LAYERS["striped"], LAYERS["striped"], uneven_stripes),
    "checked": (LAYERS["checked"], LAYERS["checked"], tartan),
    "printed": (LAYERS["printed"], slogan, blotches),
    "polka_dot": (LAYERS["polka_dot"], LAYERS["polka_dot"], confetti),
    "floral": (LAYERS["floral"], roses),
    "melange": (LAYERS["melange"], heather),
}
