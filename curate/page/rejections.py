"""The report page's rejections: per reason how many, what mends it, and examples."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from core.thumbnails import Thumbnail, thumbnail
from curate.checks import Reason
from curate.page.input import Collection

_EXAMPLES = 12


class Advice(NamedTuple):
    """What a reason means and what mends it; `photo` tells whether there is a file to show."""

    meaning: str
    mend: str
    photo: bool


class Example(NamedTuple):
    """A rejected photo."""

    thumbnail: Thumbnail
    collection: str
    source: str
    row: int
    photo: int
    path: str | None
    detail: str


class Rejection(NamedTuple):
    """A reason and the photos that it took."""

    reason: Reason
    photos: int
    advice: Advice
    examples: list[Example]


ADVICE = {
    Reason.MALFORMED_ROW: Advice(
        "The row has other fields than the header.",
        "Mend the row's quotes and delimiters, or set curate.ingest.delimiter.",
        False,
    ),
    Reason.EXCLUDED: Advice(
        "The parameters leave it out.", "Nothing to mend; curate.ingest.exclude lists the values.", True
    ),
    Reason.EMPTY_VALUE: Advice(
        "The row has no id, path, gender or category.",
        "Fill the cell, name another column in curate.ingest.columns, or derive one in curate.ingest.derive.",
        False,
    ),
    Reason.OUTSIDE_ROOT: Advice(
        "The path leads out of the image root.",
        "Move the photo below curate.ingest.images or curate.street.images, or set a root that holds both.",
        False,
    ),
    Reason.MISSING_FILE: Advice(
        "No file that can be read stands at the path.",
        "Bring the photo, or mend curate.ingest.columns.path and curate.ingest.images (street: curate.street.images).",
        False,
    ),
    Reason.NOT_FETCHED: Advice(
        "The address gave no photo, after all retries.",
        "Open the address by hand; raise curate.fetch.retries or curate.fetch.timeout, and run again.",
        False,
    ),
    Reason.REPEATED_ROW: Advice(
        "An earlier row says the same.", "Nothing is lost; remove the row from the table to be rid of it.", True
    ),
    Reason.DUPLICATE_KEY: Advice(
        "An earlier row has the image id, and says something else.",
        "Decide which row is right, or name a column without repeats in curate.ingest.columns.image_id.",
        True,
    ),
    Reason.ZERO_SIZE: Advice("The file is empty, or the photo has no pixels.", "Copy the file again.", False),
    Reason.NOT_AN_IMAGE: Advice(
        "The file is of no known image format.",
        "Look into it, often it is an error page saved as a photo, and bring the photo.",
        False,
    ),
    Reason.UNSUPPORTED_MODE: Advice(
        "The pixels have no one reading as RGB.", "Save the photo with 8 bits per channel, as RGB or grey.", True
    ),
    Reason.TRUNCATED: Advice("The file is damaged or cut short.", "Copy or export the file again.", True),
    Reason.TOO_LARGE: Advice(
        "The photo has more bytes or pixels than allowed.",
        "Raise curate.photos.max_bytes or curate.photos.max_pixels, or save it smaller.",
        True,
    ),
    Reason.TOO_SMALL: Advice(
        "A side is shorter than allowed.", "Bring a larger photo, or lower curate.photos.min_side.", True
    ),
    Reason.FLAT: Advice(
        "One colour all over: often a stand-in for a missing photo.",
        "Bring the photo, or lower curate.photos.min_range.",
        True,
    ),
    Reason.BAD_BOX: Advice(
        "No part of the box is on the photo.", "Mend the box in the pair list of curate.street.root.", True
    ),
    Reason.NO_SHOP_PHOTO: Advice(
        "The product of a street photo has no accepted shop photo.",
        "See why its shop photos were rejected, and mend those first.",
        True,
    ),
}


def rejections(collections: Sequence[Collection]) -> list[Rejection]:
    """The reasons that stand in `collections`, the most frequent first, each with its first rows as examples."""
    counts = Counter(reason for collection in collections for reason in collection.rejected.reason.tolist())
    ordered = sorted(map(Reason, counts), key=lambda reason: (-counts[reason], list(Reason).index(reason)))
    return [Rejection(reason, counts[reason], ADVICE[reason], _examples(collections, reason)) for reason in ordered]


def _examples(collections: Sequence[Collection], reason: Reason) -> list[Example]:
    examples: list[Example] = []
    for collection in collections:
        rows = (collection.rejected.reason == reason).nonzero()[0][: _EXAMPLES - len(examples)]
        examples += [_example(collection, row, reason) for row in rows]
    return examples


def _example(collection: Collection, row: int, reason: Reason) -> Example:
    of = collection.rejected
    path = of.path[row]
    pixels = collection.original(path) if ADVICE[reason].photo and path is not None else None
    return Example(
        thumbnail=thumbnail(pixels, f"Rejected photo {path}", reason.replace("_", " ")),
        collection=collection.name,
        source=of.source[row],
        row=int(of.row[row]),
        photo=int(of.photo[row]),
        path=path,
        detail=of.detail[row],
    )
