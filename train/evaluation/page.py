"""The report of an evaluation as one page, complete in one file."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.images import PixelStore, encode
from core.page import Line, leaves, plural, template
from core.thumbnails import Thumbnail, stored
from train.evaluation.bootstrap import LEVEL
from train.evaluation.cards import cards, differing, table
from train.evaluation.curves import retrieval_charts, training_charts
from train.evaluation.fitted import Fitted
from train.evaluation.judgement import Judgement
from train.evaluation.photo_map import PhotoMap
from train.evaluation.sheets import COLUMNS, Sheets
from train.evaluation.verdict import BESIDE, TRAINED, verdict
from train.evaluation.words import COLORS, KINDS, SYSTEMS, readable

_QUALITY = 82  # of the map, as JPEG
_SHEETS = {"best": "The best", "worst": "The worst", "between": "In between, evenly from best to worst"}


@dataclass(frozen=True)
class Shown:
    """What the page shows beside the judgement."""

    fitted: Fitted
    sheets: Sheets
    map: PhotoMap | None
    params: Mapping[str, Any]


def page(judgement: Judgement, shown: Shown, store: PixelStore) -> str:
    """The page as HTML that asks nothing of the network: same input, same text."""
    queries = shown.sheets.queries
    return template("train.evaluation", "report.html.j2").render(
        lines=verdict(judgement) + list(_lines(judgement)),
        measures={task: list(cards(judgement, task)) for task in judgement.evaluations[0].scores},
        tables={task: table(judgement, task) for task in ("same_product", "within_category", "all_categories")},
        differences=list(differing(judgement)),
        beside=[name for name in BESIDE if any(one.system == name for one in judgement.evaluations)],
        counts=judgement.counts,
        kinds=KINDS,
        retrieval=retrieval_charts(judgement),
        training=training_charts(shown.fitted.history),
        map=shown.map,
        map_uri=_uri(shown.map) if shown.map else "",
        measure=shown.sheets.measure,
        frames=shown.sheets.frames,
        columns=COLUMNS,
        neighbors=shown.params["neighbors"],
        sheets=[(title, queries[name]) for name, title in _SHEETS.items() if name in queries],
        thumbnail=lambda image_id, alt: _thumbnail(store, image_id, alt),
        systems=[(one.system, COLORS[one.system], one.dimensions) for one in judgement.evaluations],
        told=SYSTEMS,
        fitted=shown.fitted,
        level=LEVEL,
        parameters=list(leaves("train.evaluate", shown.params)),
    )


def _lines(judgement: Judgement) -> Iterator[Line]:
    """What the page says first beside the verdict: figures without a goal of their own, and what was left out."""
    scores = next((one.scores for one in judgement.evaluations if one.system == TRAINED), {})
    accuracy = scores.get("triplet_accuracy", {})
    told = ", ".join(f"{KINDS[kind]} {of.micro.value:.3f}" for kind, of in accuracy.items())
    yield (
        Line("look", f"Triplet accuracy: {told}.", "triplets")
        if told
        else Line("look", "No test triplets, so there is no triplet accuracy.", "triplets")
    )
    within = scores.get("within_category", {})
    if within:
        told = ", ".join(f"{readable(name)} {of.micro.value:.3f}" for name, of in within.items())
        yield Line("look", f"From the street to the shop, within the category: {told}.", "street")
    else:
        yield Line("look", "No street photo of test has a shop photo, so nothing was measured there.", "street")
    if not scores.get("same_product"):
        yield Line("look", "No test photo has another photo of its product to find.", "products")
    lone = judgement.counts["attributes"]["lone"]
    if lone:
        told = f"{plural(lone, 'test photo')} without any other product in the partition, left out."
        yield Line("look", told, "attributes")


def _uri(picture: PhotoMap) -> str:
    return "data:image/jpeg;base64," + b64encode(encode(picture.pixels, _QUALITY)).decode("ascii")


def _thumbnail(store: PixelStore, image_id: str, alt: str) -> Thumbnail:
    return stored(store, image_id)._replace(alt=alt)
