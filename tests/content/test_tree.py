"""All files of a folder, kept: as they are after every change, and only what changed is read again."""

import os
import shutil
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weighbridge import disk
from weighbridge.content import tree as trees
from weighbridge.content.tree import Tree

#: A time of change that is long over.
LONG_AGO = 1_000_000_000
NAMES = ("a", "b", "c/a", "c/b", "c/d/a", "c/d/e/b", "f/a")
IGNORES = ("a\n", "c/\n", "*\n!b\n", "/b\n", "d\n", "")


def write(path: Path, text: str = "") -> None:
    if path.parent.is_file():
        path.parent.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_dir():
        path.write_text(text)


def old(root: Path) -> None:
    """Make all that is there long unchanged, but for the times of their inodes, which nobody can put back."""
    for path in (root, *root.rglob("*")):
        os.utime(path, (LONG_AGO, LONG_AGO), follow_symlinks=False)


CHANGES: st.SearchStrategy[tuple[str, str, str]] = st.tuples(
    st.sampled_from(("write", "remove", "ignore", "link")), st.sampled_from(NAMES), st.sampled_from(IGNORES)
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CHANGES, max_size=12), st.booleans())
def test_it_is_as_one_made_anew(tmp_path: Path, changes: list[tuple[str, str, str]], settled: bool) -> None:
    root = tmp_path / "root"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    # Where all counts as settled at once, a change tells of itself by the times of its inode, which are fine enough here.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "SETTLED", -1 if settled else trees.SETTLED)
        kept = Tree(root)
        for kind, name, ignores in changes:
            path = root / name
            match kind:
                case "write":
                    write(path)
                case "ignore":
                    write(path.parent / ".gitignore", ignores)
                case "link" if not path.exists() and path.parent.is_dir():
                    path.symlink_to(root)
                case "remove" if path.parent.is_dir() and path.parent != root:
                    shutil.rmtree(path.parent)
            old(root)
            assert kept.files() == Tree(root).files()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the folders that are read."""
    found: list[str] = []
    really = disk.opened_folder

    def opened_folder(real: Path) -> AbstractContextManager[tuple[int | Path, os.stat_result]]:
        found.append(real.name)
        return really(real)

    monkeypatch.setattr(disk, "opened_folder", opened_folder)
    return found


def test_only_what_changed_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: list[str]
) -> None:
    monkeypatch.setattr(trees, "SETTLED", -1)
    root = tmp_path / "root"
    for name in (*NAMES, ".gitignore"):
        write(root / name)
    kept = Tree(root)
    first = kept.files()
    assert read == ["root", "c", "d", "e", "f"]
    assert kept.files() is first
    assert len(read) == 5
    write(root / "c" / "d" / "new")
    assert kept.files() == sorted([*first, "c/d/new"])
    assert read[5:] == ["d"]
    # In the folder with the ignore file as well: what is below heeds the same.
    write(root / "new")
    kept.files()
    assert read[6:] == ["root"]
    (root / "c" / ".gitignore").write_text("a\n")
    assert kept.files() == [".gitignore", "a", "b", "c/.gitignore", "c/b", "c/d/e/b", "c/d/new", "f/a", "new"]
    assert read[7:] == ["c", "d", "e"]


def test_what_changed_just_now_is_read_again(tmp_path: Path, read: list[str]) -> None:
    kept = Tree(tmp_path)
    kept.files()
    kept.files()
    assert len(read) == 2


def test_of_very_many_files_the_first_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "MOST_FILES", 3)
    for name in NAMES:
        write(tmp_path / name)
    assert Tree(tmp_path).files() == ["a", "b", "c/a"]


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    kept = Tree(tmp_path / "later")
    assert kept.files() == []
    write(tmp_path / "later" / "a")
    assert kept.files() == ["a"]
