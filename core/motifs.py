"""Where the ink of a rendered pattern lies: one function per pattern, each giving coverage layers.

Every function takes the side S in pixels and a generator, and returns `(ink, accent)`: two float32 arrays (S, S)
in 0..1, the share of each pixel that the ink and a second colour cover. Sizes are relative to S times `scale`, and no
pattern covers more than about 40 % of the fabric, so that the ground stays its dominant colour.
"""

import cv2
import numpy as np

from core.icons import ICONS, circle, petal
from core.layers import Drawing, Layer, Layers, bands, blank, coverage, lattice, ramp


def solid(side: int, rng: np.random.Generator, scale: float) -> Layers:
    """Nothing but the ground."""
    return blank(side), blank(side)


def striped(side: int, rng: np.random.Generator, scale: float) -> Layers:
    """Pin to awning stripes: level, upright or diagonal, some with a thin second stripe."""
    angle = rng.choice([0.0, 90.0, 45.0, -45.0], p=[0.42, 0.34, 0.12, 0.12])
    period = side * scale * np.exp(rng.uniform(np.log(1 / 15), np.log(1 / 4.5)))
    duty = rng.uniform(0.2, 0.36)
    along = ramp(side, float(angle)) + rng.uniform(0, period)
    ink = bands(along, period, duty)
    accent = bands(along + period / 2, period, 0.12) if rng.random() < 0.25 else blank(side)
    return ink, accent


def checked(side: int, rng: np.random.Generator, scale: float) -> Layers:
    """Gingham, tartan or windowpane, now and then on the bias."""
    turn = 45.0 if rng.random() < 0.12 else 0.0
    u = ramp(side, turn) + rng.uniform(0, side)
    v = ramp(side, turn + 90) + rng.uniform(0, side)
    kind = rng.choice(["gingham", "tartan", "windowpane"])
    if kind == "windowpane":
        period = side * scale / rng.uniform(3.5, 7)
        duty = rng.uniform(0.08, 0.13)
        return np.maximum(bands(u, period, duty), bands(v, period, duty)), blank(side)
    period = side * scale / (rng.uniform(5, 11) if kind == "gingham" else rng.uniform(3, 5.5))
    duty = rng.uniform(0.26, 0.34) if kind == "gingham" else rng.uniform(0.18, 0.24)
    # Crossing yarns: one layer of threads lets half of the ground through.
    ink = 0.5 * (bands(u, period, duty) + bands(v, period, duty))
    if kind == "gingham":
        return ink, blank(side)
    thin = np.maximum(bands(u + period / 2, period, 0.06), bands(v + period / 2, period, 0.06))
    return ink, thin * np.float32(0.8)


def polka_dot(side: int, rng: np.random.Generator, scale: float) -> Layers:
    """Dots on a square or a staggered lattice, from pin dots to coins."""
    ink = np.zeros((side, side), np.uint8)
    step = side * scale * np.exp(rng.uniform(np.log(1 / 12), np.log(1 / 4)))
    radius = step * rng.uniform(0.22, 0.32)
    for x, y in lattice(side, step, staggered=bool(rng.random() < 0.65), rng=rng):
        circle(ink, x, y, radius)
    return coverage(ink), blank(side)


def floral(side: int, rng: np.random.Generator, scale: float) -> Layers:
    """Blossoms with petals (ink), centres and leaves (accent), scattered over a loose lattice."""
    ink, accent = np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8)
    step = side * scale / rng.uniform(3, 6)
    petals = int(rng.integers(5, 8))
    for x, y in lattice(side, step, staggered=True, rng=rng):
        x, y = x + rng.uniform(-0.14, 0.14) * step, y + rng.uniform(-0.14, 0.14) * step
        radius, turn = step * rng.uniform(0.28, 0.42), rng.uniform(0, 2 * np.pi)
        for leaf in turn + np.array([0.4, 2.9]):
            petal(accent, x, y, leaf, radius * 1.45, radius * 0.2)
        for one in range(petals):
            petal(ink, x, y, turn + 2 * np.pi * one / petals, radius, radius * 0.3)
        circle(ink, x, y, radius * 0.3, shade=0)
        circle(accent, x, y, radius * 0.3)
    return coverage(ink), coverage(accent)


def printed(side: int, rng: np.random.Generator, scale: float) -> Layers:
    """Large graphic shapes, icons or letters: one on the chest, or a few across."""
    ink, accent = np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8)
    icon = ICONS[rng.integers(len(ICONS))]
    if rng.random() < 0.5:
        icon(ink, side * 0.5, side * rng.uniform(0.4, 0.5), side * scale * rng.uniform(0.18, 0.25), 0.0, rng)
        if rng.random() < 0.4:
            circle(accent, side * 0.5, side * 0.45, side * scale * 0.3, width=side * scale * 0.018)
    else:
        step = side * scale / rng.uniform(2.4, 3.6)
        for index, (x, y) in enumerate(lattice(side, step, staggered=True, rng=rng)):
            layer = accent if index % 3 == 2 else ink
            icon(layer, x, y, step * rng.uniform(0.3, 0.36), rng.uniform(-0.5, 0.5), rng)
    return coverage(ink), coverage(accent)


def melange(side: int, rng: np.random.Generator, scale: float) -> Layers:
    """Mixed yarns: fine level streaks of ink, and rare flecks of the accent."""
    ink = np.clip(0.3 + 0.42 * _yarn(side, side * scale / 180, side * scale / 48, rng), 0, 0.85)
    accent = np.clip(1.2 * (_yarn(side, side * scale / 190, side * scale / 90, rng) - 1.9), 0, 0.7)
    return ink.astype(np.float32), accent.astype(np.float32)


LAYERS: dict[str, Drawing] = {
    "solid": solid,
    "striped": striped,
    "checked": checked,
    "printed": printed,
    "polka_dot": polka_dot,
    "floral": floral,
    "melange": melange,
}


def _yarn(side: int, thick: float, long: float, rng: np.random.Generator) -> Layer:
    """Noise of unit variance with streaks `long` pixels wide and `thick` pixels high."""
    noise = rng.standard_normal((side, side), np.float32)
    streaks = cv2.GaussianBlur(noise, (0, 0), sigmaX=long / 2, sigmaY=max(0.3, thick / 2))
    return (streaks / streaks.std()).astype(np.float32)
