"""Who asked in each task, in which gallery, and how many were left out because they had nothing to find."""

import numpy as np

from core.candidates import Labels
from core.codes import codes
from core.tables import Catalog
from train.evaluation import street as protocols
from train.evaluation.seen import Seen
from train.evaluation.street import Ranked


def counts(seen: Seen, catalog: Catalog, street: Catalog) -> dict[str, dict[str, int]]:
    """Counts by task; they are those of any system, as no system decides who asks."""
    asking = catalog.split == "test"
    test, street_photos = int(asking.sum()), len(protocols.asking(street))
    own = Labels.of(catalog.take(asking))
    asked = int((own.siblings() > 0).sum())
    lone = int((Labels.of(catalog).others(codes(catalog.partition))[asking] == 0).sum())
    by_category = int(np.isfinite(seen.among.category).sum())
    return {
        "triplets": {kind: len(scores) for kind, scores in seen.triplets.items()},
        "same_product": {
            "queries": asked,
            "left_out": test - asked,
            "gallery": test,
            "products": len(set(catalog.product_id[asking])),
        },
        **{name: _street_counts(street_photos, ranked) for name, ranked in _by_name(seen)},
        "attributes": {"queries": test - lone, "lone": lone},
        "category": {"queries": by_category, "lone": test - by_category},
    }


def _by_name(seen: Seen) -> list[tuple[str, Ranked]]:
    return [("within_category", seen.within), ("all_categories", seen.across)]


def _street_counts(photos: int, ranked: Ranked) -> dict[str, int]:
    queries = int((ranked.rank > 0).sum())
    return {"queries": queries, "left_out": photos - queries, "gallery": ranked.photos, "products": ranked.products}
