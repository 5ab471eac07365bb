"""Families of products: the variants of one product, of which a list of similar products shows the nearest alone."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.codes import MISSING, codes
from core.components import joined
from core.errors import InputError
from triplets.groups import Rows
from triplets.products.photos import Photos


def families(photos: Photos, variant: str | None) -> Rows:
    """Number (n,) the photos: equal where one partition holds both, and their products are variants.

    Products are variants where they share a copy of a photo, of any partition, and where in the partition itself
    photos of both have the same value, not an empty one, of the attribute `variant`; None looks at copies alone.
    A variant of a variant is one too, and so on.

    Raises:
        InputError: no photo has a value of `variant`.
    """
    of_copies = joined(codes(photos.product_id), codes(photos.duplicate_group))
    # Codes are below the number of photos, so that a sum tells both of its terms.
    partition = codes(photos.partition) * len(photos)
    value = _values(photos, variant)
    return joined(partition + of_copies, np.where(value == MISSING, MISSING, partition + value))


def _values(photos: Photos, variant: str | None) -> Rows:
    """The code of each photo's value of the attribute, `MISSING` where it has none."""
    if variant is None:
        return np.full(len(photos), MISSING)
    values = pc.map_lookup(photos.attributes, pa.scalar(variant), "last")
    numbers = codes(pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values))
    if (numbers == MISSING).all():
        known = sorted({name for pairs in photos.attributes.to_pylist() for name, value in pairs if value})
        step = f"Name one of {', '.join(known)}, or null." if known else "Set it to null: no photo has any attribute."
        raise InputError(f"triplets.similar.variant: no photo has the attribute {variant}. {step}")
    return numbers
