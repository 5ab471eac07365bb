"""Parts loaded ahead: in order, a few at a time, and errors in their place."""

import threading
import time
from contextlib import closing

import pytest

from core.ahead import ahead


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_parts_come_in_their_order_however_long_each_takes(threads):
    def load(part: int) -> int:
        time.sleep(0.01 * (part % 3))
        return part * part

    assert list(ahead(load, range(8), threads)) == [part * part for part in range(8)]
    assert list(ahead(load, [], threads)) == []


def test_no_more_than_one_beyond_the_threads_is_loaded_before_it_is_asked_for():
    loaded = []
    with closing(ahead(loaded.append, range(100), 3)) as parts:
        next(parts)
        time.sleep(0.05)
        assert len(loaded) <= 4
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]


def test_an_error_is_raised_in_place_of_its_part():
    parts = ahead(lambda part: 6 // part, [3, 2, 0, 1], 2)
    assert next(parts) == 2
    assert next(parts) == 3
    with pytest.raises(ZeroDivisionError):
        next(parts)
