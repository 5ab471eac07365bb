"""TensorFlow, JAX, and JAX on two devices train alike."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import ten_steps
from garments import PARAMS

from core import models
from core.params import load
from train import fit
from train.material import Material
from train.params import FitParams
from train.recipes import completing

SCRIPT = Path(ten_steps.__file__)
# Without dropout, whose draws differ between the backends. Batch normalisation of ten random photos at the end of a
# random trunk multiplies what float32 rounds; so most of the trunk is frozen.
CHANGES = {
    "dropout: 0.1": "dropout: 0.0",
    "steps: 3": "steps: 10",
    "learning_rate: 0.01": "learning_rate: 0.001\n    frozen: 70",
}


@pytest.mark.slow
def test_ten_steps_give_the_same_losses_on_every_backend(project):
    text = PARAMS
    for old, new in CHANGES.items():
        assert old in text
        text = text.replace(old, new)
    Path("params.yaml").write_text(text)
    params = load(Path("params.yaml"), "train.fit", FitParams, complete=completing(None))
    models.save(fit.start(params, Material.read(params)), project / "start.keras")
    expected = ten_steps.ten_losses(project / "start.keras")
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
        "PYTHONPATH": os.pathsep.join([str(SCRIPT.parents[2]), str(SCRIPT.parent)]),
    }
    done = subprocess.run(
        [sys.executable, SCRIPT, project], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["words"] == "2 x cpu, float32"
    assert found["odd"] == "2 devices cannot share 7 triplets. Make train.fit.batch a multiple of 2."
    assert len(set(expected)) == 10
    np.testing.assert_allclose(found["alone"], expected, atol=1e-4)
    np.testing.assert_allclose(found["shared"], expected, atol=1e-4)
