"""What `mine` leaves for the report of `mix`: its counts, and the parameters that its rows name by a hash."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from core.atomic import write_json
from core.errors import TableError
from triplets.provenance import MadeBy


@dataclass(frozen=True)
class MinedReport:
    """What each rule of `mine` rejected, and what made its rows."""

    rules: Mapping[str, int]
    made_by: MadeBy

    @staticmethod
    def write(path: Path, counts: Mapping[str, Any], made_by: MadeBy) -> None:
        """Write it with all `counts` of a tally."""
        write_json(path, {**counts, "made_by": asdict(made_by)})

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote.

        Raises:
            TableError: the file is missing or holds something else.
        """
        try:
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return cls(told["rules"], MadeBy(**told["made_by"]))
        except FileNotFoundError:
            raise TableError(f"{path} does not exist. Run the stage that writes it: dvc repro.") from None
        except (ValueError, KeyError, TypeError) as error:
            raise TableError(f"{path} is no report of triplets mine: {error}. Run dvc repro.") from error
