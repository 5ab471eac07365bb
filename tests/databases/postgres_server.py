"""A PostgreSQL server of the tests' own: its programs, a folder that goes away, loopback and a free port."""

import getpass
import os
import pwd
import shutil
import socket
import subprocess
import time
from pathlib import Path

import psycopg

USER, PASSWORD = "shop owner", "s3cret, 'quoted'"


def programs() -> Path | None:
    """The folder of initdb and postgres; Debian keeps it out of the PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = shutil.which("initdb") or (debian[-1] if debian else None)
    return Path(found).parent if found else None


class Server:
    """It is made and started at once, and listens when this is through."""

    def __init__(self, folder: Path) -> None:
        self._bin, self._folder = programs(), folder
        # PostgreSQL refuses to run as root.
        self._user = self._unprivileged() if os.geteuid() == 0 else getpass.getuser()
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (folder, secret):
                shutil.chown(path, self._user)
        self._run(
            "initdb", "--auth=scram-sha-256", f"--pwfile={secret}", f"--username={USER}", "--no-sync", "-E", "UTF8"
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def environment(self, database: str = "postgres") -> dict[str, str]:
        return {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": USER,
            "PGPASSWORD": PASSWORD,
            "PGDATABASE": database,
        }

    def connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname=database, autocommit=True
        )

    def start(self) -> None:
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off -c timezone=Asia/Tokyo"
        self._run("pg_ctl", "start", "--wait", f"--log={self._folder / 'log'}", "-o", options)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-m", "immediate")

    def terminate(self) -> None:
        """End every connection of our programs, as an administrator does, and wait until they are gone."""
        ours = "FROM pg_stat_activity WHERE application_name = 'mildnet-triplets'"
        with self.connect("postgres") as admin:
            assert admin.execute(f"SELECT pg_terminate_backend(pid) {ours}").fetchall() == [(True,)]
            while admin.execute(f"SELECT 1 {ours}").fetchall():
                time.sleep(0.01)

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._bin / program, "-D", self._folder / "data", *words],
            user=self._user if os.geteuid() == 0 else None,
            group=pwd.getpwnam(self._user).pw_gid if os.geteuid() == 0 else None,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            cwd=self._folder,
            stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, (program, done.stdout, done.stderr)

    @staticmethod
    def _unprivileged() -> str:
        known = {user.pw_name for user in pwd.getpwall()}
        return "postgres" if "postgres" in known else "nobody"
