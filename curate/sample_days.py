"""Days at the sample's shop: products that come and go, a photo taken anew, and one that arrives damaged."""

import csv
import io
from dataclasses import dataclass, replace
from itertools import count, takewhile
from pathlib import Path

from core.atomic import replacing, write_text
from core.errors import InputError
from curate.params import SampleParams
from curate.sample import HEADER, catalog_product

_SHARE = 100  # a day's new products: one for so many of the first day's, and at least one
_STEP = 37  # from the product that leaves on one day to that of the next
_PRODUCT = HEADER.index("product_id")


@dataclass(frozen=True)
class Day:
    """What a day changes: the indices of the `new` products, of the one that is `gone`, and of one photographed `anew`.

    The last photo of the last new product is damaged.
    """

    new: range
    gone: int
    anew: int

    @classmethod
    def of(cls, number: int, params: SampleParams) -> "Day":
        """The day of that number, from 1."""
        share = max(1, params.products // _SHARE)
        first, gone = params.products + (number - 1) * share, number * _STEP % params.products
        return cls(range(first, first + share), gone, (gone + 1) % params.products)


def live_through(days: int, params: SampleParams, folder: Path) -> list[Day]:
    """Bring the sample in `folder` to what it is after so many days; a photo that stays as it was is not written.

    Rows leave from where they stand, and new ones come last, as in a live catalog. A second time nothing changes.

    Raises:
        InputError: `folder` has no catalog of these parameters, or more days have passed there.
    """
    table = folder / "catalog.csv"
    if not table.is_file():
        raise InputError(f"{table} does not exist. Run curate sample first, without --days.")
    if params.products < 2:
        raise InputError(f"a shop of {params.products} products has no days. Raise curate.sample.products.")
    lived = [Day.of(number, params) for number in range(1, days + 1)]
    with table.open(encoding="utf-8", newline="") as file:
        rows = [tuple(row) for row in csv.reader(file)]
    passed = _passed({row[_PRODUCT] for row in rows}, params)
    if passed > days:
        raise InputError(
            f"{table}: {passed} days have passed there already. Give --days {passed} or more, or render it anew by"
            " curate sample."
        )
    stay = {_name(index) for index in range(params.products)} - {_name(day.gone) for day in lived}
    rows = [row for row in rows if row[_PRODUCT] in stay]
    if {row[_PRODUCT] for row in rows} != stay:
        raise InputError(f"{table} is not what curate.sample describes. Run curate sample first, without --days.")
    for day in lived:
        rendered = [photo for index in day.new for photo in catalog_product(index, params)]
        rows += [row for row, _ in rendered]
        photos = {row[0]: photo for row, photo in rendered}
        last = rendered[-1][0][0]
        photos[last] = photos[last][: len(photos[last]) // 2]
        # A further photo of the product takes the place of its first.
        *_, (_, further) = catalog_product(day.anew, replace(params, photos=params.photos + 1))
        photos[f"{_name(day.anew)}-1.jpg"] = further
        for name, photo in photos.items():
            _write_where_it_differs(folder / "images" / name, photo)
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([HEADER, *rows])
    write_text(table, text.getvalue())
    return lived


def _passed(products: set[str], params: SampleParams) -> int:
    """The days whose new products are there."""
    return sum(1 for _ in takewhile(lambda number: _name(Day.of(number, params).new[0]) in products, count(1)))


def _write_where_it_differs(path: Path, photo: bytes) -> None:
    if not path.is_file() or path.read_bytes() != photo:
        with replacing(path) as beside:
            beside.write_bytes(photo)


def _name(index: int) -> str:
    return f"p{index:05d}"
