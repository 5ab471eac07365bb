"""The three descriptors of photos that may be in no catalog, as the descriptor tables have them for those that are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from core import color
from core.classifiers import UNIT, directionless, fingerprint, trunk
from core.color_params import ColorParams, from_text
from core.errors import ModelError, TableError
from core.images import Pixels, squared
from core.paths import CLASSIFIERS, FEATURES, MODEL
from core.similarity import Floats
from core.tables import Vectors
from core.views import seen

if TYPE_CHECKING:
    import keras

_BATCH = 64  # photos at most


@dataclass(frozen=True)
class SeenPhotos:
    """Photos in memory, RGB uint8 (h, w, 3) of any size, seen through `view`: `whole` or `garment`."""

    photos: Sequence[Pixels]
    view: str

    def __len__(self) -> int:
        return len(self.photos)

    def take(self, rows: npt.NDArray) -> Self:
        return replace(self, photos=[self.photos[row] for row in rows])

    def load(self, rows: npt.NDArray, size: int) -> Pixels:
        return np.stack([squared(seen(self.photos[row], self.view), size) for row in rows])


class Network(NamedTuple):
    """A fitted classifier up to its descriptor, (n, size, size, 3) to (n, d), and the view that it takes of a photo."""

    model: "keras.Model"
    view: str


@dataclass(frozen=True)
class Describer:
    """What described the catalog: the `structure` and the `pattern` network, and the parameters of the colour."""

    networks: dict[str, Network]
    color: ColorParams

    @classmethod
    def read(cls, features: Path = FEATURES) -> Self:
        """Load what made the tables in the folder `features`.

        Raises:
            ModelError: a classifier is missing, cannot be read, or is not the one that its table was made by.
            TableError: a table is missing, or does not say its parameters.
        """
        counted = _color_params(features / "color.arrow")
        return cls({name: _network(features, name) for name in CLASSIFIERS}, counted)

    def of(self, photos: Sequence[Pixels]) -> dict[str, Floats]:
        """The descriptors by name, (n, d) float32 each, of `photos`, RGB uint8 (h, w, 3) as the pixel store holds them.

        These are the values of the tables: those of the colour to the bit, those of the networks up to rounding. A
        photo that was not stored is first made what it would be in the store, see `core.photo_file`.

        Raises:
            ModelError: a network describes a photo by zeros.
        """
        from core.predict import predict

        described: dict[str, Floats] = {}
        # No batch is larger than it must be, as a short one is filled up.
        batch = max(1, min(len(photos), _BATCH))
        for name, (model, view) in self.networks.items():
            vectors = predict(model, SeenPhotos(photos, view), batch=batch, label=name)
            if (nothing := directionless(vectors)).any():
                raise ModelError(
                    f"the {name} descriptor has no direction for {nothing.sum()} of {len(photos)} photos, number"
                    f" {nothing.argmax() + 1} the first. Take another photo, or raise features.{name}.head.width or"
                    " its epochs, and fit again."
                )
            described[name] = vectors
        histograms = np.empty((len(photos), color.dimensions(self.color)), np.float32)
        for row, pixels in enumerate(photos):
            histograms[row] = color.descriptor(pixels, self.color)
        return {**described, "color": histograms}


def _network(features: Path, name: str) -> Network:
    import keras

    from core import models, trunks  # noqa: F401  Keras finds a trunk's own layer by its registration.

    folder, table = features / CLASSIFIERS[name].name, features / f"{name}.arrow"
    view = trunk(folder).view
    classifier = models.load(folder / MODEL)
    if Vectors.read(table).made_by.get("classifier") != fingerprint(folder):
        raise ModelError(f"{table} was made by another classifier than {folder / MODEL}. Run dvc repro.")
    return Network(keras.Model(classifier.input, classifier.get_layer(UNIT).output), view)


def _color_params(table: Path) -> ColorParams:
    try:
        return from_text(Vectors.read(table).made_by["params"])
    except (KeyError, ValueError):
        raise TableError(f"{table} does not say its parameters as this version does. Run dvc repro.") from None
