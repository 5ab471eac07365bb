"""Photos as the network takes them, kept in memory from one epoch to the next."""

from collections.abc import Iterable
from threading import Lock

import numpy as np

from core.images import Pixels, Squares

_ROOM = 2**29  # bytes


class KeptSquares:
    """The squares of `store`; those that `room` bytes hold are decoded and resized once.

    That is most of what a batch costs. Once there is no room, further photos are decoded each time: those that are
    kept serve every epoch, as no photo is asked for much more often than others. Reads from several threads at once.
    """

    def __init__(self, store: Squares, room: int = _ROOM) -> None:
        self._store = store
        self._room = room
        self._kept: dict[tuple[str, int], Pixels] = {}
        self._lock = Lock()

    def square(self, image_ids: Iterable[str], size: int) -> Pixels:
        """The photos resized to size x size: RGB uint8 (n, size, size, 3).

        Raises:
            TableError: a photo has no pixels, or damaged ones.
        """
        ids = list(image_ids)
        squares = np.empty((len(ids), size, size, 3), np.uint8)
        for image_id, place in zip(ids, squares, strict=True):
            kept = self._kept.get((image_id, size))
            place[:] = self._fresh(image_id, size) if kept is None else kept
        return squares

    def _fresh(self, image_id: str, size: int) -> Pixels:
        square = self._store.square([image_id], size)[0]
        with self._lock:
            if (image_id, size) not in self._kept and square.nbytes <= self._room:
                self._kept[image_id, size] = square
                self._room -= square.nbytes
        return square
