"""What an index was built from, its `index.json`: read again, it tells whether the files still serve."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Self

from core.atomic import write_json
from core.errors import TableError
from core.params import section
from core.similarity import Similarity
from core.tables import DESCRIPTORS, Column, Vectors

FORMAT = 1
NAME = "index.json"
REBUILD = "Run triplets index build."


@section
class Reduced:
    """One PCA: the weights that its fused vectors were made by, and the hash of its file."""

    weights: dict[str, float]
    sha256: str


@section
class Entry:
    """One partition's file: how many photos, their ids' hash, the number of its PCA, and the file's own hash."""

    partition: str
    photos: int
    image_ids: str
    reduction: int
    sha256: str


@section
class Manifest:
    """All files of one index. Their names are numbers, the places in `reductions` and `partitions`."""

    format: int
    features: dict[str, str]
    scales: dict[str, float]
    trees: int
    seed: int
    reductions: tuple[Reduced, ...]
    partitions: tuple[Entry, ...]

    def __post_init__(self) -> None:
        if not all(0 <= entry.reduction < len(self.reductions) for entry in self.partitions):
            raise ValueError("a partition has no reduction")

    def write(self, folder: Path) -> None:
        """Write into `folder`."""
        write_json(folder / NAME, asdict(self))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `write` wrote.

        Raises:
            TableError: there is none, or it is damaged or of another version.
        """
        from pydantic import TypeAdapter

        path = folder / NAME
        try:
            # Another version may have other keys, so it is looked at first.
            if (found := json.loads(path.read_text("utf-8"))["format"]) != FORMAT:
                raise TableError(f"{path} is of format {found}, not {FORMAT}. {REBUILD}")
            return TypeAdapter(cls).validate_json(path.read_bytes())
        except FileNotFoundError:
            raise TableError(f"{path} does not exist. {REBUILD}") from None
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise TableError(f"{path} is damaged. {REBUILD}") from error

    def check(self, features: Path, similarity: Similarity) -> None:
        """Compare with the descriptors in the folder `features` and with the scales of `similarity`.

        Raises:
            TableError: something has changed since.
        """
        now = fingerprints(features)
        for name in DESCRIPTORS:
            if self.features.get(name) != now[name]:
                raise TableError(f"the {name} descriptor was extracted anew since the index was built. {REBUILD}")
        if self.scales != similarity.scales:
            raise TableError(f"the scales of the descriptors changed since the index was built. {REBUILD}")

    def find(self, partition: str, image_ids: Column, weights: dict[str, float]) -> int:
        """The number of the file of `partition`, whose photos are `image_ids` (n,), asked by `weights`.

        Raises:
            TableError: there is none, or it is of other photos or weights.
        """
        for number, entry in enumerate(self.partitions):
            if entry.partition != partition:
                continue
            if self.reductions[entry.reduction].weights != weights:
                raise TableError(f"the weights changed since the index was built. {REBUILD}")
            if entry.photos != len(image_ids) or entry.image_ids != hashed(image_ids):
                raise TableError(f"the partition's photos changed since the index was built. {REBUILD}")
            return number
        raise TableError(f"the index was built without this partition. {REBUILD}")


def fingerprints(features: Path) -> dict[str, str]:
    """A hash per descriptor of what made its vectors, and of whose they are.

    Raises:
        TableError: a descriptor's file is missing or holds something else.
    """
    found = {}
    for name in DESCRIPTORS:
        table = Vectors.read(features / f"{name}.arrow")
        told = json.dumps([table.made_by, table.values.shape, hashed(table.image_id)], sort_keys=True)
        found[name] = hashlib.sha256(told.encode()).hexdigest()
    return found


def hashed(image_ids: Column) -> str:
    """The hash of ids (n,) in their order."""
    return hashlib.sha256(json.dumps(list(image_ids)).encode()).hexdigest()
