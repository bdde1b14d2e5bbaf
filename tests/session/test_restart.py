"""What was counted once is never tokenized again: not after a restart, not after a kill."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.patience import HANGS_AFTER
from tests.session.harness import a_session, open_file
from tests.tokens.watched import Stats, WatchedService

from weighbridge.cache import CountStore

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.session.harness import a_session, open_file
from weighbridge.cache import CountStore
from weighbridge.tokens import fast

fast.engine = lambda definition: None  # as the test's own process counts

async def main(folder: Path, url: str) -> None:
    store = CountStore(url)
    async with a_session(folder, store=store) as session:
        await session.queries.count(open_file(session, folder / "doc.md"))
        store.flush()
        (folder / "more.md").write_text("never counted before " * 100)
        open_file(session, folder / "more.md")
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


async def counted(folder: Path, url: str, name: str = "doc.md") -> tuple[int, Stats]:
    store = CountStore(url)
    service = WatchedService(store, 100)
    async with a_session(folder, service=service) as session:
        tokens = await session.queries.count(open_file(session, folder / name))
    store.close()
    return tokens, service.stats


def workspace(folder: Path) -> None:
    (folder / "doc.md").write_text(
        "# Title\n\n@[file:a.md] and {{name:nobody}}\n\n## More\n\n" + "words here\n" * 3000
    )
    (folder / "a.md").write_text("Some text, @[file:b.txt]\n")
    (folder / "b.txt").write_text("more of it\n" * 100)


async def test_the_second_start_tokenizes_nothing(tmp_path: Path) -> None:
    workspace(tmp_path)
    url = f"sqlite:///{tmp_path / 'counts.sqlite3'}"
    tokens, first = await counted(tmp_path, url)
    again, second = await counted(tmp_path, url)
    assert (again, second.tokenized) == (tokens, 0)
    assert first.tokenized > 0
    assert second.store_hits > 0


async def test_nor_what_arrives_of_a_long_context_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "AGENTS.md").write_text("- a rule of many words\n" * 2_000)
    url = f"sqlite:///{tmp_path / 'counts.sqlite3'}"
    tokens, _ = await counted(tmp_path, url, "AGENTS.md")
    # There is no text before it to go on from: it is in the cache.
    monkeypatch.setattr("weighbridge.session.arriving.recount", None)
    again, second = await counted(tmp_path, url, "AGENTS.md")
    assert (again, second.tokenized) == (tokens, 0)


async def test_nor_after_a_kill(tmp_path: Path) -> None:
    workspace(tmp_path)
    url = f"sqlite:///{tmp_path / 'counts.sqlite3'}"
    child = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", KILLED, str(tmp_path), url],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        timeout=HANGS_AFTER,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL
    _, stats = await counted(tmp_path, url)
    assert stats.tokenized == 0
