"""Crush: many names of the session folder, each in a tag of its own; skills by their descriptions. Read in its source, not recorded.

Rules and derived cases: `tests/agents/wire/crush.jsonl`. Files stand in a map of the program: their order differs from
run to run.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from weighbridge.agents.folders import downwards, git_root, walk
from weighbridge.agents.model import Agent, Context, Entry, Files, NotLoaded, Part, Piece, Start
from weighbridge.agents.text import escaped, unix_lines
from weighbridge.agents.yaml_values import Yaml, yaml_mapping

_NAMES = (
    *(".github/copilot-instructions.md", ".cursorrules", ".cursor/rules/", "CLAUDE.md", "CLAUDE.local.md"),
    *("GEMINI.md", "gemini.md", "crush.md", "crush.local.md", "Crush.md", "Crush.local.md"),
    *("CRUSH.md", "CRUSH.local.md", "AGENTS.md", "agents.md", "Agents.md"),
)
_SKILL_FOLDERS = (".agents/skills", ".crush/skills", ".claude/skills", ".cursor/skills")
_SKILL_NAME = re.compile("[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*")
_LONGEST_NAME, _LONGEST_DESCRIPTION, _LONGEST_COMPATIBILITY = 64, 1024, 500
#: What Go's parser of YAML takes for a truth value.
_TRUE = {"true", "True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON"}
_FALSE = {"false", "False", "FALSE", "n", "N", "no", "No", "NO", "off", "Off", "OFF", ""}
_FRONT_MATTER = re.compile(r"\s*^[^\S\n]*---[^\S\n]*\n(.*?)^[^\S\n]*---[^\S\n]*$", re.DOTALL | re.MULTILINE)
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


@dataclass(slots=True)
class _Options:
    """The lists in all configurations: each entry, and whether the user gives it, not the repository."""

    context_paths: list[tuple[str, bool]] = field(default_factory=list)
    global_context_paths: list[tuple[str, bool]] = field(default_factory=list)
    skills_paths: list[tuple[str, bool]] = field(default_factory=list)
    disabled_skills: list[tuple[str, bool]] = field(default_factory=list)

    def add(self, values: dict[str, Any], *, own: bool) -> None:
        options = values.get("options")
        for name in self.__slots__:
            listed = options.get(name) if isinstance(options, dict) else None
            if isinstance(listed, list):
                getattr(self, name).extend((str(item), own) for item in listed)


def load(start: Start, files: Files) -> Context:
    """What Crush puts into its first request."""
    folder = files.real(start.folder)
    root = git_root(folder, files) or folder
    base = Path(start.environment.get("XDG_CONFIG_HOME") or start.home / ".config")
    config = Path(start.environment.get("CRUSH_GLOBAL_CONFIG") or base / "crush")
    options = _Options()
    for path, own in _configurations(start, files, folder, root, config):
        data = files.read(path)
        if data:
            try:
                values = json.loads(data.decode("utf-8", "replace"))
            except (ValueError, RecursionError):
                return Context(not_loaded=(NotLoaded(path, "no JSON: Crush does not start"),))
            options.add(values if isinstance(values, dict) else {}, own=own)
    named = sorted({*((name, True) for name in _NAMES), *options.context_paths})
    own_named = options.global_context_paths or [
        (str(config / "CRUSH.md"), True),
        (str(config.parent / "AGENTS.md"), True),
    ]
    skills = _skill_pieces(start, files, folder, root, base, options)
    project = _blocks(named, folder, start, files, "project")
    user = _blocks(sorted(own_named), folder, start, files, "user")
    pieces: list[Piece] = []
    if project:
        head = "\n# Project-Specific Context\nMake sure to follow the instructions in the context below.\n"
        pieces += [Piece(f"{head}<project_context>\n"), *project, Piece("\n</project_context>\n")]
    if user:
        said = (
            "The following is personal content added by the user that they'd like you to follow no matter what "
            "project you're working in."
        )
        head = f"\n\n# User context\n{said}\n<user_preferences>\n"
        between = "\n" if project else ""
        pieces += [Piece(f"{between}{head}"), *user, Piece("\n</user_preferences>\n")]
    return Context(tuple(Part("system", tuple(part)) for part in (skills, pieces) if part))


def _configurations(
    start: Start, files: Files, folder: Path, root: Path, config: Path
) -> Iterator[tuple[Path, bool]]:
    """The files that hold options, and whether each is the user's own."""
    yield Path("/etc/crush/crush.json"), True
    yield config / "crush.json", True
    data = Path(start.environment.get("XDG_DATA_HOME") or start.home / ".local" / "share") / "crush"
    yield Path(start.environment.get("CRUSH_GLOBAL_DATA") or data) / "crush.json", True
    chain = downwards(root, folder)
    for place in chain:
        for name in ("crush.json", ".crush.json"):
            yield place / name, False
    nearest = next((place for place in reversed(chain) if files.exists(place / ".crush")), folder)
    yield nearest / ".crush" / "crush.json", False


def _placed(name: str, start: Start) -> str:
    """A path as it is meant: the home for `~`, a variable's value where it begins with one. Commands are not run."""
    if name.startswith("~"):
        return f"{start.home}{name[1:]}"
    if not name.startswith("$") or "$(" in name or "`" in name:
        return name
    return _VARIABLE.sub(lambda used: start.environment.get(used[1] or used[2], ""), name)


def _blocks(
    named: Iterable[tuple[str, bool]], folder: Path, start: Start, files: Files, kind: str
) -> list[Piece]:
    """Files in their tags. Of names that differ in letter case only the first counts, whether there is such a file or not."""
    pieces: list[Piece] = []
    seen: set[str] = set()
    for name, own in named:
        placed = _placed(name, start)
        if placed.lower() in seen:
            continue
        seen.add(placed.lower())
        # What is absolute stays as it is written.
        place = Path(os.path.normpath(folder / placed))
        shown = placed if placed.startswith("/") else str(place)
        for path in _below(place, files, own=own):
            text = _read(files, path, own=own)
            if text is not None:
                label = shown if path == place else str(path)
                pieces += [
                    Piece(f'\n<file path="{label}">\n'),
                    Piece(text, Entry(path, kind, text)),
                    Piece("\n</file>\n"),
                ]
    return pieces


def _below(place: Path, files: Files, *, own: bool) -> Iterable[Path]:
    """A file itself; the files below a folder, no link to a folder followed."""
    if not files.is_folder(place):
        return (place,)
    return () if files.is_link(place) else walk(place, files, ordered=True, own=own, follow=False)


def _read(files: Files, path: Path, *, own: bool) -> str | None:
    """A file's text: each byte that is no UTF-8 is U+FFFD, as Go has it."""
    data = files.read(path, own=own)
    return (
        None if data is None else re.sub("[\udc80-\udcff]", "\ufffd", data.decode("utf-8", "surrogateescape"))
    )


def _skill_pieces(
    start: Start, files: Files, folder: Path, root: Path, base: Path, options: _Options
) -> list[Piece]:
    """The listing of skills behind those that Crush brings: by path; of one name the last counts."""
    home = start.home
    given = start.environment.get("CRUSH_SKILLS_DIR")
    own_folders = (
        base / "crush/skills",
        base / "agents/skills",
        home / ".agents/skills",
        home / ".claude/skills",
    )
    places = [(folder / _placed(name, start), own) for name, own in options.skills_paths]
    places += [(place, True) for place in ([folder / given] if given else own_folders)]
    places += [(place / name, True) for place in dict.fromkeys((folder, root)) for name in _SKILL_FOLDERS]
    found: dict[Path, bool] = {}
    for holder, own in places:
        for path in walk(holder, files, own=own):
            if path.name == "SKILL.md":
                found.setdefault(path, own)
    disabled = {name for name, _ in options.disabled_skills}
    skills: dict[str, tuple[Path, str]] = {}
    for path in sorted(found, key=lambda path: str(path.parent).lower()):
        described = _described(_read(files, path, own=found[path]) or "", path)
        if described is not None:
            name, description, hidden = described
            skills.pop(name, None)
            if name not in disabled:
                skills[name] = path, "" if hidden else description
    pieces: list[Piece] = []
    for name, (path, description) in skills.items():
        if description:
            pieces += [
                Piece(f"  <skill>\n    <name>{escaped(name)}</name>\n    <description>"),
                Piece(escaped(description), Entry(path, "skill", description)),
                Piece(f"</description>\n    <location>{escaped(str(path))}</location>\n  </skill>\n"),
            ]
    return pieces


def _described(text: str, path: Path) -> tuple[str, str, bool] | None:
    """A skill's name, description, and whether the model is not told of it; None where it is left out."""
    match = _FRONT_MATTER.match(unix_lines(text.removeprefix("\ufeff")))
    values = {} if match is None else (yaml_mapping(match[1], Yaml.STRINGS) or {})
    fields = ("name", "description", "license", "compatibility")
    name, description, _, compatibility = (values.get(field_name, "") for field_name in fields)
    flags = [values.get(flag, "") for flag in ("disable-model-invocation", "user-invocable")]
    texts = [*(values.get(field_name, "") for field_name in fields), *flags]
    if not all(isinstance(value, str) for value in texts) or not {*flags} <= _TRUE | _FALSE:
        return None
    too_long = (
        len(name) > _LONGEST_NAME
        or len(description.encode()) > _LONGEST_DESCRIPTION
        or len(compatibility.encode()) > _LONGEST_COMPATIBILITY
    )
    if too_long or not description or _SKILL_NAME.fullmatch(name) is None:
        return None
    return (name, description, flags[0] in _TRUE) if path.parent.name.lower() == name.lower() else None


CRUSH = Agent(
    "crush",
    "Crush",
    "0.96.1",
    load,
    (".config/crush", ".config/agents", ".agents", ".claude"),
    recorded=False,
)
