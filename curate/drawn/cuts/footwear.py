"""Pairs of shoes from the side, in units of their own."""

import numpy as np

from curate.drawn.cuts.sewing import (
    Fit,
    line,
)
from curate.drawn.outlines import Garment, Part, trace


def shoes(silhouette: str, fit: Fit, rng: np.random.Generator) -> Garment:
    tall = {"sneaker": 0.3, "high-top": 0.52, "boot": 0.78, "loafer": 0.26}[silhouette] * rng.uniform(0.95, 1.05)
    far, near = _shoe(silhouette, tall), _shoe(silhouette, tall).placed(1.0, -0.15, 0.2)
    return Garment((*far.parts, *near.parts), near.lines, near.dots)


def _shoe(silhouette: str, tall: float) -> Garment:
    """One shoe from its side, the toe to the right, the sole at y 0."""
    low = silhouette in ("sneaker", "loafer")
    opening = 0.3 if low else 0.26
    tongue = -tall * (0.92 if low else 1.0)
    upper = trace(
        (0.0, -0.04),
        (-0.02, -tall * 0.6, 0.02, -tall),
        (opening * 0.6, -tall * (0.82 if low else 1.0), opening, tongue),
        (opening + 0.06, -0.25, 0.58, -0.2),
        (0.86, -0.15, 0.88, -0.03),
    )
    if silhouette == "boot":
        sole = Part(trace((-0.01, -0.05), (0.9, -0.05), (0.9, 0.0), (0.3, 0.0), (0.26, 0.05), (0, 0.05)), "dark")
    elif silhouette == "loafer":
        sole = Part(trace((-0.01, -0.045), (0.89, -0.045), (0.9, 0.0), (0.24, 0.0), (0.24, 0.03), (0, 0.03)), "dark")
    else:
        sole = Part(trace((-0.02, -0.08), (0.9, -0.08), (0.93, -0.03, 0.88, 0.02), (-0.01, 0.02)), "sole")
    hole = Part(
        trace((0.03, -tall), (0.16, -tall * 0.8, opening - 0.01, tongue), (0.16, tongue - 0.05, 0.03, -tall)), "inside"
    )
    parts: tuple[Part, ...] = (Part(upper), hole, sole)
    if silhouette == "loafer":
        saddle = trace((0.34, -0.25), (0.44, -0.21), (0.5, -0.06), (0.36, -0.06))
        return Garment((*parts, Part(saddle, "trim")), (line((0.5, -0.2), (0.6, -0.11, 0.84, -0.1), width=0.012),))
    if silhouette == "boot":
        gusset = trace((0.1, -tall * 0.9), (0.2, -tall * 0.9), (0.18, -tall * 0.45), (0.12, -tall * 0.45))
        return Garment((*parts, Part(gusset, "dark")), (line((0.02, -0.2), (0.2, -0.12, 0.34, -0.28), width=0.01),))
    rows = np.linspace(0.12, 0.86, 3 if low else 5)
    start, end = np.array([opening, tongue]), np.array([0.56, -0.2])
    laces = tuple(
        (np.array([start + (end - start) * row + [-0.05, 0.06], start + (end - start) * row + [0.035, -0.005]]), 0.02)
        for row in rows
    )
    cap = Part(trace((0.66, -0.08), (0.68, -0.15, 0.73, -0.165), (0.86, -0.13, 0.89, -0.08)), "sole")
    return Garment((*parts, cap), (*laces, line((0.02, -0.16), (0.16, -0.18, 0.2, -0.08), width=0.01)))
