"""The triplets made anew by DVC, in a run that goes on when nobody looks, and how far it is."""

import fcntl
import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from threading import Thread
from time import sleep

from core.errors import InputError
from core.paths import REGENERATION, REGENERATION_LOCK

_TARGETS = ("similar", "mix")
_PAUSE = 0.1  # seconds between two looks at the log
_BEGINS = re.compile(r"Running stage '(.+)':")
_PASSED = re.compile(r"(?:Stage )?'(.+)' (?:didn't change, skipping|is cached - skipping run)")
_EDGE = re.compile(r'"(.+)" -> "(.+)";')
_FAILED = re.compile(r"failed to reproduce '(.+?)': (.+)")
_REMEMBERED = 50  # lines; the last ones of a run that fails say why


@dataclass(frozen=True)
class Progress:
    """How far the run is: `done` of `of` stages, the stage that runs (empty before the first), its last line."""

    done: int
    of: int
    stage: str
    line: str


def regenerate(project: Path) -> Iterator[Progress]:
    """Begin `dvc repro similar mix` in the folder `project`, and tell of each line that it writes.

    What it writes goes to `REGENERATION`. The run does not depend on who reads this, nor on the process that began it.

    Raises:
        InputError: there is no project or no DVC, such a run goes on already, or a stage fails; with its last line.
    """
    if not (project / "dvc.yaml").is_file():
        raise InputError(f"{project.resolve()} has no dvc.yaml. Run in the project's folder.")
    if find_spec("dvc") is None:
        raise InputError("DVC is not installed, and it runs the stages. Install it: pip install dvc.")
    path = project / REGENERATION_LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                "the triplets are being made anew already. Wait for the end;"
                f" {project / REGENERATION} tells how far it is."
            ) from None
        of = _stages(project)
        with (project / REGENERATION).open("wb") as log:
            # The run inherits the lock, and so holds it as long as it lives.
            run = subprocess.Popen(
                _command("repro", *_TARGETS),
                cwd=project,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(lock.fileno(),),
                start_new_session=True,
            )
    Thread(target=run.wait, daemon=True).start()  # so that it is waited for although nobody reads
    return _told(run, project / REGENERATION, of)


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "dvc", *words]


def _environment() -> dict[str, str]:
    """Lines come as they are written, commands are those of this Python, and nothing is sent anywhere."""
    commands = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return os.environ | {"PATH": commands, "PYTHONUNBUFFERED": "1", "DVC_NO_ANALYTICS": "1"}


def _stages(project: Path) -> int:
    """How many stages the run will meet: the targets and all that they hang on.

    Raises:
        InputError: DVC cannot read the project.
    """
    asked = subprocess.run(
        _command("dag", "--dot"),
        cwd=project,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if asked.returncode:
        raise InputError(_failure(asked.stderr.splitlines()))
    edges = _EDGE.findall(asked.stdout)
    met, waiting = set(_TARGETS), list(_TARGETS)
    while waiting:
        stage = waiting.pop()
        waiting += [before for before, after in edges if after == stage and before not in met]
        met.update(waiting)
    return len(met)


def _told(run: "subprocess.Popen[bytes]", log: Path, of: int) -> Iterator[Progress]:
    met: set[str] = set()  # a stage may be met twice: told to be in the cache, then run
    stage, running = "", False
    said: deque[str] = deque(maxlen=_REMEMBERED)
    for line in _lines(run, log):
        said.append(line)
        if match := _BEGINS.match(line) or _PASSED.match(line):
            stage, running = match[1], match.re is _BEGINS
            met.add(stage)
        yield Progress(len(met) - running, of, stage, line)
    if run.returncode:
        raise InputError(f"{_failure(said)} All that the run said is in {log}.")
    yield Progress(of, of, stage, said[-1] if said else "")


def _lines(run: "subprocess.Popen[bytes]", path: Path) -> Iterator[str]:
    """The lines of the log as they come, until the run has ended; a progress bar's states are lines too."""
    rest = b""
    with path.open("rb") as log:
        ended = False
        while not ended:
            ended = run.poll() is not None
            *whole, rest = re.split(rb"[\r\n]+", rest + log.read())
            yield from (
                line.decode("utf-8", "replace") for line in [*whole, *([rest] if ended else [])] if line.strip()
            )
            if not whole:
                sleep(_PAUSE)


def _failure(said: Sequence[str]) -> str:
    """Which stage failed, and why, from the last lines of DVC."""
    lines = [line.strip() for line in said]
    errors = [place for place, line in enumerate(lines) if line.startswith("ERROR: ")]
    if not errors:
        return _sentence(f"DVC failed: {next(filter(None, lines), 'it says no reason')}")
    told = " ".join(takewhile(bool, lines[errors[-1] :])).removeprefix("ERROR: ")
    if not (failed := _FAILED.fullmatch(told)):
        return _sentence(f"DVC failed: {told}")
    stage, reason = failed.groups()
    before = lines[errors[-1] - 1] if errors[-1] else ""
    # Of a command that failed, its own last line tells more than that it failed.
    if reason.startswith("failed to run: ") and before and not before.startswith("> "):
        reason = before.removeprefix("Error: ")
    return _sentence(f"the stage {stage} failed: {reason}")


def _sentence(words: str) -> str:
    return words if words.endswith(".") else f"{words}."
