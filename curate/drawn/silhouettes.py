"""The cut of each garment: categories, their silhouettes, and their outlines from a few drawn proportions."""

from collections.abc import Callable

import numpy as np

from curate.drawn.cuts.accessories import bag, hat
from curate.drawn.cuts.footwear import shoes
from curate.drawn.cuts.gowns import dress, skirt
from curate.drawn.cuts.legwear import leggings, pants, shorts
from curate.drawn.cuts.outer import jacket
from curate.drawn.cuts.sewing import Fit
from curate.drawn.cuts.tops import shirt, sweater, t_shirt
from curate.drawn.outlines import Garment

SILHOUETTES: dict[str, tuple[str, ...]] = {
    "bags": ("tote", "flap", "backpack", "bowling"),
    "dresses": ("a-line", "sheath", "maxi", "shirt dress"),
    "hats": ("cap", "beanie", "bucket", "fedora"),
    "jackets": ("blazer", "bomber", "coat"),
    "leggings": ("full", "capri"),
    "pants": ("straight", "slim", "wide"),
    "shirts": ("long sleeve", "short sleeve", "sleeveless"),
    "shoes": ("sneaker", "high-top", "boot", "loafer"),
    "shorts": ("bermuda", "running", "cargo"),
    "skirts": ("mini", "pencil", "a-line", "pleated"),
    "sweaters": ("pullover", "turtleneck", "cardigan"),
    "t-shirts": ("crew neck", "v-neck", "polo", "tank"),
}
# Fewer partitions than genders x categories, so that each holds enough products for neighbours to mean something.
_SOLD = {
    "men": ("jackets", "pants", "shirts", "shoes", "shorts", "t-shirts"),
    "women": ("bags", "dresses", "hats", "leggings", "shoes", "skirts", "sweaters", "t-shirts"),
}
PARTITIONS = tuple((gender, category) for gender, categories in _SOLD.items() for category in categories)

_CUTS: dict[str, Callable[[str, Fit, np.random.Generator], Garment]] = {
    "bags": bag,
    "dresses": dress,
    "hats": hat,
    "jackets": jacket,
    "leggings": leggings,
    "pants": pants,
    "shirts": shirt,
    "shoes": shoes,
    "shorts": shorts,
    "skirts": skirt,
    "sweaters": sweater,
    "t-shirts": t_shirt,
}


def cut(category: str, silhouette: str, gender: str, rng: np.random.Generator) -> Garment:
    """The garment of one product; lengths and widths vary a little with `rng`."""
    return _CUTS[category](silhouette, Fit.draw(gender, rng), rng)
