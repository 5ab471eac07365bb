"""What was mined and mixed, in words: the shares, the counts, and what each rule rejected and how to change that."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from core.errors import TableError
from core.tables import DESCRIPTORS, KINDS, SPLITS, Catalog, Neighbors, Triplets
from triplets.mix import supply

_NAMES = {"in_class": "in-class", "out_of_class": "out-of-class", "wild": "wild"}

# Which counted rule rejects what, and the parameter that changes it.
_RULES = {
    "positives.not_mutual": ("positive: the query is not among its nearest", "raise triplets.mine.positives"),
    "positives.same_product": ("positive: shares a product or copy with the query", "run dvc repro"),
    "in_class.gap": (
        "in-class negative: ranks too near",
        "lower triplets.mine.gap, or raise triplets.recommend.neighbors",
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
    "wild.gap": ("wild negative: ranks too near", "lower triplets.mix.gap"),
    "wild.same_product": ("wild negative: shares a product or copy with the street photo's", "the catalog decides"),
    "wild.similarity": ("wild negative: nearly as similar as the positive", "lower triplets.mix.margin"),
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
        (str(rank), image_id, *(f"{distance:.3f}" for distance in distances))
        for rank, image_id, *distances in zip(
            neighbors.rank,
            neighbors.neighbor_id,
            neighbors.distance,
            *(getattr(neighbors, name) for name in DESCRIPTORS),
            strict=True,
        )
    ]
    return table(("rank", "image", "distance", *DESCRIPTORS), rows)


def console(triplets: Triplets, counts: Mapping[str, int]) -> str:
    """What `mine` prints."""
    per_split = [
        (split, *(f"{count:,}" for kind, count in supply(triplets, split).items() if kind != "wild"))
        for split in SPLITS
    ]
    return "\n\n".join([table(("split", "in-class", "out-of-class"), per_split), lonely(counts), rules(counts)])


def rules(counts: Mapping[str, int]) -> str:
    """What each rule that `counts` knows rejects, how many it rejected, and what changes that, as a table."""
    rows = [(what, f"{counts[rule]:,}", change) for rule, (what, change) in _RULES.items() if rule in counts]
    return table(("rule", "rejected", "to change it"), rows)


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
    return line + "."


def shares(mined: Triplets, mixed: Triplets, asked: Mapping[str, float]) -> str:
    """The asked and the reached shares of each split, and why they differ, in a line."""
    wanted = ", ".join(f"{_NAMES[kind]} {share:.0%}" for kind, share in asked.items())
    return f"Asked: {wanted}. Reached: " + "; ".join(_reached(mined, mixed, asked, split) for split in SPLITS) + "."


def _reached(mined: Triplets, mixed: Triplets, asked: Mapping[str, float], split: str) -> str:
    there, taken = supply(mined, split), supply(mixed, split)
    total = sum(taken.values())
    lacking = [_NAMES[kind] for kind in KINDS if asked[kind] > 0 and there[kind] == 0]
    if total == 0:
        return f"{split} none (no {', '.join(lacking) or 'triplets'})"
    text = f"{split} {' / '.join(f'{taken[kind] / total:.0%}' for kind in KINDS)} of {total:,}"
    if lacking:
        text += f" (no {', '.join(lacking)}: renormalised over the rest)"
    return text


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


def markdown(mined: Triplets, mixed: Triplets, asked: Mapping[str, float], counts: Mapping[str, int]) -> str:
    """The report of `mix`; its first line holds the shares."""
    parts = [
        shares(mined, mixed, asked),
        "## Triplets",
        _per_kind(mined, mixed, asked),
        "## Medians in the mix",
        _medians(mixed),
        "Distances are fused; 1 is about that of two random training photos of one partition.",
        "## What each rule rejected",
        rules(counts),
        lonely(counts),
    ]
    return "\n\n".join(parts) + "\n"


def _per_kind(mined: Triplets, mixed: Triplets, asked: Mapping[str, float]) -> str:
    rows = []
    for split in SPLITS:
        there, taken = supply(mined, split), supply(mixed, split)
        scarcest = _scarcest(there, asked)
        rows += [
            (split, _NAMES[kind], f"{there[kind]:,}", f"{taken[kind]:,}", "yes" if kind == scarcest else "")
            for kind in KINDS
        ]
    return table(("split", "kind", "mined", "in the mix", "sets the total"), rows)


def _medians(mixed: Triplets) -> str:
    rows = []
    for kind in KINDS:
        some = mixed.take(mixed.kind == kind)
        if len(some):
            near, far = np.median(some.positive_distance), np.median(some.negative_distance)
            rows.append((_NAMES[kind], f"{near:.2f}", f"{far:.2f}", f"{np.median(some.positive_rank):.0f}"))
    return table(("kind", "distance of the positive", "distance of the negative", "rank of the positive"), rows)


def _scarcest(there: Mapping[str, int], asked: Mapping[str, float]) -> str | None:
    """The kind whose supply sets the total."""
    ratios = {kind: there[kind] / share for kind, share in asked.items() if share > 0 and there[kind] > 0}
    return min(ratios, key=lambda kind: ratios[kind], default=None)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
