"""What one system shows of the test split: every search and every distance is done here, once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.search import Rows
from core.similarity import Floats
from core.tables import Catalog
from train.evaluation import street as protocols
from train.evaluation.agreement import Agreement, agreement
from train.evaluation.among_all import AmongAll, among_all
from train.evaluation.inside import nearest_inside
from train.evaluation.street import Ranked
from train.evaluation.triplets import Placed
from train.params import EvaluateParams
from train.systems import System


@dataclass(frozen=True)
class Seen:
    """Per query what each task gives: `triplets` by kind, `found` the nearest inside partitions (q, k)."""

    triplets: dict[str, npt.NDArray[np.float64]]
    among: AmongAll
    found: Rows
    agreement: Agreement
    within: Ranked
    across: Ranked


def look(system: System, catalog: Catalog, street: Catalog, placed: dict[str, Placed], params: EvaluateParams) -> Seen:
    """Ask `system` all that it is judged by.

    Args:
        placed: the test triplets by kind.

    Raises:
        TableError: it lacks the vector of a photo.
    """

    def vectors(photos: Catalog, rows: Rows) -> Floats:
        return system.vectors(photos.image_id[rows])

    def inside(photos: Catalog, rows: Rows) -> Floats:
        return system.inside(photos.image_id[rows], photos.category[rows])

    asking = catalog.split == "test"
    test = np.flatnonzero(asking)
    found = nearest_inside(catalog, lambda rows: inside(catalog, rows), params.neighbors, asking)
    return Seen(
        triplets={
            # Photos of two categories are compared by the weights of all.
            kind: of.scores((vectors if kind == "out_of_class" else inside)(of.photos, np.arange(len(of.photos))))
            for kind, of in placed.items()
        },
        among=among_all(catalog.take(test), vectors(catalog, test), params.ks, params.neighbors),
        found=found,
        agreement=agreement(catalog, found, asking),
        within=protocols.within_category(street, lambda rows: inside(street, rows)),
        across=protocols.all_categories(street, lambda rows: vectors(street, rows)),
    )
