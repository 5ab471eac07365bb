"""Batches of triplets that share photos, so that few photos are decoded and embedded for many triplets."""

from collections import Counter
from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

Rows = npt.NDArray[np.int64]

_LEEWAY = 2  # triplets of a kind above its share of a batch; without any, fewer photos can be shared


def shared(rows: Rows, kinds: Rows, batch: int, photos: int, rng: np.random.Generator) -> Rows:
    """Part triplets into batches, (batches, batch) rows, each of at most `photos` distinct photos; in random order.

    A batch starts with the waiting triplet whose photos the fewest others have, and takes the one that brings the
    fewest new photos, again and again. Of one query it takes a quarter of the batch at most, as long as others share
    its photos, and of a kind hardly more than its share of those that wait. Every triplet stands in one batch; a
    batch that no triplet fits into any more repeats its own.

    Args:
        rows: (n, 3) codes from 0 of the photos q, p, n.
        kinds: (n,) codes from 0.
        photos: what the photos of any one triplet fit into.
    """
    order = _rarest_first(rows, rng)
    waiting = _Waiting(rows[order], kinds[order])
    batches = []
    with tqdm(total=len(rows), desc="batches that share photos", unit=" triplets", delay=2) as bar:
        while waiting.left.any():
            taken = _Draft(waiting, batch, photos).fill()
            batches.append(np.resize(taken, batch))
            bar.update(len(taken))
    return order[rng.permutation(np.array(batches))]


def _rarest_first(rows: Rows, rng: np.random.Generator) -> Rows:
    """The triplets by how often their rarest photo is used; of equals any may come first."""
    used = np.bincount(rows.reshape(-1))
    return np.argsort(used[rows].min(axis=1) + rng.random(len(rows)))


class _Waiting:
    """The triplets that stand in no batch yet, rarest first, also by photo and by kind."""

    def __init__(self, rows: Rows, kinds: Rows) -> None:
        self.photos: list[list[int]] = rows.tolist()
        self.kind: list[int] = kinds.tolist()
        self.left = np.bincount(kinds)
        self.free = [True] * len(rows)
        flat = rows.reshape(-1)
        ends = np.cumsum(np.bincount(flat))[:-1]
        self._with = [part.tolist() for part in np.split(np.argsort(flat, kind="stable") // 3, ends)]
        self._of_kind = [np.flatnonzero(kinds == kind)[::-1].tolist() for kind in range(len(self.left))]

    def with_photo(self, photo: int) -> list[int]:
        self._with[photo] = [triplet for triplet in self._with[photo] if self.free[triplet]]
        return self._with[photo]

    def rarest(self, kind: int) -> int:
        """The first triplet of a kind of which some are left."""
        of_kind = self._of_kind[kind]
        while not self.free[of_kind[-1]]:
            of_kind.pop()
        return of_kind[-1]

    def take(self, triplet: int) -> None:
        self.free[triplet] = False
        self.left[self.kind[triplet]] -= 1


class _Draft:
    """A batch that fills up with waiting triplets."""

    def __init__(self, waiting: _Waiting, batch: int, photos: int) -> None:
        self.waiting = waiting
        self.batch = batch
        self.room = photos
        self.taken: list[int] = []
        self.photos: set[int] = set()
        self.of_query: Counter[int] = Counter()
        share = waiting.left / waiting.left.sum() * batch
        self.quota: list[int] = (np.ceil(share).astype(int) + _LEEWAY).tolist()
        self.shares: dict[int, int] = {}  # photos that a triplet has in the batch
        # By kind and by that count; a triplet whose count has grown stays in the heap of the old one, to be skipped.
        self.heaps: list[list[list[int]]] = [[[] for _ in range(4)] for _ in self.quota]

    def fill(self) -> list[int]:
        while len(self.taken) < self.batch and (triplet := self._next()) is not None:
            self._take(triplet)
        return self.taken

    def _next(self) -> int | None:
        """The triplet to take: of a kind that is below its quota if one fits."""
        below = [kind for kind, quota in enumerate(self.quota) if quota > 0]
        full = [kind for kind, quota in enumerate(self.quota) if quota <= 0]
        for found in (self._nearest(below), self._seed(below), self._nearest(full)):
            if found is not None:
                return found
        return None

    def _nearest(self, kinds: list[int]) -> int | None:
        """The rarest of those that bring the fewest new photos, at least one being there already."""
        for shares in (3, 2, 1):
            if 3 - shares > self.room:
                return None
            tops = [heap[0] for kind in kinds if (heap := self._cleaned(kind, shares))]
            if tops:
                return min(tops)
        return None

    def _cleaned(self, kind: int, shares: int) -> list[int]:
        heap = self.heaps[kind][shares]
        while heap and not self._fits(heap[0], shares):
            heappop(heap)
        return heap

    def _fits(self, triplet: int, shares: int) -> bool:
        enough = max(1, self.batch // 4)
        query = self.waiting.photos[triplet][0]
        return self.waiting.free[triplet] and self.shares[triplet] == shares and self.of_query[query] < enough

    def _seed(self, kinds: list[int]) -> int | None:
        """A triplet of the kind that lacks most, whatever photos it brings."""
        some = [kind for kind in kinds if self.waiting.left[kind]]
        if not some:
            return None
        triplet = self.waiting.rarest(max(some, key=lambda kind: self.quota[kind]))
        new = set(self.waiting.photos[triplet]) - self.photos
        return triplet if len(new) <= self.room else None

    def _take(self, triplet: int) -> None:
        kind, photos = self.waiting.kind[triplet], self.waiting.photos[triplet]
        self.waiting.take(triplet)
        self.taken.append(triplet)
        self.quota[kind] -= 1
        self.of_query[photos[0]] += 1
        for photo in set(photos) - self.photos:
            self.photos.add(photo)
            self.room -= 1
            for other in self.waiting.with_photo(photo):
                shares = self.shares[other] = self.shares.get(other, 0) + 1
                heappush(self.heaps[self.waiting.kind[other]][shares], other)
