"""Seeding, saving and loading Keras models, the same way in every stage."""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from core.atomic import replacing
from core.errors import ModelError

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip archive can name
# What a configuration says of a model beside what it computes from photos.
_ASIDE = ("trainable", "build_config", "compile_config", "shared_object_id")


def seed(value: int) -> None:
    """Start a reproducible run: forget earlier models' names, seed Python, NumPy and the backend."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(value)


def save(model: keras.Model, path: Path) -> None:
    """Write `model` as a `.keras` file, atomically, with bytes that do not tell when it was written."""
    with tempfile.TemporaryDirectory(dir=_made(path.parent)) as folder:
        saved = Path(folder, "model.keras")
        model.save(saved)
        with (
            replacing(path) as beside,
            zipfile.ZipFile(saved) as source,
            zipfile.ZipFile(beside, "w") as target,
        ):
            for name in sorted(source.namelist()):
                data = source.read(name)
                if name == "metadata.json":
                    data = json.dumps({**json.loads(data), "date_saved": ""}).encode()
                elif name == "config.json":
                    data = json.dumps(_renumbered(json.loads(data), {})).encode()
                target.writestr(zipfile.ZipInfo(name, _EPOCH), data)


def load(path: Path) -> keras.Model:
    """Read a `.keras` file.

    Raises:
        ModelError: the file is missing or cannot be read.
    """
    if not path.is_file():
        raise ModelError(f"{path} does not exist. Run the stage that writes it: dvc repro.")
    if not zipfile.is_zipfile(path):  # of which Keras says that there is no such file
        raise ModelError(f"{path} cannot be loaded: it is no Keras file, or a damaged one. Run dvc repro.")
    try:
        return keras.saving.load_model(path, compile=False)
    except (ValueError, TypeError, OSError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} cannot be loaded: {first_line(error)} Run dvc repro.") from error


def fingerprint(model: keras.Model) -> str:
    """A SHA-256 in hexadecimal of what `model` computes: its layers, all of its weights, and the Keras that runs it.

    Names, and what can be trained, do not count. So a part of a network has the same fingerprint in every process,
    and after the network was saved and loaded; with another input size, weight, layer or preprocessing it has another.
    """
    made_by = {"keras": keras.__version__, "backend": keras.backend.backend()}
    hashed = hashlib.sha256(json.dumps([made_by, _nameless(json.loads(model.to_json()), {})]).encode())
    for weight in model.weights:
        values = keras.ops.convert_to_numpy(weight)
        hashed.update(f"{values.dtype} {values.shape}".encode())
        hashed.update(values.tobytes())
    return hashed.hexdigest()


def first_line(error: BaseException) -> str:
    """The first line of an error of Keras, whose messages run over many."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].strip()


def _renumbered(config: Any, numbers: dict[int, int]) -> Any:
    """Number the objects that a configuration shares in their order; Keras gives their addresses in memory."""
    match config:
        case dict():
            return {
                key: numbers.setdefault(value, len(numbers))
                if key == "shared_object_id"
                else _renumbered(value, numbers)
                for key, value in config.items()
            }
        case list():
            return [_renumbered(value, numbers) for value in config]
        case _:
            return config


def _nameless(config: Any, places: Mapping[str, int]) -> Any:
    """The configuration with each layer's place instead of its name; `places` are those of the model around it."""
    match config:
        case dict():
            if isinstance(layers := config.get("layers"), list):  # a model
                places = {layer["config"]["name"]: place for place, layer in enumerate(layers)}
                layers = [{**layer, "name": "", "config": {**layer["config"], "name": ""}} for layer in layers]
                config = {**config, "name": "", "layers": layers}
            return {key: _nameless(value, places) for key, value in config.items() if key not in _ASIDE}
        case [str(name), int(node), int(output)] if name in places:
            return [places[name], node, output]
        case list():
            return [_nameless(value, places) for value in config]
        case _:
            return config


def _made(folder: Path) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
