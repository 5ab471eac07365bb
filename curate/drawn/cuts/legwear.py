"""Trousers, shorts and leggings."""

import numpy as np

from curate.drawn.cuts.sewing import (
    Fit,
    line,
    pair_of_lines,
)
from curate.drawn.outlines import Garment, Part, Points, both, symmetric, trace


def pants(silhouette: str, fit: Fit, rng: np.random.Generator) -> Garment:
    bottom, end = {
        "straight": (rng.uniform(0.93, 0.95), 0.04),
        "slim": (rng.uniform(0.9, 0.93), 0.026),
        "wide": (rng.uniform(0.93, 0.95), 0.066),
    }[silhouette]
    body = legs(fit, bottom, fit.hip * 1.02, end * rng.uniform(0.95, 1.05), 0.012 if silhouette == "wide" else 0.022)
    band = Part(symmetric((0, 0.372), (fit.waist, 0.367), (fit.waist * 1.02, 0.386), (0, 0.391)), "trim")
    fly = line((0.002, 0.39), (0.002, 0.46), (-0.018, 0.44, -0.018, 0.39))
    pockets = pair_of_lines((0.055, 0.391), (0.066, 0.42, fit.hip * 0.96, 0.43))
    crease = pair_of_lines((0.05, 0.53), (0.03 + end, bottom), width=0.002)
    inner = line((0, 0.46), (0, 0.545), width=0.0035)
    return Garment((Part(body), band), (fly, *pockets, *crease, inner), ((0.0, 0.381, 0.005),))


def shorts(silhouette: str, fit: Fit, rng: np.random.Generator) -> Garment:
    bottom, end = {
        "bermuda": (rng.uniform(0.68, 0.7), 0.047),
        "running": (rng.uniform(0.585, 0.6), 0.062),
        "cargo": (rng.uniform(0.7, 0.73), 0.058),
    }[silhouette]
    body = Part(legs(fit, bottom, fit.hip * 1.05, end, 0.014))
    band = Part(symmetric((0, 0.37), (fit.waist, 0.365), (fit.waist * 1.02, 0.386), (0, 0.391)), "trim")
    inner = line((0, 0.45), (0, 0.545), width=0.0035)
    if silhouette == "running":
        cord = (*pair_of_lines((0.004, 0.385), (0.012, 0.43), width=0.0035), inner)
        return Garment(
            (body, band), (*cord, *pair_of_lines((fit.hip * 0.9, 0.43), (0.02 + 2 * end * 0.86, bottom), width=0.005))
        )
    fly = line((0.002, 0.39), (0.002, 0.46), (-0.018, 0.44, -0.018, 0.39))
    pockets = pair_of_lines((0.055, 0.391), (0.066, 0.42, fit.hip * 0.96, 0.43))
    if silhouette == "cargo":
        flap = both(trace((0.062, 0.575), (0.124, 0.57), (0.128, 0.645), (0.066, 0.65)), "collar")
        return Garment((body, band, *flap), (fly, *pockets, inner, *pair_of_lines((0.063, 0.592), (0.126, 0.588))))
    cuff = pair_of_lines((0.022, bottom - 0.018), (0.02 + 2 * end, bottom - 0.022))
    return Garment((body, band), (fly, *pockets, inner, *cuff), ((0.0, 0.38, 0.005),))


def leggings(silhouette: str, fit: Fit, rng: np.random.Generator) -> Garment:
    bottom, end = (rng.uniform(0.92, 0.94), 0.0165) if silhouette == "full" else (rng.uniform(0.77, 0.8), 0.026)
    knee = 0.03
    body = symmetric(
        (0, 0.362),
        (fit.waist * 0.94, 0.358),
        (fit.hip, 0.42, fit.hip * 0.95, 0.5),
        (0.084, 0.62, 0.024 + 2 * knee, 0.72),
        (0.092, 0.8, 0.032 + 2 * end, bottom),
        (0.032, bottom + 0.003),
        (0.014, 0.8, 0.026, 0.72),
        (0.02, 0.63, 0.003, 0.548),
        (0, 0.545),
    )
    band = Part(symmetric((0, 0.362), (fit.waist * 0.94, 0.358), (fit.waist * 1.02, 0.392), (0, 0.398)), "trim")
    seams = (
        line((0, 0.4), (0, 0.545), width=0.003),
        *pair_of_lines((0.032, bottom - 0.012), (0.032 + 2 * end, bottom - 0.013)),
    )
    return Garment((Part(body), band), seams)


def legs(fit: Fit, bottom: float, thigh: float, end: float, gap: float) -> Points:
    """Two trouser legs from the waist to `bottom`; half widths `thigh` at the crotch and `end` at the hem."""
    inner = 0.008 + gap
    return symmetric(
        (0, 0.385),
        (fit.waist, 0.38),
        (fit.hip * 1.02, 0.43, max(fit.hip, thigh), 0.52),
        (inner + 2 * end, bottom),
        (inner, bottom + 0.004),
        (0.003, 0.548),
        (0, 0.545),
    )
