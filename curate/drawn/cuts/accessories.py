"""Bags and hats, in units of their own."""

import numpy as np

from curate.drawn.cuts.sewing import (
    Fit,
    line,
)
from curate.drawn.outlines import Garment, Part, both, ellipse, symmetric, trace


def bag(silhouette: str, fit: Fit, rng: np.random.Generator) -> Garment:
    wide, tall = rng.uniform(0.36, 0.42), rng.uniform(0.62, 0.7)
    if silhouette == "tote":
        handle = _strap((wide * 0.5, 0.3), (wide * 0.45, -0.02), (0, -0.02))
        body = symmetric((0, 0.26), (wide, 0.25), (wide * 0.9, 0.26 + tall), (0, 0.27 + tall))
        return Garment((*handle, Part(body)), (line((-wide, 0.3), (0, 0.31, wide, 0.3), width=0.008),))
    if silhouette == "flap":
        chain = _strap((wide * 0.95, 0.36), (wide * 0.9, -0.05), (0, -0.05), width=0.016)
        body = symmetric(
            (0, 0.34), (wide * 1.1, 0.34), (wide * 1.18, 0.5, wide * 1.1, 0.34 + tall * 0.75), (0, 0.35 + tall * 0.75)
        )
        flap = symmetric((0, 0.33), (wide * 1.12, 0.33), (wide * 1.12, 0.5), (wide * 0.6, 0.65, 0, 0.66))
        return Garment((*chain, Part(body), Part(flap, "collar"), Part(ellipse(0, 0.63, 0.035, 0.03), "metal")))
    if silhouette == "bowling":
        handle = _strap((wide * 0.55, 0.36), (wide * 0.5, 0.06), (0, 0.06), width=0.032)
        body = symmetric(
            (0, 0.32),
            (wide * 0.7, 0.32),
            (wide * 1.25, 0.36, wide * 1.3, 0.76),
            (wide * 1.3, 0.82, wide, 0.82),
            (0, 0.83),
        )
        ends = both(trace((wide * 1.02, 0.46), (wide * 1.28, 0.52), (wide * 1.3, 0.78), (wide, 0.815)), "trim")
        return Garment(
            (*handle, Part(body), *ends), (line((-wide * 0.9, 0.4), (0, 0.36, wide * 0.9, 0.4), width=0.012),)
        )
    straps = both(
        trace((0.2, 0.08), (wide * 1.05, 0.12, wide * 1.1, 0.5), (wide * 1.12, 0.74, wide * 0.9, 0.8), (0.2, 0.3)),
        "trim",
    )
    loop = _strap((0.07, 0.1), (0.07, -0.04), (0, -0.04), width=0.028)
    body = symmetric((0, 0.05), (wide * 0.95, 0.04, wide * 0.95, 0.36), (wide, 0.86, wide * 0.85, 0.9), (0, 0.92))
    pocket = symmetric((0, 0.55), (wide * 0.7, 0.55), (wide * 0.74, 0.86), (0, 0.87))
    lines = (
        line((-wide * 0.93, 0.34), (0, 0.14, wide * 0.93, 0.34), width=0.01),
        line((-0.26, 0.6), (0.26, 0.6), width=0.008),
    )
    return Garment((*straps, *loop, Part(body), Part(pocket, "collar")), lines)


def _strap(
    foot: tuple[float, float], bend: tuple[float, float], top: tuple[float, float], width: float = 0.04
) -> tuple[Part, ...]:
    """A handle: an arch of `width` over the middle, as two mirrored strips."""
    outer = trace(foot, (*bend, *top))
    inner = trace((top[0], top[1] + width), (bend[0] - width, bend[1] + width, foot[0] - width, foot[1]))
    return both(np.concatenate([outer, inner]), "trim")


def hat(silhouette: str, fit: Fit, rng: np.random.Generator) -> Garment:
    wide = rng.uniform(0.96, 1.04)
    if silhouette == "cap":
        crown = trace(
            (-0.4 * wide, 0.4), (-0.42, 0.02, 0, 0.0), (0.4, 0.02, 0.4 * wide, 0.4), (0, 0.46, -0.4 * wide, 0.4)
        )
        visor = trace((-0.1, 0.4), (0.1, 0.33, 0.42 * wide, 0.36), (0.72, 0.42, 0.78, 0.52), (0.4, 0.44, -0.1, 0.43))
        seams = (
            line((0, 0), (0.13, 0.18, 0.14, 0.42), width=0.01),
            line((0, 0), (-0.14, 0.18, -0.16, 0.42), width=0.01),
        )
        return Garment((Part(crown), Part(visor, "trim", 10)), seams, ((0.0, 0.005, 0.028),))
    if silhouette == "beanie":
        crown = symmetric((0, 0), (0.38 * wide, 0.02, 0.4 * wide, 0.5), (0, 0.5))
        cuff = symmetric((0, 0.4), (0.3, 0.4, 0.41 * wide, 0.37), (0.42 * wide, 0.56), (0.3, 0.6, 0, 0.6))
        ribs = tuple(line((x, 0.41), (x * 1.02, 0.6), width=0.009) for x in np.linspace(-0.36, 0.36, 13))
        bobble = (Part(ellipse(0, -0.05, 0.12, 0.11), "trim"),) if rng.random() < 0.5 else ()
        return Garment((*bobble, Part(crown), Part(cuff, "trim")), ribs)
    if silhouette == "bucket":
        crown = symmetric((0, 0), (0.24 * wide, 0.0), (0.3 * wide, 0.02, 0.34 * wide, 0.3), (0, 0.33))
        brim = symmetric((0, 0.3), (0.34 * wide, 0.28), (0.58 * wide, 0.52), (0.3, 0.6, 0, 0.6))
        stitches = tuple(line((-x, y), (0, y + 0.07, x, y), width=0.007) for x, y in ((0.42, 0.39), (0.5, 0.46)))
        return Garment(
            (Part(brim), Part(crown)), (line((-0.34 * wide, 0.3), (0, 0.35, 0.34 * wide, 0.3), width=0.012), *stitches)
        )
    brim = symmetric((0, 0.36), (0.5, 0.34, 0.72 * wide, 0.42), (0.5, 0.54, 0, 0.54))
    crown = symmetric((0, 0.05), (0.1, 0.0, 0.2, 0.03), (0.3 * wide, 0.08, 0.33 * wide, 0.42), (0.15, 0.47, 0, 0.47))
    band = symmetric((0, 0.35), (0.318 * wide, 0.32), (0.33 * wide, 0.42), (0.15, 0.47, 0, 0.47))
    return Garment(
        (Part(brim), Part(crown), Part(band, "dark")), (line((0, 0.05), (0.02, 0.15, 0.01, 0.2), width=0.012),)
    )
