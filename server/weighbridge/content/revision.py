"""The files of another revision, laid out in a folder of their own: by git, when the user names a revision.

The repository may be hostile, and git does what its settings say: so git is only asked for names and for what is in
files, never to check anything out (no filter, hook or monitor runs), and it may not fetch what is missing. Names that lead
out of the folder are left out; links are made last, so that nothing is written through one.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO

from weighbridge.errors import WeighbridgeError

#: Bytes: larger files are laid out empty, and say so by their size nowhere: no prompt is that long.
MOST_BYTES = 64 * 1024 * 1024
_FILE, _PROGRAM, _LINK = "100644", "100755", "120000"
_SAFE = (
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never"),
    *("-c", "core.sshCommand=false", "-c", "core.attributesFile=/dev/null"),
)
_PIECE = 1 << 16


class UnknownRevisionError(WeighbridgeError):
    """A revision that can't be looked at; the message names it and says why."""


@contextmanager
def revision(folder: Path, name: str) -> Iterator[tuple[Path, Path]]:
    """The repository's top folder that holds a folder, and where its files of a revision are laid out meanwhile.

    Raises UnknownRevisionError.
    """
    top = Path(os.fsdecode(_asked(folder, name, "rev-parse", "--show-toplevel")).rstrip("\n"))
    commit = _asked(
        folder, name, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
    )
    listed = _asked(top, name, "ls-tree", "-r", "-z", "--full-tree", commit.decode("ascii").strip())
    with tempfile.TemporaryDirectory(prefix="weighbridge-") as made:
        # As links are followed: files are named by where they really are.
        tree = Path(made).resolve()
        # What marks a repository's top, for whoever asks where the workspace begins.
        (tree / ".git").mkdir()
        _lay_out(top, tree, listed.split(b"\0")[:-1])
        yield top, tree


def _command(*arguments: str) -> list[str]:
    git = shutil.which("git")
    if git is None:
        raise UnknownRevisionError("git is not installed: another revision can't be looked at")
    return [git, *_SAFE, *arguments]


def _environment() -> dict[str, str]:
    return {**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


def _asked(folder: Path, name: str, *arguments: str) -> bytes:
    done = subprocess.run(  # noqa: S603  no shell, and nothing of the repository's is run
        _command(*arguments),
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        why = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UnknownRevisionError(f"{name}: {why[0] if why else 'no such revision'}")
    return done.stdout


def _lay_out(top: Path, tree: Path, rows: list[bytes]) -> None:
    """Write the files that `git ls-tree` lists."""
    wanted: list[tuple[str, str, Path]] = []
    for row in rows:
        about, _, path = row.partition(b"\t")
        mode, _, digest = about.decode("ascii").split(" ")
        place = _place(tree, os.fsdecode(path))
        if place is not None and mode in {_FILE, _PROGRAM, _LINK}:
            wanted.append((mode, digest, place))
    # Files first.
    wanted.sort(key=lambda one: one[0] == _LINK)
    with tempfile.TemporaryFile() as digests:
        digests.write("".join(f"{digest}\n" for _, digest, _ in wanted).encode("ascii"))
        digests.seek(0)
        with subprocess.Popen(  # noqa: S603  as above
            _command("cat-file", "--batch"),
            cwd=top,
            env=_environment(),
            stdin=digests,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as git:
            assert git.stdout is not None  # noqa: S101  it is piped
            for mode, _, place in wanted:
                _write(git.stdout, place, is_link=mode == _LINK)


def _place(tree: Path, name: str) -> Path | None:
    parts = PurePosixPath(name).parts
    bad = not parts or name.startswith("/") or any(part == ".." or part.lower() == ".git" for part in parts)
    return None if bad else tree.joinpath(*parts)


def _write(content: IO[bytes], place: Path, *, is_link: bool) -> None:
    """Write the next object that `git cat-file --batch` gives; nothing where it has none."""
    header = content.readline().split(b" ")
    if len(header) != 3:  # missing: it was never fetched
        return
    left = size = int(header[2])
    pieces: list[bytes] = []
    while left and (piece := content.read(min(_PIECE, left))):
        left -= len(piece)
        if size <= MOST_BYTES:
            pieces.append(piece)
    content.read(1)
    data = b"".join(pieces)
    # A name may be one that this system can't have, or be a file's and a folder's at once in a forged tree.
    with suppress(OSError, ValueError):
        place.parent.mkdir(parents=True, exist_ok=True)
        if is_link:
            place.symlink_to(os.fsdecode(data))
        else:
            with place.open("xb") as file:
                file.write(data)
