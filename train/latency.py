"""How long a network takes for one photo, on this machine."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.images import Pixels


@dataclass(frozen=True)
class Latency:
    """Milliseconds for one photo: the median, and what 95 % of the runs stay under."""

    median_ms: float
    p95_ms: float


def measure(run: Callable[[Pixels], object], photos: Pixels, repeats: int, warmup: int) -> Latency:
    """Give `run` one photo at a time, (1, size, size, 3), and time it; `run` returns when its result is there.

    Args:
        photos: uint8 (n, size, size, 3), taken in turn.
        repeats: runs that are timed.
        warmup: runs before them, in which a network is compiled and its memory is taken.
    """
    seconds = np.empty(repeats)
    for place in range(-warmup, repeats):
        photo = photos[place % len(photos)][np.newaxis]  # (1, size, size, 3)
        start = time.perf_counter()
        run(photo)
        if place >= 0:
            seconds[place] = time.perf_counter() - start
    median, p95 = np.percentile(seconds, [50, 95])
    return Latency(1000 * float(median), 1000 * float(p95))
