"""What becomes of many photos: from the photo cache where it knows them, else read, in this process or in a pool."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from core.engine import run
from core.engines import LOCAL, Engine
from core.errors import PhotoError
from core.photo_params import PhotoParams
from curate.cache import PhotoCache
from curate.checks import Reason
from curate.photos import Cut, Outcome, Refused, content_of, look
from curate.places.roots import Root

# Photos per task: one costs about as little as handing a task over.
_PER_TASK = 32
_FEW = 1000
_PER_BLOCK = 256  # asked of the cache together, and kept in it together


Result = tuple[str, Outcome | None]


class File(NamedTuple):
    """A photo to read: its path below the root, what its place says of it, and the part of it that counts."""

    path: str
    identity: str
    cut: Cut


class Read(NamedTuple):
    """What came of a photo; `content` is its hash, empty where its bytes could not be read."""

    content: str
    outcome: Outcome


@dataclass(frozen=True)
class Reading:
    """Where photos are read from, and how."""

    root: Root
    cache: Path
    params: PhotoParams


def read_all(files: Sequence[File], reading: Reading, engine: Engine) -> Iterator[Read]:
    """Yield what comes of each photo, in order, with a progress bar.

    Photos that the cache does not know are read and, unless a copy of them is known, decoded; from then on the cache
    knows them, also where the caller stops or is killed.
    """
    from tqdm import tqdm

    with PhotoCache(reading.cache, reading.params) as cache:
        places = [_place(file, reading.root) for file in files]
        held = cache.contents([(place, file.identity) for place, file in zip(places, files, strict=True)])
        keys = [content and cache.key(content, file.cut) for content, file in zip(held, files, strict=True)]
        present = cache.present({key for key in keys if key})
        fresh = [file for file, key in zip(files, keys, strict=True) if key not in present]
        results = _results(fresh, reading, engine, copies=not cache.empty())
        with tqdm(total=len(files), desc="photos", unit=" photos", delay=1) as bar:
            for start in range(0, len(files), _PER_BLOCK):
                block = range(start, min(start + _PER_BLOCK, len(files)))
                known = cache.outcomes([key for row in block if (key := keys[row]) in present and key])
                for row in block:
                    content, key = held[row], keys[row]
                    if content and key in known:
                        yield Read(content, known[key])
                    else:
                        # What was present may have been pruned meanwhile.
                        result = next(results) if key not in present else _read_one(files[row], reading)
                        yield _kept(cache, places[row], files[row], result, reading)
                    bar.update()
                cache.commit()


def _place(file: File, root: Root) -> str:
    shown = root.shown(file.path)
    return f"{shown} {tuple(file.cut.box)}" if file.cut.crop and file.cut.box else shown


def _results(fresh: Sequence[File], reading: Reading, engine: Engine, *, copies: bool) -> Iterator[Result]:
    """The content and the outcome of each file; with `copies`, None where the cache has it."""
    tasks = [fresh[start : start + _PER_TASK] for start in range(0, len(fresh), _PER_TASK)]
    # A pool takes longer to start than these few take to read.
    engine = engine if len(fresh) > _FEW else LOCAL
    return chain.from_iterable(run(partial(_read, reading=reading, copies=copies), tasks, engine=engine, label=None))


def _kept(cache: PhotoCache, place: str, file: File, result: Result, reading: Reading) -> Read:
    content, outcome = result
    if outcome is None:
        key = cache.key(content, file.cut)
        outcome = cache.outcomes([key]).get(key)
    if outcome is None:
        data = reading.root.read(file.path, reading.params.max_bytes)
        content, outcome = content_of(data, file.cut), look(data, file.cut, reading.params)
    if content:
        cache.keep(place, file.identity, content, cache.key(content, file.cut), outcome)
    return Read(content, outcome)


def _read(files: Sequence[File], *, reading: Reading, copies: bool) -> list[Result]:
    if not copies:
        return [_read_one(file, reading) for file in files]
    with PhotoCache(reading.cache, reading.params) as cache:
        return [_read_one(file, reading, cache) for file in files]


def _read_one(file: File, reading: Reading, cache: PhotoCache | None = None) -> Result:
    try:
        data = reading.root.read(file.path, reading.params.max_bytes)
    except PhotoError as error:
        return "", Refused(Reason(error.reason), error.detail)
    content = content_of(data, file.cut)
    if cache is not None and cache.present([cache.key(content, file.cut)]):
        return content, None
    return content, look(data, file.cut, reading.params)
