"""Parts of a work loaded by threads while the caller uses those before."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")
Loaded = TypeVar("Loaded")


def ahead(load: Callable[[Part], Loaded], parts: Iterable[Part], threads: int) -> Generator[Loaded, None, None]:
    """Yield `load(part)` for each part, in their order; the next ones are loaded meanwhile.

    What `load` raises is raised here, in place of its part. Closing the generator ends the threads.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="ahead")
    waiting: deque[Future[Loaded]] = deque()
    try:
        for part in parts:
            waiting.append(pool.submit(load, part))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
