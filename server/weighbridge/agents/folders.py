"""Folders as agents walk them: up to a root, down to the session folder, through a folder of rules."""

from collections.abc import Iterator
from pathlib import Path

from weighbridge.agents.model import Files

#: Files in one folder of rules that are looked at, and the deepest folder below it: a bound against hostile trees.
MOST_FILES = 10_000
MOST_LEVELS = 32


def upwards(folder: Path) -> tuple[Path, ...]:
    """The folder and all above it, nearest first."""
    return (folder, *folder.parents)


def downwards(top: Path, folder: Path) -> tuple[Path, ...]:
    """The folders from `top` down to `folder`, both included; `folder` alone where it does not lie in `top`."""
    chain = upwards(folder)
    return tuple(reversed(chain[: chain.index(top) + 1])) if top in chain else (folder,)


def git_root(folder: Path, files: Files) -> Path | None:
    """The nearest folder upwards that holds `.git`, a folder or a file; None where none does."""
    for above in upwards(folder):
        if files.exists(above / ".git"):
            return above
    return None


def walk(
    folder: Path, files: Files, *, ordered: bool = False, own: bool = True, follow: bool = True
) -> Iterator[Path]:
    """The files below a folder, depth first, in each folder's own order (or by name where `ordered`).

    Links to folders are followed unless `follow` is false, each real folder once. `own`: as `Files.names` has it, false
    where a repository's file names the folder.
    """
    seen: set[Path] = set()
    count = 0

    def below(at: Path, level: int) -> Iterator[Path]:
        nonlocal count
        real = files.real(at)
        if real in seen or level > MOST_LEVELS:
            return
        seen.add(real)
        names = files.names(at, own=own)
        for name in sorted(names) if ordered else names:
            count += 1
            if count > MOST_FILES:
                return
            path = at / name
            if files.is_folder(path):
                if follow or not files.is_link(path):
                    yield from below(path, level + 1)
            else:
                yield path

    yield from below(folder, 0)


def lies_in(path: Path, folder: Path) -> bool:
    """Whether a path is a folder or lies below it, by their letters."""
    return path == folder or folder in path.parents


def own_kind(path: Path) -> str:
    """The purpose of a file in an agent's own folder: the name of the folder below that, as `commands`; empty elsewhere."""
    parts = path.parts[:-1]
    at = next((at for at in range(len(parts) - 1, 0, -1) if parts[at].startswith(".")), len(parts))
    return next(iter(parts[at + 1 :]), "")
