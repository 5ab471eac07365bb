"""What the pattern classifier learns from: the catalog's labels, words of its attributes, and rendered photos."""

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.images import PixelStore
from core.swatches import PATTERNS
from core.tables import SPLITS, Catalog
from features import garments
from features.catalog_photos import CatalogPhotos
from features.joined import JoinedPhotos
from features.keywords import pattern_in, pattern_of
from features.labels import Labelled
from features.params import PatternSourceParams
from features.rendered import RenderedPhotos

# Of the rendered photos; they are independent draws, so their shares matter to no other table.
_SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}
_GARMENTS = 200  # per split at most: each is worn in many patterns


def by_pattern(catalog: Catalog, store: PixelStore, sources: PatternSourceParams, view: str) -> dict[str, Labelled]:
    """The photos of each split with their patterns: those with a label, those whose text tells it, rendered ones.

    Rendered photos are worn by garments of catalog photos of the same split.

    Raises:
        InputError: no photo of any source has a pattern, or no photo has one of the attributes to read.
    """
    labels, source = told(catalog, sources)
    drawn = _rendered(catalog, store, sources, view)
    labelled = {}
    for split in SPLITS:
        rows = np.flatnonzero((catalog.split == split) & (source != ""))
        rendered = drawn[split]
        labelled[split] = Labelled(
            JoinedPhotos.of([CatalogPhotos(store, catalog.image_id[rows], view), rendered], view),
            np.concatenate([labels[rows], rendered.labels()]),
            np.concatenate([source[rows], np.full(len(rendered), "rendered", object)]),
        )
    if not any(len(part.photos) for part in labelled.values()):
        raise InputError(
            "no photo has a pattern to learn from. Set features.pattern_sources.rendered to 150, or name the"
            " catalog's pattern column in curate.ingest.columns.pattern."
        )
    return labelled


def told(catalog: Catalog, sources: PatternSourceParams) -> tuple[npt.NDArray, npt.NDArray]:
    """The pattern of each photo, None where nothing tells it, and what told it: `labels`, `keywords` or empty.

    Raises:
        InputError: no photo has one of `sources.attributes`.
    """
    known = {name for attributes in catalog.attributes for name in attributes}
    for name in sources.attributes:
        if len(catalog) and name not in known:
            raise InputError(
                f"features.pattern_sources.attributes names {name}, which no photo has."
                f" The catalog's attributes are: {', '.join(sorted(known)) or 'none'}."
                " Name one of these, or add it to curate.ingest.columns.attributes."
            )
    labels, source = np.full(len(catalog), None, object), np.full(len(catalog), "", object)
    for row, (value, attributes) in enumerate(zip(catalog.pattern, catalog.attributes, strict=True)):
        if value is not None:
            labels[row], source[row] = pattern_of(value, PATTERNS, sources.keywords), "labels"
            continue
        texts = [attributes[name] for name in sources.attributes if attributes.get(name)]
        pattern = pattern_in(texts, sources.keywords)
        if pattern is not None:
            labels[row], source[row] = pattern, "keywords"
    return labels, source


def _rendered(
    catalog: Catalog, store: PixelStore, sources: PatternSourceParams, view: str
) -> dict[str, RenderedPhotos]:
    total = sources.rendered * len(PATTERNS)
    ends = np.round(np.cumsum([_SHARES[split] for split in SPLITS]) * total).astype(int)
    parts = np.split(np.arange(total), ends[:-1])
    drawn = {}
    for number, (split, rows) in enumerate(zip(SPLITS, parts, strict=True)):
        worn: list[garments.Garment] = []
        if len(rows) and sources.swatches < 1:
            ids = np.sort(catalog.image_id[catalog.split == split].astype(str))
            order = np.random.default_rng([sources.seed, number]).permutation(len(ids))
            worn = garments.find(store, ids[order].tolist(), _GARMENTS, view)
        drawn[split] = RenderedPhotos(rows, sources.seed, sources.swatches, store, worn, view)
    return drawn
