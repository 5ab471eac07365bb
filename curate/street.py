"""`curate street`: street photos and the shop photos of their products become a collection."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.atomic import replacing, write_json
from core.engines import Engine
from core.paths import MEASURES, REJECTED, REPORT, STORE, STREET_PAIRS, TABLE, TOO_MANY_REJECTED
from core.tables import Catalog, Measures, StreetPairs
from curate.checks import Fault, Reason, check_share
from curate.collection import Accepted, catalog, column, measures, read_photos, rejected
from curate.division import Before, divide
from curate.params import DuplicateParams, PseudoWildParams, QualityParams, SplitParams, StreetParams
from curate.pseudo_pairs import PSEUDO, pseudo_pairs
from curate.reading import Reading
from curate.report import Report, summary
from curate.street2shop import PAIR_LISTS, SHOP_LIST, Street, list_file, read_lists


def street(
    params: StreetParams,
    pseudo: PseudoWildParams,
    reading: Reading,
    quality: QualityParams,
    duplicates: DuplicateParams,
    split: SplitParams,
    shop: Path,
    folder: Path,
    engine: Engine,
) -> Report:
    """Read the lists, check every entry and photo, and replace `folder` by the collection.

    The catalog in `shop` lends the photos of pseudo-wild pairs, and its splits come first. Lists without entries make
    an empty collection. A product keeps the side of the train/test division that its pairs have, test where they have
    both; what it shares with a product of the other side has no split.

    Returns the report that is written; nothing of `folder` changes where this raises.

    Raises:
        InputError: the lists or the photos cannot be used, or too many of the entries are rejected.
    """
    before = Before(Catalog.read(shop / TABLE), Measures.read(shop / MEASURES))
    listed = read_lists(params, reading.root)
    entries = len(listed.located) + len(listed.faults)
    made = pseudo_pairs(before, shop / STORE, pseudo, reading.params, engine)
    with replacing(folder) as beside:
        beside.mkdir()
        accepted, late = read_photos(
            listed.located, reading, beside / STORE, crop=params.crop, also=made, engine=engine
        )
        faults = listed.faults + late
        if entries:
            check_share(faults, entries, params.max_rejected, TOO_MANY_REJECTED, "curate.street")
        ages = _ages(listed, accepted)
        paths = [_shown(one, reading) for one in accepted]
        division = divide(accepted, paths, ages, duplicates, split, before=before, train=listed.train, test=listed.test)
        table = catalog(accepted, paths, division)
        measured = measures(accepted, quality)
        rows = entries + sum(_is_pseudo(one) for one in accepted)
        report = summary(table, measured, faults, rows)
        report |= {
            "street_photos": int((table.domain == "street").sum()),
            "pseudo_photos": sum(_is_pseudo(one) and one.candidate.domain == "street" for one in accepted),
            "categories": _per_category(listed, accepted, faults),
        }
        table.write(beside / TABLE)
        measured.write(beside / MEASURES)
        rejected(faults).write(beside / REJECTED)
        pairs(accepted, table).write(beside / STREET_PAIRS)
        write_json(beside / REPORT, report)
    return report


def _ages(listed: Street, accepted: Sequence[Accepted]) -> list[tuple[int, ...]]:
    """What is of test comes first, so that it keeps its photos where it shares them; then the order of the lists."""
    place = {one.candidate.image_id: number for number, one in enumerate(listed.located)}
    rows = [one.candidate for one in accepted]
    return [(row.product_id not in listed.test, place.get(row.image_id, len(place)), row.row) for row in rows]


def _is_pseudo(one: Accepted) -> bool:
    return one.candidate.source == PSEUDO


def _shown(one: Accepted, reading: Reading) -> str:
    # A pseudo-wild pair has the path of the catalog photo that it comes from.
    return one.candidate.path if _is_pseudo(one) else reading.root.shown(one.candidate.path)


def pairs(accepted: Sequence[Accepted], table: Catalog) -> StreetPairs:
    """The street photos (of n accepted ones, `table` their rows) with their products and clipped boxes."""
    rows = [row for row, one in enumerate(accepted) if one.candidate.domain == "street"]
    of = table.take(column(rows).astype(int))
    boxes = [accepted[row].photo.box for row in rows]
    return StreetPairs(
        image_id=of.image_id,
        product_id=of.product_id,
        left=column(box and box.left for box in boxes),
        top=column(box and box.top for box in boxes),
        width=column(box and box.width for box in boxes),
        height=column(box and box.height for box in boxes),
        category=of.category,
        split=of.split,
        pseudo=np.array([_is_pseudo(accepted[row]) for row in rows], np.bool_),
    )


def _per_category(listed: Street, accepted: Sequence[Accepted], faults: Sequence[Fault]) -> dict[str, dict[str, int]]:
    return {category: _of_category(category, accepted, faults) for category in listed.categories}


def _of_category(category: str, accepted: Sequence[Accepted], faults: Sequence[Fault]) -> dict[str, int]:
    mine = [one for one in accepted if one.candidate.category == category and not _is_pseudo(one)]
    in_street = [one for one in mine if one.candidate.domain == "street"]
    of_pairs = {list_file(name, category) for name in PAIR_LISTS}
    lost_pairs = [fault for fault in faults if fault.source in of_pairs]
    lost_shop = [fault for fault in faults if fault.source == list_file(SHOP_LIST, category)]
    missing = [fault for fault in lost_pairs + lost_shop if fault.reason is Reason.MISSING_FILE]
    return {
        "pairs": len(in_street) + len(lost_pairs),
        "living_pairs": len(in_street),
        "living_products": len({one.candidate.product_id for one in in_street}),
        "pairs_without_box": sum(one.photo.box is None for one in in_street),
        "shop_photos": len(mine) - len(in_street),
        "missing_photos": len({fault.path for fault in missing}),
    }
