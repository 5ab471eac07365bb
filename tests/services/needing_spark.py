"""For tests that need Spark: to import this skips the file where PySpark or Java is missing, and says which."""

import pytest

from core.errors import InputError

pytest.importorskip("pyspark", reason="PySpark is not installed: make spark")

from core.spark_session import require_java

try:
    require_java()
except InputError as error:
    pytest.skip(f"Spark cannot run here: {error}", allow_module_level=True)
