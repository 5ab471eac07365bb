"""Run a command beside PostgreSQL: the server that the environment names, else one of its own that ends with it.

Example: python tests/databases/beside_postgres.py triplets publish --to postgres similar_products
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = ("PGHOST", "PGSERVICE", "PGDATABASE")
NONE = "No PostgreSQL: set PGHOST, PGDATABASE, PGUSER and PGPASSWORD, or run make postgres to have one started here."


def main(words: list[str]) -> int:
    """The exit code of the command."""
    if any(name in os.environ for name in NAMES):
        return subprocess.run(words, check=False).returncode
    from postgres_server import Server, programs

    if programs() is None:
        print(NONE, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="triplets-postgres-") as folder:
        server = Server(Path(folder))
        try:
            return subprocess.run(words, env=os.environ | server.environment(), check=False).returncode
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
