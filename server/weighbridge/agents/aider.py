"""aider: nothing by itself, only the files that `read:` names.

Rules and recordings: `tests/agents/wire/aider.jsonl`. The order of the files is that of a set in the program: it differs
from run to run.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from weighbridge.agents.folders import git_root, walk
from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Part, Piece, Start
from weighbridge.agents.text import decoded, pyyaml_value

_HEAD = "Here are some READ ONLY files, provided for your reference.\nDo not edit these files!\n"
_FENCES = (
    ("```", "```"),
    ("````", "````"),
    *((f"<{name}>", f"</{name}>") for name in ("source", "code", "pre", "codeblock", "sourcecode")),
)
#: Endings of files that are sent as images, to models that take them, or not at all.
_IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tiff", ".webp", ".pdf")


def load(start: Start, files: Files) -> Context:
    """What aider puts into its first request."""
    folder = files.real(start.folder)
    root = git_root(folder, files) or folder
    not_loaded: list[NotLoaded] = []
    entries: dict[Path, Entry] = {}
    names, own = _names(start, files, folder, root)
    for name in names:
        written = Path(os.path.normpath(folder / re.sub("^~(?=/|$)", str(start.home), name)))
        paths = list(walk(written, files, own=own)) if files.is_folder(written) else [written]
        for path in map(files.real, paths):
            data = files.read(path, own=own)
            if data is None:
                not_loaded.append(NotLoaded(path, "there is no such file: aider skips it with an error"))
                continue
            if path.name.endswith(_IMAGES):
                not_loaded.append(NotLoaded(path, "an image: announced as added, and not sent as text"))
                continue
            try:
                text = data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
            except UnicodeDecodeError:
                not_loaded.append(NotLoaded(path, "not UTF-8: announced as added, then left out"))
                continue
            entries[path] = Entry(path, "read", text)
    if not entries:
        return Context(not_loaded=tuple(not_loaded))
    opening, closing = _fence(list(entries.values()))
    pieces = [Piece(_HEAD)]
    for path, entry in entries.items():
        shown = os.path.relpath(path, root).replace(os.sep, "/")
        pieces += [Piece(f"\n{shown}\n{opening}\n"), Piece(entry.text, entry), Piece(f"{closing}\n")]
    return Context((Part("user message", tuple(pieces)),), tuple(not_loaded))


def _names(start: Start, files: Files, folder: Path, root: Path) -> tuple[Sequence[str], bool]:
    """The names that `read` lists: the options', else the environment's, else the last configuration's; whether the
    user gives them, not the repository.
    """
    options = start.options("--read")
    if options:
        return options, True
    written = {**_variables(files.read(root / ".env")), **_variables(files.read(folder / ".env"))}
    variable = written.get("AIDER_READ") or start.environment.get("AIDER_READ")
    if variable:
        return [variable], "AIDER_READ" not in written
    names: Sequence[str] = ()
    own = False
    for place in dict.fromkeys((start.home, root, folder)):
        read = _configured(files.read(place / ".aider.conf.yml"))
        if read is not None:
            names, own = read, place == start.home
    return names, own


def _configured(data: bytes | None) -> Sequence[str] | None:
    """The names that a configuration's `read` lists, None where it says nothing of it."""
    values = None if data is None else pyyaml_value(decoded(data))
    read = values.get("read") if isinstance(values, dict) else None
    if isinstance(read, str):
        return [read]
    return [str(name) for name in read] if isinstance(read, list) else None


def _variables(data: bytes | None) -> dict[str, str]:
    """The variables of a `.env` file."""
    lines = [] if data is None else decoded(data).splitlines()
    matches = (re.fullmatch(r"\s*(?:export\s+)?(\w+)\s*=\s*['\"]?(.*?)['\"]?\s*", line) for line in lines)
    return {match[1]: match[2] for match in matches if match is not None}


def _fence(entries: Sequence[Entry]) -> tuple[str, str]:
    """The first fence that no line of any text begins with, the first of all where there is none."""
    lines = "\n".join(entry.text for entry in entries).splitlines()
    good = (fence for fence in _FENCES if not any(line.startswith(fence) for line in lines))
    return next(good, _FENCES[0])


AIDER = Agent("aider", "aider", "0.86.2", load, ())
