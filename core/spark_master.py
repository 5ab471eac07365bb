"""What `--master` may say, and whether something answers there: told before Java starts and waits for minutes."""

import os
import re
import socket
from urllib.parse import urlsplit

from core.errors import InputError

_FORMS = re.compile(
    r"local(\[(\d+|\*)(, *\d+)?\])?|local-cluster\[.+\]|spark://[^\s,/]+:\d+(,[^\s,/]+:\d+)*|yarn|k8s://\S+"
)
_SECONDS = 10.0  # to answer in


def require_master(master: str) -> None:
    """Look whether Spark can reach `master`.

    Raises:
        InputError: it is none, nothing answers there, or for YARN the cluster's configuration is not named.
    """
    if not _FORMS.fullmatch(master):
        raise InputError(f"--master must be local[N], spark://HOST:PORT, yarn or k8s://URL. Received: {master}")
    if master == "yarn" and not (os.environ.get("HADOOP_CONF_DIR") or os.environ.get("YARN_CONF_DIR")):
        raise InputError("--master yarn needs the cluster's configuration. Set HADOOP_CONF_DIR to its folder.")
    try:
        places = _places(master)
    except ValueError as error:
        raise InputError(f"--master has no host and port that can be: {error}. Received: {master}") from error
    if places and not any(_answers(host, port) for host, port in places):
        raise InputError(f"nothing answers at {master}. Start the master there, or correct --master.")


def _places(master: str) -> list[tuple[str, int]]:
    """The hosts and ports of a master that has some; one of them is enough."""
    if master.startswith("spark://"):
        found = (place.rsplit(":", 1) for place in master.removeprefix("spark://").split(","))
        return [(host, int(port)) for host, port in found]
    if master.startswith("k8s://"):
        address = master.removeprefix("k8s://")
        parts = urlsplit(address if "://" in address else f"https://{address}")
        return [(parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443))]
    return []


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except (OSError, UnicodeError):  # a name that none can be
        return False
    return True
