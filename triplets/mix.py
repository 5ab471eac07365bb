"""Mix the kinds in the asked proportions, and take as evenly from the queries as they allow."""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.codes import codes
from core.errors import InputError
from core.tables import KINDS, SPLITS, Catalog, Column, Triplets
from triplets.groups import Rows, generator
from triplets.params import MixParams


def asked(params: MixParams) -> dict[str, float]:
    """The share of each kind; they sum to 1."""
    catalog = 1 - params.wild
    return {
        "in_class": catalog * params.in_class,
        "out_of_class": catalog * (1 - params.in_class),
        "wild": params.wild,
    }


def takes(supply: Mapping[str, int], shares: Mapping[str, float]) -> dict[str, int]:
    """How many triplets of each kind make the largest mix in the proportions of `shares`.

    A kind without any triplet drops out, and the others keep their proportion. Of the kinds that are left, the
    one that is scarcest for its share is taken whole and sets the total. What rounding leaves goes to the
    largest remainders.
    """
    there = {kind: share for kind, share in shares.items() if share > 0 and supply[kind] > 0}
    whole = sum(there.values())
    if not there:
        return dict.fromkeys(supply, 0)
    total = int(min(supply[kind] * whole / share for kind, share in there.items()) + 1e-9)
    exact = {kind: total * share / whole for kind, share in there.items()}
    taken = dict.fromkeys(supply, 0) | {kind: int(value + 1e-9) for kind, value in exact.items()}
    for kind in sorted(there, key=lambda kind: taken[kind] - exact[kind])[: total - sum(taken.values())]:
        taken[kind] += 1
    return taken


def evenly(query: Column, count: int, rng: np.random.Generator) -> Rows:
    """`count` rows drawn at random, but one of every query (n,) before the second of any."""
    order = np.lexsort((rng.random(len(query)), codes(query)))  # queries together, each one's rows shuffled
    ordered = codes(query)[order]
    first = np.searchsorted(ordered, ordered)
    turn = np.arange(len(query)) - first
    place = rng.permutation(len(query))[first]  # the same for all rows of a query
    return order[np.lexsort((place, turn))[:count]]


def supply(triplets: Triplets, split: str) -> dict[str, int]:
    """The triplets of each kind in `split`."""
    inside = triplets.kind[triplets.split == split]
    return {kind: int(np.count_nonzero(inside == kind)) for kind in KINDS}


def mix(triplets: Triplets, params: MixParams) -> Triplets:
    """The largest mix of each split (see `takes`).

    Raises:
        InputError: the training split gets no triplet of any kind.
    """
    tables = [Triplets.from_rows([])]
    for split in SPLITS:
        for kind, count in takes(supply(triplets, split), asked(params)).items():
            some = triplets.take((triplets.split == split) & (triplets.kind == kind))
            rng = generator(params.seed, "mix", kind, split)
            tables.append(some.take(np.sort(evenly(some.query_id, count, rng))))
    mixed = Triplets.concat(tables)
    if not (mixed.split == "train").any():
        there = supply(triplets, "train")
        raise InputError(
            f"the training split has {', '.join(f'{count} {kind}' for kind, count in there.items())} triplets, so its"
            " mix is empty. "
            + (
                "Change the shares triplets.mix.in_class and wild."
                if any(there.values())
                else "Raise triplets.mine.positives, lower triplets.mine.margin, or add photos."
            )
        )
    return mixed


def write_paths(folder: Path, triplets: Triplets, catalog: Catalog) -> None:
    """Write train.csv, val.csv and test.csv: the photos' paths as query,positive,negative, without a header.

    The original MILDNet trainer reads these files.
    """
    path = dict(zip(catalog.image_id, catalog.path, strict=True))
    for split in SPLITS:
        some = triplets.take(triplets.split == split)
        with (folder / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(
                [path[image_id] for image_id in ids]
                for ids in zip(some.query_id, some.positive_id, some.negative_id, strict=True)
            )
