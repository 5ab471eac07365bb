"""Read the layout of Street2Shop (Kiapour et al., ICCV 2015): lists of pairs and of shop photos, as candidates.

`meta/json/{train,test}_pairs_<category>.json` list street photos with a product and a box,
`meta/json/retrieval_<category>.json` the shop photos of products; images are named by their 9-digit id.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import InputError, PhotoError
from curate.checks import Fault, Reason
from curate.collection import Candidate, Located
from curate.params import StreetParams
from curate.photos import Box
from curate.places.roots import Root

# Test comes first: of a pair in both lists, the one of test stays.
_TEST_LIST, _TRAIN_LIST, SHOP_LIST = "test_pairs", "train_pairs", "retrieval"
PAIR_LISTS = (_TEST_LIST, _TRAIN_LIST)
_LISTS = (*PAIR_LISTS, SHOP_LIST)
_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class Street:
    """The entries of all lists, in their order, and the products that the collection's own division names."""

    categories: list[str]
    located: list[Located] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    train: set[str] = field(default_factory=set)
    test: set[str] = field(default_factory=set)


def read_lists(params: StreetParams, photos: Root) -> Street:
    """Every entry of the lists of the categories, as a candidate or as a fault, by checks that read no photo.

    Raises:
        InputError: the lists or the photos are not where the parameters say, or a list is malformed.
    """
    if not params.categories:
        return Street([])
    folder = Path(params.root) / "meta" / "json"
    street = Street(_categories(params, folder))
    lists = {
        (name, category): _entries(folder / list_file(name, category))
        for category in street.categories
        for name in _LISTS
    }
    root = Path(params.images)
    if any(lists.values()) and not root.is_dir():
        raise InputError(f"the image root {root} is no folder. Make it, or mend curate.street.images.")
    files = _files(root) if root.is_dir() else {}
    urls = _urls(Path(params.root) / "photos" / "photos.txt")
    first: dict[str, Candidate] = {}
    for (name, category), entries in lists.items():
        for number, entry in enumerate(entries, 1):
            try:
                candidate = _candidate(name, category, number, entry, params, files)
            except PhotoError as error:
                fault = Fault(list_file(name, category), number, 1, None, Reason(error.reason), error.detail)
                street.faults.append(fault)
                continue
            if name != SHOP_LIST:
                (street.test if name == _TEST_LIST else street.train).add(candidate.product_id)
            try:
                street.located.append(Located(candidate, _check(candidate, photos, urls, first)))
            except PhotoError as error:
                street.faults.append(candidate.fault(error.reason, error.detail))
    return street


def list_file(name: str, category: str) -> str:
    """The file of a list."""
    return f"{name}_{category}.json"


def _candidate(
    name: str, category: str, number: int, entry: Any, params: StreetParams, files: Mapping[str, str]
) -> Candidate:
    photo, product = (entry.get("photo"), entry.get("product")) if isinstance(entry, dict) else (None, None)
    if not (_is_id(photo) and _is_id(product)):
        raise PhotoError(Reason.MALFORMED_ROW, f"photo and product must be whole numbers. Received: {entry!r}"[:200])
    stem, is_shop = f"{photo:09d}", name == SHOP_LIST
    return Candidate(
        source=list_file(name, category),
        row=number,
        photo=1,
        path=files.get(stem, f"{stem}.jpg"),
        # Shop sorts before street, as `read_photos` needs it.
        image_id=f"shop-{stem}" if is_shop else f"street-{stem}-{product}",
        product_id=f"street2shop-{product}",
        domain="catalog" if is_shop else "street",
        gender=params.gender.strip(),
        category=category,
        pattern=None,
        attributes={},
        box=None if is_shop else _box(entry.get("bbox")),
    )


def _check(candidate: Candidate, photos: Root, urls: Mapping[str, str], first: dict[str, Candidate]) -> str:
    """The identity of the candidate's photo."""
    try:
        identity = photos.find(candidate.path)
    except PhotoError as error:
        url = urls.get(Path(candidate.path).stem)
        raise PhotoError(error.reason, f"{error.detail}; it was {url}" if url else error.detail) from None
    earlier = first.setdefault(candidate.image_id, candidate)
    if earlier is not candidate:
        raise PhotoError(Reason.DUPLICATE_KEY, f"row {earlier.row} of {earlier.source} has {candidate.image_id} too")
    return identity


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _box(value: Any) -> Box | None:
    # One box of the published lists has neither width nor height; such a photo is taken whole.
    try:
        return Box(*(round(value[side]) for side in Box._fields))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _categories(params: StreetParams, folder: Path) -> list[str]:
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder. Put the lists of Street2Shop there, or mend curate.street.root.")
    found = {path.stem.removeprefix(f"{name}_") for name in _LISTS for path in folder.glob(f"{name}_*.json")}
    wanted = found if params.categories == "all" else set(params.categories)
    if not wanted:
        raise InputError(f"{folder} has no list such as train_pairs_tops.json. Mend curate.street.root.")
    for category in sorted(wanted):
        for path in (folder / list_file(name, category) for name in _LISTS):
            if not path.is_file():
                raise InputError(f"{path} does not exist. Add it, or take {category} out of curate.street.categories.")
    return sorted(wanted)


def _entries(path: Path) -> list[Any]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}. Fetch it again.") from error
    if not isinstance(entries, list):
        raise InputError(f"{path} must hold a list. Received: {type(entries).__name__}")
    return entries


def _files(root: Path) -> dict[str, str]:
    """The file name of each photo id; the first by name, where an id has two."""
    files: dict[str, str] = {}
    for path in sorted(root.iterdir()):
        if path.suffix.lower() in _ENDINGS:
            files.setdefault(path.stem, path.name)
    return files


def _urls(path: Path) -> dict[str, str]:
    """The address that each photo once had, where the file that lists them is there."""
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return {photo.strip(): url.strip() for photo, _, url in (line.partition(",") for line in lines)}
