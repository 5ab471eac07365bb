"""The main numbers of an evaluation as the console's table."""

from typing import Any

from core.rows import Rows
from train.evaluation.words import KINDS, telling

STREET = ("within_category", "all_categories")  # of the protocols of Street2Shop, those that rank products


def headline(numbers: dict[str, Any]) -> Rows:
    """A header, a row per system, one for chance and one for a perfect ranking; None where a number does not exist.

    Args:
        numbers: what `train.evaluation.numbers.as_metrics` gives.
    """
    systems = numbers["systems"]
    paths = _columns(next(iter(systems.values())))
    rows: Rows = [["system", *(_head(path) for path in paths)]]
    rows += [[system, *(_at(scores, path) for path in paths)] for system, scores in systems.items()]
    for bound, of_triplets in (("chance", 0.5), ("ceiling", 1.0)):
        of_paths = [of_triplets if path[0] == "triplet_accuracy" else _at(numbers[bound], path) for path in paths]
        rows.append([bound, *of_paths])
    return rows


def _columns(one: dict[str, Any]) -> list[tuple[str, ...]]:
    """Where the numbers of the console's table stand in a system's."""
    street = one.get("street_to_shop", {})
    tasks: dict[tuple[str, ...], dict[str, float]] = {("same_product",): one.get("same_product", {})}
    tasks |= {("street_to_shop", task): street.get(task, {}) for task in STREET}
    return [
        *(("triplet_accuracy", kind) for kind in KINDS if kind in one.get("triplet_accuracy", {})),
        *((*path, measure) for path, measures in tasks.items() for measure in telling(path[-1], measures)),
        *((name,) for name in ("overlap", "category") if name in one),
        *(("attributes", name) for name in one.get("attributes", {})),
        *((name,) for name in ("mean_attributes", "mean_labels") if name in one),
    ]


def _head(path: tuple[str, ...]) -> str:
    """What the console calls a column."""
    match path:
        case ("mean_attributes",):
            return "mean"
        case ("mean_labels",):
            return "with category"
        case ("same_product", measure):
            return f"product {measure}"
        case ("street_to_shop", task, measure):
            return f"{task} {measure}"
        case _:
            return path[-1]


def _at(nested: Any, path: tuple[str, ...]) -> float | None:
    for name in path:
        nested = nested.get(name) if isinstance(nested, dict) else None
    return nested
