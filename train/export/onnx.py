"""ONNX files: float32 weights, any number of photos at a time, for servers and for whatever reads ONNX."""

import re
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import keras
import numpy as np

from core.images import Pixels
from core.similarity import Floats
from train.export.runtime import Embed

_INPUT, _OUTPUT = "photos", "embeddings"


def float32(model: keras.Model, photos: Pixels) -> bytes:
    """`model` as it is; `photos` are not needed."""
    import onnx

    signature = [keras.InputSpec(shape=model.input_shape, dtype="uint8", name=_INPUT)]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # Keras asks NumPy for a name that it may give a meaning
        file = Path(folder, "model.onnx")
        model.export(file, format="onnx", input_signature=signature, verbose=False)
        written = onnx.load(file)
    _rename(written.graph)
    onnx.checker.check_model(written, full_check=True)
    return written.SerializeToString(deterministic=True)


def opened(content: bytes) -> Embed:
    """The file as a function: RGB uint8 (n, size, size, 3) to float32 (n, d), photo by photo, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def run(photos: Pixels) -> Floats:
        return np.concatenate([session.run([_OUTPUT], {_INPUT: photo[np.newaxis]})[0] for photo in photos])

    return run


def _rename(graph: Any) -> None:
    """Name the input, the output and their batch, and every value by the node that gives it or uses it first.

    tf2onnx numbers nodes on from one network to the next, puts them in order by that, and names a constant that several
    nodes share by any of them: the same network would be written in other bytes each time.
    """
    places = {name: place for place, name in enumerate(_from_the_input(graph))}
    graph.node.sort(key=lambda node: places[node.output[0]])
    values = {graph.input[0].name: _INPUT, graph.output[0].name: _OUTPUT, "": ""}
    given: Counter[str] = Counter()
    for node in graph.node:
        stem = re.sub(r"__\d+", "", node.name)
        given[stem] += 1
        node.name = f"{stem}_{given[stem]}"
        for kind, names in (("in", node.input), ("out", node.output)):
            names[:] = [values.setdefault(name, f"{node.name}/{kind}_{place}") for place, name in enumerate(names)]
    for named in (*graph.initializer, *graph.input, *graph.output):
        named.name = values[named.name]
    graph.initializer.sort(key=lambda constant: constant.name)
    for end in (graph.input[0], graph.output[0]):
        end.type.tensor_type.shape.dim[0].dim_param = "n"
    del graph.value_info[:]
    graph.doc_string = ""


def _from_the_input(graph: Any) -> list[str]:
    """The first output of every node, in an order that the computation alone decides: each after what it needs."""
    makers = {name: node for node in graph.node for name in node.output}
    done: dict[str, None] = {}
    waiting = [graph.output[0].name]
    while waiting:
        node = makers[waiting[-1]]
        needed = [name for name in node.input if name in makers and makers[name].output[0] not in done]
        if needed and node.output[0] not in done:
            waiting.extend(reversed(needed))
        else:
            done[node.output[0]] = None
            waiting.pop()
    return list(done)
