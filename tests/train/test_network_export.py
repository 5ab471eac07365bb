"""A network as LiteRT and ONNX files: what they compute, what is refused, how they are timed."""

import importlib.util
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner, Result

from core import models
from core.images import PixelStore
from core.tables import Catalog
from core.trunks import Preprocess
from train.cli import main
from train.export import formats, litert, onnx, selective
from train.export.nearness import cosines, same_nearest
from train.export.quiet import quiet
from train.export.runtime import in_float32, keras_runtime
from train.latency import measure
from train.layers import L2Normalize, LocalResponseNormalization

MODEL = Path("data/model/fit/model.keras")
OUT = Path("data/model/export")
FILES = {"model.float16.tflite", "model.int8.tflite", "model.onnx"}
LIBRARIES = ("tensorflow", "ai_edge_litert", "tf2onnx", "onnx", "onnxruntime")

converting = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in LIBRARIES) or keras.backend.backend() != "tensorflow",
    reason="pip install 'mildnet-triplets[cpu,export]' brings the converters",
)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["export", *words])


def error(*words: str) -> str:
    result = run(*words)
    assert result.exit_code == 1
    return result.stderr.strip().splitlines()[-1]


def network() -> keras.Model:
    """A small network of random weights with every layer of our own, pooled in two places as MILDNets are."""
    layers = keras.layers
    pixels = keras.Input((32, 32, 3))
    first = layers.Conv2D(8, 3, strides=2, activation="relu6")(Preprocess("caffe")(pixels))
    maps = LocalResponseNormalization()(first)
    maps = layers.ReLU(6)(layers.BatchNormalization()(layers.DepthwiseConv2D(3, strides=2)(maps)))
    joined = layers.Concatenate()([layers.GlobalAveragePooling2D()(each) for each in (first, maps)])
    return keras.Model(pixels, L2Normalize()(layers.Dense(16)(joined)), name="small")


@pytest.fixture
def trained(project):
    """The project with a network of random weights in the place of the trained one."""
    models.seed(1)
    model = network()
    models.save(model, MODEL)
    return model


def photos_of(split: str) -> np.ndarray:
    catalog = Catalog.read(Path("data/curated/catalog/catalog.parquet"))
    store = PixelStore.open(Path("data/curated/catalog/images.arrow"))
    return store.square(catalog.image_id[catalog.split == split], 32)


@converting
@pytest.mark.slow
def test_every_file_computes_what_keras_does(trained, capfd):
    import onnxruntime
    from ai_edge_litert.interpreter import Interpreter

    result = run("--photos", "40")
    assert result.exit_code == 0, result.stderr
    assert "fully_quantize" not in capfd.readouterr().err
    assert {path.name for path in OUT.iterdir()} == FILES
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in result.stdout.splitlines()]
    assert [row[0] for row in table[:-1]] == ["format", "---" + table[1][0][3:], "keras", *formats.FORMATS]
    for _, file, size, mean, worst, *_ in table[3:-1]:
        assert int(size.replace(",", "")) == (OUT / file).stat().st_size
        assert 0.98 < float(worst) <= float(mean) <= 1
    assert result.stdout.splitlines()[-1] == f"40 photos compared. {OUT}"

    photos = photos_of("test")
    wanted = trained.predict_on_batch(photos)
    for file, least in (("model.float16.tflite", 0.999), ("model.int8.tflite", 0.98)):
        reader = Interpreter(str(OUT / file), num_threads=1)
        reader.allocate_tensors()
        (source,), (target,) = reader.get_input_details(), reader.get_output_details()
        assert (source["dtype"], source["shape"].tolist()) == (np.uint8, [1, 32, 32, 3])
        assert (target["dtype"], target["shape"].tolist()) == (np.float32, [1, 16])
        for photo, embedding in zip(photos, wanted, strict=True):
            reader.set_tensor(source["index"], photo[np.newaxis])
            reader.invoke()
            found = reader.get_tensor(target["index"])[0]
            assert found @ embedding >= least
            assert np.linalg.norm(found) == pytest.approx(1, abs=1e-5)
    session = onnxruntime.InferenceSession(OUT / "model.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(["embeddings"], {"photos": photos})  # all at once
    np.testing.assert_allclose(found, wanted, atol=1e-4)

    before = {path.name: path.read_bytes() for path in OUT.iterdir()}
    assert run("--photos", "40").exit_code == 0
    assert {path.name: path.read_bytes() for path in OUT.iterdir()} == before


@converting
def test_a_file_that_computes_something_else_is_not_written_and_the_others_are(trained, monkeypatch):
    def of_another_network(model, photos):
        return onnx.float32(network(), photos)

    monkeypatch.setitem(formats.FORMATS, "onnx", replace(formats.FORMATS["onnx"], written=of_another_network))
    result = run("--photos", "5", "--format", "onnx", "--format", "litert-float16", "--out", "files")
    assert result.exit_code == 1
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error")]
    assert line.startswith(
        "Error: onnx is not written: the cosine of its embeddings with Keras' must be at least 0.999. Received: "
    )
    assert line.endswith(" on the mean. Update the libraries: pip install --upgrade 'mildnet-triplets[export]'.")
    assert "| litert-float16 | model.float16.tflite |" in result.stdout
    assert [path.name for path in Path("files").iterdir()] == ["model.float16.tflite"]


@pytest.mark.slow
def test_a_network_of_half_precision_is_copied_in_full():
    models.seed(1)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        half = network()
    finally:
        keras.config.set_dtype_policy("float32")
    full = in_float32(half)
    assert {layer.compute_dtype for layer in full.layers} == {"float32"}
    assert full.name == half.name
    photos = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype(np.uint8)
    assert cosines(keras_runtime(half)(photos), keras_runtime(full)(photos)).min() > 0.999


@converting
def test_a_network_that_does_not_convert_is_named(trained, monkeypatch):
    def fail(model, photos):
        raise ValueError("no such operation\nand much more")

    monkeypatch.setitem(formats.FORMATS, "onnx", replace(formats.FORMATS["onnx"], written=fail))
    message = "Error: small cannot be written as onnx: no such operation"
    assert error("--photos", "5", "--format", "onnx") == message
    assert not OUT.exists()


@converting
@pytest.mark.slow
def test_a_layer_that_rounding_spoils_stays_in_float(monkeypatch):
    rng = np.random.default_rng(1)
    photos = np.broadcast_to(rng.integers(0, 256, (24, 1, 1, 3)), (24, 8, 8, 3)).astype(np.uint8)
    pixels = keras.Input((8, 8, 3))
    edges = keras.layers.DepthwiseConv2D(3, depth_multiplier=8, activation="relu", name="edges")
    maps = edges(keras.layers.Rescaling(1 / 255)(pixels))
    model = keras.Model(pixels, L2Normalize()(keras.layers.GlobalAveragePooling2D()(maps)))
    kernel = rng.normal(0, 40, (3, 3, 3, 8))  # what its rounded weights sum to is far from 0, which they sum to
    edges.set_weights([kernel - kernel.mean(axis=(0, 1)), rng.normal(0, 0.3, 24)])
    wanted = keras_runtime(model)(photos)
    with quiet():
        chosen = cosines(wanted, litert.opened(litert.int8(model, photos))(photos))
        monkeypatch.setattr(selective, "ENOUGH", -1)
        plain = cosines(wanted, litert.opened(litert.int8(model, photos))(photos))
    assert plain.min() < 0.98 < 0.99 <= chosen.min()


def test_cosines_are_those_of_a_loop():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(size=(2, 6, 4)).astype(np.float32)
    ours[1] = theirs[1] = 0
    ours[2] = 0
    theirs[3] = np.nan
    wanted = [float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) for a, b in zip(ours[4:], theirs[4:], strict=True)]
    found = cosines(ours, theirs)
    np.testing.assert_allclose(found[4:], wanted, rtol=1e-5)
    assert found[1:4].tolist() == [1, 0, 0]


def test_the_same_nearest_is_counted_by_photo():
    ours = np.array([[0.0], [1.0], [3.0], [7.0]], np.float32)  # nearest: 1, 0, 1, 2
    theirs = np.array([[0.0], [1.0], [3.0], [0.9]], np.float32)  # nearest: 3, 3, 1, 1
    assert same_nearest(ours, theirs) == 0.25
    assert same_nearest(ours, ours) == 1


def test_latency_is_of_one_photo_at_a_time_after_the_warm_up():
    seen = []

    def embed(photos):
        seen.append(photos)
        time.sleep(0.05 if len(seen) <= 2 else 0.002)  # the first two compile

    photos = np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1)
    latency = measure(embed, photos, repeats=7, warmup=2)
    assert [photo.item() for photo in seen] == [1, 2, 0, 1, 2, 0, 1, 2, 0]
    assert all(photo.shape == (1, 1, 1, 1) for photo in seen)
    assert 2 <= latency.median_ms <= latency.p95_ms
    assert latency.median_ms < 50


def test_quiet_drops_native_words_and_shows_ours(capfd):
    with quiet():
        os.write(2, b"a converter talks\n")
        print("a warning", file=sys.stderr)
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "a warning\nafterwards\n"


def test_an_unknown_format_is_named(trained):
    message = "Error: unknown format coreml. Choose from litert-float16, litert-int8, onnx."
    assert error("--format", "onnx", "--format", "coreml") == message


def test_the_help_names_every_format():
    text = " ".join(run("--help").stdout.split())
    assert all(name in text for name in formats.FORMATS)


def test_a_missing_library_names_the_extra(project, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")
    assert error("--format", "litert-int8") == (
        "Error: ai_edge_litert, which litert-int8 needs, is not installed."
        " Install the extra: pip install 'mildnet-triplets[export]'."
    )


def test_another_backend_is_told_which_one_converts(project, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    assert error() == (
        "Error: only TensorFlow converts networks, and Keras runs on jax."
        " Set KERAS_BACKEND=tensorflow for this command alone: the model file is the same on both."
    )


@converting
def test_missing_inputs_name_the_next_step(project):
    assert error() == f"Error: {MODEL} does not exist. Run the stage that writes it: dvc repro."
    models.save(network(), MODEL)
    for place in (Path("data/curated/catalog"), Path("data/curated/street")):
        catalog = Catalog.read(place / "catalog.parquet")
        catalog.take(catalog.split == "train").write(place / "catalog.parquet")
    assert error() == "Error: no photo is of the split val or test. Add photos and run dvc repro."
