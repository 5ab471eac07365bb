"""All that the report of `mix` says, computed once: the console, the page, the JSON and the CSV files show the same."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.tables import Catalog, Triplets
from triplets.params import MixParams
from triplets.provenance import MadeBy
from triplets.reports.coded import Coded, Photos
from triplets.reports.coverage import Coverage, Uncovered, coverage, uncovered
from triplets.reports.distances import Histogram, Quantiles, histograms, quantiles
from triplets.reports.hubs import Curve, Hubs, curves, hubs
from triplets.reports.mined import MinedReport
from triplets.reports.partitions import Partition, partitions
from triplets.reports.rejections import Lonely, Rejection, lonely, rejections
from triplets.reports.shares import Shares, shares


@dataclass(frozen=True)
class Facts:
    """The report, a field per subject; `made_by` says what the hashes in the rows stand for."""

    shares: list[Shares]
    rules: list[Rejection]
    lonely: Lonely
    partitions: list[Partition]
    quantiles: list[Quantiles]
    histograms: list[Histogram]
    coverage: list[Coverage]
    uncovered: list[Uncovered]
    hubs: list[Hubs]
    curves: list[Curve]
    made_by: list[MadeBy]

    def as_json(self) -> dict[str, Any]:
        """All of it, for a program."""
        return asdict(self)


def facts(
    supply: Triplets,
    mixed: Triplets,
    collections: Sequence[Catalog],
    params: MixParams,
    wild: tuple[Mapping[str, int], MadeBy],
    mined: MinedReport,
) -> Facts:
    """What became of the `supply`, mined and wild triplets together.

    Args:
        collections: the catalog's photos and the street's.
        wild: what each rule of wild triplets rejected, and what made them.

    Raises:
        TableError: a photo of a triplet is in neither collection.
    """
    catalog, street = collections
    counts, made_by = wild
    photos = Photos.of(catalog, street)
    there, taken = Coded.of(supply, catalog, street), Coded.of(mixed, catalog, street)
    counts = {**mined.rules, **counts}
    of_mine = mined.made_by.params["negative_cap"]
    return Facts(
        shares=shares(supply, mixed, params),
        rules=rejections(counts),
        lonely=lonely(counts),
        partitions=partitions(there, taken, photos),
        quantiles=quantiles(mixed),
        histograms=histograms(mixed),
        coverage=coverage(there, taken, photos),
        uncovered=uncovered(there, photos),
        hubs=hubs(taken, {"in_class": of_mine, "out_of_class": of_mine, "wild": params.negative_cap}),
        curves=curves(taken),
        made_by=[mined.made_by, made_by],
    )
