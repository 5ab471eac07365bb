"""Mix the kinds in the asked proportions, and take as evenly from the queries as they allow."""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.codes import codes
from core.errors import InputError
from core.tables import KINDS, SPLITS, Catalog, Column, Triplets
from triplets.groups import Rows, generator, rows_of
from triplets.params import MixParams


def asked(params: MixParams) -> dict[str, float]:
    """The share of each kind; they sum to 1."""
    catalog = 1 - params.wild
    return {
        "in_class": catalog * params.in_class,
        "out_of_class": catalog * (1 - params.in_class),
        "wild": params.wild,
    }


def takes(supply: Mapping[str, int], shares: Mapping[str, float], total: int | None) -> dict[str, int]:
    """How many triplets of each kind make `total` in the proportions of `shares`.

    A kind whose supply is short is taken whole, and the others make up for it in their proportions, until the total
    is reached or all are taken whole. What rounding leaves goes to the largest remainders. Without a total, it is
    the largest that all kinds with any triplet can make in the exact proportions.
    """
    left = {kind: share for kind, share in shares.items() if share > 0 and supply[kind] > 0}
    if total is None:
        whole = sum(left.values())
        total = int(min((supply[kind] * whole / share for kind, share in left.items()), default=0) + 1e-9)
    taken = dict.fromkeys(supply, 0)
    while True:
        whole = sum(left.values())
        exact = {kind: total * share / whole for kind, share in left.items()}
        short = [kind for kind, count in exact.items() if supply[kind] <= count]
        if not short:
            break
        for kind in short:
            taken[kind] = supply[kind]
            total -= supply[kind]
            del left[kind]
    taken |= {kind: int(count) for kind, count in exact.items()}
    rest = total - sum(taken[kind] for kind in left)
    for kind in sorted(left, key=lambda kind: taken[kind] - exact[kind])[:rest]:
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
    """The mix of each split (see `takes`).

    Raises:
        InputError: the training split gets no triplet of any kind.
    """
    tables = [Triplets.from_rows([])]
    for split in SPLITS:
        for kind, count in takes(supply(triplets, split), asked(params), params.totals.of(split)).items():
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

    Raises:
        TableError: a photo of a triplet is not in the catalog.
    """
    ids = triplets.query_id, triplets.positive_id, triplets.negative_id
    paths = [catalog.path[rows_of(catalog.image_id, some, "triplets.parquet")] for some in ids]
    for split in SPLITS:
        inside = triplets.split == split
        with (folder / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(zip(*(column[inside] for column in paths), strict=True))
