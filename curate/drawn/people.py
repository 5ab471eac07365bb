"""Somebody to wear a garment: a body, and plain clothes for what the garment leaves bare."""

import numpy as np

from core.images import Pixels
from core.swatches import RGB, render, vary
from curate.drawn.drawing import Colours, Look
from curate.drawn.outlines import Garment, Part, both, ellipse, limb, symmetric, trace
from curate.drawn.silhouettes import cut

FIXED: Colours = {"inside": (60, 56, 54), "sole": (236, 234, 228), "dark": (52, 44, 40), "metal": (196, 168, 92)}

_SKINS: tuple[RGB, ...] = ((236, 200, 176), (214, 170, 138), (176, 128, 96), (128, 88, 66), (92, 62, 48))
_HAIRS: tuple[RGB, ...] = ((38, 30, 28), (84, 56, 38), (150, 108, 66), (208, 174, 116), (120, 52, 32))
_PLAIN: tuple[RGB, ...] = ((58, 62, 70), (72, 92, 124), (206, 200, 188), (226, 224, 220), (128, 124, 118), (40, 40, 44))
_TOPS = ("t-shirts", "shirts", "sweaters", "jackets")
_BOTTOMS = ("pants", "shorts", "skirts", "leggings")
WORN = (*_TOPS, *_BOTTOMS, "dresses", "hats", "bags")


def worn(garment: Garment, category: str) -> Garment:
    """`garment` where a body wears it: hats go on the head, bags into the hand."""
    if category == "hats":
        return garment.placed(0.128, 0.0, -0.012)
    if category == "bags":
        return garment.placed(0.2, 0.205, 0.505)
    return garment


def wearer(categories: tuple[str, ...], gender: str, rng: np.random.Generator) -> list[Look]:
    """A body and the plain clothes below and beside garments of `categories`, from back to front."""
    looks = [_body(gender, rng)]
    dressed = "dresses" in categories
    if not dressed and not set(categories) & set(_BOTTOMS):
        looks.append(_plain("pants", str(rng.choice(["straight", "slim"])), gender, rng))
    if not dressed and (not set(categories) & set(_TOPS) or "jackets" in categories):
        looks.append(_plain("t-shirts", "crew neck", gender, rng))
    return looks


def _plain(category: str, silhouette: str, gender: str, rng: np.random.Generator) -> Look:
    colour = vary(_PLAIN[rng.integers(len(_PLAIN))], 6.0, rng)
    return Look(cut(category, silhouette, gender, rng), FIXED, _cloth(colour, rng))


def _cloth(colour: RGB, rng: np.random.Generator) -> Pixels:
    return render("solid", colour, colour, 64, rng)


def _body(gender: str, rng: np.random.Generator) -> Look:
    wide, waist, hip = (0.098, 0.07, 0.092) if gender == "women" else (0.115, 0.09, 0.096)
    skin, hair = vary(_SKINS[rng.integers(len(_SKINS))], 3.0, rng), vary(_HAIRS[rng.integers(len(_HAIRS))], 3.0, rng)
    long_hair = rng.random() < (0.8 if gender == "women" else 0.1)
    torso = symmetric(
        (0, 0.13),
        (0.025, 0.13),
        (0.028, 0.16),
        (wide, 0.182),
        (wide - 0.012, 0.26),
        (waist, 0.385),
        (hip, 0.5),
        (0, 0.545),
    )
    arms = both(limb((wide - 0.012, 0.19), (wide + 0.105, 0.5), 0.042, 0.024), "skin")
    hands = both(ellipse(wide + 0.11, 0.51, 0.016, 0.024), "skin")
    legs = both(limb((0.048, 0.5), (0.052, 0.95), 0.085, 0.034), "skin")
    feet = both(trace((0.034, 0.94), (0.072, 0.94), (0.088, 0.985), (0.03, 0.985)), "shoe")
    locks = symmetric(
        (0, 0.008), (0.06, 0.0, 0.058, 0.09), (0.06, 0.17 if long_hair else 0.1), (0, 0.17 if long_hair else 0.1)
    )
    fringe = symmetric((0, 0.008), (0.046, 0.006, 0.046, 0.062), (0.03, 0.035, 0, 0.034))
    eyes = tuple((x, 0.074, 0.0035) for x in (-0.016, 0.016))
    mouth = (trace((-0.012, 0.104), (0, 0.109, 0.012, 0.104)), 0.003)
    parts = (Part(locks, "hair"), *legs, *feet, *arms, *hands, Part(torso, "skin"))
    head = (Part(ellipse(0, 0.077, 0.042, 0.056), "skin"), Part(fringe, "hair"))
    colours = {"skin": skin, "hair": hair, "shoe": _PLAIN[rng.integers(len(_PLAIN))]}
    return Look(Garment((*parts, *head), (mouth,), eyes), colours)
