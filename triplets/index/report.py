"""An index, built and measured: how long it took, its size, and what it finds of the exact neighbours."""

import time
from pathlib import Path
from typing import Any

from core.engines import Engine
from core.similarity import Similarity
from core.tables import Catalog
from triplets.distances import Described
from triplets.index import recall
from triplets.index.build import Asked, build


def measured(
    folder: Path,
    catalog: Catalog,
    described: Described,
    similarity: Similarity,
    asked: Asked,
    candidates: int,
    engine: Engine,
) -> dict[str, Any]:
    """Build the index in `folder`; seconds of the build, bytes, and the shares of exact neighbours found.

    `recall` is that of `candidates` ranked again, `recall_raw` that of the index alone; None where nobody has a
    neighbour.

    Raises:
        InputError, TableError: as `triplets.index.build.build`.
    """
    start = time.perf_counter()
    manifest = build(folder, catalog, described, similarity, asked, engine)
    seconds = time.perf_counter() - start
    found = recall.measure(folder, manifest, catalog, described, similarity, candidates, asked.seed, engine)
    return {
        "partitions": len(manifest.partitions),
        "photos": len(catalog),
        "trees": asked.trees,
        "seconds": round(seconds, 1),
        "bytes": sum(path.stat().st_size for path in folder.iterdir()),
        "queries": found.queries,
        "candidates": candidates,
        f"recall@{recall.K}": found.ranked / found.exact if found.exact else None,
        f"recall@{recall.K}_raw": found.raw / found.exact if found.exact else None,
    }


def told(figures: dict[str, Any]) -> str:
    """The figures as two lines."""
    ranked, raw = (figures[f"recall@{recall.K}{kind}"] for kind in ("", "_raw"))
    if ranked is None:
        shares = "nobody has a neighbour"
    else:
        shares = f"{ranked:.3f} of {figures['candidates']} candidates ranked exactly, {raw:.3f} of the index alone"
    return (
        f"{figures['photos']:,} photos in {figures['partitions']:,} partitions, {figures['bytes'] / 1e6:,.1f} MB,"
        f" built in {figures['seconds']:.1f} s.\n"
        f"Recall@{recall.K} of {figures['queries']} queries: {shares}.\n"
    )
