"""A Spark session for the engine, its context: started quietly where there is none, stopped after the work.

On a cluster whose workers have a Python of their own, PYSPARK_PYTHON names it, and the project is installed there.
Otherwise the workers run this Python and see what it imports. What else is to be set, such as the memory of the
executors, stands in Spark's own conf/spark-defaults.conf.
"""

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway

from core.engines import Engine
from core.errors import InputError
from core.spark_faults import first_line
from core.spark_master import require_master

_JAVA = 17  # what Spark 4 asks for
_HINT = "Install Java 17 or newer (Debian: apt-get install openjdk-17-jre-headless), or set JAVA_HOME."
_TRIES = 4  # of a task; Spark's own number on a cluster
_SETTINGS = {
    "spark.app.name": "mildnet-triplets",
    "spark.log.level": "ERROR",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.maxResultSize": "0",  # few results wait at a time, and one partition's may be large
    "spark.task.maxFailures": str(_TRIES),
    "spark.hadoop.yarn.resourcemanager.connect.max-wait.ms": "120000",  # not a quarter of an hour
}
_HERE = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
# Java only passes bytes on: what makes it start sooner and leaves the cores to the workers. Short of memory, it ends
# instead of hanging.
_JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def session(engine: Engine) -> Iterator[SparkContext]:
    """The context that is active, or one of its own, which is stopped afterwards.

    Raises:
        InputError: Java is missing or too old, or the master is wrong or does not answer.
    """
    logging.getLogger().addFilter(_of_others)
    # No task uses pandas, so its version does not matter.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    warnings.filterwarnings("ignore", "Unable to cleanly shutdown Spark", RuntimeWarning)  # told as an error
    active = SparkContext._active_spark_context
    context = active or _started(engine)
    try:
        yield context
    finally:
        if active is None:
            try:
                context.stop()
            except ConnectionError:  # Java has gone; the second call clears what is left here
                context.stop()


def _started(engine: Engine) -> SparkContext:
    require_java()
    master = _with_tries(engine.master or f"local[{engine.workers}]")
    require_master(master)
    settings = _SETTINGS | {f"spark.executorEnv.{name}": "1" for name in _THREADS}
    if master.startswith("local"):
        settings |= _HERE
    if os.environ.setdefault("PYSPARK_PYTHON", sys.executable) == sys.executable:
        settings["spark.executorEnv.PYTHONPATH"] = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    gateway = _gateway()
    interrupted = signal.getsignal(signal.SIGINT)
    try:
        conf = SparkConf().setMaster(master).setAll(list(settings.items()))
        context = SparkContext(conf=conf, gateway=gateway)
        # Where Java ends, this server would print a traceback of its own.
        context._accumulatorServer.handle_error = lambda *_: None
        return context
    except (Py4JError, PySparkException) as error:
        raise InputError(f"Spark does not start at {engine.master or master}: {first_line(str(error))}.") from error
    finally:
        # Spark's own answer to an interrupt talks to Java in the midst of whatever is being said to it.
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, interrupted)


def _of_others(record: logging.LogRecord) -> bool:
    """Whether a message of the log is not of the link to Java, which tells every broken call at length."""
    return "py4j" not in record.pathname


def heap(context: SparkContext) -> int:
    """The bytes of Java's memory, of the driver or of an executor, whichever has less."""
    driver = int(context._jvm.java.lang.Runtime.getRuntime().maxMemory())
    if context.master.startswith("local["):
        return driver
    return min(driver, int(context._jsc.sc().conf().getSizeAsBytes("spark.executor.memory", "1g")))


def _with_tries(master: str) -> str:
    """`master`, which repeats a failed task also where it is this machine."""
    found = re.fullmatch(r"local(?:\[(\d+|\*)\])?", master)
    return f"local[{found[1] or 1},{_TRIES}]" if found else master


@cache
def _gateway() -> Any:
    """The Java process, one for all sessions; what it prints is kept from the console."""
    # In a thread, as an interrupt in its midst would leave a Java that nobody ends.
    with tempfile.TemporaryFile() as log, ThreadPoolExecutor(1) as launching:
        try:
            conf = SparkConf(loadDefaults=False).set("spark.driver.defaultJavaOptions", _JAVA_OPTIONS)
            return launching.submit(launch_gateway, conf, {"stdout": log, "stderr": log}).result()
        except PySparkException as error:
            log.seek(0)
            raise InputError(f"Java does not start: {first_line(log.read().decode(errors='replace'))}.") from error


def require_java() -> None:
    """Look for a Java that can run Spark.

    Raises:
        InputError: there is none, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    if java is None:
        place = f"JAVA_HOME is {home}, which has no bin/java" if home else "Spark needs Java, and none is installed"
        raise InputError(f"{place}. {_HINT}")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    if version is None or int(version[1]) < _JAVA:
        raise InputError(f"Spark needs Java {_JAVA}. Received: {first_line(said) or java}. {_HINT}")
