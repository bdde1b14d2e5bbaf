"""Several processes share a database, and any of them may be killed at any moment."""

import os
import subprocess
import sys
from pathlib import Path

from tests.cache.stores import kept, key, numbers_in, query, rows, url
from tests.patience import HANGS_AFTER

WRITER = """
import sys
from pathlib import Path
from tests.cache.stores import kept, key, rows, url

path, first, last, at_once = Path(sys.argv[1]), *map(int, sys.argv[2:])
with kept(url(path), busy_timeout=30.0, flush_rows=at_once, max_rows=10_000_000) as it:
    for start in range(first, last, at_once):
        it.store.put_many(rows(*range(start, start + at_once)))
        it.store.get_many([key(0), key(start)])
        assert it.store.flush(60), it.warnings
        print(start + at_once, flush=True)
    assert it.warnings == []
"""


def writer(path: Path, first: int, last: int, at_once: int) -> "subprocess.Popen[str]":
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])}
    arguments = [str(path), str(first), str(last), str(at_once)]
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, *arguments], stdout=subprocess.PIPE, text=True, env=environment
    )


def test_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "counts.db"
    writers = [writer(path, first, first + 300, 10) for first in (0, 200, 400)]
    for process in writers:
        process.communicate(timeout=HANGS_AFTER)
    assert [process.returncode for process in writers] == [0, 0, 0]
    assert numbers_in(path) == set(range(700))
    assert query(path, "PRAGMA integrity_check") == [("ok",)]


def test_a_killed_process_loses_nothing_it_has_flushed(tmp_path: Path) -> None:
    path = tmp_path / "counts.db"
    flushed = 0
    for lines in (1, 4, 9):
        process = writer(path, flushed, 1_000_000, 200)
        assert process.stdout is not None
        for _ in range(lines):
            flushed = int(process.stdout.readline())
        # It goes on with the next batches meanwhile.
        process.kill()
        process.stdout.close()
        assert process.wait(HANGS_AFTER) == -9
        with kept(url(path)) as it:
            wanted = range(flushed)
            assert it.store.get_many(map(key, wanted)) == rows(*wanted)
            assert (it.fault(), it.warnings) == (None, [])
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    assert list(tmp_path.glob("*.corrupt-*")) == []
