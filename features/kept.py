"""What a process has loaded and keeps for its next tasks."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

Loaded = TypeVar("Loaded")

_KEPT = 6  # the stores, and for each of two classifiers its model and its trunk


def kept(load: Callable[..., Loaded], *paths: Path) -> Loaded:
    """`load(*paths)`, once in a process as long as the files stay the same."""
    # Inode and time are in the key, as a file may be replaced meanwhile.
    found: Loaded = _kept(load, tuple((path.resolve(), path.stat().st_ino, path.stat().st_mtime_ns) for path in paths))
    return found


@lru_cache(maxsize=_KEPT)
def _kept(load: Callable[..., Any], files: tuple[tuple[Path, int, int], ...]) -> Any:
    return load(*(path for path, _, _ in files))
