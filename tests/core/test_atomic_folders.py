"""A folder that takes another's place, while others do the same."""

import threading

from core.atomic import replacing


def test_of_two_runs_at_once_one_folder_stands_whole(tmp_path, monkeypatch):
    """Two threads stand for two runs; each has a name of its own for what it writes beside."""
    place = tmp_path / "out"
    failed = []

    def run(name: str) -> None:
        try:
            for _ in range(150):
                with replacing(place) as beside:
                    beside.mkdir()
                    (beside / "a").write_text(name)
                    (beside / "b").write_text(name)
        except OSError as error:
            failed.append(error)

    process = threading.local()
    monkeypatch.setattr("core.atomic.os.getpid", lambda: process.number)
    monkeypatch.setattr("core.atomic._runs", lambda number: True)

    def start(number: int) -> None:
        process.number = number
        run(str(number))

    threads = [threading.Thread(target=start, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert (place / "a").read_text() == (place / "b").read_text()
