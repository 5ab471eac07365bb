"""What a training is made of: triplets, their photos and pixels, and the recommender where the loss wants it."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt

from core import augment
from core.errors import InputError
from core.images import Squares
from core.paths import CATALOG, COLLECTIONS, FEATURES, MIXED, SIMILARITY, STREET, STREET_PAIRS, TABLE, TRIPLETS
from core.similarity import Floats, Similarity
from core.tables import DESCRIPTORS, Catalog, Triplets, Vectors
from train import devices, losses
from train.batches import TripletBatches, told
from train.crops import store
from train.order import Order
from train.params import FitParams
from train.photos import TripletPhotos
from train.squares import KeptSquares
from train.teacher import Teacher


@dataclass(frozen=True)
class Side:
    """The triplets of one split, their photos, and what the recommender says of these, where it is asked."""

    triplets: Triplets
    photos: TripletPhotos
    teacher: Teacher | None

    def told(self, rows: npt.NDArray, rng: np.random.Generator) -> Floats:
        """The targets of some triplets: (3 x len(rows), columns)."""
        return told(self.photos.rows[rows], self.photos, self.teacher, rng)


@dataclass(frozen=True)
class Material:
    """All that a training reads. `sources` are the bytes' digests by which a checkpoint knows it again."""

    training: Side
    val: Side
    store: Squares
    sources: dict[str, str]

    @property
    def counts(self) -> dict[str, int]:
        """How many triplets each of the two splits has."""
        return {"train": len(self.training.triplets), "val": len(self.val.triplets)}

    @classmethod
    def read(cls, params: FitParams) -> "Material":
        """Read the mixed triplets, both collections and, for a loss with a teacher, the recommender.

        Raises:
            TableError: a table is missing, or lacks a photo of a triplet.
            InputError: no triplet is for training.
        """
        triplets = Triplets.read(MIXED / TRIPLETS)
        catalog, street = (Catalog.read(folder / TABLE) for folder in COLLECTIONS)
        by_split = {split: triplets.take(triplets.split == split) for split in ("train", "val")}
        if not len(by_split["train"]):
            raise InputError(
                f"none of the {len(triplets)} triplets is of the split train."
                " Lower triplets.mine.gap or triplets.mine.margin, or add photos."
            )
        taught = _taught(params)
        sides = {}
        for split, chosen in by_split.items():
            photos = TripletPhotos.of(chosen, (catalog, street))
            sides[split] = Side(chosen, photos, taught(photos))
        files = [MIXED / TRIPLETS, CATALOG / TABLE, STREET / TABLE]
        if params.weights not in (None, "imagenet"):
            files.append(Path(str(params.weights)))
        if params.cropped:
            files.append(STREET / STREET_PAIRS)
        if losses.named(params.loss).teacher:
            files += [SIMILARITY, *(FEATURES / f"{name}.arrow" for name in DESCRIPTORS)]
        return cls(
            sides["train"],
            sides["val"],
            KeptSquares(store(params.cropped, street)),
            {path.as_posix(): digest(path) for path in files if path.is_file()},
        )

    def order(self, params: FitParams) -> Order:
        """Which triplets stand in which batch, in every epoch of one training on the devices that there are."""
        return Order(
            self.training.photos.rows,
            self.training.triplets.kind,
            batch=params.batch,
            steps=params.steps,
            share=params.share,
            seed=params.seed,
            devices=devices.count(),
        )

    def batches(self, params: FitParams, order: Order, epoch: int, *, workers: int) -> TripletBatches:
        """The batches of epoch `epoch`, from 1."""
        spread = augment.Spread(**asdict(params.augment), shift=0.0)
        return TripletBatches(
            order,
            self.training.photos,
            self.store,
            size=params.size,
            spread=spread,
            epoch=epoch,
            teacher=self.training.teacher,
            workers=workers,
        )

    def fingerprint(self, params: FitParams) -> str:
        """A SHA-256 in hexadecimal of the parameters, the sources, the library and the devices that share a batch.

        A checkpoint is good for a training with the same one.
        """
        policy = keras.config.dtype_policy().name
        made_by = [keras.__version__, keras.backend.backend(), policy, devices.count()]
        return hashlib.sha256(json.dumps([asdict(params), self.sources, made_by]).encode()).hexdigest()


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _taught(params: FitParams) -> Callable[[TripletPhotos], Teacher | None]:
    if not losses.named(params.loss).teacher:
        return lambda photos: None
    similarity = Similarity.read(SIMILARITY)
    vectors = {name: Vectors.read(FEATURES / f"{name}.arrow") for name in DESCRIPTORS}
    return lambda photos: Teacher(similarity, vectors, photos)
