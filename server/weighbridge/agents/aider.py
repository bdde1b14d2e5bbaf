"""aider: nothing by itself, only the files that `read:` names.

Rules and recordings: `tests/agents/wire/aider.jsonl`. The order of the files is that of a set in the program: it differs
from run to run.
"""

import json
import os
import re
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from weighbridge.agents.folders import git_root, lies_in, walk
from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Part, Piece, Start
from weighbridge.agents.text import unix_lines
from weighbridge.agents.yaml_values import Yaml, yaml_value

_HEAD = "Here are some READ ONLY files, provided for your reference.\nDo not edit these files!\n"
_FENCES = (
    ("```", "```"),
    ("````", "````"),
    *((f"<{name}>", f"</{name}>") for name in ("source", "code", "pre", "codeblock", "sourcecode")),
)
#: Endings of files that are sent as images, to models that take them, or not at all.
_IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tiff", ".webp", ".pdf")
_SETTINGS = ("read", "git", "env-file")
#: A name and its value in a `.env` file: in single quotes, in double ones, or the rest of the line up to a comment.
_VARIABLE = re.compile(
    r"""^[^\S\n]*(?:export[^\S\n]+)?([^=#\s]+)[^\S\n]*=[^\S\n]*"""
    r"""(?:'((?:\\'|[^'])*)'[^\S\n]*(?:\#.*)?|"((?:\\"|[^"])*)"[^\S\n]*(?:\#.*)?|([^'"\n].*)?)$""",
    re.MULTILINE,
)
_USED_VARIABLE = re.compile(r"\$\{([^}:$]*)(?::-([^}$]*))?\}")


@dataclass(frozen=True, slots=True)
class _Source:
    """One place's settings by name. `own`: whether they are the user's, not the repository's."""

    settings: Mapping[str, Sequence[str]]
    own: bool


def load(start: Start, files: Files) -> Context:
    """What aider puts into its first request."""
    folder = files.real(start.folder)
    root = git_root(folder, files) or folder
    configurations = _configurations(start, files, folder, root)
    if isinstance(configurations, NotLoaded):
        return Context(not_loaded=(configurations,))
    options = {name: start.options(f"--{name}") for name in _SETTINGS}
    sources = [
        _Source(options | {"git": ("no",) * start.flag("--no-git")}, own=True),
        _Source(_of_variables(start.environment), own=True),
        *configurations,
    ]
    sources[1:1] = _env_files(start, files, folder, root, sources)
    not_loaded: list[NotLoaded] = []
    entries: dict[Path, Entry] = {}
    names, own = _told("read", sources)
    for name in names:
        written = files.real(folder / re.sub("^~(?=/|$)", str(start.home), name))
        paths = list(walk(written, files, own=own, follow=False)) if files.is_folder(written) else [written]
        for path in map(files.real, paths):
            data = files.read(path, own=own)
            if data is None:
                not_loaded.append(NotLoaded(path, "there is no such file: aider skips it with an error"))
            elif path.name.endswith(_IMAGES):
                not_loaded.append(NotLoaded(path, "an image: announced as added, and not sent as text"))
            elif (text := _text(data)) is None:
                not_loaded.append(NotLoaded(path, "not UTF-8: announced as added, then left out"))
            else:
                entries[path] = Entry(path, "read", text)
    if not entries:
        return Context(not_loaded=tuple(not_loaded))
    opening, closing = _fence(list(entries.values()))
    pieces = [Piece(_HEAD)]
    git, _ = _told("git", sources)
    top = folder if git and git[-1].lower() in {"false", "no", "off", "0"} else root
    for path, entry in entries.items():
        shown = os.path.relpath(path, top).replace(os.sep, "/")
        pieces += [Piece(f"\n{shown}\n{opening}\n"), Piece(entry.text, entry), Piece(f"{closing}\n")]
    return Context((Part("user message", tuple(pieces)),), tuple(not_loaded))


def _text(data: bytes) -> str | None:
    """A file's text as Python reads it; None where it is no UTF-8."""
    try:
        return unix_lines(data.decode("utf-8"))
    except UnicodeDecodeError:
        return None


def _places(start: Start, folder: Path, root: Path, name: str) -> Iterator[Path]:
    """The files of a name that hold settings, the strongest first."""
    yield from dict.fromkeys(place / name for place in (folder, root, start.home))


def _told(name: str, sources: Sequence[_Source]) -> tuple[Sequence[str], bool]:
    """The values of a setting, of the first source that has any; and whether they are the user's own."""
    told = ((source.settings.get(name, ()), source.own) for source in sources)
    return next(((values, own) for values, own in told if values), ((), True))


def _listed(value: object) -> Sequence[str]:
    """The values that a configuration gives to a setting."""
    if isinstance(value, list):
        return [str(item) for item in value]
    return [] if value is None else [str(value)]


def _configurations(start: Start, files: Files, folder: Path, root: Path) -> list[_Source] | NotLoaded:
    """The settings in configurations, the strongest first; the file that aider does not start with, if there is one."""
    named = (start.options("--config") or start.options("-c"))[-1:]
    sources = []
    for path in (*(folder / name for name in named), *_places(start, folder, root, ".aider.conf.yml")):
        data = files.read(path)
        if data is None:
            continue
        values = yaml_value(_text(data) or "", Yaml.PYYAML)
        if not isinstance(values, dict) or not values:
            return NotLoaded(path, "no mapping in YAML: aider does not start")
        settings = {str(name).removeprefix("--"): _listed(value) for name, value in values.items()}
        sources.append(_Source(settings, own=not lies_in(path, root)))
    return sources


def _env_files(
    start: Start, files: Files, folder: Path, root: Path, sources: Sequence[_Source]
) -> Iterator[_Source]:
    """The settings in files of variables, the strongest first: the root's own stands above the session folder's."""
    names, own = _told("env-file", sources)
    first = folder / names[-1] if names else root / ".env"
    for path in dict.fromkeys((first, *_places(start, folder, root, ".env"))):
        text = _text(files.read(path, own=own or path != first) or b"") or ""
        is_own = (own or path != first) and not lies_in(path, root)
        # What a repository's file says never shows what the user's variables hold.
        variables = _variables(text, start.environment if is_own else {})
        yield _Source(_of_variables(variables), own=is_own)


def _of_variables(variables: Mapping[str, str]) -> dict[str, Sequence[str]]:
    """The settings that variables hold."""
    names = {name: f"AIDER_{name.upper().replace('-', '_')}" for name in _SETTINGS}
    return {name: _items(variables[variable]) for name, variable in names.items() if variable in variables}


def _items(value: str) -> Sequence[str]:
    """The items of a list in brackets, as JSON or not; else the value itself."""
    if not (value.startswith("[") and value.endswith("]")):
        return [value]
    try:
        return _listed(json.loads(value))
    except (ValueError, RecursionError):
        return [item.strip() for item in value[1:-1].split(",")]


def _variables(text: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of a `.env` file."""
    values: dict[str, str] = {}
    known = ChainMap(values, dict(environment))
    for name, single, double, plain in _VARIABLE.findall(text):
        value = re.sub(r"\\(['\"\\])", r"\1", single or double) or re.sub(r"\s+#.*", "", plain).rstrip()
        values[name] = _USED_VARIABLE.sub(lambda used: known.get(used[1], used[2] or ""), value)
    return values


def _fence(entries: Sequence[Entry]) -> tuple[str, str]:
    """The first fence that no line of any text begins with, the first of all where there is none."""
    lines = "\n".join(entry.text for entry in entries).splitlines()
    good = (fence for fence in _FENCES if not any(line.startswith(fence) for line in lines))
    return next(good, _FENCES[0])


AIDER = Agent("aider", "aider", "0.86.2", load, ())
