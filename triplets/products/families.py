"""Families of products: the variants of one product, of which a list of similar products shows the nearest alone."""

import numpy as np

from core.codes import MISSING, codes
from core.components import joined
from core.errors import InputError
from core.tables import Catalog
from triplets.groups import Rows


def families(catalog: Catalog, variant: str | None) -> Rows:
    """Number (n,) the photos of `catalog`: equal where one partition holds both, and their products are variants.

    Products are variants where they share a copy of a photo, of any partition, and where in the partition itself
    photos of both have the same value, not an empty one, of the attribute `variant`; None looks at copies alone.
    A variant of a variant is one too, and so on.

    Raises:
        InputError: no photo has a value of `variant`.
    """
    of_copies = joined(codes(catalog.product_id), codes(catalog.duplicate_group))
    # Codes are below the number of photos, so that a sum tells both of its terms.
    partition = codes(catalog.partition) * len(catalog)
    value = _values(catalog, variant)
    return joined(partition + of_copies, np.where(value == MISSING, MISSING, partition + value))


def _values(catalog: Catalog, variant: str | None) -> Rows:
    """The code of each photo's value of the attribute, `MISSING` where it has none."""
    values = np.full(len(catalog), None, object)
    if variant is None:
        return codes(values)
    values[:] = [pairs.get(variant) or None for pairs in catalog.attributes]
    numbers = codes(values)
    if (numbers == MISSING).all():
        known = sorted({name for pairs in catalog.attributes for name, value in pairs.items() if value})
        step = f"Name one of {', '.join(known)}, or null." if known else "Set it to null: no photo has any attribute."
        raise InputError(f"triplets.similar.variant: no photo has the attribute {variant}. {step}")
    return numbers
