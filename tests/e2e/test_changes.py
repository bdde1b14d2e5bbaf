"""Files that change behind the server's back count as they are now, though nobody but the system tells of it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.e2e.connection import connected
from tests.e2e.process import Process

from weighbridge.tokens.registry import tokenizer

count = tokenizer("cl100k_base").count
OLD = "aaaa bbbb cccc dddd\n" * 50
NEW = "!@#$ %^&* ()_+ =-[]\n" * 50
LONGER = "another text, and of more words"


def with_its_times_back(path: Path, change: Callable[[Path], None]) -> None:
    before = path.stat()
    change(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def in_place(folder: Path) -> None:
    def write(path: Path) -> None:
        with path.open("r+") as file:
            file.write(NEW)

    with_its_times_back(folder / "inc.txt", write)


def by_another_file(folder: Path) -> None:
    def replace(path: Path) -> None:
        path.with_name("other").write_text(NEW)
        path.with_name("other").replace(path)

    with_its_times_back(folder / "inc.txt", replace)


def the_variable(folder: Path) -> None:
    def write(path: Path) -> None:
        path.write_text('v = "!@#$"')

    with_its_times_back(folder / "a.prompt.md.vars.toml", write)


def a_link_in_the_middle(folder: Path) -> None:
    (folder / "y" / "b.md").unlink()
    (folder / "y" / "b.md").symlink_to("../z/d.md")


def by_its_other_name(folder: Path) -> None:
    (folder / "elsewhere" / "hard.md").write_text(LONGER)


@pytest.mark.parametrize(
    ("change", "inc", "value", "linked", "hard"),
    [
        (in_place, NEW, "aaaa", "first", "hard"),
        (by_another_file, NEW, "aaaa", "first", "hard"),
        (the_variable, OLD, "!@#$", "first", "hard"),
        (a_link_in_the_middle, OLD, "aaaa", LONGER, "hard"),
        (by_its_other_name, OLD, "aaaa", "first", LONGER),
    ],
)
async def test_it_counts_as_it_is_now(
    tmp_path: Path, folder: Path, change: Callable[[Path], None], inc: str, value: str, linked: str, hard: str
) -> None:
    texts = {"z/c.md": "first", "z/d.md": LONGER, "inc.txt": OLD, "elsewhere/hard.md": "hard"}
    for name, text in {**texts, "x/.keep": "", "y/.keep": "", "a.prompt.md.vars.toml": 'v = "aaaa"'}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / "x" / "a.md").symlink_to("../y/b.md")
    (folder / "y" / "b.md").symlink_to("../z/c.md")
    (folder / "hard.md").hardlink_to(folder / "elsewhere" / "hard.md")
    (folder / "a.prompt.md").write_text("@[file:inc.txt]\n{{v}}\n@[file:x/a.md]\n@[file:hard.md]\n")
    before, after = (
        count(f"{one}\n{two}\n{three}\n{four}\n")
        for one, two, three, four in ((OLD, "aaaa", "first", "hard"), (inc, value, linked, hard))
    )
    async with connected("stdio", tmp_path) as server:
        await server.initialize(folder)
        uri = server.open(folder / "a.prompt.md")
        assert await server.count(uri) == before
        change(folder)
        await server.until(lambda: _shown(server) == after)
        assert await server.count(uri) == after
        assert await server.leave() == 0
    # A new process has the counts of the first, and does no worse.
    async with connected("stdio", tmp_path) as server:
        await server.initialize(folder)
        assert await server.count(server.open(folder / "a.prompt.md")) == after
        assert await server.leave() == 0


def _shown(server: Process) -> int | None:
    """The total that was shown last, while nothing is being counted."""
    shown: list[int | None] = [
        params["tokens"] if params["state"] == "ready" else None
        for method, params in server.sent
        if method == "weighbridge/status"
    ]
    # A count may be answered before anything is shown.
    return shown[-1] if shown else None
