"""By what the runs of a comparison are judged: the photos that ask, the triplets, and the teachers beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np

from core.errors import InputError
from core.images import Squares
from core.paths import COLLECTIONS, FEATURES, MIXED, SIMILARITY, STREET, STREET_PAIRS, TABLE, TRIPLETS
from core.tables import DESCRIPTORS, Catalog, Column, Triplets
from train import crops, systems
from train.evaluation.evaluate import evaluate
from train.evaluation.numbers import as_metrics
from train.material import digest
from train.params import EvaluateParams
from train.systems import System


@dataclass(frozen=True)
class Judges:
    """The collections, their pixels, the triplets and the teachers; the queries are of `split`.

    Evaluation asks by the split that is called test, so in these tables `split` and test have changed names.
    `sources` are the digests of the files that judge and that no training is known by.
    """

    catalog: Catalog
    street: Catalog
    store: Squares
    triplets: Triplets
    teachers: Sequence[System]
    params: EvaluateParams
    split: str
    sources: Mapping[str, str]

    @classmethod
    def read(cls, split: str, params: EvaluateParams) -> Self:
        """Read what judges. There are no intervals over products: a comparison has them over seeds.

        Raises:
            TableError: a table is missing or holds something else.
            InputError: no photo of the catalog is of `split`.
        """
        catalog, street = (Catalog.read(folder / TABLE) for folder in COLLECTIONS)
        if not (catalog.split == split).any():
            raise InputError(f"no catalog photo is of the split {split}. Raise curate.split.{split} or add products.")
        triplets = Triplets.read(MIXED / TRIPLETS)
        files = [SIMILARITY, *(FEATURES / f"{name}.arrow" for name in DESCRIPTORS), STREET / STREET_PAIRS]
        return cls(
            replace(catalog, split=_renamed(catalog.split, split)),
            replace(street, split=_renamed(street.split, split)),
            crops.store(True, street),
            replace(triplets, split=_renamed(triplets.split, split)),
            systems.teachers(FEATURES, SIMILARITY),
            replace(params, resamples=0),
            split,
            {path.as_posix(): digest(path) for path in files if path.is_file()},
        )

    @property
    def asked(self) -> list[Any]:
        """What tells these judges from others, as JSON takes it."""
        return [self.split, asdict(self.params), dict(self.sources)]

    def numbers(self, judged: Sequence[System]) -> dict[str, Any]:
        """The scores of `judged` by name, as `metrics.json` has them; the recommender must be among them."""
        judgement = evaluate(judged, self.catalog, self.street, self.triplets, self.params)
        return as_metrics(judgement)["systems"]


def _renamed(splits: Column, asking: str) -> Column:
    names = {"test": asking, asking: "test"}
    return np.array([names.get(name, name) for name in splits], dtype=object)
