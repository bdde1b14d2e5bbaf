"""A PostgreSQL server of the tests' own, from Debian's package: `make postgres`."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

PAGE = Path(__file__).parents[3] / "docs" / "team-cache.md"


@dataclass(frozen=True)
class Postgres:
    """A server in `folder` that listens on `port`. `user`: who runs it, if not who runs the tests: it refuses root."""

    folder: Path
    port: int
    programs: Path
    user: str | None

    def start(self) -> None:
        """Start it; returns when it answers."""
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "deadlock_timeout": "100ms",
            "log_lock_waits": "on",
        }
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._run("pg_ctl", "start", "--wait", "-l", str(self.log), "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """Stop it. `immediate`: as a crash would."""
        self._run("pg_ctl", "stop", "--wait", "-m", mode)

    def initialize(self) -> None:
        """Make its files."""
        self._run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "log"

    def url(self, database: str, user: str = "postgres") -> str:
        """A database's `cacheUrl`."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def execute(self, database: str, *statements: str, user: str = "postgres") -> list[tuple[Any, ...]]:
        """Run statements past all of our code; returns the last one's rows."""
        with (
            psycopg.connect(self.url(database, user), autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            for statement in statements:
                cursor.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *arguments: str) -> None:
        command: Sequence[str] = (str(self.programs / program), *arguments, "-D", str(self.folder / "data"))
        if self.user is not None:
            command = ("runuser", "-u", self.user, "--", *command)
        # The server keeps what it inherits: it must not be a pipe.
        done = subprocess.run(
            command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )
        assert done.returncode == 0, self.log.read_text() if self.log.exists() else command


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A running server."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert programs, "PostgreSQL is not installed: make postgres"
    folder = Path(tempfile.mkdtemp(prefix="weighbridge-postgres-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Postgres(folder, port, programs[-1], user)
    try:
        server.initialize()
        server.start()
        yield server
        server.stop("immediate")
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def database(server: Postgres, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of an empty database, for this test alone."""
    name = request.node.name.removeprefix("test_")[:40]
    server.execute("postgres", f'CREATE DATABASE "{name}"')
    yield name
    server.execute("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')
