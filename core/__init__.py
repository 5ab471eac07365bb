"""What two stages share. Imports no stage."""

import os

# TensorFlow reads these when Keras first imports it, which may be before any module below core.
os.environ.setdefault("TF_DETERMINISTIC_OPS", "1")  # JAX is deterministic on one device by itself
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
