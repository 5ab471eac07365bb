"""`curate street`: street photos and the shop photos of their products become a collection."""

from collections.abc import Sequence
from pathlib import Path

from core.atomic import replacing, write_json
from core.errors import InputError
from core.paths import REJECTED, REPORT, STORE, STREET_PAIRS, TABLE
from core.tables import Catalog, StreetPairs
from curate.checks import Fault, Reason, count, spell
from curate.collection import Accepted, catalog, column, read_photos, rejected
from curate.duplicates import groups
from curate.params import PhotoParams, SplitParams, StreetParams
from curate.report import Report, summary
from curate.split import assign
from curate.street2shop import PAIR_LISTS, SHOP_LIST, Street, list_file, read_lists


def street(params: StreetParams, photos: PhotoParams, split: SplitParams, folder: Path, workers: int) -> Report:
    """Read the lists, check every entry and photo, and replace `folder` by the collection.

    Lists without entries make an empty collection. A product keeps the side of the train/test division that
    its pairs have, test where they have both. Returns the report that is written; nothing of `folder` changes
    where this raises.

    Raises:
        InputError: the lists or the photos cannot be used, or there are entries and none is accepted.
    """
    root = Path(params.images)
    listed = read_lists(params)
    rows = len(listed.candidates) + len(listed.faults)
    with replacing(folder) as beside:
        beside.mkdir()
        accepted, late = read_photos(listed.candidates, root, beside / STORE, photos, crop=params.crop, workers=workers)
        faults = listed.faults + late
        if rows and not accepted:
            raise InputError(
                f"none of the {rows:,} entries can be used ({spell(count(faults))})."
                f" Check that {root} has the photos, or mend curate.street.images."
            )
        group = groups(column(one.content_hash for one in accepted))
        products = column(one.candidate.product_id for one in accepted)
        table = catalog(accepted, root, group, assign(products, group, split, train=listed.train, test=listed.test))
        report = summary(table, faults, rows) | {"categories": _per_category(listed, accepted, faults)}
        table.write(beside / TABLE)
        rejected(faults).write(beside / REJECTED)
        pairs(accepted, table).write(beside / STREET_PAIRS)
        write_json(beside / REPORT, report)
    return report


def pairs(accepted: Sequence[Accepted], table: Catalog) -> StreetPairs:
    """The street photos (of n accepted ones, `table` their rows) with their products and clipped boxes."""
    rows = [row for row, one in enumerate(accepted) if one.candidate.domain == "street"]
    of = table.take(column(rows).astype(int))
    boxes = [accepted[row].box for row in rows]
    return StreetPairs(
        image_id=of.image_id,
        product_id=of.product_id,
        left=column(box and box.left for box in boxes),
        top=column(box and box.top for box in boxes),
        width=column(box and box.width for box in boxes),
        height=column(box and box.height for box in boxes),
        category=of.category,
        split=of.split,
    )


def _per_category(listed: Street, accepted: Sequence[Accepted], faults: Sequence[Fault]) -> dict[str, dict[str, int]]:
    return {category: _of_category(category, accepted, faults) for category in listed.categories}


def _of_category(category: str, accepted: Sequence[Accepted], faults: Sequence[Fault]) -> dict[str, int]:
    mine = [one for one in accepted if one.candidate.category == category]
    in_street = [one for one in mine if one.candidate.domain == "street"]
    of_pairs = {list_file(name, category) for name in PAIR_LISTS}
    lost_pairs = [fault for fault in faults if fault.source in of_pairs]
    lost_shop = [fault for fault in faults if fault.source == list_file(SHOP_LIST, category)]
    missing = [fault for fault in lost_pairs + lost_shop if fault.reason is Reason.MISSING_FILE]
    return {
        "pairs": len(in_street) + len(lost_pairs),
        "living_pairs": len(in_street),
        "living_products": len({one.candidate.product_id for one in in_street}),
        "pairs_without_box": sum(one.box is None for one in in_street),
        "shop_photos": len(mine) - len(in_street),
        "missing_photos": len({fault.path for fault in missing}),
    }
