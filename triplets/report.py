"""What was mined and mixed, in words: the shares, the counts, and what each rule rejected and how to change that."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.errors import TableError
from core.rows import Rows, text
from core.tables import DESCRIPTORS, KINDS, SPLITS, Catalog, Neighbors, Triplets
from triplets.mix import asked, supply, takes
from triplets.params import MixParams

_NAMES = {"in_class": "in-class", "out_of_class": "out-of-class", "wild": "wild"}

# Which counted rule rejects what, and the parameter that changes it.
_RULES = {
    "positives.not_mutual": ("positive: the query is not among its nearest", "raise triplets.mine.positives"),
    "positives.same_product": ("positive: shares a product or copy with the query", "run dvc repro"),
    "in_class.gap": (
        "in-class negative: ranks too near",
        "lower triplets.mine.gap, or raise triplets.mine.candidates",
    ),
    "in_class.same_product": ("in-class negative: shares a product or copy with the positive", "the catalog decides"),
    "in_class.similarity": ("in-class negative: nearly as similar as the positive", "lower triplets.mine.margin"),
    "in_class.surplus": ("in-class: not drawn, enough for the query", "raise triplets.mine.per_query"),
    "out_of_class.same_product": (
        "out-of-class negative: shares a product or copy with the query or positive",
        "the catalog decides",
    ),
    "out_of_class.similarity": (
        "out-of-class negative: nearly as similar as the positive",
        "lower triplets.mine.margin",
    ),
    "out_of_class.surplus": ("out-of-class: not drawn, enough for the query", "raise triplets.mine.per_query"),
    "wild.same_product": ("wild negative: shares a product or copy with the street photo's", "the catalog decides"),
    "wild.gap": ("wild negative, train only: ranks too near", "lower triplets.mix.gap"),
    "wild.similarity": ("wild negative, train only: nearly as similar as the positive", "lower triplets.mix.margin"),
    "wild.surplus": ("wild: not drawn, enough for the street photo", "raise triplets.mix.per_pair"),
}


def mined(triplets: Triplets, counts: Mapping[str, int], catalog: Catalog) -> dict[str, dict[str, int]]:
    """The report of `mine`: rejections per rule, and triplets per split, kind and partition of the query."""
    partition = dict(zip(catalog.image_id, catalog.partition, strict=True))
    names = [
        f"{split}.{kind}.{partition[query_id]}"
        for split, kind, query_id in zip(triplets.split, triplets.kind, triplets.query_id, strict=True)
    ]
    found, numbers = np.unique(np.array(names, str), return_counts=True)
    return {
        "rules": dict(sorted(counts.items())),
        "triplets": {str(name): int(number) for name, number in zip(found, numbers, strict=True)},
    }


def read_rules(path: Path) -> dict[str, int]:
    """What each rule rejected, from the report of `mine`.

    Raises:
        TableError: the file is missing or holds something else.
    """
    try:
        rejected: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))["rules"]
        return rejected
    except FileNotFoundError:
        raise TableError(f"{path} does not exist. Run the stage that writes it: dvc repro.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise TableError(f"{path} is no report of triplets mine: {error}. Run dvc repro.") from error


def nearest(neighbors: Neighbors) -> str:
    """The neighbours of one query as a table."""
    rows = [
        [str(rank), image_id, *(f"{distance:.3f}" for distance in distances)]
        for rank, image_id, *distances in zip(
            neighbors.rank,
            neighbors.neighbor_id,
            neighbors.distance,
            *(getattr(neighbors, name) for name in DESCRIPTORS),
            strict=True,
        )
    ]
    return text([["rank", "image", "distance", *DESCRIPTORS], *rows])


def console(triplets: Triplets, counts: Mapping[str, int]) -> str:
    """What `mine` prints."""
    per_split = [
        [split, *(f"{count:,}" for kind, count in supply(triplets, split).items() if kind != "wild")]
        for split in SPLITS
    ]
    return "\n".join([text([["split", "in-class", "out-of-class"], *per_split]), lonely(counts) + "\n", rules(counts)])


def rules(counts: Mapping[str, int]) -> str:
    """What each rule that `counts` knows rejects, how many it rejected, and what changes that, as a table."""
    rows = [[what, f"{counts[rule]:,}", change] for rule, (what, change) in _RULES.items() if rule in counts]
    return text([["rule", "rejected", "to change it"], *rows])


def lonely(counts: Mapping[str, int]) -> str:
    """How many queries have no positive, in a line."""
    line = (
        f"{counts.get('queries_without_positive', 0):,} of {counts.get('queries', 0):,} catalog photos have no positive"
    )
    if "wild.queries" in counts:
        line += (
            f"; {counts['wild.queries_without_positive']:,} of {counts['wild.queries']:,} street photos have no"
            " shop photo in their partition and split"
        )
    if counts.get("wild.queries_pseudo"):
        line += f"; {counts['wild.queries_pseudo']:,} street photos are made from catalog photos, nobody took them"
    return line + "."


def shares(mined: Triplets, mixed: Triplets, params: MixParams) -> str:
    """The asked shares, and of each split the total asked and reached, its shares, and why they differ, in a line."""
    wanted = ", ".join(f"{_NAMES[kind]} {share:.0%}" for kind, share in asked(params).items())
    return f"Asked: {wanted}. " + " ".join(
        f"{split}: {_reached(supply(mined, split), supply(mixed, split), params, split)}." for split in SPLITS
    )


def _reached(there: Mapping[str, int], taken: Mapping[str, int], params: MixParams, split: str) -> str:
    total, reached = params.totals.of(split), sum(taken.values())
    line = f"{reached:,} triplets" if total is None else f"{reached:,} of {total:,} triplets"
    if reached:
        line += ", " + " / ".join(f"{taken[kind] / reached:.0%}" for kind in KINDS)
        if total is None:
            line += f", the largest mix that {_NAMES[_scarcest(there, params)]} allows"
    lacking = []
    for kind, count in _wanted(params, split).items():
        if there[kind] == 0 and asked(params)[kind] > 0:
            lacking.append(f"{_NAMES[kind]} is absent")
        elif count is not None and there[kind] < count:
            lacking.append(f"{_NAMES[kind]} is short ({there[kind]:,} of {count:,})")
    if lacking:
        line += "; " + ", ".join(lacking)
        if reached:
            line += ", the rest renormalised" if total in (None, reached) else ", so everything is taken"
    return line


def _scarcest(there: Mapping[str, int], params: MixParams) -> str:
    """The kind whose supply sets the total where none is asked; one of them must have some."""
    ratios = {kind: there[kind] / share for kind, share in asked(params).items() if share > 0 and there[kind] > 0}
    return min(ratios, key=lambda kind: ratios[kind])


def _wanted(params: MixParams, split: str) -> dict[str, int | None]:
    """The triplets of each kind that the total of `split` asks for; None where it has no total."""
    total = params.totals.of(split)
    if total is None:
        return dict.fromkeys(KINDS)
    return {**takes(dict.fromkeys(KINDS, total), asked(params), total)}


def metrics(mixed: Triplets) -> dict[str, float]:
    """Flat numbers of the mix: counts and shares per split and kind, distance quantiles per kind."""
    numbers: dict[str, float] = {}
    for split in SPLITS:
        counts = supply(mixed, split)
        total = sum(counts.values())
        numbers[f"{split}_total"] = total
        for kind in KINDS:
            numbers[f"{split}_{kind}"] = counts[kind]
            numbers[f"{split}_{kind}_share"] = round(counts[kind] / max(total, 1), 4)
    for kind in KINDS:
        some = mixed.take(mixed.kind == kind)
        if len(some):
            for name, values in (("positive", some.positive_distance), ("negative", some.negative_distance)):
                for percent in (10, 50, 90):
                    numbers[f"{kind}_{name}_distance_p{percent}"] = round(float(np.percentile(values, percent)), 4)
    return numbers


def markdown(mined: Triplets, mixed: Triplets, params: MixParams, counts: Mapping[str, int]) -> str:
    """The report of `mix`; its first line says what was asked and reached."""
    parts = [
        shares(mined, mixed, params),
        "## Triplets",
        _per_kind(mined, mixed, params),
        "## Medians in the mix",
        _medians(mixed),
        "Distances are fused; 1 is about that of two random training photos of one partition.",
        "## What each rule rejected",
        rules(counts),
        lonely(counts),
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _per_kind(mined: Triplets, mixed: Triplets, params: MixParams) -> str:
    rows: Rows = [["split", "kind", "mined", "asked", "in the mix"]]
    for split in SPLITS:
        there, taken = supply(mined, split), supply(mixed, split)
        rows += [
            [split, _NAMES[kind], f"{there[kind]:,}", count if count is None else f"{count:,}", f"{taken[kind]:,}"]
            for kind, count in _wanted(params, split).items()
        ]
    return text(rows)


def _medians(mixed: Triplets) -> str:
    rows: Rows = [["kind", "distance of the positive", "distance of the negative", "rank of the positive"]]
    for kind in KINDS:
        some = mixed.take(mixed.kind == kind)
        if len(some):
            near, far = np.median(some.positive_distance), np.median(some.negative_distance)
            rows.append([_NAMES[kind], f"{near:.2f}", f"{far:.2f}", f"{np.median(some.positive_rank):.0f}"])
    return text(rows)
