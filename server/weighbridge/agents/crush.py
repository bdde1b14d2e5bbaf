"""Crush: many names of the session folder, each in a tag of its own. Read in its source, not recorded.

Rules and derived cases: `tests/agents/wire/crush.jsonl`. Files stand in a map of the program: their order differs from
run to run.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from weighbridge.agents.folders import walk
from weighbridge.agents.model import Agent, Context, Entry, Files, Part, Piece, Start
from weighbridge.agents.text import json_object, read_text

_NAMES = (
    *(".github/copilot-instructions.md", ".cursorrules", ".cursor/rules", "CLAUDE.md", "CLAUDE.local.md"),
    *("GEMINI.md", "gemini.md", "crush.md", "crush.local.md", "Crush.md", "Crush.local.md"),
    *("CRUSH.md", "CRUSH.local.md", "AGENTS.md", "agents.md", "Agents.md"),
)


def load(start: Start, files: Files) -> Context:
    """What Crush puts into its first request."""
    folder = files.real(start.folder)
    options = json_object(files.read(folder / "crush.json")).get("options")
    more = options.get("context_paths") if isinstance(options, dict) else None
    names = sorted((*_NAMES, *(map(str, more) if isinstance(more, list) else ())))
    config = Path(start.environment.get("XDG_CONFIG_HOME") or start.home / ".config")
    project = _blocks([_placed(name, folder, start) for name in _once(names)], files, "project")
    user = _blocks([config / "crush" / "CRUSH.md", config / "AGENTS.md"], files, "user")
    parts = []
    if project:
        head = "\n# Project-Specific Context\nMake sure to follow the instructions in the context below.\n"
        pieces = (Piece(f"{head}<project_context>\n"), *project, Piece("\n</project_context>\n"))
        parts.append(Part("system", pieces))
    if user:
        pieces = (Piece("\n# User context\n<user_preferences>\n"), *user, Piece("\n</user_preferences>\n"))
        parts.append(Part("system", pieces))
    return Context(tuple(parts))


def _once(names: list[str]) -> Iterator[str]:
    """Names, each spelling that differs in letter case only once: the first, whether there is such a file or not."""
    seen: set[str] = set()
    for name in names:
        if name.lower() not in seen:
            seen.add(name.lower())
            yield name


def _placed(name: str, folder: Path, start: Start) -> Path:
    if name.startswith("~/"):
        return start.home / name[2:]
    return Path(os.path.normpath(folder / name))


def _blocks(paths: list[Path], files: Files, kind: str) -> list[Piece]:
    pieces: list[Piece] = []
    for place in paths:
        own = kind == "user"
        for path in walk(place, files, ordered=True, own=own) if files.is_folder(place) else (place,):
            text = read_text(files, path, own=own, keep_mark=True)
            if text is not None:
                pieces += [
                    Piece(f'\n<file path="{path}">\n'),
                    Piece(text, Entry(path, kind, text)),
                    Piece("\n</file>\n"),
                ]
    return pieces


CRUSH = Agent("crush", "Crush", "0.96.1", load, (".config/crush",), recorded=False)
