"""Documents' files, many of one folder: each says what it says when it is read alone, whatever became of the folder meanwhile."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from weighbridge import disk
from weighbridge.content.document_file import DocumentFiles, read_document
from weighbridge.errors import Code, ReferenceFault

MOST = 1_000


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A workspace with a few files, and a file outside of it."""
    workspace = (tmp_path / "workspace").resolve()
    (workspace / "docs").mkdir(parents=True)
    (workspace / "notes").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.md").write_text("outside", "utf-8")
    for name in ("docs/a.md", "docs/b.md", "notes/a.md"):
        (workspace / name).write_text(f"text of {name}", "utf-8")
    (workspace / "docs" / "long.md").write_text("x" * (MOST + 1), "utf-8")
    (workspace / "docs" / "zero.md").write_bytes(b"a\0b")
    (workspace / "docs" / "folder.md").mkdir()
    os.mkfifo(workspace / "docs" / "pipe.md")
    (workspace / "docs" / "in.md").symlink_to("../notes/a.md")
    (workspace / "docs" / "out.md").symlink_to("../../outside/a.md")
    (workspace / "docs" / "circle.md").symlink_to("circle.md")
    (workspace / "link").symlink_to("notes")
    (workspace / "away").symlink_to("../outside")
    return workspace


def read(files: DocumentFiles, path: Path, within: Path | None) -> tuple[str, Path] | tuple[Code, str]:
    try:
        return files.read(path, within, MOST)
    except ReferenceFault as fault:
        return fault.problem.code, fault.problem.message.replace(str(path), "")


NAMES: Sequence[tuple[str, tuple[str, str] | Code]] = (
    ("docs/a.md", ("text of docs/a.md", "docs/a.md")),
    ("docs/b.md", ("text of docs/b.md", "docs/b.md")),
    ("docs/none.md", Code.NOT_FOUND),
    ("docs/long.md", Code.TOO_LARGE),
    ("docs/zero.md", Code.NOT_TEXT),
    ("docs/folder.md", Code.NOT_TEXT),
    ("docs/pipe.md", Code.NOT_TEXT),
    ("docs/in.md", ("text of notes/a.md", "notes/a.md")),
    ("docs/out.md", Code.DENIED),
    ("docs/circle.md", Code.FAILED),
    ("notes/a.md", ("text of notes/a.md", "notes/a.md")),
    ("link/a.md", ("text of notes/a.md", "notes/a.md")),
    ("away/a.md", Code.DENIED),
    ("none/a.md", Code.NOT_FOUND),
    ("docs/a.md/a.md", Code.FAILED),
    ("docs/a.md", ("text of docs/a.md", "docs/a.md")),
)


def test_each_says_what_it_says_alone(room: Path) -> None:
    with DocumentFiles() as files:
        for name, expected in NAMES:
            found = read(files, room / name, room)
            if isinstance(expected, tuple):
                assert found == (expected[0], room / expected[1]), name
            else:
                assert found[0] is expected, name
            with DocumentFiles() as alone:
                assert found == read(alone, room / name, room), name


def test_a_folder_that_cannot_be_opened_says_nothing_of_its_files(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(disk, "opened_folder", refused)
    assert read_document(room / "docs" / "a.md", room, MOST) == ("text of docs/a.md", room / "docs" / "a.md")


def test_what_the_user_named_is_read_wherever_it_leads(room: Path) -> None:
    assert read_document(room / "docs" / "out.md", None, MOST)[0] == "outside"


def test_a_folder_that_is_swapped_between_two_files_leads_nowhere_else(room: Path) -> None:
    with DocumentFiles() as files:
        files.read(room / "docs" / "b.md", room, MOST)
        (room / "docs").rename(room / "before")
        (room / "docs").symlink_to("../outside")
        assert files.read(room / "docs" / "a.md", room, MOST)[0] == "text of docs/a.md"
        files.read(room / "notes" / "a.md", room, MOST)
        assert read(files, room / "docs" / "a.md", room)[0] is Code.DENIED


def test_one_folder_is_open_at_a_time_and_none_afterwards(room: Path) -> None:
    def held() -> set[str]:
        """What is open of the room."""
        paths = set()
        for descriptor in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):  # the listing's own
                paths.add(str(descriptor.readlink()))
        return {path for path in paths if path.startswith(str(room))}

    with DocumentFiles() as files:
        for name, _ in NAMES:
            read(files, room / name, room)
            assert len(held()) <= 1
        assert held() == {str(room / "docs")}
    assert held() == set()


class Open:
    """A text that is open in the place of a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def text_of(self, path: Path) -> tuple[int, tuple[str, ...]] | None:
        return (1, ("typed ", "text")) if path == self._path else None


def test_a_text_that_is_open_is_read_in_its_files_place_however_it_is_named(room: Path) -> None:
    with DocumentFiles(Open(room / "notes" / "a.md")) as files:
        for name in ("notes/a.md", "link/a.md", "docs/in.md"):
            assert files.read(room / name, room, MOST) == ("typed text", room / "notes" / "a.md"), name
        assert files.read(room / "docs" / "a.md", room, MOST)[0] == "text of docs/a.md"
