"""The one way to open what a stranger may have put there."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.chains import chain

from weighbridge import disk
from weighbridge.disk import (
    NotOrdinaryError,
    SwappedError,
    followed,
    followed_or_same,
    opened,
    opened_folder,
    opened_in,
)


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A folder with a file and a pipe in it, beside another with a file of the same name."""
    for name in ("room", "outside"):
        (tmp_path / name / "docs").mkdir(parents=True)
        (tmp_path / name / "docs" / "a.md").write_text(name)
    room = tmp_path / "room"
    (room / "link.md").symlink_to("docs/a.md")
    (room / "inner").symlink_to("docs")
    (room / "gone.md").symlink_to("nowhere.md")
    os.mkfifo(room / "pipe")
    return room


def without_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a system that does not say where a descriptor leads."""
    monkeypatch.setattr(disk, "_PLACE_FLAGS", None)
    monkeypatch.setattr(disk, "_DESCRIPTORS", "/nowhere")


@pytest.fixture(params=[True, False], ids=["with /proc", "without /proc"])
def _listing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not request.param:
        without_listing(monkeypatch)


def read(real: Path) -> str:
    with opened(real) as (descriptor, _):
        return os.read(descriptor, 1_000).decode()


def read_in_its_folder(real: Path) -> str:
    with (
        opened_folder(real.parent) as (folder, _),
        opened_in(folder, real.name) as (descriptor, _),
    ):
        return os.read(descriptor, 1_000).decode()


def names(real: Path) -> list[str]:
    with opened_folder(real) as (folder, _), os.scandir(folder) as found:
        return sorted(entry.name for entry in found)


def outcome(look: Callable[[Path], object], path: Path) -> object:
    """What a look gives, or the kind of error that it raises."""
    try:
        return look(path)
    except OSError as error:
        return type(error)


@pytest.mark.usefixtures("_listing")
def test_links_are_followed_as_realpath_does(room: Path) -> None:
    paths = [
        room,
        *sorted(room.rglob("*")),
        room / "absent" / "x",
        room / "inner" / "absent" / "x",
        room / "gone.md" / "x",
        room / "absent" / ".." / "docs" / "a.md",
        room / "inner" / ".." / "absent",
        Path("/absent-at-the-root/x"),
        Path("absent-from-here/x"),
        Path("/proc/self/cwd"),
        Path("/dev/stdin"),
    ]
    assert [(path, followed(path)) for path in paths] == [
        (path, Path(os.path.realpath(path))) for path in paths
    ]


@pytest.mark.usefixtures("_listing")
@pytest.mark.parametrize("links", [41, 1_200])
def test_too_many_links_are_an_error_and_not_a_recursion(room: Path, links: int) -> None:
    chain(room / "long.md", room / "docs" / "a.md", links)
    (room / "circle").symlink_to("circle")
    for path in (room / "long.md", room / "circle", room / "circle" / "a.md"):
        with pytest.raises(OSError, match="too many links") as caught:
            followed(path)
        assert caught.value.errno == errno.ELOOP
        assert followed_or_same(path) == path
    chain(room / "short.md", room / "docs" / "a.md", 40)
    assert followed(room / "short.md") == room / "docs" / "a.md"


def test_a_chain_that_grows_while_it_is_followed_is_an_error(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain(room / "long.md", room / "docs" / "a.md", 1_200)
    monkeypatch.setattr(disk, "_place", lambda _: None)
    with pytest.raises(OSError, match="too many links"):
        followed(room / "long.md")


@pytest.mark.usefixtures("_listing")
@pytest.mark.parametrize(
    ("name", "file", "folder"),
    [
        ("docs/a.md", "room", NotADirectoryError),
        ("docs", IsADirectoryError, ["a.md"]),
        ("pipe", NotOrdinaryError, NotADirectoryError),
        ("absent", FileNotFoundError, FileNotFoundError),
        ("docs/a.md/x", NotADirectoryError, NotADirectoryError),
        # Whoever follows first has no links left.
        ("link.md", SwappedError, SwappedError),
        ("inner", SwappedError, SwappedError),
        ("inner/a.md", SwappedError, NotADirectoryError),
    ],
)
def test_what_is_opened(
    room: Path, name: str, file: str | type[OSError], folder: list[str] | type[OSError]
) -> None:
    assert outcome(read, room / name) == file
    assert outcome(names, room / name) == folder


def test_what_was_followed_is_opened(room: Path) -> None:
    assert read(followed(room / "link.md")) == "room"
    assert names(followed(room / "inner")) == ["a.md"]


def swap_folder(path: Path) -> None:
    folder = path if path.name == "docs" else path.parent
    folder.rename(folder.with_name("before"))
    folder.symlink_to(folder.parent.with_name("outside") / "docs")


def swap_file(path: Path) -> None:
    outside = path.parent.parent.with_name("outside") / "docs" / "a.md"
    path.unlink() if path.is_file() else path.rename(path.with_name("before"))
    path.symlink_to(outside)


def swap_for_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.usefixtures("_listing")
@pytest.mark.parametrize(
    ("look", "name", "swap", "expected"),
    [
        (read, "docs/a.md", swap_folder, SwappedError),
        (read, "docs/a.md", swap_file, SwappedError),
        (read, "docs/a.md", swap_for_pipe, NotOrdinaryError),
        (names, "docs", swap_folder, SwappedError),
    ],
)
def test_what_is_swapped_between_the_look_and_the_opening_is_not_read(
    room: Path,
    monkeypatch: pytest.MonkeyPatch,
    look: Callable[[Path], object],
    name: str,
    swap: Callable[[Path], None],
    expected: type[OSError],
) -> None:
    real = followed(room / name)
    system = os.open

    def swapped(path: Path, flags: int, *, dir_fd: int | None = None) -> int:
        swap(path)
        return system(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", swapped)
    assert outcome(look, real) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("docs/a.md", "room"),
        ("docs", IsADirectoryError),
        ("pipe", NotOrdinaryError),
        ("absent", FileNotFoundError),
        ("link.md", SwappedError),
        ("inner", SwappedError),
    ],
)
def test_what_is_opened_in_a_folder(room: Path, name: str, expected: str | type[OSError]) -> None:
    assert outcome(read_in_its_folder, room / name) == expected


@pytest.mark.parametrize("look", [read, read_in_its_folder])
def test_what_is_no_ordinary_file_is_not_even_opened(
    room: Path, monkeypatch: pytest.MonkeyPatch, look: Callable[[Path], object]
) -> None:
    opened_names: list[str] = []
    system = os.open

    def noted(path: Path | str, flags: int, *, dir_fd: int | None = None) -> int:
        opened_names.append(Path(path).name)
        return system(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", noted)
    assert outcome(look, room / "pipe") is NotOrdinaryError
    assert "pipe" not in opened_names


@pytest.mark.parametrize(
    ("swap", "expected"),
    [(swap_folder, "room"), (swap_file, SwappedError), (swap_for_pipe, NotOrdinaryError)],
)
def test_what_is_swapped_in_a_folder_that_is_open_is_not_read(
    room: Path,
    monkeypatch: pytest.MonkeyPatch,
    swap: Callable[[Path], None],
    expected: str | type[OSError],
) -> None:
    system = os.open

    def swapped(path: Path | str, flags: int, *, dir_fd: int | None = None) -> int:
        if dir_fd is not None:
            swap(room / "docs" / path)
        return system(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", swapped)
    assert outcome(read_in_its_folder, room / "docs" / "a.md") == expected
