"""What `triplets similar` came to, in words: the lists, the short ones and why, and the variants collapsed."""

import numpy as np

from triplets.products.places import Places

_NAMED = 3  # partitions


def describe(places: Places, asked: int) -> str:
    """Some lines for the console; `asked` is how long a list may be."""
    lines = [f"{len(places.ids):,} products: {len(places):,} lists of up to {asked:,} similar products."]
    return "\n".join(lines + _short(places, asked) + _variants(places))


def _short(places: Places, asked: int) -> list[str]:
    others = places.families - 1
    count = np.diff(places.edges)
    short = np.flatnonzero(others < asked)
    if len(short) == 0:
        return []
    fewest = short[np.argsort(others[short], kind="stable")][:_NAMED]
    named = ", ".join(f"{places.name(number)} {others[number]:,}" for number in fewest)
    more = f", and {len(short) - _NAMED:,} more" if len(short) > _NAMED else ""
    return [
        f"Shorter lists: {count[short].sum():,}, of which {count[others == 0].sum():,} empty. Their partitions hold"
        f" too few other products, variants counted once: {named}{more}."
    ]


def _variants(places: Places) -> list[str]:
    size = np.bincount(places.family, minlength=len(places))  # of each family, at its first product
    if not (size > 1).any():
        return []
    largest = int(np.argmax(size))
    product = places.ids[int(places.number[largest])]
    return [
        f"Lists of variants: {size[size > 1].sum():,}, in {np.count_nonzero(size > 1):,} families; the"
        f" largest, with {product} in {places.name(places.partition[largest])}, has {size.max():,}."
    ]
