"""The duplicate groups and the splits of a collection, which follow those of the collection before it."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from core.tables import Catalog, Measures
from curate.collection import Accepted, Division, column
from curate.duplicates import find
from curate.params import DuplicateParams, SplitParams
from curate.split import Photos, assign


class Before(NamedTuple):
    """A collection whose splits are settled."""

    catalog: Catalog
    measures: Measures


NOTHING = Before(Catalog.from_rows([]), Measures.from_rows([]))


def divide(
    accepted: Sequence[Accepted],
    paths: Sequence[str],
    ages: Sequence[tuple[int, ...]],
    duplicates: DuplicateParams,
    params: SplitParams,
    *,
    before: Before = NOTHING,
    train: Collection[str] = (),
    test: Collection[str] = (),
) -> Division:
    """Group and split photos (n), the oldest by `ages` (n) first.

    `paths` (n) are those of the catalog table; `train` and `test` are products, as in `assign`.
    """
    order = sorted(range(len(accepted)), key=lambda row: ages[row])
    photos = [accepted[row] for row in order]
    prints = [one.photo.fingerprint for one in photos]
    older = len(before.catalog)
    copies = find(
        np.concatenate([before.catalog.content_hash, column(one.content for one in photos)]),
        np.concatenate(
            [
                before.measures.perceptual_hash.astype(np.uint64),
                np.array([one.perceptual_hash for one in prints], np.uint64),
            ]
        ),
        np.concatenate([before.measures.colors, column(one.colors for one in prints)]),
        duplicates,
    )
    splits = assign(
        Photos(
            product_id=np.concatenate([before.catalog.product_id, column(one.candidate.product_id for one in photos)]),
            partition=np.concatenate([before.catalog.partition, column(one.candidate.partition for one in photos)]),
            path=np.concatenate([before.catalog.path, column(paths[row] for row in order)]),
            groups=[()] * older + [one.candidate.groups for one in photos],
            split=np.concatenate([before.catalog.split, column([None] * len(photos))]),
        ),
        copies,
        params,
        train=train,
        test=test,
    )
    division = Division(column([""] * len(photos)), column([""] * len(photos)))
    division.group[order], division.split[order] = copies.group[older:], splits[older:]
    return division
