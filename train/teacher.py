"""The recommender as a teacher: its distances between the photos of a batch."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from core.errors import TableError
from core.similarity import Floats, Similarity, prepare, squared_distances
from core.tables import DESCRIPTORS, Vectors
from train.photos import TripletPhotos
from train.targets import SILENT


class Teacher:
    """The recommender's distances, from the descriptors' vectors, which stay on disk.

    Two photos of one category are compared by the weights of that category, others by the weights of all. Of street
    photos it says nothing: the descriptors see their surroundings too.

    Args:
        vectors: by descriptor; they have the photos that are no street photos.

    Raises:
        TableError: a photo has no vector.
    """

    def __init__(self, similarity: Similarity, vectors: Mapping[str, Vectors], photos: TripletPhotos) -> None:
        self.silent = photos.street
        self._vectors = vectors
        self._rows = {name: _rows(vectors[name], photos) for name in DESCRIPTORS}
        named, self._category = np.unique(photos.category.astype(str), return_inverse=True)
        of_each = np.array([similarity.of(name).factors() for name in named], np.float32)
        self._factors = of_each.reshape(-1, len(DESCRIPTORS))  # (categories, 3), of none too
        self._of_all = np.array(similarity.factors(), np.float32)

    def between(self, photos: npt.NDArray) -> Floats:
        """The distances (n, n) among photos (n,), rows of the `TripletPhotos`; `SILENT` where one is a street photo."""
        category = self._category[photos]
        same = category[:, None] == category[None, :]
        squared = np.zeros((len(photos), len(photos)), np.float32)
        for number, name in enumerate(DESCRIPTORS):
            values = prepare(name, self._vectors[name].values[self._rows[name][photos]])  # (n, d)
            factors = np.where(same, self._factors[category, number][:, None], self._of_all[number])
            squared += factors * squared_distances(values, values)
        if not np.isfinite(squared).all():
            raise TableError("the recommender's distances are not finite: a descriptor is damaged. Run dvc repro.")
        np.fill_diagonal(squared, 0)  # which rounding leaves a little above
        silent = self.silent[photos]
        return np.where(silent[:, None] | silent[None, :], np.float32(SILENT), np.sqrt(squared))


def _rows(vectors: Vectors, photos: TripletPhotos) -> npt.NDArray[np.int64]:
    """Where the vector of each photo stands; that of a street photo is not needed, and its place is 0."""
    where = {image_id: row for row, image_id in enumerate(vectors.image_id)}
    try:
        found = [
            0 if street else where[image_id] for image_id, street in zip(photos.image_id, photos.street, strict=True)
        ]
    except KeyError as error:
        raise TableError(f"no vector for the image {error.args[0]}. Run dvc repro.") from None
    return np.array(found, np.int64)
