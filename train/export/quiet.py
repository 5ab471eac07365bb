"""Converters that talk: what native code writes to the standard error is dropped, Python's own still shows."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2


@contextmanager
def quiet() -> Iterator[None]:
    """Drop what native code writes. Its errors are raised as exceptions; progress bars and warnings are Python's."""
    shown = sys.stderr
    shown.flush()
    kept = os.dup(_STDERR)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDERR)
    os.close(nowhere)
    if shown is sys.__stderr__:
        sys.stderr = os.fdopen(os.dup(kept), "w", buffering=1)
    try:
        yield
    finally:
        if sys.stderr is not shown:
            sys.stderr.close()
            sys.stderr = shown
        os.dup2(kept, _STDERR)
        os.close(kept)
