"""The photo that asks: one of the collections by its id, or a strange one by its pixels, and where it is sought."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.images import Pixels
from core.similarity import Floats, Similarity, prepare
from core.tables import Catalog
from triplets.distances import load
from triplets.groups import Rows

_LISTED = 20  # partitions that an error names


@dataclass(frozen=True)
class Query:
    """The photo that asks: its prepared vectors, (1, d) each, and what is never its answer: (n,) of the catalog."""

    prepared: dict[str, Floats]
    barred: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Place:
    """Where is sought: a `partition` of the catalog, or None, which is everywhere; its `rows` (n,).

    `category` is the one by whose weights is asked, None where it is unknown.
    """

    partition: str | None
    category: str | None
    rows: Rows

    def similarity(self, fitted: Similarity) -> Similarity:
        """The similarity to ask by: the category's, or that of all."""
        return fitted if self.category is None else fitted.of(self.category)


def known(name: str, tables: Sequence[Path]) -> Catalog | None:
    """The row of the photo of this id in the first table that has it; None where `name` is a file.

    Raises:
        InputError: it is neither.
    """
    for table in tables:
        found = Catalog.read(table, image_id=[name])
        if len(found):
            return found
    try:
        there = Path(name).exists()
    except OSError:  # no path that there could be, such as one that is too long
        there = False
    if not there:
        raise InputError(f"{name} is no image_id of {' or '.join(map(str, tables))}, and no file. Name one of these.")
    return None


def place(name: str, photo: Catalog | None, asked: str | None, catalog: Catalog, everywhere: bool) -> Place:
    """Where to seek the photo called `name`: in the partition `asked`, or in its own, or `everywhere`.

    The weights are those of the partition's category, also everywhere.

    Raises:
        InputError: the partition is unknown, or the catalog lacks it.
    """
    own = None if photo is None else str(photo.partition[0])
    partition = own if asked is None else asked
    inside = np.flatnonzero(catalog.partition == partition)
    if len(inside):
        category: str | None = str(catalog.category[inside[0]])
    elif asked is None and everywhere:
        category = None if photo is None else str(photo.category[0])
    elif partition is None:
        raise InputError(f"{name} is in no catalog, so its partition is unknown. {_choose(catalog)}")
    else:
        raise InputError(f"the catalog has no partition {partition}. {_choose(catalog)}")
    return Place(None, category, np.arange(len(catalog))) if everywhere else Place(partition, category, inside)


def of_known(photo: Catalog, catalog: Catalog, features: Path) -> Query:
    """The question of a `photo` of a collection; its product's photos in `catalog` and its copies are no answer.

    Raises:
        TableError: the photo has no vector, or one that is not finite.
    """
    same = (catalog.product_id == photo.product_id[0]) | (catalog.duplicate_group == photo.duplicate_group[0])
    return Query(load(features, photo.image_id), same)


def of_strange(pixels: Pixels, catalog: Catalog, features: Path) -> Query:
    """The question of a photo of no collection, RGB uint8 (h, w, 3); every photo of `catalog` may be the answer.

    Raises:
        ModelError: what described the catalog cannot describe the photo.
        TableError: the tables in the folder `features` do not say how they were made.
    """
    from core.describe import Describer  # Keras, which takes seconds

    described = Describer.read(features).of([pixels])
    prepared = {name: prepare(name, values) for name, values in described.items()}
    return Query(prepared, np.zeros(len(catalog), np.bool_))


def _choose(catalog: Catalog) -> str:
    names = sorted(set(catalog.partition))
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return f"Search --everywhere, or with --partition one of {', '.join(names[:_LISTED])}{more}."
