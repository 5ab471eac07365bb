"""A triplet explained in words and tables, for the console."""

from collections.abc import Mapping

from core.rows import Rows, text
from core.tables import DESCRIPTORS
from triplets.explained.explain import SIDES, Explained
from triplets.reports.words import NAMES


def told(of: Explained) -> str:
    """All that is known of a triplet."""
    return "\n".join([f"{heading(of)}\n", _photos(of), _distances(of), guard(of), made(of)])


def heading(of: Explained) -> str:
    """Which triplet it is."""
    return f"triplet {of.row:,}: {NAMES[of.kind]}, {of.split}"


def guard(of: Explained) -> str:
    """How similar the negative was allowed to be, and how similar it is."""
    return guard_of(of.similarity, of.cap, of.margin, of.split)


def guard_of(similarity: Mapping[str, float], cap: float | None, margin: float | None, split: str) -> str:
    """As `guard`, of a triplet whose similarities by side, cap and margin are those of an `Explained`."""
    positive, negative = (similarity[side] for side in SIDES)
    if cap is not None:
        allowed = f"so a negative may have up to {cap:.3f} (margin {margin:g})"
    elif split == "train":
        allowed = "and no cap, as triplets.mix.margin is null"
    else:
        allowed = "and no cap, as the pair is truth and this split judges"
    return f"The positive has the similarity {positive:.3f}, {allowed}; this one has {negative:.3f}."


def made(of: Explained) -> str:
    """What made the triplet, and whether the parameters' file gives the same now."""
    line = f"Rules {of.made_by.rules}; {of.made_by.section} by the hash {of.made_by.hash}"
    if not of.changed:
        return f"{line}, the same now."
    return f"{line}, now {of.hash_now}: {'; '.join(of.changed)}."


def _photos(of: Explained) -> str:
    rows: Rows = [["photo", "image", "product", "partition", "rank"]]
    for part, photo in of.photos.items():
        rows.append([part, photo.image_id, photo.product_id, photo.partition, str(photo.rank or "-")])
    return text(rows)


def _distances(of: Explained) -> str:
    rows: Rows = [["distance to", "fused", *(f"{name}, part of fused" for name in DESCRIPTORS)]]
    for side in SIDES:
        apart, parts = of.distances[side], of.parts[side]
        rows.append([side, apart["distance"], *(f"{apart[name]:.3f}, {parts[name]:.0%}" for name in DESCRIPTORS)])
    rows.append(["weight", None, *(f"{of.weights[name]:.3f}" for name in DESCRIPTORS)])
    return text(rows)
