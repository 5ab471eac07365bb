"""Jackets and coats."""

import numpy as np

from curate.drawn.cuts.sewing import (
    Fit,
    armholes,
    buttons,
    cuffs,
    line,
    neck_hole,
    pair_of_lines,
    sleeves_of,
    torso,
)
from curate.drawn.outlines import Garment, Part, both, symmetric, trace


def jacket(silhouette: str, fit: Fit, rng: np.random.Generator) -> Garment:
    wide = Fit(fit.shoulder * 1.1, fit.chest * 1.12, fit.waist * 1.14, fit.hip * 1.1, fit.spread)
    if silhouette == "bomber":
        hem = rng.uniform(0.47, 0.49)
        sleeves = sleeves_of(wide, 0.32, 0.092, 0.058)
        band = Part(
            symmetric((0, hem - 0.02), (wide.hip, hem - 0.022), (wide.hip * 0.9, hem + 0.012), (0, hem + 0.014)), "trim"
        )
        stand = Part(symmetric((0, 0.146), (0.05, 0.142), (0.058, 0.16), (0.02, 0.185, 0, 0.19)), "trim")
        front = Part(torso(wide, hem, wide.hip, 0.045, 0.17))
        pockets = pair_of_lines((0.05, 0.36), (0.072, 0.42), width=0.0045)
        zipper = line((0, 0.15), (0, hem + 0.012), width=0.006)
        return Garment((*sleeves, *cuffs(sleeves, 0.08), front, band, stand), (*armholes(wide), *pockets, zipper))
    hem = rng.uniform(0.53, 0.56) if silhouette == "blazer" else rng.uniform(0.68, 0.74)
    flare = wide.hip * (1.02 if silhouette == "blazer" else 1.15)
    close = 0.345 if silhouette == "blazer" else 0.29
    body = symmetric(
        (0, close),
        (0.044, 0.15),
        (wide.shoulder - 0.012, 0.171),
        (wide.shoulder - 0.002, 0.174, wide.shoulder - 0.002, 0.186),
        (wide.chest + 0.004, 0.21, wide.chest, 0.265),
        (wide.waist, 0.35, wide.waist, 0.39),
        (wide.waist + 0.004, 0.45, flare, hem),
        (0.02, hem + 0.008),
        (0, hem - 0.05),
    )
    sleeves = sleeves_of(wide, 0.325, 0.085, 0.055)
    lapels = both(
        trace((0.0, close), (0.044, 0.148), (0.064, 0.165), (0.08, 0.235), (0.062, 0.232), (0.066, 0.25)), "collar"
    )
    parts = (*sleeves, neck_hole(0.044, close), Part(body), *lapels)
    seam = line((0, close), (0.004, hem - 0.05), width=0.004)
    pockets = pair_of_lines((0.04, 0.425), (0.088, 0.42), (0.087, 0.436), (0.041, 0.441), (0.04, 0.425))
    lines = (*armholes(wide), *pockets, seam)
    if silhouette == "blazer":
        return Garment(parts, lines, buttons(close + 0.015, close + 0.06, 2, x=0.012))
    belt = Part(symmetric((0, 0.375), (wide.waist, 0.372), (wide.waist, 0.395), (0, 0.398)), "trim")
    dots = (*buttons(0.31, 0.6, 4, x=0.024), *buttons(0.31, 0.6, 4, x=-0.024))
    return Garment((*parts, *((belt,) if rng.random() < 0.6 else ())), lines, dots)
