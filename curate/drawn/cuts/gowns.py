"""Dresses and skirts."""

import numpy as np

from curate.drawn.cuts.sewing import (
    Fit,
    armholes,
    buttons,
    collar,
    fan,
    line,
    neck_hole,
    pair_of_lines,
    sleeves_of,
)
from curate.drawn.outlines import Garment, Part, symmetric


def dress(silhouette: str, fit: Fit, rng: np.random.Generator) -> Garment:
    hem, width = {
        "a-line": (rng.uniform(0.66, 0.71), fit.hip * 1.75),
        "sheath": (rng.uniform(0.66, 0.7), fit.hip * 0.95),
        "maxi": (rng.uniform(0.9, 0.94), fit.hip * 1.6),
        "shirt dress": (rng.uniform(0.67, 0.71), fit.hip * 1.2),
    }[silhouette]
    strap = fit.shoulder * (1.0 if silhouette == "shirt dress" else 0.72)
    depth = {"a-line": 0.195, "sheath": 0.19, "maxi": 0.235, "shirt dress": 0.19}[silhouette]
    flared = silhouette in ("a-line", "maxi")
    below = (
        fit.hip * (1.0 if flared else 1.02),
        0.42 if flared else 0.44,
        *((width, hem) if flared else (fit.hip, 0.5)),
    )
    body = symmetric(
        (0, depth),
        (0.04, depth, 0.045, 0.158),
        (strap, 0.17),
        (fit.chest * 0.84, 0.245, fit.chest, 0.268),
        (fit.waist, 0.33, fit.waist * 0.98, 0.375),
        below,
        (width, hem),
        (width * 0.5, hem + 0.016, 0, hem + 0.016),
    )
    waist = line((-fit.waist, 0.375), (0, 0.384, fit.waist, 0.375))
    rim = pair_of_lines((0, depth + 0.008), (0.046, depth + 0.006, 0.052, 0.16), width=0.0025)
    parts: tuple[Part, ...] = (neck_hole(0.043, depth), Part(body))
    if silhouette == "shirt dress":
        sleeves = sleeves_of(fit, 0.14, 0.072, 0.064)
        belt = Part(symmetric((0, 0.368), (fit.waist, 0.366), (fit.waist, 0.386), (0, 0.39)), "trim")
        placket = line((0.006, 0.19), (0.006, hem + 0.014))
        return Garment(
            (*sleeves, *parts, *collar(0.032, 0.205), belt), (placket, *armholes(fit)), buttons(0.215, hem - 0.03, 9)
        )
    if silhouette == "a-line":
        caps = sleeves_of(fit, 0.07, 0.06, 0.058) if rng.random() < 0.5 else ()
        pleats = fan(fit.waist * 0.7, 0.39, width * 0.75, hem, 5)
        return Garment((*caps, *parts), (*rim, waist, *pleats))
    if silhouette == "maxi":
        return Garment(parts, (*rim, waist, *fan(fit.waist * 0.7, 0.4, width * 0.75, hem, 4)))
    return Garment(
        parts, (*rim, *pair_of_lines((0.045, 0.27), (0.038, 0.38, 0.05, 0.5)), line((0, hem - 0.06), (0, hem + 0.014)))
    )


def skirt(silhouette: str, fit: Fit, rng: np.random.Generator) -> Garment:
    hem, width = {
        "mini": (rng.uniform(0.56, 0.585), fit.hip * 1.22),
        "pencil": (rng.uniform(0.68, 0.71), fit.hip * 0.86),
        "a-line": (rng.uniform(0.64, 0.69), fit.hip * 1.85),
        "pleated": (rng.uniform(0.8, 0.87), fit.hip * 1.5),
    }[silhouette]
    hip_y = 0.47 if silhouette in ("mini", "pencil") else 0.42
    hips = fit.hip * (1.04 if silhouette == "pencil" else 0.98)
    body = symmetric(
        (0, 0.385),
        (fit.waist, 0.38),
        (hips, hip_y - 0.03, hips, hip_y),
        (width, hem),
        (width * 0.5, hem + 0.014, 0, hem + 0.014),
    )
    band = Part(symmetric((0, 0.372), (fit.waist, 0.367), (fit.waist * 1.02, 0.388), (0, 0.393)), "trim")
    lines = {
        "mini": (line((0, 0.395), (0, hem + 0.012)), *pair_of_lines((0.045, 0.4), (0.05, 0.43, 0.08, 0.432))),
        "pencil": (
            *pair_of_lines((0.035, 0.395), (0.04, 0.44)),
            line((0.02, hem - 0.07), (0.022, hem + 0.012), width=0.005),
        ),
        "a-line": fan(fit.waist * 0.6, 0.4, width * 0.7, hem, 4),
        "pleated": fan(fit.waist * 0.92, 0.392, width * 0.94, hem + 0.008, 13),
    }[silhouette]
    dots = buttons(0.41, hem - 0.01, 5) if silhouette == "mini" else ()
    return Garment((Part(body), band), lines, dots)
