"""Watching files: what the watcher loses, or can't watch, is noticed all the same."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.patience import HANGS_AFTER

from weighbridge.content import watched
from weighbridge.lsp import watching
from weighbridge.lsp.abilities import ClientAbilities
from weighbridge.lsp.watching import Watching


class Watchers:
    """Stands in for `awatch`: what each call is asked for, and what it gives."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[Path, ...], Any]] = []
        self.given: list[asyncio.Queue[set[tuple[int, str]] | Exception]] = []

    async def __call__(self, *paths: Path, **options: Any) -> AsyncIterator[set[tuple[int, str]]]:
        self.asked.append((paths, options["force_polling"]))
        queue: asyncio.Queue[set[tuple[int, str]] | Exception] = asyncio.Queue()
        self.given.append(queue)
        while True:
            found = await queue.get()
            if isinstance(found, Exception):
                raise found
            yield found


class Told:
    """What is told, each time."""

    def __init__(self) -> None:
        self.batches: asyncio.Queue[Sequence[Path]] = asyncio.Queue()

    async def next(self) -> Sequence[Path]:
        async with asyncio.timeout(HANGS_AFTER):
            return await self.batches.get()


@pytest.fixture
def watchers(monkeypatch: pytest.MonkeyPatch) -> Watchers:
    found = Watchers()
    monkeypatch.setattr(watching, "awatch", found)
    for name in ("_GATHER", "_LOOK_AGAIN", "_TRY_AGAIN"):
        monkeypatch.setattr(watching, name, 0.001)
    return found


async def watch(folder: Path, watched: Callable[[], frozenset[Path]]) -> tuple[Watching, Told]:
    told = Told()

    class Silent:
        def notify(self, method: str, params: Any | None = None) -> None:
            raise AssertionError(method)

        async def ask(self, method: str, params: Any | None = None) -> Any:
            raise AssertionError(method)

        def nudge(self, method: str) -> None:
            raise AssertionError(method)

    found = Watching(Silent(), ClientAbilities(), told.batches.put_nowait, told.batches.put_nowait)
    await found.begin([folder], watched)
    return found, told


async def test_all_is_looked_at_once_more_when_it_is_quiet(tmp_path: Path, watchers: Watchers) -> None:
    files = frozenset((tmp_path / "a.md", tmp_path / "b.md"))
    found, told = await watch(tmp_path, lambda: files)
    assert {*await told.next()} == files
    watchers.given[0].put_nowait({(2, str(tmp_path / "a.md"))})
    assert await told.next() == [tmp_path / "a.md"]
    # The other one changed as well, and the watcher lost it.
    assert {*await told.next()} == files
    await found.aclose()


@pytest.mark.parametrize(
    ("fault", "polls"), [(OSError("no more watches"), True), (FileNotFoundError("gone"), None)]
)
async def test_what_can_not_be_watched_is_tried_again(
    tmp_path: Path, watchers: Watchers, fault: Exception, polls: bool | None
) -> None:
    files = frozenset((tmp_path / "a.md",))
    found, told = await watch(tmp_path, lambda: files)
    await told.next()
    watchers.given[0].put_nowait(fault)
    assert {*await told.next()} == files
    assert watchers.asked == [((tmp_path,), None), ((tmp_path,), polls)]
    await found.aclose()


async def test_what_comes_to_matter_while_folders_are_looked_at_is_watched(
    tmp_path: Path, watchers: Watchers, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    files: set[Path] = set()
    places = watched.places_of

    def meanwhile(now: frozenset[Path], folders: tuple[Path, ...]) -> dict[Path, int]:
        if not files:
            files.add(inner / "a.md")
            found.look()
        return places(now, folders)

    monkeypatch.setattr(watching, "places_of", meanwhile)
    found, told = await watch(tmp_path, lambda: frozenset(files))
    while not {*await told.next()} >= files:
        pass
    assert {*watchers.asked[-1][0]} == {tmp_path, inner}
    await found.aclose()


async def test_a_file_of_several_names_is_watched_itself(tmp_path: Path, watchers: Watchers) -> None:
    """Whoever writes it by another name, in a folder that nobody watches, changes nothing in this one."""
    inner = tmp_path / "inner"
    inner.mkdir()
    one, two, linked = inner / "one.md", inner / "two.md", inner / "link.md"
    one.write_text("text")
    two.write_text("text")
    (tmp_path / "elsewhere.md").hardlink_to(two)
    linked.symlink_to("two.md")
    files = frozenset((one, two, linked, inner / "none.md"))
    found, told = await watch(tmp_path, lambda: files)
    await told.next()
    assert {*watchers.asked[-1][0]} == {tmp_path, inner, two}
    # Another file in its place has one name; and then several again.
    two.unlink()
    two.write_text("text")
    watchers.given[-1].put_nowait({(1, str(two))})
    while {*watchers.asked[-1][0]} != {tmp_path, inner}:
        await told.next()
    await found.aclose()
