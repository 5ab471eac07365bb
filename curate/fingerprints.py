"""What a copy of a photo keeps: a perceptual hash of its shapes and a thumbnail of its colours."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from core.images import Pixels

SIDE = 8  # cells of the thumbnail, and frequencies of the hash, each way
_GREY_SIDE = 32
# OpenCV stretches L to 0..255 and moves a and b by 128, which differences do not see.
_REAL_LAB = np.tile(np.array([100 / 255, 1, 1], np.float32), SIDE * SIDE)
_BLOCK = 1 << 13  # pairs of thumbnails at a time, about 20 MB


@dataclass(frozen=True)
class Fingerprint:
    """64 bits of shapes, in [0, 2**64), and the bytes of (8, 8, 3) uint8 LAB as OpenCV scales it."""

    perceptual_hash: int
    colors: bytes


def fingerprint(pixels: Pixels) -> Fingerprint:
    """The fingerprint of one photo, RGB uint8 (h, w, 3); it is stretched to a square.

    The hash is the pHash of Zauner (2010): the low frequencies of the cosine transform of 32 x 32 greys, each
    above their median or not. The constant term says nothing, as it is always above; the next horizontal
    frequency stands in its place. Frequencies count to a hundredth of a level, so that a frequency that is not there,
    as on a photo that equals its mirror image, is none on every machine.
    """
    # By halves first: as good as at once, and twice as fast.
    half = (
        cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) if min(pixels.shape[:2]) > 64 else pixels
    )
    small = cv2.resize(half, (_GREY_SIDE, _GREY_SIDE), interpolation=cv2.INTER_AREA)
    greys = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    frequencies = cv2.dct(greys).round(2)
    low = frequencies[:SIDE, :SIDE].ravel()
    low[0] = frequencies[0, SIDE]
    # The mean of the two middle ones of 64: what np.median gives, at a tenth of its time.
    middle = np.sort(low)[31:33].sum() / 2
    bits = np.packbits(low > middle)
    # 32 is a multiple of 8, so the cells are those of the whole photo.
    cells = cv2.cvtColor(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB)
    return Fingerprint(int.from_bytes(bits.tobytes(), "big"), cells.tobytes())


def cells(colors: npt.NDArray[Any]) -> Pixels:
    """The thumbnails of n fingerprints, (n) objects of bytes, as one uint8 array (n, 8, 8, 3)."""
    return np.frombuffer(b"".join(colors), np.uint8).reshape(len(colors), SIDE, SIDE, 3)


def color_distance(one: Pixels, other: Pixels) -> npt.NDArray[np.float32]:
    """Delta E (CIE 1976) of the cell that differs most, (m), of thumbnails (m, 8, 8, 3) pair by pair.

    The maximum, as a garment in another colour or with another print may fill a few cells only.
    """
    distance = np.empty(len(one), np.float32)
    for first in range(0, len(one), _BLOCK):
        rows = slice(first, first + _BLOCK)
        squares = _flat(one[rows]).astype(np.float32) - _flat(other[rows])
        squares *= _REAL_LAB
        squares *= squares
        distance[rows] = np.sqrt((squares[:, ::3] + squares[:, 1::3] + squares[:, 2::3]).max(axis=1))
    return distance


def _flat(thumbnails: Pixels) -> Pixels:
    return thumbnails.reshape(len(thumbnails), -1)
