"""A comparison: several recipes trained under one budget with several seeds, as a table and a picture."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from core import rows
from core.atomic import write_json, write_text
from train.comparison import contest, figure, table
from train.comparison.entry import Budget, Entry
from train.comparison.judges import Judges
from train.params import FitParams

Runs = Mapping[str, Sequence[dict[str, Any]]]

_TOLD = ("in-class", "category")


def planned(entries: Sequence[str], budget: Budget, seeds: int) -> dict[str, list[FitParams]]:
    """The parameters of each entry, as it is written, with each seed from 1 to `seeds`.

    Raises:
        ParamsError: an entry is written otherwise, names what is unknown, or has a value that is refused.
    """
    read = [Entry.of(written) for written in entries]
    return {entry.name: [entry.params(budget, seed) for seed in range(1, seeds + 1)] for entry in read}


def runs(
    plan: Mapping[str, Sequence[FitParams]],
    photos: int,
    judges: Judges,
    folder: Path,
    *,
    workers: int,
    report: Callable[[str], object],
) -> Runs:
    """What `contest.kept` gives for each entry and seed; `report` is given a line on each as it ends.

    Raises:
        ModelError: a training failed; the runs before it are kept.
    """
    done: dict[str, list[dict[str, Any]]] = {}
    with tqdm(total=sum(map(len, plan.values())), unit=" runs") as bar:
        for name, each in plan.items():
            for seed, params in enumerate(each, 1):
                bar.set_description(f"{name}, seed {seed}")
                run = contest.kept(params, photos, judges, folder, workers=workers)
                done.setdefault(name, []).append(run)
                bar.update()
                report(_line(name, seed, run))
    return done


def write(folder: Path, done: Runs, judges: Judges) -> str:
    """Write the runs, the table and the picture to `folder`; gives the table as text."""
    teachers = judges.numbers(judges.teachers)
    found = table.rows(done, teachers)
    text = rows.text(found)
    write_json(folder / "runs.json", done)
    write_text(folder / "table.csv", rows.as_csv(found))
    write_text(folder / "table.md", text)
    figure.draw(folder / "table.png", done, teachers)
    return text


def _line(name: str, seed: int, run: dict[str, Any]) -> str:
    scores = {measure: table.stands(run["trained"], table.MEASURES[measure]) for measure in _TOLD}
    told = [f"{value:.3f} {measure}" for measure, value in scores.items() if value is not None]
    rate = f"{run['photos_per_second']:.0f} photos/s"
    return f"{name}, seed {seed}: {', '.join([*told, rate])}"
