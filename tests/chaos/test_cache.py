"""The cache broken in every way: counts stay right, one warning says what is wrong, and nothing is lost."""

import os
import resource
import sqlite3
import sys
import time
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path

import pytest
from tests.cache.stores import PATIENT
from tests.e2e.process import Process, serving
from tests.tokens.reference import tokens

from weighbridge.cache import Counted, CountKey, CountStore, digest

_SERVE = """
from weighbridge.cli import main
sys.exit(main(["serve"]))
"""


def patient(place: Path, before: str = "") -> AbstractAsyncContextManager[Process]:
    """A server in `place` that waits for its database as long as it takes. `before`: Python that it runs first."""
    return serving(place, command=(sys.executable, "-c", PATIENT + before + _SERVE))


TEXT = "# Words\n\n@[file:a.md] and more of them\n"
INCLUDED = "the included words\n"
RESOLVED = TEXT.replace("@[file:a.md]", INCLUDED)


def count(text: str) -> int:
    """tiktoken's own count."""
    return len(tokens("cl100k_base", text))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "a.md").write_text(INCLUDED)
    (workspace / "a.prompt.md").write_text(TEXT)
    return workspace


def database(tmp_path: Path) -> Path:
    (tmp_path / "cache" / "weighbridge").mkdir(parents=True, exist_ok=True)
    return tmp_path / "cache" / "weighbridge" / "counts.sqlite3"


async def counts(server: Process, folder: Path, **options: object) -> None:
    """See that a session counts right, before and after an edit."""
    await server.initialize(folder, options=options)
    uri = server.open(folder / "a.prompt.md")
    assert await server.count(uri) == count(RESOLVED)
    server.tell(
        "textDocument/didChange",
        {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": TEXT + "one more line\n"}]},
    )
    assert await server.count(uri) == count(RESOLVED + "one more line\n")


def rows(path: Path) -> dict[bytes, int]:
    """How often each count that a database holds was given from it, by the text's digest; it must be whole."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not connection.execute(
            "SELECT name FROM sqlite_master WHERE name LIKE '%token_counts'"
        ).fetchall():
            return {}
        return dict(connection.execute("SELECT digest, hits FROM weighbridge_token_counts"))


async def warned(server: Process) -> str:
    """What the status says is wrong, said once."""
    await server.until(lambda: server.health().strip())
    messages: set[str] = {
        params["message"]
        for method, params in server.sent
        if method == "experimental/serverStatus" and "message" in params
    }
    assert len(messages) == 1
    return messages.pop()


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
async def test_a_corrupt_database_is_set_aside_and_made_anew(
    tmp_path: Path, folder: Path, content: bytes
) -> None:
    path = database(tmp_path)
    path.write_bytes(content)
    async with patient(tmp_path) as server:
        await counts(server, folder)
        assert "it is no database; it is now counts.sqlite3.corrupt-" in await warned(server)
        assert await server.leave() == 0
    assert [
        kept.read_bytes() for kept in path.parent.glob("counts.sqlite3?*") if b"garb" in kept.name.encode()
    ] == []
    assert content in [kept.read_bytes() for kept in path.parent.iterdir()]
    assert rows(path) != {}


async def test_a_database_that_was_cut_off_is_set_aside_and_made_anew(tmp_path: Path, folder: Path) -> None:
    path = database(tmp_path)
    store = CountStore(f"sqlite:///{path}")
    store.put_many(
        {
            CountKey(digest(f"{number}"), "cl100k_base", "1"): Counted(1, 1, 1, 1, 0, 0)
            for number in range(3_000)
        }
    )
    assert store.flush()
    store.close()
    os.truncate(path, path.stat().st_size // 2)
    async with patient(tmp_path) as server:
        await counts(server, folder)
        assert "it is damaged; it is now counts.sqlite3.corrupt-" in await warned(server)
        assert await server.leave() == 0
    assert 0 < len(rows(path)) < 100


async def test_a_folder_in_the_databases_place(tmp_path: Path, folder: Path) -> None:
    (database(tmp_path) / "in the way").mkdir(parents=True)
    async with patient(tmp_path) as server:
        await counts(server, folder)
        assert (await warned(server)).endswith("counts.sqlite3: it is a folder")
        assert await server.leave() == 0
    assert (database(tmp_path) / "in the way").is_dir()


async def test_a_database_that_another_locks(tmp_path: Path, folder: Path) -> None:
    store = CountStore(f"sqlite:///{database(tmp_path)}")
    assert store.flush()
    store.close()
    holder = sqlite3.connect(database(tmp_path), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    async with patient(tmp_path) as server:
        await counts(server, folder)
        assert (await warned(server)).endswith("counts.sqlite3: it is locked by another program")
        assert await server.leave() == 0
    holder.execute("ROLLBACK")
    assert holder.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    holder.close()


# A limit on the size of files is a full disk to whoever writes one. The log is left alone: it is short.
_FULL = f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, {resource.RLIM_INFINITY}))
"""


async def test_a_full_disk(tmp_path: Path, folder: Path) -> None:
    async with patient(tmp_path, _FULL) as server:
        await counts(server, folder)
        assert (await warned(server)).endswith("counts.sqlite3: reading or writing it failed")
        assert await server.leave() == 0


# To the superuser nothing is read-only, unless he gives up the right to pass over permissions.
_OBEYING = """
import ctypes, os
CAP_DAC_OVERRIDE, VERSION_3 = 1, 0x20080522
if os.geteuid() == 0:
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, data) == 0, ctypes.get_errno()
    data[0] &= ~(1 << CAP_DAC_OVERRIDE)
    assert libc.capset(header, data) == 0, ctypes.get_errno()
"""


@pytest.mark.parametrize("there", [True, False])
async def test_a_folder_that_can_not_be_written_to(tmp_path: Path, folder: Path, *, there: bool) -> None:
    place = tmp_path / "read-only"
    place.mkdir()
    path = place / "counts.sqlite3"
    if there:
        path.write_bytes(b"")
        path.chmod(0o400)
    place.chmod(0o500)
    async with patient(tmp_path, _OBEYING) as server:
        await counts(server, folder, cacheUrl=f"sqlite:///{path}")
        assert (await warned(server)).startswith("Counts are not kept across restarts: ")
        assert await server.leave() == 0
    place.chmod(0o700)
    assert [found.name for found in place.iterdir()] == (["counts.sqlite3"] if there else [])
    assert not there or path.read_bytes() == b""


async def test_a_cache_folder_that_can_not_be_made(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "cache").write_text("a file in the folder's place")
    async with patient(tmp_path) as server:
        await counts(server, folder)
        assert (await warned(server)).startswith("Counts are not kept across restarts: ")
        assert await server.leave() == 0


async def test_killed_while_it_counts_it_loses_only_what_was_not_done(tmp_path: Path, folder: Path) -> None:
    texts = [f"{number} words " * 2_000 for number in range(400)]
    for number, text in enumerate(texts):
        path = folder / f"part-{number}.md"
        path.write_text(text)
        # As changed in an hour: each is looked up by what it holds, for its times say nothing.
        os.utime(path, (time.time() + 3600,) * 2)
    paths = [folder / "first.prompt.md", folder / "second.prompt.md"]
    for path, numbers in zip(paths, (range(100), range(400)), strict=True):
        path.write_text("".join(f"@[file:part-{number}.md]\n" for number in numbers))
    async with patient(tmp_path) as server:
        await server.initialize(folder)
        first = server.open(paths[0])
        await server.count(first)
        # Counts are written together, every now and then.
        while not database(tmp_path).exists() or not rows(database(tmp_path)):
            await server.count(first)
        second = server.open(paths[1])
        await server.ask("weighbridge/report", {"textDocument": {"uri": second}})
        server.process.kill()
        assert await server.gone() == -9
    digests = set(map(digest, texts))
    # Used so long ago that their next use is told.
    with closing(sqlite3.connect(database(tmp_path))) as connection, connection:
        connection.execute("UPDATE weighbridge_token_counts SET accessed_at = '2026-01-01 00:00:00.000000'")
    before = rows(database(tmp_path))
    kept = before.keys() & digests
    assert len(kept) >= 100
    async with patient(tmp_path) as server:
        await server.initialize(folder)
        assert await server.count(server.open(paths[1])) == count("\n".join([*texts, ""]))
        assert await server.leave() == 0
        assert server.health().strip() == ""
    after = rows(database(tmp_path))
    assert after.keys() >= digests
    # What had been counted was looked up.
    assert all(after[one] > before[one] for one in kept)
