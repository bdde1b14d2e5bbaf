"""Claude Code's settings, as far as they say which files are loaded: arguments, environment, and files of settings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weighbridge.agents.folders import git_root, upwards
from weighbridge.agents.model import Files, Start
from weighbridge.agents.text import json_object


@dataclass(frozen=True, slots=True)
class ClaudeSettings:
    """Whose files are loaded (`sources`), which are not (`excluded`), and whether AGENTS.md is (`instruction_files`).

    `approved`: whether the user allowed the project's imports from outside.
    """

    approved: bool
    sources: frozenset[str]
    excluded: tuple[re.Pattern[str], ...]
    instruction_files: str

    def excludes(self, path: Path) -> bool:
        """Whether `claudeMdExcludes` names a file."""
        return any(pattern.fullmatch(path.as_posix()) for pattern in self.excluded)


def claude_settings(start: Start, files: Files, folder: Path, project: Path, config: Path) -> ClaudeSettings:
    """What holds in a folder of a project. `config`: the user's folder of settings."""
    chosen = start.option("--setting-sources")
    sources = frozenset(("user", "project", "local") if chosen is None else chosen.split(","))
    settings = [
        json_object(files.read(path))
        for path, source in settings_files(folder, project, config)
        if source in sources
    ]
    patterns = [
        str(pattern)
        for values in settings
        if isinstance(values.get("claudeMdExcludes"), list)
        for pattern in values["claudeMdExcludes"]
    ]
    approved = _approved(start, files, project)
    return ClaudeSettings(
        approved,
        sources,
        tuple(map(_excluding, patterns)),
        _instruction_files(json_object(files.read(config / "settings.json"))),
    )


def settings_files(folder: Path, project: Path, config: Path) -> Sequence[tuple[Path, str]]:
    """The files of settings with their sources; later ones win. The project's own are those of the session folder."""
    own = folder / ".claude"
    locals_ = dict.fromkeys((own / "settings.local.json", project / ".claude" / "settings.local.json"))
    return [
        (config / "settings.json", "user"),
        (own / "settings.json", "project"),
        *((path, "local") for path in locals_),
    ]


def claude_folders(folder: Path, home: Path, files: Files) -> tuple[Path, ...]:
    """The `.claude` folders of a project, the session folder's first: up to the repository's root, without one up to the home's."""
    places = upwards(folder)
    root = git_root(folder, files)
    end = len(places) if root is None else places.index(root) + 1
    if home in places:
        # The home's own is the user's.
        end = min(end, places.index(home))
    return tuple(place / ".claude" for place in places[:end])


def is_on(value: str | None) -> bool:
    """Whether a variable of the environment switches something on."""
    return value is not None and value.lower() in {"1", "true", "yes", "on"}


def _approved(start: Start, files: Files, project: Path) -> bool:
    """Whether the user allowed this project's imports from outside."""
    holder = start.environment.get("CLAUDE_CONFIG_DIR") or start.home
    projects = json_object(files.read(Path(holder) / ".claude.json")).get("projects")
    values = projects.get(str(project)) if isinstance(projects, Mapping) else None
    return isinstance(values, Mapping) and values.get("hasClaudeMdExternalIncludesApproved") is True


def _instruction_files(settings: Mapping[str, Any]) -> str:
    value: Any = settings
    for name in ("pluginConfigs", "agents-md@builtin", "options", "instructionFiles"):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else "claude-md-or-agents-md"


def _excluding(pattern: str) -> re.Pattern[str]:
    """A pattern of `claudeMdExcludes` over absolute paths; `!` turns it round."""
    negated = pattern.startswith("!")
    expression = ""
    rest = pattern.removeprefix("!")
    at = 0
    while at < len(rest):
        if rest.startswith("**/", at):
            expression += "(?:[^/]+/)*" if at else "(?:.*/)?"
            at += 3
        elif rest.startswith("**", at):
            expression += ".*"
            at += 2
        else:
            expression += {"*": "[^/]*", "?": "[^/]"}.get(rest[at], re.escape(rest[at]))
            at += 1
    return re.compile(f"(?!{expression}$).*" if negated else expression, re.DOTALL)
