"""Folders listed for references: what is left out, what comes first, and that no change is missed."""

import os
from pathlib import Path

import pytest
from tests.content.place import scope

from weighbridge.content.listing import Folders, ListedName, Listing, list_folder

#: A time of change that is long over.
LONG_AGO = 1_000_000_000


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x") if not name.endswith("/") else path.mkdir(exist_ok=True)


def names(found: Listing) -> list[str]:
    return [f"{entry.name}/" if entry.is_folder else entry.name for entry in found.entries]


@pytest.mark.parametrize(
    ("typed", "hidden", "expected"),
    [
        ("", False, ["deep/", "zoo/", "a.md", "B.md", "style guide.md"]),
        ("", True, [".github/", "deep/", "zoo/", ".env", "a.md", "B.md", "style guide.md"]),
        ("d", False, ["deep/", "a.md", "B.md", "style guide.md"]),
        ("sg", False, ["style guide.md"]),
        (".e", True, [".env"]),
        ("none", False, []),
    ],
)
def test_what_fits_comes_closest_first_and_folders_before_files(
    tmp_path: Path, typed: str, hidden: bool, expected: list[str]
) -> None:
    make(tmp_path, "deep/x", "zoo/x", "B.md", "a.md", "style guide.md", ".env", ".github/x", ".git/x")
    make(tmp_path, "build/x", "out.tmp", "node_modules/x")
    (tmp_path / ".gitignore").write_text("build/\n*.tmp\n.gitignore\n")
    assert names(Folders().list("", tmp_path, scope(tmp_path), typed=typed, hidden=hidden)) == expected


def test_more_than_was_asked_for_is_said(tmp_path: Path) -> None:
    make(tmp_path, "docs/a", "docs/b", "docs/c")
    folders, where = Folders(), scope(tmp_path)
    two, all_ = (folders.list("docs/", tmp_path, where, most=most) for most in (2, 3))
    assert (names(two), two.more) == (["a", "b"], True)
    assert (names(all_), all_.more) == (["a", "b", "c"], False)


def test_what_is_typed_is_found_however_much_there_is(tmp_path: Path) -> None:
    make(tmp_path, *(f"many/{number:04}.md" for number in range(1500)))
    found = Folders().list("many/", tmp_path, scope(tmp_path), typed="1499", most=10)
    assert found == Listing((ListedName("1499.md", is_folder=False),), more=False)


def test_ignored_names_take_no_place(tmp_path: Path) -> None:
    make(tmp_path, *(f"{number}.log" for number in range(50)), "zz.md")
    (tmp_path / ".gitignore").write_text("*.log\n")
    assert Folders().list("", tmp_path, scope(tmp_path), most=1) == Listing(
        (ListedName("zz.md", is_folder=False),), more=False
    )


def test_a_folder_is_read_again_only_when_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "docs/a.md")
    docs = tmp_path / "docs"
    os.utime(docs, (LONG_AGO, LONG_AGO))
    read: list[object] = []
    really = os.scandir

    def scandir(path: int) -> object:
        read.append(path)
        return really(path)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(os, "supports_fd", {scandir, *os.supports_fd})
    folders, where = Folders(), scope(tmp_path)
    assert names(folders.list("docs", tmp_path, where)) == ["a.md"]
    assert names(folders.list("docs", tmp_path, where, typed="x")) == []
    assert len(read) == 1
    make(tmp_path, "docs/b.md")
    assert names(folders.list("docs", tmp_path, where)) == ["a.md", "b.md"]
    assert len(read) == 2
    # It changed a moment ago: another change may bear the same time.
    folders.list("docs", tmp_path, where)
    assert len(read) == 3


@pytest.mark.parametrize(
    "target", ["..", "../outside", "/etc", "docs/out", "absent", "docs/a.md", "~", "/proc/self"]
)
def test_what_may_not_be_read_is_empty(tmp_path: Path, target: str) -> None:
    workspace = tmp_path / "workspace"
    make(tmp_path, "workspace/docs/a.md", "outside/secret.md")
    (workspace / "docs" / "out").symlink_to(tmp_path / "outside")
    assert list_folder(target, workspace, scope(workspace)) == []


def test_links_are_what_they_lead_to_as_long_as_it_may_be_read(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    make(tmp_path, "workspace/docs/a.md", "outside/secret.md")
    for name, to in (("in", "docs"), ("in.md", "docs/a.md"), ("out", "../outside"), ("gone", "absent")):
        (workspace / name).symlink_to(to)
    (workspace / "round").symlink_to("round")
    assert names(Folders().list("", workspace, scope(workspace))) == ["docs/", "in/", "in.md"]


def test_a_pipe_is_nothing_to_refer_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    make(tmp_path, "a.md")
    assert names(Folders().list("", tmp_path, scope(tmp_path))) == ["a.md"]
