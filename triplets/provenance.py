"""The hash by which a triplet names the parameters that let it through, and what stands behind it."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from core.errors import TableError
from core.similarity import Similarity
from triplets.rules import VERSION


@dataclass(frozen=True)
class MadeBy:
    """What the rows of a hash were made with: the section of `params.yaml`, its values, and the distance."""

    section: str
    hash: str
    rules: str
    params: dict[str, Any]
    similarity: dict[str, Any]

    @classmethod
    def of(cls, section: str, params: Any, similarity: Similarity) -> Self:
        """What `params_hash` names."""
        return cls(section, params_hash(params, similarity), VERSION, asdict(params), asdict(similarity))


def params_hash(params: Any, similarity: Similarity) -> str:
    """Twelve hexadecimal digits of the SHA-256 of a parameters' section and of the distance: equal for equal values."""
    told = json.dumps([asdict(params), asdict(similarity)], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def read_made_by(path: Path) -> dict[str, MadeBy]:
    """What stands behind each hash of the mix, from the details of its report.

    Raises:
        TableError: the file is missing or holds something else.
    """
    try:
        told = [MadeBy(**one) for one in json.loads(path.read_text(encoding="utf-8"))["made_by"]]
    except FileNotFoundError:
        raise TableError(f"{path} does not exist. Run the stage that writes it: dvc repro.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise TableError(f"{path} does not say what made the triplets: {error}. Run dvc repro.") from error
    return {one.hash: one for one in told}
