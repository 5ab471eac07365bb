"""How tasks, measures and systems are called and coloured, in tables, on the page and in the figures."""

from collections.abc import Iterable

KINDS = {"in_class": "in-class", "out_of_class": "out-of-class", "wild": "wild"}

# The tasks of one measure, which is called like the task.
SINGLE = ("mean_attributes", "mean_labels", "category", "overlap")

# One colour per system in every figure; the two that the reader compares stand out (Okabe and Ito's palette).
COLORS = {
    "structure": "#b9c3cc",
    "pattern": "#8fa3b3",
    "color": "#64798a",
    "recommender": "#e69f00",
    "untrained": "#9ad0f0",
    "trained": "#0072b2",
}

SYSTEMS = {
    "structure": "the descriptor of structure alone",
    "pattern": "the descriptor of patterns alone",
    "color": "the descriptor of colour alone",
    "recommender": "the three descriptors, weighted and summed: what mined the triplets",
    "untrained": "the trunk as training found it, its taps pooled and joined",
    "trained": "the network after training, one vector per photo",
}


def telling(task: str, measures: Iterable[str]) -> list[str]:
    """The measures of a task that tell the most: of retrieval the smallest cut-off and the average over the ranks."""
    known = list(measures)
    match task:
        case "same_product":
            return [known[0], known[-1]] if known else []
        case "within_category":
            return known[:1]
        case "all_categories":
            return known[-1:]
        case _:
            return known


def named(task: str, measure: str) -> str:
    """A measure in words, with its task where the measure alone would not tell."""
    match task:
        case "triplet_accuracy":
            return f"{KINDS[measure]} triplets"
        case "same_product":
            return f"same product, {readable(measure)}"
        case "within_category" | "all_categories":
            return f"street, {task}, {readable(measure)}"
        case "mean_labels":
            return "mean over category and attributes"
        case "mean_attributes":
            return "mean over the attributes"
        case "overlap":
            return "overlap with the recommender"
        case _:
            return measure


def readable(measure: str) -> str:
    """`hit_rate@1` as `hit rate@1`, `map_at_r` as `MAP@R`."""
    return {"map_at_r": "MAP@R", "map": "mAP"}.get(measure, measure.replace("_", " "))
