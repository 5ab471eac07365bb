"""The evaluation's nested numbers as tables: for the console and Markdown, and as CSV for `dvc plots`."""

from typing import Any

from core.rows import Rows, text
from core.tables import KINDS


def headline(numbers: dict[str, Any]) -> Rows:
    """A header, a row per system, one for chance and one for a perfect ranking; None where a number does not exist.

    Args:
        numbers: what `train.evaluate.as_metrics` gives.
    """
    systems = numbers["systems"]
    one = next(iter(systems.values()))
    kinds = [kind for kind in KINDS if kind in one["triplet_accuracy"]]
    finds = {
        f"{label} {name}": (part, name)
        for part, label in (("same_product", "product"), ("street_to_shop", "street"))
        for name in _telling(one.get(part, {}))
    }
    names = list(one["attributes"])
    rows: Rows = [["system", *kinds, *finds, "category", *names]]
    for system, scores in systems.items():
        accuracy = [scores["triplet_accuracy"][kind] for kind in kinds]
        found = [scores[part][name] for part, name in finds.values()]
        rows.append(
            [system, *accuracy, *found, scores.get("category"), *(scores["attributes"][name] for name in names)]
        )
    for bound, of_triplets in (("chance", 0.5), ("ceiling", 1.0)):
        of_shares = numbers[bound]
        shares = [of_shares.get("category"), *(of_shares["attributes"][name] for name in names)]
        rows.append([bound, *([of_triplets] * len(kinds)), *([None] * len(finds)), *shares])
    return rows


def _telling(scores: dict[str, Any]) -> list[str]:
    """The score of the smallest cut-off, as a large one is often the whole gallery, and MAP@R."""
    rates = [name for name in scores if name.startswith("hit_rate@")]
    return [*rates[:1], *(name for name in ("map_at_r",) if name in scores)]


def markdown(numbers: dict[str, Any]) -> str:
    """The report: the main numbers, what was counted, and how to read both."""
    counts = numbers["counts"]
    product, street = counts["same_product"], counts["street_to_shop"]
    triplets = ", ".join(f"{count} {kind}" for kind, count in counts["triplets"].items()) or "none"
    notes = [
        f"Test triplets: {triplets}. Ties count as half.",
        f"Same product: {product['queries']} queries in a gallery of {product['gallery']} photos;"
        f" {product['left_out']} without another photo of their product left out.",
        f"Street to shop, inside the category: {street['queries']} queries,"
        f" {street['gallery']} shop photos of {street['products']} products;"
        f" {street['left_out']} without a shop photo left out."
        if street["queries"]
        else "Street to shop: no street query in the test split has a shop photo, so nothing was measured.",
        "Attributes: nearest neighbours in the query's partition, of all splits, without its own product;"
        f" {counts['attributes']['lone']} queries without any candidate.",
        "Category: nearest neighbours among all test photos, without the query's own product.",
        "Chance is what random neighbours reach, the ceiling what a perfect ranking does.",
    ]
    if not counts["triplets"]:
        notes[0] = "Test triplets: none, so there is no triplet accuracy."
    body = "\n".join(f"- {note}" for note in notes)
    return f"# Evaluation on the test split\n\n{text(headline(numbers))}\n{body}\n\n{_READING}"


_READING = """Accuracy on in-class and out-of-class triplets is agreement with the recommender that mined them, whose
own score there is high by construction. A wild pair is a fact, and attributes are labels that mining never saw;
only the pattern descriptor was taught by pattern labels, where a catalog has them. Structure was taught the category.
"""


def recall_rows(numbers: dict[str, Any]) -> Rows:
    """system, task, k, recall, hit_rate: one row per cut-off; recall is None from street to shop."""
    rows: Rows = [["system", "task", "k", "recall", "hit_rate"]]
    for system, scores in numbers["systems"].items():
        for task in ("same_product", "street_to_shop"):
            found = scores.get(task, {})
            cuts = [name.split("@")[1] for name in found if name.startswith("hit_rate@")]
            rows += [[system, task, int(k), found.get(f"recall@{k}"), found[f"hit_rate@{k}"]] for k in cuts]
    return rows


def triplet_rows(numbers: dict[str, Any]) -> Rows:
    """system, kind, accuracy, ties, count."""
    return [
        ["system", "kind", "accuracy", "ties", "count"],
        *(
            [system, kind, accuracy, scores["ties"][kind], numbers["counts"]["triplets"][kind]]
            for system, scores in numbers["systems"].items()
            for kind, accuracy in scores["triplet_accuracy"].items()
        ),
    ]


def attribute_rows(numbers: dict[str, Any]) -> Rows:
    """system, attribute, share; the category is among them, and chance and the ceiling among the systems."""
    rows: Rows = [["system", "attribute", "share"]]
    for system, scores in [*numbers["systems"].items(), *((bound, numbers[bound]) for bound in ("chance", "ceiling"))]:
        shares = {"category": scores["category"]} if "category" in scores else {}
        rows += [[system, name, share] for name, share in {**shares, **scores["attributes"]}.items()]
    return rows
