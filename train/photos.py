"""The photos that training triplets are made of, and what batches must know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from core.codes import codes
from core.components import joined
from core.errors import TableError
from core.tables import Catalog, Column, Triplets
from train.sharing import Rows


@dataclass(frozen=True)
class TripletPhotos:
    """The distinct photos of triplets.

    Attributes:
        image_id: (m,).
        rows: (n, 3) where the photos q, p, n of each triplet stand in the other columns.
        group: (m,) codes; photos of one product share theirs, and so do the copies of one photo.
        category: (m,).
        street: (m,) bool, True for a street photo.
    """

    image_id: Column
    rows: Rows
    group: Rows
    category: Column
    street: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, triplets: Triplets, collections: Sequence[Catalog]) -> Self:
        """The photos of `triplets`, which stand in `collections`.

        Raises:
            TableError: one does not.
        """
        ids = np.stack([triplets.query_id, triplets.positive_id, triplets.negative_id], axis=1)
        _, first, rows = np.unique(codes(ids.reshape(-1)), return_index=True, return_inverse=True)
        image_id = ids.reshape(-1)[first]
        catalog = Catalog.concat(collections)
        where = {name: row for row, name in enumerate(catalog.image_id)}
        try:
            found = np.array([where[name] for name in image_id], np.int64)
        except KeyError as error:
            raise TableError(f"no catalog row for the image {error.args[0]}. Run dvc repro.") from None
        return cls(
            image_id=image_id,
            rows=rows.reshape(-1, 3),
            group=joined(codes(catalog.product_id), codes(catalog.duplicate_group))[found],
            category=catalog.category[found],
            street=catalog.domain[found] == "street",
        )
