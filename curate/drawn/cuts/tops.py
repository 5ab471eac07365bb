"""T-shirts, shirts and sweaters."""

import numpy as np

from curate.drawn.cuts.sewing import (
    Fit,
    armholes,
    buttons,
    collar,
    cuffs,
    line,
    neck_hole,
    pair_of_lines,
    sleeves_of,
    torso,
)
from curate.drawn.outlines import Garment, Part, both, symmetric, trace


def t_shirt(silhouette: str, fit: Fit, rng: np.random.Generator) -> Garment:
    hem = rng.uniform(0.475, 0.51)
    if silhouette == "tank":
        strap = fit.shoulder * 0.68
        body = symmetric(
            (0, 0.235),
            (0.04, 0.235, 0.045, 0.158),
            (strap, 0.166),
            (strap - 0.004, 0.24, fit.chest, 0.272),
            (fit.waist, 0.35, fit.waist, 0.385),
            (fit.waist, 0.43, fit.hip * 0.98, hem),
            (0.05, hem + 0.006, 0, hem + 0.006),
        )
        back = Part(symmetric((0, 0.178), (0.03, 0.178, 0.045, 0.158), (0.05, 0.235, 0, 0.236)), "inside")
        rim = pair_of_lines((0, 0.243), (0.047, 0.243, 0.053, 0.159))
        return Garment((back, Part(body)), rim)
    depth = {"crew neck": 0.178, "v-neck": 0.225, "polo": 0.2}[silhouette]
    sleeves = sleeves_of(fit, rng.uniform(0.105, 0.13), 0.075, 0.068)
    pointed = silhouette != "crew neck"
    parts = (*sleeves, neck_hole(0.04, depth), Part(torso(fit, hem, fit.hip, 0.042, depth, pointed=pointed)))
    lines = (*armholes(fit), line((-fit.hip, hem - 0.012), (0, hem - 0.005, fit.hip, hem - 0.012), width=0.0018))
    if silhouette == "polo":
        flaps = both(trace((0.003, 0.205), (0.036, 0.147), (0.05, 0.158), (0.04, 0.2)), "trim")
        placket = line((0.008, 0.205), (0.008, 0.262), (-0.008, 0.262), (-0.008, 0.205))
        return Garment((*parts, *flaps, *cuffs(sleeves, 0.13)), (*lines, placket), buttons(0.22, 0.25, 2))
    if silhouette == "v-neck":
        rim = pair_of_lines((0, depth + 0.011), (0.05, 0.155), width=0.0035)
    else:
        rim = pair_of_lines((0, depth + 0.011), (0.05, depth + 0.008, 0.052, 0.155), width=0.0035)
    return Garment(parts, (*lines, *rim))


def shirt(silhouette: str, fit: Fit, rng: np.random.Generator) -> Garment:
    hem = rng.uniform(0.515, 0.55)
    body = symmetric(
        (0, 0.18),
        (0.04, 0.152),
        (fit.shoulder - 0.012, 0.174),
        (fit.shoulder - 0.002, 0.178, fit.shoulder - 0.002, 0.188),
        (fit.chest + 0.004, 0.215, fit.chest, 0.262),
        (fit.waist, 0.35, fit.waist, 0.385),
        (fit.waist, 0.43, fit.hip * 1.03, hem - 0.04),
        (fit.hip * 0.85, hem, fit.hip * 0.45, hem),
        (0, hem),
    )
    sleeves: tuple[Part, ...] = ()
    if silhouette != "sleeveless":
        pair = sleeves_of(
            fit, 0.31 if silhouette == "long sleeve" else 0.125, 0.072, 0.044 if silhouette[0] == "l" else 0.07
        )
        sleeves = (*pair, *(cuffs(pair, 0.12, "collar") if silhouette == "long sleeve" else ()))
    placket = (line((0.011, 0.185), (0.011, hem)), line((-0.011, 0.185), (-0.011, hem)))
    pocket = line((0.035, 0.25), (0.035, 0.295), (0.056, 0.305), (0.077, 0.295), (0.077, 0.25), (0.035, 0.25))
    lines = (*placket, *armholes(fit), *((pocket,) if rng.random() < 0.6 else ()))
    parts = (*sleeves, neck_hole(0.04, 0.185), Part(body), *collar(0.032, 0.205))
    return Garment(parts, lines, buttons(0.21, hem - 0.03, 7))


def sweater(silhouette: str, fit: Fit, rng: np.random.Generator) -> Garment:
    hem = rng.uniform(0.49, 0.52)
    wide = Fit(fit.shoulder * 1.06, fit.chest * 1.14, fit.waist * 1.2, fit.hip * 1.04, fit.spread)
    sleeves = sleeves_of(wide, 0.315, 0.088, 0.056)
    band = Part(
        symmetric((0, hem - 0.022), (wide.hip * 0.97, hem - 0.024), (wide.hip * 0.92, hem + 0.008), (0, hem + 0.012)),
        "trim",
    )
    ribs = tuple(
        line((x, hem - 0.018), (x * 0.96, hem + 0.006), width=0.0016) for x in np.linspace(-0.9, 0.9, 17) * wide.hip
    )
    depth = {"pullover": 0.18, "turtleneck": 0.16, "cardigan": 0.29}[silhouette]
    body = Part(torso(wide, hem, wide.hip, 0.042, depth, pointed=silhouette == "cardigan"))
    parts = (*sleeves, *cuffs(sleeves, 0.09), neck_hole(0.042, depth), body, band)
    lines = (*armholes(wide), *ribs)
    if silhouette == "turtleneck":
        roll = symmetric((0, 0.118), (0.036, 0.12), (0.042, 0.14, 0.046, 0.16), (0.03, 0.176, 0, 0.176))
        return Garment((*parts, Part(roll, "trim")), (*lines, line((-0.038, 0.145), (0, 0.153, 0.038, 0.145))))
    if silhouette == "cardigan":
        edge = pair_of_lines((0.009, 0.298), (0.052, 0.156), width=0.003)
        opening = line((0, 0.29), (0, hem + 0.01), width=0.0045)
        return Garment(parts, (*lines, *edge, opening), buttons(0.305, hem - 0.01, 6, x=0.008))
    rim = pair_of_lines((0, depth + 0.016), (0.056, depth + 0.012, 0.057, 0.156), width=0.004)
    return Garment(parts, (*lines, *rim))
