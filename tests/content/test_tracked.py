"""Which files git tracks: every kind of index that git writes is read, and a hostile one does nothing."""

import os
import struct
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.content import tracked
from weighbridge.content.tracked import Tracked, tracked_paths

NAMES = ("a.md", "b/c/d.md", "b/ü 1.md", f"long/{'n' * 200}.md", "z/a.md")


def git(folder: Path, *arguments: str) -> None:
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "HOME": str(folder)}
    subprocess.run(["git", "-C", folder, *arguments], check=True, env={**os.environ, **settings})


def a_repository(folder: Path, names: Sequence[str] = NAMES, *options: str) -> Tracked:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    git(folder, "init", "-q", *options)
    git(folder, "add", "-f", ".")
    return Tracked(folder, folder)


@pytest.mark.parametrize("version", ["2", "3", "4"])
@pytest.mark.parametrize("digest", ["sha1", "sha256"])
def test_every_kind_of_index_is_read(tmp_path: Path, version: str, digest: str) -> None:
    found = a_repository(tmp_path, NAMES, "--object-format", digest)
    (tmp_path / "later.md").touch()
    git(tmp_path, "update-index", "--index-version", version)
    if version != "2":
        # With flags of its own, which only later versions have.
        git(tmp_path, "add", "--intent-to-add", "later.md")
    assert [name for name in (*NAMES, "b", "b/c", "no.md", "b/") if found.file(name)] == list(NAMES)
    assert [name for name in ("b", "b/c", "z", "", "a", "b/d", "lon", "a.md") if found.any_in(name)] == [
        "b",
        "b/c",
        "z",
    ]
    assert found.file("later.md") == (version != "2")


def test_an_index_is_read_again_when_it_changed(tmp_path: Path) -> None:
    assert not a_repository(tmp_path).file("new.md")
    (tmp_path / "new.md").touch()
    git(tmp_path, "add", "new.md")
    assert Tracked(tmp_path, tmp_path).file("new.md")


def entry(name: bytes, length: int | None = None, mark: int = 0) -> bytes:
    flags = mark | min(len(name) if length is None else length, 0xFFF)
    written = bytes(60) + struct.pack(">H", flags) + name
    return written + bytes(8 - len(written) % 8)


def index(*entries: bytes, version: int = 2, count: int | None = None) -> bytes:
    head = struct.pack(">4sII", b"DIRC", version, len(entries) if count is None else count)
    return head + b"".join(entries) + bytes(20)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (index(), []),
        (index(entry(b"b"), entry(b"a")), ["a", "b"]),
        (index(entry(b"\xff")), ["\udcff"]),
        (index(entry(b"n" * 5_000)), ["n" * 5_000]),
        (b"", []),
        (b"DIRC", []),
        (index(entry(b"a"), count=2), []),
        (index(entry(b"a"), count=2**32 - 1), []),
        (index(entry(b"a", length=2)), []),
        (index(entry(b"a"), version=5), []),
        (b"CRID" + index(entry(b"a"))[4:], []),
        (index(entry(b"a"))[:-30], []),
    ],
)
def test_what_is_no_index_tells_of_nothing(data: bytes, expected: list[str]) -> None:
    assert tracked_paths(data) == expected


@given(st.binary(max_size=300), st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_no_index_does_harm(data: bytes, version: int, count: int) -> None:
    tracked_paths(index(data, version=version, count=count))


def test_names_that_only_grow_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracked, "_MOST_BYTES", 1_000)
    grow = [bytes(60) + struct.pack(">H", length) + b"\0a\0" for length in range(1, 100)]
    assert tracked_paths(index(*grow[:40], version=4)) == ["a" * length for length in range(1, 41)]
    assert tracked_paths(index(*grow, version=4)) == []
    huge = bytes(60) + struct.pack(">H", 1) + b"\xff" * 10 + b"\x7fa\0"
    assert tracked_paths(index(huge, version=4)) in ([], ["a"])


def lay(root: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


INDEX = index(entry(b"a.md"))


@pytest.mark.parametrize(
    ("files", "links", "expected"),
    [
        ({".git/index": INDEX}, {}, True),
        ({"other/index": INDEX, ".git": b"gitdir: other\n"}, {}, True),
        ({"other/index": INDEX}, {".git": "other"}, True),
        # What lies elsewhere is not read, whoever leads there.
        ({"../outside/index": INDEX, ".git": b"gitdir: ../outside\n"}, {}, False),
        ({"../outside/index": INDEX}, {".git": "../outside"}, False),
        ({"../outside/index": INDEX, ".git/config": b""}, {".git/index": "../../outside/index"}, False),
        ({".git": b"gitdir: other\n"}, {"other": ".git"}, False),
        ({".git": b"gitdir: \0\n"}, {}, False),
        ({".git": b"\xff" * 10_000}, {}, False),
        ({".git/config": b""}, {}, False),
        ({".git/config": b""}, {".git/index": "index"}, False),
        ({".git/index/a": b""}, {}, False),
        ({}, {".git": ".git"}, False),
        ({}, {}, False),
    ],
)
def test_where_the_index_is_looked_for(
    tmp_path: Path, files: Mapping[str, bytes], links: Mapping[str, str], expected: bool
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    lay(root, files)
    for name, to in links.items():
        (root / name).symlink_to(to)
    assert Tracked(root, root).file("a.md") == expected


@pytest.mark.parametrize("name", [".git", ".git/index"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    os.mkfifo(tmp_path / name)
    assert not Tracked(tmp_path, tmp_path).file("a.md")


def test_a_very_large_index_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, {".git/index": INDEX})
    monkeypatch.setattr(tracked, "_MOST_BYTES", len(INDEX) - 1)
    assert not Tracked(tmp_path, tmp_path).file("a.md")
